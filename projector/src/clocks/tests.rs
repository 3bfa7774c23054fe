//! Clocks across cases: folded directly, since the paths there are long.

#![allow(clippy::unwrap_used)]

use vandel_core::event::{
    Assessment, Copy, Identity, Kind, Note, Occasion, Opening, Outcome, Process, RoleCode, Step,
};
use vandel_core::hash::Hash;
use vandel_core::id::{ActorId, AssignmentId, ControllerId, UnitId};
use vandel_core::time::{Period, Second};
use vandel_ledger::sealing::{identity_key, thread_key};
use vandel_ledger::vault::{DataKey, KeyId};

use super::*;
use crate::fold::{Place, fold};
use crate::lively::{Lively, number};
use crate::row::Row;
use crate::rows::Stored;
use crate::seal::Sealer;
use crate::store::{MemoryStore, Table, ViewStore};

const EARLIER: ThreadId = ThreadId([61; 16]);
const LATER: ThreadId = ThreadId([62; 16]);
const PERSON: SubjectId = SubjectId([63; 16]);

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn step(thread: ThreadId, at: u32, kind: Kind, on: &str, fill: impl FnOnce(&mut Step)) -> Step {
    let spine = vandel_core::event::Spine { thread, number: at, previous: Hash::ZERO, kind, day: day(on) };
    let mut step = Step::new(spine);
    fill(&mut step);
    step
}

fn opened(thread: ThreadId, role: &str, on: &str) -> Step {
    step(thread, 0, Kind::CaseOpened, on, |step| {
        step.process = Some(Process::CaseOpened(Opening {
            subject: PERSON,
            controller: ControllerId([5; 16]),
            unit: UnitId([6; 16]),
            assignment: AssignmentId([7; 16]),
            reference: "R".to_owned(),
            role: RoleCode(role.to_owned()),
            position: None,
            occasion: Occasion::Renewal,
            offered: None,
        }));
        step.identity = Some(Identity {
            subject: PERSON,
            handle: format!("K-{}", thread.0[0]),
            number: number(1).into(),
            surname: "A".to_owned(),
            given_name: "B".to_owned(),
            protected: false,
        });
    })
}

fn closed(thread: ThreadId, at: u32, on: &str) -> Step {
    step(thread, at, Kind::CaseClosed, on, |step| step.process = Some(Process::CaseClosed))
}

/// The dates of the clocks that folding these steps sets: in one batch, and step by step.
fn clocks_of(steps: &[Step], keys: &[KeyId]) -> Vec<Option<Day>> {
    let mut lively = Lively::found(1);
    let all = [
        Compartment::Spine,
        Compartment::Process,
        Compartment::Note,
        Compartment::Copy,
        Compartment::Assessment,
    ];
    let of_threads = [EARLIER, LATER].into_iter().flat_map(|thread| all.map(|one| thread_key(one, &thread)));
    let of_people = [EARLIER, LATER].map(|thread| identity_key(&thread, 0));
    let needed: Vec<KeyId> = of_threads.chain(of_people).collect();
    lively.ledger.sequencer.vault_mut().ensure_keys(&needed).unwrap();
    let (chain, vault) = (lively.ledger.sequencer.chain(), lively.ledger.sequencer.vault());
    let secret = DataKey::random().unwrap();
    let place = Place { record: 0, time: Second(0), actor: ActorId([3; 16]), statement: Hash::ZERO };
    let run = |batch: usize| {
        let mut store = MemoryStore::default();
        for steps in steps.chunks(batch) {
            let changes = {
                let stored = Stored { store: &store, sealer: Sealer::new(vault, chain.ledger, &secret) };
                let mut rows = Working::over(&stored);
                for step in steps {
                    fold(&mut rows, step.clone(), Named::from(&step.spine.thread), place).unwrap();
                }
                recompute(&mut rows, chain).unwrap();
                rows.into_changes().unwrap()
            };
            store.apply(&changes).unwrap();
        }
        let stored = Stored { store: &store, sealer: Sealer::new(vault, chain.ledger, &secret) };
        let date = |key: &KeyId| match stored.row(Table::Clocks, &key.0).unwrap() {
            Some(Row::Clock(clock)) => clock.date,
            _ => None,
        };
        keys.iter().map(date).collect::<Vec<_>>()
    };
    let whole = run(steps.len());
    assert_eq!(run(1), whole, "step by step as in one batch");
    whole
}

#[test]
fn a_note_and_an_identity_live_as_long_as_the_last_case_that_relies_on_them() {
    let shown = step(EARLIER, 1, Kind::ExtractShown, "2026-02-01", |step| {
        step.note =
            Some(Note::Shown { issued: None, law: None, registers: None, authenticity: None, remark: None });
    });
    let relying = step(LATER, 1, Kind::ExtractExempted, "2026-09-01", |step| {
        step.note = Some(Note::Exempted { thread: EARLIER, statement: Hash::ZERO });
    });
    let mut steps = vec![opened(EARLIER, "SCHOOL", "2026-01-10"), shown, closed(EARLIER, 2, "2026-02-02")];
    let note = thread_key(Compartment::Note, &EARLIER);
    let process = thread_key(Compartment::Process, &EARLIER);
    let person = identity_key(&EARLIER, 0);
    let keys = [note, process, person];
    let two_years = |on: &str| Some(day(on).plus(Period::years(2)));
    assert_eq!(clocks_of(&steps, &keys), [two_years("2026-02-02"); 3]);
    steps.extend([opened(LATER, "SCHOOL", "2026-08-20"), relying]);
    assert_eq!(
        clocks_of(&steps, &keys),
        [None; 3],
        "while the later case runs, nothing of the earlier is due"
    );
    steps.push(closed(LATER, 2, "2026-10-01"));
    assert_eq!(clocks_of(&steps, &keys), [two_years("2026-10-01"); 3]);
}

#[test]
fn a_copy_and_its_findings_go_before_the_case_and_the_spine_goes_last() {
    let copy = step(EARLIER, 1, Kind::CopyStored, "2026-02-01", |step| {
        step.copy = Some(Copy::Paper { place: "Arkiv 1".to_owned() });
    });
    let assessed = step(EARLIER, 2, Kind::AssessmentMade, "2026-02-02", |step| {
        step.assessment = Some(Assessment::Findings(Vec::new()));
    });
    let decided = step(EARLIER, 3, Kind::DecisionMade, "2026-02-10", |step| {
        let (outcome, delegation) = (Outcome::NotFit, "D1".to_owned());
        step.process = Some(Process::DecisionMade { outcome, delegation, follow_up: None, support: None });
    });
    let steps =
        [opened(EARLIER, "HVB", "2026-01-10"), copy, assessed, decided, closed(EARLIER, 4, "2026-02-20")];
    let keys = [Compartment::Copy, Compartment::Assessment, Compartment::Process, Compartment::Spine]
        .map(|compartment| thread_key(compartment, &EARLIER));
    let end = Some(day("2028-02-20"));
    assert_eq!(clocks_of(&steps, &keys), [Some(day("2026-02-10")), Some(day("2026-04-21")), end, end]);
}
