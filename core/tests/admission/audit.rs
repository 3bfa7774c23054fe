//! An audit makes the replayable checks again, passes over what was attested or is gone, and says which.

use vandel_core::admit::{Occasion as Judging, Proposal, State, Unrepeated, unrepeated};
use vandel_core::event::{Occasion, Purpose};
use vandel_core::hash::Hash;
use vandel_core::id::AssignmentId;

use crate::ledger::{DECIDER, HANDLER, Ledger, ledger};
use crate::moves::{
    CASE, Move, OTHER_CASE, PERSON, POSITION, acknowledged, exempted, held, informed, opened, opened_for,
    read, released, requested, shown,
};

fn passed_over(ledger: &Ledger, what: &Move) -> Vec<Unrepeated> {
    let signed = ledger.sign(what);
    let vandel_core::statement::Body::Sealed(commitment) = signed.statement.body else { panic!("sealed") };
    let step = signed.payload.open(&commitment).unwrap();
    let proposal = Proposal {
        statement: &signed.statement,
        header: &signed.payload.header,
        step: &step,
        evidence: None,
        at: ledger.at,
    };
    unrepeated(State { chain: &ledger.chain, threads: &ledger.threads }, proposal)
}

fn audited(ledger: &Ledger, what: &Move) -> Result<(), &'static str> {
    ledger.judge(what, Judging::Audit).map(|_| ()).map_err(|refusal| refusal.code())
}

#[test]
fn what_note_only_does_not_keep_is_attested_and_counted() {
    let mut school = ledger("SCHOOL");
    school.take(opened());
    let note = shown("SCHOOL").stating_nothing();
    assert_eq!(audited(&school, &note), Ok(()), "its evidence was never kept");
    use Unrepeated::{ExtractAge, ExtractAuthenticity, ExtractLaw, ExtractRegisters};
    assert_eq!(passed_over(&school, &note), [ExtractAge, ExtractLaw, ExtractRegisters, ExtractAuthenticity]);
    // Who noted it is replayable.
    assert_eq!(audited(&school, &shown("SCHOOL").by(HANDLER)), Err("role"));
}

#[test]
fn what_copy_required_keeps_is_checked_at_every_audit() {
    let mut hvb = ledger("HVB");
    for step in [opened(), informed(), acknowledged(), requested()] {
        hvb.take(step);
    }
    assert_eq!(passed_over(&hvb, &shown("HVB")), []);
    let old = shown("HVB").with(|step| {
        if let Some(vandel_core::event::Note::Shown { issued, .. }) = &mut step.note {
            *issued = Some(crate::ledger::day("2025-01-01"));
        }
    });
    assert_eq!(audited(&hvb, &old), Err("extract-too-old"));
    let bare = shown("HVB").with(|step| step.note = Some(crate::moves::bare_note()));
    assert_eq!(audited(&hvb, &bare), Err("field-missing"), "what the mode keeps can't be left to evidence");
}

#[test]
fn an_exemption_is_checked_as_far_as_the_earlier_case_and_the_offer_are_kept() {
    let mut school = ledger("SCHOOL");
    school.take(opened());
    let note = school.take(shown("SCHOOL")).hash;
    school.take(opened_for(PERSON).of(OTHER_CASE).opening(|opening| {
        opening.occasion = Occasion::Renewal;
        opening.assignment = AssignmentId([70; 16]);
    }));
    let exempt = || exempted(CASE, note).of(OTHER_CASE);
    assert_eq!(passed_over(&school, &exempt()), [Unrepeated::ExemptionAge], "note_only keeps no offer");
    let another = exempted(CASE, Hash([8; 32])).of(OTHER_CASE);
    assert_eq!(audited(&school, &another), Err("no-exemption"), "which note is replayable");
    school.threads.restore(CASE, None);
    assert_eq!(audited(&school, &exempt()), Ok(()));
    assert_eq!(passed_over(&school, &exempt()), [Unrepeated::EarlierNote]);
}

#[test]
fn what_has_been_erased_accuses_nobody() {
    let mut school = ledger("SCHOOL");
    assert_eq!(passed_over(&school, &opened()), []);
    school.threads.restore(POSITION, None);
    assert_eq!(audited(&school, &opened()), Ok(()));
    assert_eq!(passed_over(&school, &opened()), [Unrepeated::Position]);
    // The identity of a step was replaced and destroyed.
    assert_eq!(audited(&school, &opened().with(|step| step.identity = None)), Ok(()));
}

#[test]
fn an_audit_misses_no_approval_and_no_reader() {
    let mut school = ledger("SCHOOL");
    for step in [opened(), held()] {
        school.take(step);
    }
    assert_eq!(audited(&school, &released(1).approved_by(None)), Err("approval"));
    assert_eq!(audited(&school, &released(1).spoiling_approval()), Err("approval"));
    assert_eq!(audited(&school, &released(1).by(DECIDER)), Ok(()));
    school.take(read(Purpose::Audit));
    assert_eq!(audited(&school, &read(Purpose::Audit).by(HANDLER)), Err("not-the-reader"));
}
