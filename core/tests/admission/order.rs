//! What comes before what: withdrawal, order and days, hearing and review.

use vandel_core::event::{Outcome, Purpose};

use crate::ledger::{DECIDER, ledger};
use crate::moves::{
    Move, acknowledged, appealed, assessed, closed, copied, decided, ended, fetched, heard, held, in_force,
    informed, interrupted, moved, opened, read, rectified, rejected, released, renamed, requested, returned,
    reviewed, settled, shown, started, withdrew,
};
use crate::{Given, admitted, given, refused};

/// An HVB case as far as the extract was shown.
pub(crate) fn checked() -> Given {
    given(ledger("HVB")).and([opened(), informed(), acknowledged(), requested(), shown("HVB")])
}

pub(crate) fn hvb() -> Given {
    given(ledger("HVB")).and([opened()])
}

fn decided_fit() -> Given {
    checked().and([decided(Outcome::Fit)])
}

pub(crate) fn rows() -> Vec<&'static str> {
    [withdrawn_rows(), order_rows(), day_rows(), heard_rows()].concat()
}

fn withdrawn_rows() -> Vec<&'static str> {
    let left = || checked().and([copied(), withdrew()]);
    let examining: [fn() -> Move; 9] =
        [informed, acknowledged, requested, rejected, copied, assessed, heard, reviewed, || {
            decided(Outcome::NotFit)
        }];
    let mut rows =
        examining.map(|step| left().when(step()).then(refused("withdrawn", "art. 5.1 b"))).to_vec();
    let still: [fn() -> Move; 6] = [returned, closed, || rectified(0), renamed, held, interrupted];
    rows.extend(still.map(|step| left().when(step()).then(admitted())));
    rows
}

fn order_rows() -> Vec<&'static str> {
    let early = || refused("too-early", "GDPR art. 13");
    let late = || refused("too-late", "the role's law");
    let again = || refused("repeated", "the role's law");
    vec![
        hvb().when(acknowledged()).then(early()),
        hvb().when(requested()).then(early()),
        hvb().and([informed()]).when(requested()).then(early()),
        // Unasked for, an extract is not looked at before the candidate knows what it is for.
        hvb().and([informed()]).when(shown("HVB")).then(early()),
        given(ledger("CARE_FETCH")).and([opened(), informed()]).when(fetched()).then(early()),
        hvb().and([informed(), acknowledged()]).when(copied()).then(early()),
        checked().when(returned()).then(early()),
        checked().when(heard()).then(early()),
        checked().when(reviewed()).then(early()),
        hvb().when(assessed()).then(early()),
        hvb().when(decided(Outcome::Fit)).then(early()),
        hvb().when(decided(Outcome::FitWithSupport)).then(early()),
        hvb().and([informed(), acknowledged(), rejected()]).when(decided(Outcome::Fit)).then(early()),
        // Not shown is reason enough to refuse, and there is nothing to be heard about.
        hvb().and([informed(), acknowledged(), requested()]).when(decided(Outcome::NotFit)).then(admitted()),
        hvb().when(decided(Outcome::NotFit)).then(refused("not-heard", "FL 2017:900")),
        checked().when(appealed()).then(early()),
        decided_fit().when(settled()).then(early()),
        decided_fit().and([appealed()]).when(in_force()).then(early()),
        decided_fit().and([appealed(), settled()]).when(in_force()).then(admitted()),
        decided_fit().and([appealed(), settled()]).when(settled()).then(early()),
        checked().when(in_force()).then(early()),
        checked().when(ended()).then(early()),
        checked().when(moved()).then(early()),
        // A start before the check is a fact; it is recorded, and every audit finds it.
        hvb().when(started()).then(admitted()),
        decided_fit().when(requested()).then(late()),
        decided_fit().when(assessed()).then(late()),
        decided_fit().when(copied()).then(admitted()),
        decided_fit().when(withdrew()).then(admitted()),
        decided_fit().and([in_force()]).when(appealed()).then(late()),
        decided_fit().when(decided(Outcome::Fit)).then(again()),
        checked().when(shown("HVB")).then(again()),
        hvb().and([started()]).when(started()).then(again()),
        // DL 6:5: once.
        hvb().and([interrupted()]).when(interrupted()).then(again()),
        hvb().and([withdrew()]).when(withdrew()).then(again()),
    ]
}

fn day_rows() -> Vec<&'static str> {
    let disordered = || refused("day-out-of-order", "the role's law");
    vec![
        checked().when(decided(Outcome::Fit).on("2026-03-19")).then(disordered()),
        decided_fit().when(in_force().on("2026-03-19")).then(disordered()),
        decided_fit().when(closed().on("2026-03-19")).then(disordered()),
        decided_fit().when(closed()).then(admitted()),
        hvb().and([started()]).when(ended().on("2026-03-19")).then(disordered()),
        hvb().and([started().on("2026-03-10")]).when(ended().on("2026-03-10")).then(admitted()),
        checked().and([copied()]).when(returned().on("2026-03-19")).then(disordered()),
        decided_fit().and([appealed()]).when(settled().on("2026-03-19")).then(disordered()),
        given(ledger("SCHOOL"))
            .and([opened(), shown("SCHOOL")])
            .when(closed().on("2026-03-19"))
            .then(disordered()),
        // A reading is on the reader's thread and in no order with the case.
        hvb().when(read(Purpose::Handling)).then(admitted()),
    ]
}

fn heard_rows() -> Vec<&'static str> {
    let weighed = || checked().and([assessed()]);
    vec![
        checked().when(decided(Outcome::NotFit)).then(refused("not-heard", "FL 2017:900 section 25")),
        weighed().and([reviewed()]).when(decided(Outcome::NotFit)).then(refused("not-heard", "FL 2017:900")),
        weighed().and([heard()]).when(decided(Outcome::NotFit)).then(refused("not-reviewed", "FL 2017:900")),
        weighed().when(decided(Outcome::Fit)).then(refused("not-reviewed", "FL 2017:900")),
        weighed().and([heard(), reviewed()]).when(decided(Outcome::NotFit)).then(admitted()),
        weighed().and([reviewed()]).when(decided(Outcome::Fit)).then(admitted()),
        // What was assessed anew is reviewed anew.
        weighed()
            .and([reviewed(), assessed().by(DECIDER)])
            .when(decided(Outcome::Fit))
            .then(refused("not-reviewed", "FL 2017:900")),
    ]
}

#[test]
fn a_hold_can_be_released_once() {
    hvb().and([held()]).and([released(1)]).when(released(1)).then(refused("nothing-to-release", "18.3"));
}
