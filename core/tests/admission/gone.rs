//! Rules where parts of what they judge by are gone, and where a grant reaches only a part of the ledger.

use vandel_core::admit::Occasion as Judging;
use vandel_core::event::{Grant, Identity, Kind, Purpose, Role, Scope};
use vandel_core::id::{ControllerId, ThreadId};
use vandel_core::thread::{Case, Mark, Matter};

use crate::contents::{having, start_erasure};
use crate::ledger::{ANNA, DECIDER, Ledger, SECOND_KEY, STRANGER, everywhere};
use crate::moves::{
    BOARD, CASE, Move, OTHER_BOARD, OTHER_CASE, OTHER_PERSON, PERSON, acknowledged, assessed,
    assessed_position, copied, exempted, heard, held, identity, informed, opened, opened_for, read, released,
    renamed, requested, reviewed, searched, shown,
};

/// The ledger as an audit knows it whose openings lack parts of a case.
fn lacking(ledger: &Ledger, thread: ThreadId, change: impl Fn(&mut Case)) -> Ledger {
    let mut changed = ledger.clone();
    let mut known = changed.threads.get(&thread).unwrap().clone();
    let Matter::Case(case) = &mut known.matter else { panic!("a case") };
    change(case);
    changed.threads.restore(thread, Some(known));
    changed
}

/// What a new step gets, and what an audit says of the same.
fn both(ledger: &Ledger, step: &Move) -> [Result<(), &'static str>; 2] {
    [Judging::New, Judging::Audit]
        .map(|judging| ledger.judge(step, judging).map(|_| ()).map_err(|refusal| refusal.code()))
}

#[test]
fn a_hold_that_went_with_its_part_may_be_released_and_one_that_never_was_may_not() {
    let ledger = having("SCHOOL", [opened(), held()]);
    let emptied = lacking(&ledger, CASE, |case| case.holds.clear());
    assert_eq!(both(&emptied, &released(1)), [Err("nothing-to-release"); 2]);
    let gone = lacking(&emptied, CASE, |case| case.opening = None);
    assert_eq!(both(&gone, &released(1)), [Err("opening-erased"), Ok(())]);
}

fn about(person: vandel_core::id::SubjectId) -> impl Fn(&mut vandel_core::event::Step) {
    move |step| step.identity = Some::<Identity>(identity(person))
}

#[test]
fn whom_a_case_is_about_is_told_by_its_opening_until_it_is_reassigned() {
    let ledger = having("SCHOOL", [opened()]);
    let nameless = lacking(&ledger, CASE, |case| case.subject = None);
    assert_eq!(both(&nameless, &renamed().with(about(PERSON)))[1], Ok(()));
    assert_eq!(both(&nameless, &renamed().with(about(OTHER_PERSON)))[1], Err("wrong-subject"));
    let reassigned = lacking(&nameless, CASE, |case| {
        case.steps.push(Mark { kind: Kind::Reassigned, ..case.steps[0] });
    });
    assert_eq!(both(&reassigned, &renamed().with(about(OTHER_PERSON)))[1], Ok(()), "nobody knows");
}

#[test]
fn an_exemption_by_somebody_whose_name_is_gone_accuses_nobody() {
    let mut ledger = having("SCHOOL", [opened()]);
    let note = ledger.take(shown("SCHOOL")).hash;
    ledger.take(opened_for(PERSON).of(OTHER_CASE).opening(|opening| {
        opening.occasion = vandel_core::event::Occasion::Renewal;
        opening.assignment = vandel_core::id::AssignmentId([70; 16]);
    }));
    let exempt = exempted(CASE, note).of(OTHER_CASE);
    assert_eq!(both(&ledger, &exempt), [Ok(()); 2]);
    let another = lacking(&ledger, OTHER_CASE, |case| case.subject = Some(OTHER_PERSON));
    assert_eq!(both(&another, &exempt), [Err("no-exemption"); 2]);
    for thread in [CASE, OTHER_CASE] {
        let nameless = lacking(&ledger, thread, |case| {
            case.subject = None;
            case.steps.push(Mark { kind: Kind::Reassigned, ..case.steps[0] });
        });
        assert_eq!(both(&nameless, &exempt), [Err("no-exemption"), Ok(())]);
    }
}

#[test]
fn who_reviewed_assesses_no_more() {
    let steps = [opened(), informed(), acknowledged(), requested(), shown("HVB"), copied(), assessed()];
    let ledger = having("HVB", steps.into_iter().chain([heard(), reviewed().by(SECOND_KEY)]));
    assert_eq!(both(&ledger, &assessed().by(DECIDER)), [Err("same-person"); 2], "the same with another key");
    assert_eq!(both(&ledger, &assessed()), [Ok(()); 2]);
}

fn decider_of(ledger: &mut Ledger, board: ControllerId) {
    let scope = Scope { controller: Some(board), ..Scope::default() };
    ledger.enrol(STRANGER, vec![Grant { scope, ..everywhere(Role::Decider) }]);
}

#[test]
fn a_grant_for_one_board_reaches_its_cases_and_searches() {
    const ELSEWHERE: ThreadId = ThreadId([14; 16]);
    let mut ledger = having("SCHOOL", [opened()]);
    assert_eq!(
        both(&ledger, &searched().by(ANNA)),
        [Ok(()); 2],
        "what was sought is noted by whoever sought"
    );
    assert_eq!(both(&ledger, &read(Purpose::Handling).by(ANNA)), [Err("role"); 2], "who keeps the ledger");
    decider_of(&mut ledger, BOARD);
    for step in [read(Purpose::Handling), searched(), assessed_position(), renamed()] {
        let thread = if step.kind == Kind::IdentityChanged { CASE } else { ELSEWHERE };
        let step = step.by(STRANGER).of(thread);
        assert_eq!(both(&ledger, &step), [Ok(()); 2], "{}", step.kind.name());
    }
    let mut other = having("SCHOOL", [opened()]);
    decider_of(&mut other, OTHER_BOARD);
    for step in [read(Purpose::Handling).of(ELSEWHERE), assessed_position().of(ELSEWHERE), renamed()] {
        let step = step.by(STRANGER);
        assert_eq!(both(&other, &step), [Err("role"); 2], "{}", step.kind.name());
    }
    assert_eq!(both(&other, &searched().by(STRANGER).of(ELSEWHERE)), [Ok(()); 2]);
    // Where a case belonged can't be told once its opening is gone.
    let gone = lacking(&ledger, CASE, |case| case.opening = None);
    assert_eq!(both(&gone, &renamed().by(STRANGER)), [Err("role"), Ok(())]);
}

#[test]
fn an_erasure_under_way_stops_the_cases_that_it_names() {
    let mut ledger = having("SCHOOL", [opened(), read(Purpose::Handling)]);
    start_erasure(&mut ledger, &[10, 12]);
    assert_eq!(both(&ledger, &renamed()), [Ok(()); 2], "another's");
    assert_eq!(both(&ledger, &read(Purpose::Handling)), [Ok(()); 2], "who reads goes on noting it");
    start_erasure(&mut ledger, &[11]);
    assert_eq!(both(&ledger, &renamed()), [Err("erasure-under-way"); 2]);
}
