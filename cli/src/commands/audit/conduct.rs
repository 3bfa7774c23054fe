//! `vandel audit conduct`: the questions, one table each.

use std::collections::BTreeMap;

use vandel_core::conduct::Question;
use vandel_core::event::Purpose;
use vandel_core::id::ThreadId;
use vandel_core::thread::Matter;
use vandel_ledger::vault::NameKind;

use super::page::{Report, Table};
use super::{Place, Session};
use crate::args::AuditConductArgs;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::AuditText;

/// Audits conduct.
pub(super) fn run(context: &Context, arguments: &AuditConductArgs) -> Result<Exit, CliError> {
    let mut session = Session::open(context, &arguments.auditor)?;
    let (cases, hidden) = session.cases(context);
    let asked = Asked { context, session: &session };
    let mut tables = asked.rules();
    tables.extend(asked.documentation());
    tables.extend(asked.keeping());
    tables.extend(asked.people());
    let not_checked = asked.not_checked(hidden);
    let logged = session.record(context, cases.len(), "audit conduct".to_owned())?;
    let report = report(context, &session, "conduct_audit", AuditText::Conduct, logged, tables, not_checked);
    report.print(context, arguments.format)?;
    let exit = if report.has_breach() {
        Exit::Integrity
    } else if session.conduct.unopened.is_empty() {
        Exit::Done
    } else {
        Exit::NotProven
    };
    session.close()?;
    Ok(exit)
}

/// A report of a session.
pub(super) fn report(
    context: &Context,
    session: &Session<'_>,
    kind: &'static str,
    title: AuditText,
    logged: Option<u64>,
    tables: Vec<Table>,
    not_checked: Vec<String>,
) -> Report {
    let tip = session.chain.tip();
    Report {
        kind,
        title: title.in_lang(context.lang),
        ledger: session.chain.ledger.to_string(),
        size: tip.size,
        root: tip.root.to_string(),
        as_of: context.as_of().to_string(),
        logged,
        remarks: Vec::new(),
        tables,
        not_checked,
        tool: concat!("vandel ", env!("CARGO_PKG_VERSION")),
    }
}

/// What is asked of a session.
struct Asked<'s, 'a> {
    context: &'s Context,
    session: &'s Session<'a>,
}

impl Asked<'_, '_> {
    fn table(
        &self,
        code: &'static str,
        title: AuditText,
        columns: &[AuditText],
        rows: Vec<Vec<String>>,
    ) -> Table {
        Table::new(self.context, code, title, columns, rows)
    }

    fn role_of(&self, thread: &ThreadId) -> String {
        match self.session.conduct.threads.get(thread).map(|thread| &thread.matter) {
            Some(Matter::Case(case)) => {
                case.opening.as_ref().map_or_else(String::new, |one| one.role.0.clone())
            }
            Some(Matter::Position(Some(position))) => position.role.0.clone(),
            _ => String::new(),
        }
    }

    fn unit_of(&self, thread: &ThreadId) -> String {
        let case = self.session.conduct.threads.case(thread);
        let opening = case.and_then(|case| case.opening.as_ref());
        opening.map_or_else(String::new, |one| self.session.names.text(NameKind::Unit, one.unit.0))
    }

    fn actor(&self, id: [u8; 16]) -> String {
        self.session.names.text(NameKind::Actor, id)
    }

    /// Steps that broke a rule, by what auditors ask.
    fn rules(&self) -> Vec<Table> {
        let questions = [
            (Question::Ground, "no-ground", AuditText::Ground),
            (Question::Extract, "extract", AuditText::Extract),
            (Question::Start, "start-before-check", AuditText::Start),
            (Question::Delegation, "delegation", AuditText::Delegation),
            (Question::Recorded, "over-documented", AuditText::Recorded),
            (Question::OtherRule, "other-rule", AuditText::OtherRule),
        ];
        let columns = [
            AuditText::Record,
            AuditText::Case,
            AuditText::Role,
            AuditText::Unit,
            AuditText::Day,
            AuditText::What,
            AuditText::RestsOn,
        ];
        let table = |(question, code, title)| {
            let breaches = self.session.conduct.breaches.iter().filter(|one| one.question == question);
            let breaches = breaches.filter(|one| self.session.reaches(self.context, &one.thread));
            let rows = breaches.map(|one| {
                vec![
                    one.record.to_string(),
                    self.session.handle(self.context, &one.thread),
                    self.role_of(&one.thread),
                    self.unit_of(&one.thread),
                    one.day.to_string(),
                    format!("{}: {}", one.kind.name(), one.what),
                    one.paragraph.clone(),
                ]
            });
            let mut table = self.table(code, title, &columns, rows.collect());
            table.breach = true;
            if question == Question::Extract && table.rows.is_empty() {
                self.say_what_law_hides(&mut table);
            }
            table
        };
        questions.into_iter().map(table).collect()
    }

