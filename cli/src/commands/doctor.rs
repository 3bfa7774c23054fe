//! `vandel doctor`: what is wrong, weak or late, and what to do about it.
//!
//! It looks and changes nothing. It is no verdict: `vandel verify` gives one.

mod checks;
mod stream;

use serde::Serialize;

use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::DoctorText;

/// How a point stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// As it should be.
    Ok,
    /// It works, and is weaker than it could be, or something waits.
    Weak,
    /// It must be put right.
    Wrong,
}

/// One point.
#[derive(Serialize)]
struct Point {
    #[serde(rename = "type")]
    kind: &'static str,
    check: &'static str,
    state: State,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize)]
struct End {
    ok: usize,
    weak: usize,
    wrong: usize,
}

/// Looks at everything. Exit 3 if the ledger itself is wrong, 5 if its surroundings are.
pub(super) fn run(context: &Context) -> Result<Exit, CliError> {
    let findings = checks::all(context)?;
    for point in &findings.points {
        context.output.line(point, || describe(context, point))?;
    }
    let count = |state| findings.points.iter().filter(|point| point.state == state).count();
    let end = End { ok: count(State::Ok), weak: count(State::Weak), wrong: count(State::Wrong) };
    let counts =
        [("ok", end.ok), ("weak", end.weak), ("wrong", end.wrong)].map(|(name, n)| (name, n.to_string()));
    let text = DoctorText::End.with(context.lang, &counts.each_ref().map(|(name, n)| (*name, &**n)));
    context.output.summary(&end, text)?;
    Ok(match (findings.broken, end.wrong) {
        (Some(exit), _) => exit,
        (None, 0) => Exit::Done,
        (None, _) => Exit::Io,
    })
}

fn describe(context: &Context, point: &Point) -> String {
    let state = match point.state {
        State::Ok => DoctorText::Ok,
        State::Weak => DoctorText::Weak,
        State::Wrong => DoctorText::Wrong,
    };
    let next = point.next.as_ref().map(|next| format!("\n          {next}")).unwrap_or_default();
    format!("{:<8}  {:<14}  {}{next}", state.in_lang(context.lang), point.check, point.detail)
}
