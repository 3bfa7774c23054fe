//! Who takes a step: role, scope and days of validity, approval by a second person, separation.

use vandel_core::admit::{Occasion as Judging, Refusal};
use vandel_core::event::{Grant, Kind, Outcome, Purpose, Role, Scope};
use vandel_core::id::{AssignmentId, ControllerId, UnitId};

use crate::ledger::{
    ANNA, AUDITOR, DECIDER, DELEGATE, HANDLER, Ledger, OFFICER, OTHER_DECIDER, REVIEWER, SECOND_KEY, day,
    everywhere, ledger,
};
use crate::moves::{
    BOARD, CASE, Move, UNIT, VACANCY, acknowledged, appealed, assessed, assessed_position, closed,
    consent_withdrawn, consented, copied, decided, ended, exempted, fetched, heard, held, in_force, informed,
    interrupted, moved, opened, read, reassigned, rectified, rejected, released, renamed, requested,
    restricted, returned, reviewed, searched, settled, shown, started, withdrew,
};
use crate::{admitted, given, refused};

fn school() -> Ledger {
    ledger("SCHOOL")
}

fn assessing() -> crate::Given {
    given(ledger("HVB")).and([opened(), informed(), acknowledged(), shown("HVB"), assessed().by(DECIDER)])
}

pub(crate) fn rows() -> Vec<&'static str> {
    let holding = || given(school()).and([opened(), held()]);
    vec![
        given(school()).when(opened().by(ANNA)).then(refused("role", "KL 2017:725")),
        given(school()).and([opened()]).when(shown("SCHOOL").by(HANDLER)).then(refused("role", "OSL")),
        given(ledger("SCHOOL_HOME")).and([opened()]).when(shown("SCHOOL_HOME")).then(refused("role", "OSL")),
        given(ledger("SCHOOL_HOME")).and([opened()]).when(shown("SCHOOL_HOME").by(HANDLER)).then(admitted()),
        given(school())
            .and([read(Purpose::Handling)])
            .when(read(Purpose::Handling).by(AUDITOR))
            .then(refused("not-the-reader", "OSL")),
        holding().when(released(1)).then(admitted()),
        holding().when(released(1).approved_by(None)).then(refused("shape", "")),
        holding().when(closed().approved_by(Some(DELEGATE))).then(refused("shape", "")),
        holding().when(released(1).approved_by(Some(HANDLER))).then(refused("approval", "two people")),
        holding().when(released(1).by(DELEGATE)).then(refused("approval", "two people")),
        holding().when(released(1).spoiling_approval()).then(refused("approval", "two people")),
        // Two keys of one person are one person.
        given(school())
            .having(|ledger| ledger.enrol(SECOND_KEY, vec![everywhere(Role::ControllersDelegate)]))
            .and([opened(), held()])
            .when(released(1).by(DECIDER).approved_by(Some(SECOND_KEY)))
            .then(refused("approval", "two people")),
        assessing().when(reviewed().by(SECOND_KEY)).then(refused("same-person", "FL 2017:900")),
        assessing()
            .having(|ledger| ledger.enrol(OTHER_DECIDER, vec![everywhere(Role::Decider)]))
            .and([reviewed()])
            .having(|ledger| ledger.enrol(REVIEWER, vec![everywhere(Role::Decider)]))
            .when(decided(Outcome::Fit).by(REVIEWER))
            .then(refused("same-person", "FL 2017:900")),
    ]
}

/// Every kind, a step of it, and the roles that may take it.
fn matrix() -> Vec<(Move, &'static [Role])> {
    use Role::{Auditor, ControllersDelegate, DataProtectionOfficer, Decider, Handler, Reviewer};
    const RUNS: &[Role] = &[Role::Handler, Role::Decider];
    const LOOKS_AFTER: &[Role] = &[Handler, Decider, DataProtectionOfficer, ControllersDelegate];
    const READS: &[Role] = &[Handler, Decider, Reviewer, DataProtectionOfficer, ControllersDelegate, Auditor];
    let statement = vandel_core::hash::Hash([0; 32]);
    vec![
        (assessed_position(), &[Decider]),
        (opened().of(crate::moves::OTHER_CASE), RUNS),
        (informed(), RUNS),
        (acknowledged(), RUNS),
        (consented(), RUNS),
        (consent_withdrawn(), RUNS),
        (withdrew(), RUNS),
        (requested(), RUNS),
        (shown("HVB"), &[Decider]),
        (rejected(), RUNS),
        (exempted(CASE, statement), &[Decider]),
        (copied(), RUNS),
        (returned(), RUNS),
        (fetched(), RUNS),
        (assessed(), RUNS),
        (heard(), RUNS),
        (reviewed(), &[Reviewer]),
        (decided(Outcome::Fit), &[Decider]),
        (appealed(), RUNS),
        (settled(), RUNS),
        (in_force(), RUNS),
        (started(), RUNS),
        (moved(), RUNS),
        (ended(), RUNS),
        (closed(), RUNS),
        (rectified(0), RUNS),
        (reassigned(), RUNS),
        (held(), LOOKS_AFTER),
        (released(0).approved_by(Some(DELEGATE)), LOOKS_AFTER),
        (restricted(), LOOKS_AFTER),
        (interrupted(), LOOKS_AFTER),
        (renamed(), RUNS),
        (read(Purpose::Audit), READS),
    ]
}

