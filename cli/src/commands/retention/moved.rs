//! `vandel retention moved`: which due days a policy pack would move. A dry run; nothing changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use vandel_core::chain::{AdoptedPolicy, Chain, OpenRefusal};
use vandel_core::erasure::{Matters, ThreadMatters};
use vandel_core::event::Compartment;
use vandel_core::id::ThreadId;
use vandel_core::policy::PolicyPack;
use vandel_core::thread::Threads;
use vandel_core::time::Day;

use crate::args::RetentionMovedArgs;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::ErasureText;
use crate::packs;
use crate::reading::Reading;

/// A day that would move. It names no case.
#[derive(Serialize)]
struct Moved {
    #[serde(rename = "type")]
    kind: &'static str,
    role: Option<String>,
    compartment: &'static str,
    before: Option<String>,
    after: Option<String>,
    state_before: &'static str,
    state_after: &'static str,
}

#[derive(Serialize)]
struct End {
    pack: String,
    from: String,
    as_of: String,
    count: usize,
    moved: usize,
    overdue: usize,
}

/// Compares.
pub(super) fn run(context: &Context, arguments: &RetentionMovedArgs) -> Result<Exit, CliError> {
    let text = packs::text_of(context, &arguments.pack)?;
    let pack = PolicyPack::parse(&text).map_err(|error| {
        CliError::new(Exit::Refused, "policy", error.to_string()).next("vandel policy check PACK")
    })?;
    let reading = Reading::open(context)?;
    let (before, threads, as_of) = (reading.chain(), reading.threads()?, context.as_of());
    if let Some(last) = before.policies.last().filter(|last| arguments.from < last.from) {
        return Err(OpenRefusal::PolicyOrder { from: arguments.from, last: last.from }.into());
    }
    let mut after = before.clone();
    let (record, from, pack) = (after.size(), arguments.from, Arc::new(pack));
    after.policies.push(AdoptedPolicy { record, from, text, pack });
    let (old, new) = (days(before, &threads, as_of), days(&after, &threads, as_of));
    let (mut moved, mut overdue) = (0, 0);
    for (place @ (thread, compartment), is) in &new {
        overdue += usize::from(is.1 == "overdue");
        let was = old.get(place).copied().unwrap_or((None, "not-started"));
        if was == *is {
            continue;
        }
        moved += usize::from(was.0 != is.0);
        let opening = threads.case(thread).and_then(|case| case.opening.as_ref());
        let line = Moved {
            kind: "moved",
            role: opening.map(|opening| opening.role.0.clone()),
            compartment: compartment.name(),
            before: was.0.map(|day| day.to_string()),
            after: is.0.map(|day| day.to_string()),
            state_before: was.1,
            state_after: is.1,
        };
        context.output.line(&line, || describe(&line))?;
    }
    let end = End {
        pack: arguments.pack.clone(),
        from: arguments.from.to_string(),
        as_of: as_of.to_string(),
        count: new.len(),
        moved,
        overdue,
    };
    let values = [
        ("moved", &*moved.to_string()),
        ("count", &*end.count.to_string()),
        ("overdue", &*overdue.to_string()),
    ];
    context.output.summary(&end, ErasureText::MovedEnd.with(context.lang, &values))?;
    Ok(Exit::Done)
}

/// The due day of every compartment, and where it stands.
type Days = BTreeMap<(ThreadId, Compartment), (Option<Day>, &'static str)>;

/// All due days under the policies of a chain.
pub(in crate::commands) fn days(chain: &Chain, threads: &Threads, as_of: Day) -> Days {
    let matters = ThreadMatters::of(chain, threads);
    let mut days = Days::new();
    for (thread, _) in threads.iter() {
        let dues = matters.dues(thread, as_of);
        let identity = matters.due(thread, Compartment::Identity, as_of);
        for due in dues.into_iter().chain(identity) {
            days.insert((*thread, due.compartment), (due.date, due.state.name()));
        }
    }
    days
}

fn describe(line: &Moved) -> String {
    let day = |day: &Option<String>| day.clone().unwrap_or_else(|| "-".to_owned());
    let role = line.role.as_deref().unwrap_or("-");
    format!(
        "{:<10}  {:<10}  {} -> {}  {} -> {}",
        role,
        line.compartment,
        day(&line.before),
        day(&line.after),
        line.state_before,
        line.state_after
    )
}
