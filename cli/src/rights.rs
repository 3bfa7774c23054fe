//! What a person has a right to be told (GDPR art. 15): gathered from the ledger as it opens now.

mod page;
mod words;

pub use page::{as_html, as_text};

use std::collections::BTreeMap;

use serde::Serialize;
use vandel_core::event::{Compartment, Grant, Step};
use vandel_core::id::{ActorId, ThreadId};
use vandel_core::thread::Case;
use vandel_core::time::Day;
use vandel_ledger::names::Names;
use vandel_ledger::sealing::thread_key;
use vandel_ledger::sequencer::Sequencer;
use vandel_ledger::sinks::{Fate, Register, SinkKind};
use vandel_ledger::vault::NameKind;
use vandel_projector::Projector;
use vandel_projector::source::Source;

use crate::casework;
use crate::error::CliError;

/// Everything that is held on a person, as far as the reader's roles reach.
#[derive(Serialize)]
pub struct Report {
    /// `subject_report`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The day it was made for.
    pub as_of: String,
    /// The day the request came.
    pub received: Option<String>,
    /// The last day to answer: a month after that (art. 12.3).
    pub answer_by: Option<String>,
    /// Whether that day has passed.
    pub late: bool,
    /// The reference of the controller's weighing by which staff are named; none where roles stand for them.
    pub staff_named_by: Option<String>,
    /// The cases.
    pub cases: Vec<CaseReport>,
    /// What the person may do next, and what the report cannot tell.
    pub notes: Vec<String>,
}

/// One case.
#[derive(Serialize)]
pub struct CaseReport {
    /// The handle.
    pub handle: Option<String>,
    /// Name and number, as held.
    pub identity: Vec<Held>,
    /// The board that answers for it.
    pub controller: String,
    /// The unit.
    pub unit: String,
    /// What it is about, and under which law.
    pub about: Vec<Held>,
    /// Every step with all that it holds.
    pub steps: Vec<StepReport>,
    /// Who looked, when and why.
    pub readings: Vec<ReadingReport>,
    /// Until when each part is kept, and why.
    pub retention: Vec<RetentionReport>,
    /// Who got a copy.
    pub recipients: Vec<Recipient>,
}

/// Something held, by its name.
#[derive(Serialize)]
pub struct Held {
    /// What it is.
    pub what: String,
    /// As it is held.
    pub value: String,
}

/// A step.
#[derive(Serialize)]
pub struct StepReport {
    /// When.
    pub day: String,
    /// What happened.
    pub kind: &'static str,
    /// By whom: a role, or a name where the controller has weighed it.
    pub by: String,
    /// The record that holds it.
    pub record: u64,
    /// What it holds.
    pub held: Vec<Held>,
}

/// A reading.
#[derive(Serialize)]
pub struct ReadingReport {
    /// When.
    pub day: String,
    /// Why.
    pub purpose: &'static str,
    /// By whom.
    pub by: String,
    /// What was shown.
    pub shown: Vec<&'static str>,
}

/// A compartment's day.
#[derive(Serialize)]
pub struct RetentionReport {
    /// Which part.
    pub compartment: &'static str,
    /// The day it is to be erased; none while that is not known yet.
    pub erased_on: Option<String>,
    /// Where it stands.
    pub state: &'static str,
    /// The sum.
    pub because: Vec<String>,
}

/// A recipient.
#[derive(Serialize)]
pub struct Recipient {
    /// What was handed out.
    pub kind: &'static str,
    /// To whom.
    pub to: String,
    /// When.
    pub day: String,
    /// Whether it still exists.
    pub state: &'static str,
}

/// How a report is made.
pub struct Asked {
    /// The day.
    pub as_of: Day,
    /// The day the request came, and the last to answer it.
    pub received: Option<(Day, Day)>,
    /// The controller's weighing.
    pub staff_named_by: Option<String>,
}

/// Gathers the report of these cases.
///
/// # Errors
/// If vault, views or register can't be read.
pub fn gather(
    sequencer: &Sequencer,
    projector: &mut Projector,
    names: &Names,
    register: &Register,
    cases: &[ThreadId],
    asked: Asked,
) -> Result<Report, CliError> {
    let gathering = Gathering { sequencer, names, register, named: asked.staff_named_by.is_some() };
    let mut reports = Vec::new();
    for thread in cases {
        if let Some(case) = sequencer.case(thread)? {
            reports.push(gathering.case(projector, *thread, &case, asked.as_of)?);
        }
    }
    Ok(Report {
        kind: "subject_report",
        as_of: asked.as_of.to_string(),
        received: asked.received.map(|(received, _)| received.to_string()),
        answer_by: asked.received.map(|(_, answer_by)| answer_by.to_string()),
        late: asked.received.is_some_and(|(_, answer_by)| answer_by < asked.as_of),
        staff_named_by: asked.staff_named_by,
        cases: reports,
        notes: Vec::new(),
    })
}

struct Gathering<'a> {
    sequencer: &'a Sequencer,
    names: &'a Names,
    register: &'a Register,
    named: bool,
}