/// Whether the rule of roles lets the step pass; later rules may refuse it.
fn passes_role(ledger: &Ledger, step: &Move) -> bool {
    match ledger.judge(step, Judging::New) {
        Err(Refusal::Role { .. }) => false,
        Err(refusal) => refusal.rule().is_some_and(|rule| rule > vandel_core::admit::Rule::Role),
        Ok(_) => true,
    }
}

#[test]
fn a_case_is_read_only_by_roles_that_reach_its_board() {
    let mut ledger = ledger("HVB");
    ledger.take(opened());
    let elsewhere = Scope { controller: Some(ControllerId([77; 16])), ..Scope::default() };
    ledger.enrol(20, vec![Grant { scope: elsewhere, ..everywhere(Role::Handler) }]);
    assert!(
        !passes_role(&ledger, &read(Purpose::Audit).by(20)),
        "another board's handler opens no case here"
    );
    assert!(passes_role(&ledger, &searched().by(20)), "a search shows what one's grants reach");
}

#[test]
fn each_kind_is_for_its_roles_and_no_other() {
    let kinds: Vec<Kind> = matrix().iter().map(|(step, _)| step.kind).collect();
    assert_eq!(kinds, Kind::ALL, "every kind is in the matrix, in wire order");
    for (index, role) in (20..).zip(Role::ALL) {
        let mut ledger = ledger("HVB");
        ledger.take(opened());
        ledger.enrol(index, vec![everywhere(role)]);
        for (step, roles) in matrix() {
            let kind = step.kind;
            let found = passes_role(&ledger, &step.by(index));
            assert_eq!(found, roles.contains(&role), "{} by {}", kind.name(), role.name());
        }
    }
}

#[test]
fn a_grant_reaches_its_board_unit_and_vacancy_and_no_other() {
    let board = Scope { controller: Some(BOARD), ..Scope::default() };
    let unit = Scope { unit: Some(UNIT), ..board };
    let vacancy = Scope { assignment: Some(VACANCY), ..unit };
    let rows = [
        (Scope::default(), true),
        (board, true),
        (unit, true),
        (vacancy, true),
        (Scope { controller: Some(ControllerId([77; 16])), ..Scope::default() }, false),
        (Scope { unit: Some(UnitId([77; 16])), ..board }, false),
        (Scope { assignment: Some(AssignmentId([77; 16])), ..unit }, false),
    ];
    for (scope, reaches) in rows {
        let mut ledger = school();
        ledger.enrol(20, vec![Grant { scope, ..everywhere(Role::Handler) }]);
        assert_eq!(passes_role(&ledger, &opened().by(20)), reaches, "opening, {scope:?}");
        ledger.take(opened());
        assert_eq!(passes_role(&ledger, &closed().by(20)), reaches, "closing, {scope:?}");
    }
    // A vacancy's handler assesses no position, and a move takes the case out of the old board's hands.
    let mut hvb = ledger("HVB");
    hvb.enrol(20, vec![Grant { scope: board, ..everywhere(Role::Handler) }]);
    hvb.take(opened());
    hvb.take(started());
    hvb.take(moved());
    assert!(!passes_role(&hvb, &ended().by(20)));
}

#[test]
fn a_grant_holds_from_its_first_day_through_its_last() {
    let days = (day("2026-04-01"), day("2026-04-30"));
    let mut ledger = school();
    ledger.enrol(20, vec![Grant { from: days.0, until: Some(days.1), ..everywhere(Role::Handler) }]);
    let rows = [("2026-03-31", false), ("2026-04-01", true), ("2026-04-30", true), ("2026-05-01", false)];
    for (today, holds) in rows {
        let mut ledger = ledger.clone();
        ledger.at = crate::ledger::morning(today);
        // The day of the record counts, whatever day the step speaks of.
        assert_eq!(passes_role(&ledger, &opened().by(20)), holds, "{today}");
    }
}

#[test]
fn the_delegate_approves_only_for_the_own_board() {
    let elsewhere = Scope { controller: Some(ControllerId([77; 16])), ..Scope::default() };
    let grant = Grant { scope: elsewhere, ..everywhere(Role::ControllersDelegate) };
    given(school())
        .having(|ledger| ledger.enrol(20, vec![grant]))
        .and([opened(), held().by(OFFICER)])
        .when(released(1).approved_by(Some(20)))
        .then(refused("approval", "two people"));
}