    /// Where the law lets nothing be kept, "none" would say more than was checked.
    fn say_what_law_hides(&self, table: &mut Table) {
        let notes = self.session.conduct.notes.values();
        let (judged, hidden) = notes
            .fold((0, 0), |(judged, hidden), notes| (judged + notes.judged, hidden + notes.not_checkable));
        if hidden > 0 {
            let (judged, hidden) = (judged.to_string(), hidden.to_string());
            let values = [("judged", &*judged), ("count", &*hidden)];
            table.answer = AuditText::NotCheckable.with(self.context.lang, &values);
        }
    }

    fn documentation(&self) -> Vec<Table> {
        let storage = |role: &str| {
            let policy = self.session.chain.policy_on(self.context.as_of());
            let role = policy.and_then(|policy| policy.pack.version_on(role, self.context.as_of()).ok());
            role.and_then(|role| role.storage).map_or_else(String::new, |storage| storage.name().to_owned())
        };
        let notes = self.session.conduct.notes.iter().map(|(role, notes)| {
            let counts = [notes.checks, notes.judged, notes.not_checkable].map(|count| count.to_string());
            [vec![role.clone(), storage(role)], counts.to_vec()].concat()
        });
        let columns =
            [AuditText::Role, AuditText::Storage, AuditText::Checks, AuditText::Judged, AuditText::ByLaw];
        let notes = self.table("documentation", AuditText::Notes, &columns, notes.collect());
        let refused = self.session.refused.iter();
        let refused =
            refused.map(|(month, role, count)| vec![month.to_owned(), role.to_owned(), count.to_string()]);
        let columns = [AuditText::Month, AuditText::Role, AuditText::Count];
        let refused = self.table("refused", AuditText::Refused, &columns, refused.collect());
        let mut decided: BTreeMap<(String, String), u64> = BTreeMap::new();
        for one in &self.session.conduct.decisions {
            if self.session.reaches(self.context, &one.thread) {
                *decided.entry((self.actor(one.actor.0), one.delegation.clone())).or_default() += 1;
            }
        }
        let decided = decided
            .into_iter()
            .map(|((decider, delegation), count)| vec![decider, delegation, count.to_string()]);
        let columns = [AuditText::Decider, AuditText::DelegationHead, AuditText::Count];
        let decided = self.table("decisions", AuditText::Decisions, &columns, decided.collect());
        vec![notes, refused, decided]
    }

    fn keeping(&self) -> Vec<Table> {
        let overdue =
            self.session.overdue.iter().filter(|one| self.session.reaches(self.context, &one.thread));
        let overdue = overdue.map(|one| {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            let handle = self.session.handle(self.context, &one.thread);
            vec![
                handle,
                one.compartment.to_owned(),
                text(&one.class),
                text(&one.date),
                text(&one.no_later_than),
            ]
        });
        let columns =
            [AuditText::Case, AuditText::Compartment, AuditText::Class, AuditText::Due, AuditText::Last];
        let overdue = self.table("overdue", AuditText::Overdue, &columns, overdue.collect());
        vec![overdue, self.holds()]
    }

    fn holds(&self) -> Table {
        let as_of = self.context.as_of();
        let mut holds = Vec::new();
        for (id, thread) in self.session.conduct.threads.iter() {
            let Matter::Case(case) = &thread.matter else { continue };
            if self.session.reaches(self.context, id) {
                holds.extend(case.holds.values().map(|hold| (hold.since, *id, *hold)));
            }
        }
        holds.sort_by_key(|(since, id, _)| (*since, *id));
        let late = holds.iter().filter(|(_, _, hold)| hold.review < as_of).count();
        let sort = |restriction| if restriction { AuditText::Restriction } else { AuditText::Hold };
        let rows = holds.iter().map(|(since, id, hold)| {
            vec![
                self.session.handle(self.context, id),
                sort(hold.restriction).in_lang(self.context.lang),
                since.to_string(),
                as_of.days_after(*since).to_string(),
                hold.review.to_string(),
                self.actor(hold.owner.0),
            ]
        });
        let columns = [
            AuditText::Case,
            AuditText::Sort,
            AuditText::Since,
            AuditText::Age,
            AuditText::Review,
            AuditText::Owner,
        ];
        let mut table = self.table("holds", AuditText::Holds, &columns, rows.collect());
        if late > 0 {
            let (count, late) = (table.rows.len().to_string(), late.to_string());
            table.answer =
                AuditText::LateReview.with(self.context.lang, &[("count", &count), ("late", &late)]);
        }
        table
    }