impl Gathering<'_> {
    fn case(
        &self,
        projector: &mut Projector,
        thread: ThreadId,
        case: &Case,
        as_of: Day,
    ) -> Result<CaseReport, CliError> {
        let source = Source::of(self.sequencer);
        let identity = casework::identity(self.sequencer, thread)?;
        let (why, readings) =
            projector.ask(&source, |views| Ok((views.why(&thread, as_of)?, views.readings_of(&thread)?)))?;
        let opening = case.opening.as_ref();
        let place = |kind, id: Option<[u8; 16]>| id.map_or_else(String::new, |id| self.names.text(kind, id));
        Ok(CaseReport {
            handle: identity.as_ref().map(|identity| identity.handle.clone()),
            identity: identity.iter().flat_map(words::identity).collect(),
            controller: place(NameKind::Controller, opening.map(|opening| opening.controller.0)),
            unit: place(NameKind::Unit, opening.map(|opening| opening.unit.0)),
            about: opening.map(|opening| self.about(case, opening)).unwrap_or_default(),
            steps: self.steps(thread)?,
            readings: readings
                .into_iter()
                .map(|reading| ReadingReport {
                    day: reading.day,
                    purpose: reading.purpose,
                    by: reading.actor.parse().map_or_else(|_| "-".to_owned(), |actor| self.who(actor)),
                    shown: reading.compartments,
                })
                .collect(),
            retention: why
                .into_iter()
                .map(|why| RetentionReport {
                    compartment: why.compartment,
                    erased_on: why.date,
                    state: why.state,
                    because: why.explanation,
                })
                .collect(),
            recipients: self.recipients(thread),
        })
    }

    fn about(&self, case: &Case, opening: &vandel_core::event::Opening) -> Vec<Held> {
        let held = |what: &str, value: String| Held { what: what.to_owned(), value };
        let role = case.opened().and_then(|opened| {
            self.sequencer.chain().policy_on(opened)?.pack.role_on(&opening.role.0, opened).ok()
        });
        let mut about = vec![held("role", opening.role.0.clone())];
        if let Some(role) = role {
            about.push(held("law", role.law.paragraph.clone()));
            about.extend(
                role.legal_ground.iter().map(|ground| held("legal ground", ground.name().to_owned())),
            );
            about.push(held("purposes", role.purposes.join("; ")));
        }
        about.push(held("occasion", opening.occasion.name().to_owned()));
        about.push(held("reference", opening.reference.clone()));
        about
    }

    fn steps(&self, thread: ThreadId) -> Result<Vec<StepReport>, CliError> {
        let known = self.sequencer.thread(&thread)?;
        let records = known.map(|thread| thread.records.clone()).unwrap_or_default();
        let marks = self.sequencer.case(&thread)?.map(|case| case.steps).unwrap_or_default();
        let mut steps = Vec::new();
        for ((number, record), mark) in (0_u32..).zip(records).zip(marks) {
            let step: Option<Step> = casework::step(self.sequencer, thread, number)?;
            steps.push(StepReport {
                day: mark.day.to_string(),
                kind: mark.kind.name(),
                by: self.who(mark.actor),
                record,
                held: step.iter().flat_map(words::step).collect(),
            });
        }
        Ok(steps)
    }

    /// A person of the staff: by role, unless the controller has weighed that the name may be told.
    fn who(&self, actor: ActorId) -> String {
        if self.named {
            return self.names.text(NameKind::Actor, actor.0);
        }
        let entries = self.sequencer.chain().keyring.entries().values();
        let grants = entries.filter(|entry| entry.actor == actor).flat_map(|entry| &entry.grants);
        let mut roles: Vec<&str> = grants.map(|grant: &Grant| grant.role.name()).collect();
        roles.sort_unstable();
        roles.dedup();
        if roles.is_empty() { "-".to_owned() } else { roles.join(", ") }
    }

    fn recipients(&self, thread: ThreadId) -> Vec<Recipient> {
        let key = thread_key(Compartment::Spine, &thread).0;
        let got = self.register.states().into_iter().filter(|sink| sink.made.cases.contains(&key));
        let got = got.filter(|sink| !matches!(sink.made.kind, SinkKind::BackupData | SinkKind::BackupKeys));
        got.map(|sink| Recipient {
            kind: sink.made.kind.name(),
            to: sink.made.place.clone(),
            day: sink.at.to_string(),
            state: match sink.fate {
                Fate::Exists => "exists",
                Fate::Destroyed(_) => "destroyed",
                Fate::NotReachable(_) => "not-reachable",
            },
        })
        .collect()
    }
}

/// The parts of a case that a report shows: what its reading names.
#[must_use]
pub fn shown_of(case: &Case) -> Vec<Compartment> {
    let mut shown = BTreeMap::from([(Compartment::Spine, ()), (Compartment::Identity, ())]);
    for mark in &case.steps {
        shown.extend(mark.kind.compartments().iter().map(|compartment| (*compartment, ())));
    }
    shown.into_keys().collect()
}
