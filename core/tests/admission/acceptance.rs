//! The path that the law means, in every storage mode of the shipped pack: every recordable kind is
//! taken at least once.

use std::collections::BTreeSet;

use vandel_core::admit::Occasion as Judging;
use vandel_core::event::{Kind, Occasion, Outcome};
use vandel_core::id::AssignmentId;
use vandel_core::policy::{PolicyPack, Storage};

use crate::ledger::{HANDLER, Ledger, SE_2026, day, ledger};
use crate::moves::{
    CASE, Move, OTHER_CASE, PERSON, acknowledged, appealed, assessed, closed, copied, decided, ended,
    exempted, fetched, heard, held, in_force, informed, interrupted, moved, opened, opened_for, reassigned,
    rectified, rejected, released, renamed, requested, restricted, returned, reviewed, settled, shown,
    started, withdrew,
};

/// Takes all of them; answers with the kinds.
fn take(ledger: &mut Ledger, steps: Vec<Move>) -> BTreeSet<Kind> {
    let kinds = steps.iter().map(|step| step.kind).collect();
    for step in steps {
        // What is admitted as new passes every audit.
        assert_eq!(ledger.judge(&step, Judging::New), ledger.judge(&step, Judging::Audit));
        ledger.take(step);
    }
    kinds
}

/// Everything the role may record of a case has been taken.
fn covers(role: &str, taken: &BTreeSet<Kind>) {
    let pack = PolicyPack::parse_for_adoption(SE_2026).unwrap();
    let role = pack.role_on(role, day("2026-03-02")).unwrap();
    let missing: Vec<_> = role
        .records
        .iter()
        .filter(|kind| **kind != Kind::RecordRead && !taken.contains(kind))
        .map(|kind| kind.name())
        .collect();
    assert!(missing.is_empty(), "{} never took {missing:?}", role.code);
}

fn renewed() -> Move {
    opened_for(PERSON).of(OTHER_CASE).opening(|opening| {
        opening.occasion = Occasion::Renewal;
        opening.assignment = AssignmentId([70; 16]);
    })
}

#[test]
fn note_only() {
    for role in ["SCHOOL", "CHILD", "HOME_CARE", "SCHOOL_HOME"] {
        let mut ledger = ledger(role);
        let note = if role == "SCHOOL_HOME" { shown(role).by(HANDLER) } else { shown(role) };
        let opened = opened().on("2026-03-02");
        let mut taken = take(&mut ledger, vec![opened, renamed(), note]);
        let shown = ledger.threads.get(&CASE).unwrap().previous;
        taken.extend(take(&mut ledger, vec![held(), released(3), restricted(), released(5), rectified(0)]));
        taken.extend(take(&mut ledger, vec![closed()]));
        if role == "SCHOOL" {
            taken.extend(take(&mut ledger, vec![renewed(), exempted(CASE, shown).of(OTHER_CASE)]));
        }
        taken.extend(take(&mut ledger, vec![reassigned()]));
        covers(role, &taken);
    }
}

#[test]
fn copy_required() {
    let mut first = ledger("HVB");
    let mut taken = take(
        &mut first,
        vec![
            opened(),
            informed(),
            acknowledged(),
            requested(),
            rejected(),
            shown("HVB"),
            copied(),
            assessed(),
        ],
    );
    taken.extend(take(
        &mut first,
        vec![heard(), reviewed(), decided(Outcome::FitWithSupport), appealed(), settled(), in_force()],
    ));
    taken
        .extend(take(&mut first, vec![started(), closed(), returned(), interrupted(), held(), released(18)]));
    taken.extend(take(&mut first, vec![restricted(), rectified(0), renamed(), reassigned()]));
    let case = first.threads.case(&CASE).unwrap();
    assert!(case.closed() && case.restricted() && case.holds.len() == 1);
    let mut second = ledger("HVB");
    taken.extend(take(
        &mut second,
        vec![opened(), informed(), acknowledged(), fetched(), copied(), withdrew()],
    ));
    taken.extend(take(&mut second, vec![closed()]));
    let mut third = ledger("HVB");
    taken.extend(take(&mut third, vec![opened(), started(), ended(), moved()]));
    let renewal = {
        let mut renewal = ledger("HVB");
        renewal.take(opened());
        renewal.take(informed());
        renewal.take(acknowledged());
        let note = renewal.take(shown("HVB")).hash;
        take(&mut renewal, vec![renewed(), exempted(CASE, note).of(OTHER_CASE)])
    };
    taken.extend(renewal);
    covers("HVB", &taken);
}

#[test]
fn storage_none() {
    let mut first = ledger("CARE_FETCH");
    let mut taken = take(
        &mut first,
        vec![opened(), informed(), acknowledged(), fetched(), assessed(), heard(), reviewed()],
    );
    taken.extend(take(
        &mut first,
        vec![decided(Outcome::NotFit), appealed(), settled(), in_force(), interrupted(), closed()],
    ));
    taken.extend(take(
        &mut first,
        vec![held(), released(13), rectified(0), renamed(), restricted(), reassigned()],
    ));
    let mut second = ledger("CARE_FETCH");
    taken.extend(take(&mut second, vec![opened(), started(), moved(), ended()]));
    let mut third = ledger("CARE_FETCH");
    taken.extend(take(&mut third, vec![opened(), withdrew(), closed()]));
    covers("CARE_FETCH", &taken);
}

#[test]
fn every_storage_mode_of_the_pack_has_a_path() {
    let pack = PolicyPack::parse_for_adoption(SE_2026).unwrap();
    let today = day("2026-03-02");
    let usable: BTreeSet<_> = pack
        .roles
        .iter()
        .filter(|role| role.usable_on(today).is_ok())
        .map(|role| (role.storage, role.code.as_str()))
        .collect();
    let walked = [
        (Some(Storage::NoteOnly), "SCHOOL"),
        (Some(Storage::NoteOnly), "SCHOOL_HOME"),
        (Some(Storage::NoteOnly), "CHILD"),
        (Some(Storage::NoteOnly), "HOME_CARE"),
        (Some(Storage::CopyRequired), "HVB"),
        (Some(Storage::None), "CARE_FETCH"),
    ];
    assert_eq!(usable, walked.into_iter().collect());
}
