//! The doctor's checks, one function each.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use vandel_core::erasure::{RequestState, ThreadMatters};
use vandel_core::event::{Role, Scope};
use vandel_core::trust::parse_trust;
use vandel_ledger::disk::read_all;
use vandel_ledger::lock::{HomeLock, LockError};
use vandel_ledger::memory::policy::MemoryPolicy;
use vandel_ledger::sinks::{Fate, Register, SinkKind, SinkState};
use vandel_projector::feed::service::Status;

use super::{Point, State};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::DoctorText;
use crate::reading::Reading;

/// A feed that has not been heard of for so many seconds is worth a word: four of the longest intervals.
const FEED_SILENCE: u64 = 4 * 3_600;

/// All points, and how the ledger itself is broken, if it is.
pub(super) struct Findings {
    pub(super) points: Vec<Point>,
    pub(super) broken: Option<Exit>,
}

/// Makes all checks. Where the ledger itself can't be read, those of its surroundings are still made.
pub(super) fn all(context: &Context) -> Result<Findings, CliError> {
    let mut points = Vec::new();
    let mut broken = None;
    match Reading::open(context) {
        Err(error) if error.exit() == Exit::NotFound => return Err(error),
        Err(error) => {
            broken = Some(error.exit());
            let report = error.report();
            let detail = report.message.clone();
            points.push(point("log", State::Wrong, detail, report.next.clone()));
        }
        Ok(reading) => of_ledger(context, &reading, &mut points)?,
    }
    points.extend(super::stream::points(context));
    points.extend([lock(context), memory(context), trust(context)]);
    if let Some(status) = Status::read(&*context.disk, &context.home) {
        if status.halted.is_some() {
            broken = broken.or(Some(Exit::Integrity));
        }
        points.push(feed(context, &status));
    }
    points.extend(permissions(context));
    Ok(Findings { points, broken })
}

pub(super) fn point(check: &'static str, state: State, detail: String, next: Option<String>) -> Point {
    Point { kind: "check", check, state, detail, next }
}

/// What can be asked once the chain is folded.
fn of_ledger(context: &Context, reading: &Reading<'_>, points: &mut Vec<Point>) -> Result<(), CliError> {
    let chain = reading.chain();
    let size = chain.size().to_string();
    let detail =
        DoctorText::LogReads.with(context.lang, &[("size", &size), ("ledger", &chain.ledger.to_string())]);
    points.push(point("log", State::Ok, detail, None));
    points.push(match reading.checkpoint() {
        Ok(_) => point("checkpoint", State::Ok, DoctorText::CheckpointFits.in_lang(context.lang), None),
        Err(error) => {
            point("checkpoint", State::Wrong, error.report().message.clone(), error.report().next.clone())
        }
    });
    points.push(administrators(context, reading));
    points.push(policy(context, reading));
    points.push(disposal(context, reading));
    points.push(erasures(context, reading));
    points.push(overdue(context, reading)?);
    points.push(requests(context, reading)?);
    points.push(sinks(context, reading));
    points.push(backups(context, reading));
    Ok(())
}

/// The feed's service, where there is one: whether it has halted, and when it was last heard of.
fn feed(context: &Context, status: &Status) -> Point {
    let silence = context.now().0.saturating_sub(status.at);
    let values = [("position", &*status.position.to_string()), ("seconds", &*silence.to_string())];
    match &status.halted {
        Some(halt) => {
            let next = "vandel verify HOME --trust FILE; then start the service again".to_owned();
            point(
                "feed",
                State::Wrong,
                DoctorText::FeedHalted.with(context.lang, &[("why", &halt.message)]),
                Some(next),
            )
        }
        None if silence > FEED_SILENCE => {
            let next = Some("vandel feed serve".to_owned());
            point("feed", State::Weak, DoctorText::FeedSilent.with(context.lang, &values), next)
        }
        None => point("feed", State::Ok, DoctorText::FeedFollows.with(context.lang, &values), None),
    }
}

fn administrators(context: &Context, reading: &Reading<'_>) -> Point {
    let keyring = &reading.chain().keyring;
    let (now, today) = (context.now(), context.today());
    let mut people: Vec<_> = keyring
        .entries()
        .iter()
        .filter(|(key, entry)| {
            keyring.signer(key, now).is_ok() && entry.holds(Role::Administrator, &Scope::default(), today)
        })
        .map(|(_, entry)| entry.actor)
        .collect();
    people.sort_unstable();
    people.dedup();
    let detail = DoctorText::Administrators.with(context.lang, &[("count", &people.len().to_string())]);
    let (state, next) = match people.len() {
        0 | 1 => (State::Wrong, Some(DoctorText::TooFew.in_lang(context.lang))),
        2 => (State::Weak, Some(DoctorText::NoSpare.in_lang(context.lang))),
        _ => (State::Ok, None),
    };
    point("administrators", state, detail, next)
}