    fn people(&self) -> Vec<Table> {
        let mut counts: BTreeMap<(String, &str), (u64, u64)> = BTreeMap::new();
        let mut looked = Vec::new();
        for read in &self.session.conduct.readings {
            let count = counts.entry((self.actor(read.actor.0), read.purpose.name())).or_default();
            (count.0, count.1) = (count.0 + 1, count.1 + u64::from(read.count));
            let late = read.closed && matches!(read.purpose, Purpose::Handling | Purpose::Deciding);
            let why = match (read.protected, late) {
                (true, _) => AuditText::ProtectedRead,
                (_, true) => AuditText::ClosedRead,
                _ => continue,
            };
            let case = read.thread.as_ref();
            if case.is_some_and(|case| !self.session.reaches(self.context, case)) {
                continue;
            }
            looked.push(vec![
                read.record.to_string(),
                read.time.to_string(),
                self.actor(read.actor.0),
                read.purpose.name().to_owned(),
                case.map_or_else(String::new, |case| self.session.handle(self.context, case)),
                why.in_lang(self.context.lang),
            ]);
        }
        let rows = counts.into_iter().map(|((reader, purpose), (count, touched))| {
            vec![reader, purpose.to_owned(), count.to_string(), touched.to_string()]
        });
        let columns = [AuditText::Reader, AuditText::Purpose, AuditText::Count, AuditText::Touched];
        let readings = self.table("readings", AuditText::Readings, &columns, rows.collect());
        let columns = [
            AuditText::Record,
            AuditText::Day,
            AuditText::Reader,
            AuditText::Purpose,
            AuditText::Case,
            AuditText::Why,
        ];
        vec![readings, self.table("readings-to-review", AuditText::Looked, &columns, looked), self.keys()]
    }

    fn keys(&self) -> Table {
        let rows = self.session.chain.keyring.entries().iter().map(|(key, entry)| {
            let roles = entry.grants.iter().map(|grant| {
                let until = grant.until.map_or_else(String::new, |day| day.to_string());
                format!("{} {}..{until}", grant.role.name(), grant.from)
            });
            vec![
                self.actor(entry.actor.0),
                key.to_string().chars().take(16).collect(),
                roles.collect::<Vec<_>>().join("; "),
                entry.since.to_string(),
                entry.expires.map_or_else(String::new, |second| second.to_string()),
                entry.end.map_or_else(String::new, |end| end.at.to_string()),
            ]
        });
        let columns = [
            AuditText::Holder,
            AuditText::Key,
            AuditText::Roles,
            AuditText::Since,
            AuditText::Until,
            AuditText::Ended,
        ];
        self.table("keys", AuditText::Keys, &columns, rows.collect())
    }

    fn not_checked(&self, hidden: usize) -> Vec<String> {
        let lang = self.context.lang;
        let conduct = &self.session.conduct;
        let mut lines = vec![
            AuditText::NotSignatures.in_lang(lang),
            AuditText::NotHires.in_lang(lang),
            AuditText::NotOutcome.in_lang(lang),
        ];
        if conduct.erased > 0 || conduct.beyond_judging > 0 {
            let (count, beyond) = (conduct.erased.to_string(), conduct.beyond_judging.to_string());
            lines.push(AuditText::NotErased.with(lang, &[("count", &count), ("beyond", &beyond)]));
        }
        if hidden > 0 {
            lines.push(AuditText::NotReached.with(lang, &[("count", &hidden.to_string())]));
        }
        if !conduct.unopened.is_empty() {
            let count = conduct.unopened.len().to_string();
            lines.push(AuditText::NotOpened.with(lang, &[("count", &count)]));
        }
        if matches!(self.session.place, Place::Copy(_)) {
            lines.push(AuditText::NotLogged.in_lang(lang));
        }
        lines
    }
}
