//! The sinks of a line as the register has them today, for a certificate that is being made.

use vandel_core::erasure::Line;
use vandel_core::event::{Compartment, ErasureExecuted};
use vandel_ledger::sealing::thread_key;
use vandel_ledger::sinks::{Fate, Register, Signed, SinkKind, SinkState, What};
use vandel_verify::certificate::hex;
use vandel_verify::certificate::sinks::{EMPTY, LIVE, Sink, told};

/// All sinks of a line, the closed list through.
pub(super) fn all(register: &Register, executed: &ErasureExecuted, line: &Line) -> Vec<Sink> {
    let fixed = |state: &'static str| {
        move |sink: &str| Sink {
            sink: sink.to_owned(),
            state: state.to_owned(),
            made: None,
            acknowledged: None,
            told: None,
        }
    };
    let mut sinks: Vec<Sink> = LIVE.into_iter().map(fixed("destroyed")).collect();
    sinks.extend(EMPTY.into_iter().map(fixed("no-content")));
    let case = thread_key(Compartment::Spine, &line.thread).0;
    let states = register.states();
    for kind in SinkKind::ALL {
        let of_line = |state: &&SinkState| {
            let made = &state.made;
            let older = made.epoch < executed.epoch;
            made.kind == kind && if kind.holds_keys_or_blobs() { older } else { made.cases.contains(&case) }
        };
        let before = sinks.len();
        sinks.extend(states.iter().filter(of_line).map(|state| registered(register, state)));
        if sinks.len() == before {
            // Nobody has entered one: should there be one, this ledger does not reach it.
            sinks.push(fixed("not-reachable")(kind.name()));
        }
    }
    sinks
}

fn registered(register: &Register, state: &SinkState) -> Sink {
    let is_made =
        |signed: &&Signed| matches!(&signed.entry.what, What::Made(made) if made.sink == state.made.sink);
    let made = register.entries().iter().find(is_made).map(|signed| hex(&signed.encode()));
    let end = match &state.fate {
        Fate::Exists => None,
        Fate::Destroyed(signed) | Fate::NotReachable(signed) => Some(&**signed),
    };
    Sink {
        sink: state.made.kind.name().to_owned(),
        state: state.fate.name().to_owned(),
        made,
        acknowledged: end.map(|signed| hex(&signed.encode())),
        told: Some(told(state, end)),
    }
}

/// The day by which the last older backup or root key is to be gone.
pub(super) fn horizon(register: &Register, executed: &ErasureExecuted) -> Option<String> {
    let left = register.states().into_iter().filter(|state| {
        let made = &state.made;
        made.kind.holds_keys_or_blobs()
            && made.epoch < executed.epoch
            && !matches!(state.fate, Fate::Destroyed(_))
    });
    let days: Option<Vec<_>> = left.map(|state| state.made.expires).collect();
    days?.into_iter().max().map(|day| day.to_string())
}