fn policy(context: &Context, reading: &Reading<'_>) -> Point {
    let day = context.as_of();
    match reading.chain().policy_on(day) {
        Some(adopted) => {
            let values = [("name", &*adopted.pack.name), ("from", &*adopted.from.to_string())];
            point("policy", State::Ok, DoctorText::Policy.with(context.lang, &values), None)
        }
        None => {
            let detail = DoctorText::NoPolicy.with(context.lang, &[("day", &day.to_string())]);
            point("policy", State::Weak, detail, Some("vandel policy adopt --help".to_owned()))
        }
    }
}

fn disposal(context: &Context, reading: &Reading<'_>) -> Point {
    let (chain, day) = (reading.chain(), context.as_of());
    let Some(adopted) = chain.policy_on(day) else {
        return point("disposal", State::Weak, DoctorText::NoClasses.in_lang(context.lang), None);
    };
    let in_force = chain
        .disposals
        .values()
        .filter(|decision| decision.from <= day && decision.until.is_none_or(|until| day <= until));
    let covered: Vec<&String> = in_force.flat_map(|decision| &decision.classes).collect();
    let missing: Vec<&str> = adopted
        .pack
        .classes
        .iter()
        .map(|class| &class.name)
        .filter(|name| !covered.contains(name))
        .map(|name| &**name)
        .collect();
    if missing.is_empty() {
        return point("disposal", State::Ok, DoctorText::Disposal.in_lang(context.lang), None);
    }
    let detail = DoctorText::NoDisposal.with(context.lang, &[("classes", &missing.join(", "))]);
    point("disposal", State::Weak, detail, Some("vandel disposal adopt --help".to_owned()))
}

fn erasures(context: &Context, reading: &Reading<'_>) -> Point {
    let waiting: Vec<String> = reading
        .chain()
        .erasures
        .iter()
        .filter(|(_, erasure)| erasure.executed.is_none())
        .map(|(started, _)| started.to_string())
        .collect();
    if waiting.is_empty() {
        return point("erasures", State::Ok, DoctorText::NoErasureWaits.in_lang(context.lang), None);
    }
    let detail = DoctorText::ErasureWaits.with(context.lang, &[("records", &waiting.join(", "))]);
    point("erasures", State::Wrong, detail, Some("vandel retention apply --help".to_owned()))
}

fn overdue(context: &Context, reading: &Reading<'_>) -> Result<Point, CliError> {
    let mut projector = reading.projector()?;
    let source = reading.source();
    let late = projector.ask(&source, |views| views.overdue(context.as_of()))?;
    let count = late.len().to_string();
    Ok(if late.is_empty() {
        point("overdue", State::Ok, DoctorText::NothingOverdue.in_lang(context.lang), None)
    } else {
        let detail = DoctorText::Overdue.with(context.lang, &[("count", &count)]);
        point("overdue", State::Wrong, detail, Some("vandel retention due".to_owned()))
    })
}

/// Requests for erasure and access: each is answered within a month, or three (GDPR art. 12.3).
fn requests(context: &Context, reading: &Reading<'_>) -> Result<Point, CliError> {
    let threads = reading.threads()?;
    let matters = ThreadMatters::of(reading.chain(), &threads);
    let (mut open, mut late) = (0, 0);
    for (thread, request) in matters.requests().filter(|(_, request)| request.waits()) {
        if threads.get(thread).is_some() {
            open += 1;
            late += usize::from(request.state(context.as_of()) == RequestState::Late);
        }
    }
    let values = [("open", &*open.to_string()), ("late", &*late.to_string())];
    let next = Some("vandel subject requests".to_owned());
    Ok(match (open, late) {
        (0, _) => point("requests", State::Ok, DoctorText::NoRequests.in_lang(context.lang), None),
        (_, 0) => point("requests", State::Weak, DoctorText::Requests.with(context.lang, &values), next),
        _ => point("requests", State::Wrong, DoctorText::Requests.with(context.lang, &values), next),
    })
}

/// Copies whose day has passed and that nobody has signed for.
fn sinks(context: &Context, reading: &Reading<'_>) -> Point {
    let register = match Register::read(&*context.disk, &context.home, reading.chain().ledger) {
        Ok(register) => register,
        Err(error) => return point("sinks", State::Wrong, error.to_string(), None),
    };
    let left: Vec<_> = register.states().into_iter().filter(|sink| sink.fate == Fate::Exists).collect();
    let late = left.iter().filter(|sink| sink.made.expires.is_some_and(|day| day < context.as_of())).count();
    let values = [("count", &*left.len().to_string()), ("late", &*late.to_string())];
    let detail = DoctorText::Sinks.with(context.lang, &values);
    match late {
        0 => point("sinks", State::Ok, detail, None),
        _ => point("sinks", State::Wrong, detail, Some("vandel sink list".to_owned())),
    }
}

/// Backups that should be gone, and whether there is one at all.
fn backups(context: &Context, reading: &Reading<'_>) -> Point {
    let register = match Register::read(&*context.disk, &context.home, reading.chain().ledger) {
        Ok(register) => register,
        Err(error) => return point("backups", State::Wrong, error.to_string(), None),
    };
    let kept = |sink: &SinkState| {
        matches!(sink.made.kind, SinkKind::BackupData | SinkKind::BackupKeys)
            && !matches!(sink.fate, Fate::Destroyed(_))
    };
    let kept: Vec<SinkState> = register.states().into_iter().filter(kept).collect();
    let today = context.today();
    let late = kept.iter().filter(|sink| sink.made.expires.is_some_and(|day| day < today)).count();
    let data = kept.iter().filter(|sink| sink.made.kind == SinkKind::BackupData);
    let Some(newest) = data.map(|sink| sink.at).max() else {
        let next = Some("vandel backup create --help".to_owned());
        return point("backups", State::Weak, DoctorText::NoBackup.in_lang(context.lang), next);
    };
    if late > 0 {
        let detail = DoctorText::BackupsLate.with(context.lang, &[("count", &late.to_string())]);
        return point("backups", State::Wrong, detail, Some("vandel backup destroy --help".to_owned()));
    }
    let values = [("count", &*kept.len().to_string()), ("newest", &*newest.to_string())];
    point("backups", State::Ok, DoctorText::Backups.with(context.lang, &values), None)
}

fn lock(context: &Context) -> Point {
    match HomeLock::acquire(context.home.root()) {
        Ok(_) => point("lock", State::Ok, DoctorText::LockFree.in_lang(context.lang), None),
        // A writer at work is as it should be.
        Err(error @ LockError::Held { .. }) => point("lock", State::Ok, error.to_string(), None),
        Err(error) => point("lock", State::Wrong, error.to_string(), None),
    }
}

fn memory(context: &Context) -> Point {
    let folder = context.home.memory();
    let absolute = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let inside = absolute(&folder).starts_with(absolute(context.home.root()));
    match MemoryPolicy::read(&*context.disk, &context.home.memory_policy()) {
        Ok(None) => {}
        Ok(Some(policy)) => {
            let (count, needed) = (policy.witnesses().len().to_string(), policy.majority().to_string());
            let values = [("count", &*count), ("needed", &*needed)];
            let detail = DoctorText::MemoryWitnesses.with(context.lang, &values);
            return point("memory", State::Ok, detail, None);
        }
        Err(error) => return point("memory", State::Wrong, error.to_string(), None),
    }
    if inside {
        let detail = DoctorText::MemoryInside.in_lang(context.lang);
        point("memory", State::Weak, detail, Some(DoctorText::MemoryNext.in_lang(context.lang)))
    } else {
        point("memory", State::Ok, DoctorText::MemoryOutside.in_lang(context.lang), None)
    }
}

fn trust(context: &Context) -> Point {
    let file = context.home.trust();
    let parsed = read_all(&*context.disk, &file)
        .map_err(|error| error.to_string())
        .and_then(|bytes| parse_trust(&bytes).map_err(|error| error.to_string()));
    match parsed {
        Ok(trust) if trust.asks_for_witnesses() => {
            point("witnesses", State::Ok, DoctorText::Witnesses.in_lang(context.lang), None)
        }
        Ok(_) => point("witnesses", State::Weak, DoctorText::NoWitnesses.in_lang(context.lang), None),
        Err(error) => point("witnesses", State::Wrong, format!("{}: {error}", file.display()), None),
    }
}

/// Keys, the vault and the home itself are the owner's alone.
fn permissions(context: &Context) -> Vec<Point> {
    let home = &context.home;
    let private = [
        home.root().to_owned(),
        home.keys(),
        home.service_key(),
        home.checkpoint_key(),
        home.vault(),
        home.root_cell(),
    ];
    let mut points = Vec::new();
    for path in private {
        let mode = match std::fs::metadata(&path) {
            Ok(metadata) => metadata.permissions().mode() & 0o777,
            Err(error) => {
                let detail = format!("{}: {error}", path.display());
                points.push(point("permissions", State::Wrong, detail, None));
                continue;
            }
        };
        // The home's own folder may be entered by auditors who copy the log; what is secret may not.
        let allowed = if path == home.root() { 0o755 } else { 0o700 };
        if mode & !allowed != 0 {
            let values = [("path", &*path.display().to_string()), ("mode", &*format!("{mode:o}"))];
            let detail = DoctorText::Exposed.with(context.lang, &values);
            let next = format!("chmod go-rwx {}", path.display());
            points.push(point("permissions", State::Wrong, detail, Some(next)));
        }
    }
    if points.is_empty() {
        points.push(point("permissions", State::Ok, DoctorText::Private.in_lang(context.lang), None));
    }
    points
}
