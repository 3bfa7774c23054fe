//! Admission, given–when–then: `given(ledger under a role).and(steps).when(step).then(refused or admitted)`.
//! Every refusal has a row, in the module of its theme; each names the paragraph that it rests on.

#![allow(clippy::unwrap_used)]

mod acceptance;
mod audit;
mod conduct;
mod content;
mod contents;
mod extract;
mod gone;
mod law;
mod ledger;
mod moves;
mod open;
mod order;
mod overdue;
mod people;
mod place;
mod precedence;
mod views;

use std::collections::BTreeSet;

use vandel_core::admit::{Occasion as Judging, Refusal};
use vandel_core::chain::OpenRefusal;

use ledger::{Ledger, morning};
use moves::Move;

pub(crate) struct Given(Ledger);
pub(crate) struct When(Ledger, Move);

pub(crate) fn given(ledger: Ledger) -> Given {
    Given(ledger)
}

impl Given {
    #[track_caller]
    pub(crate) fn and(mut self, steps: impl IntoIterator<Item = Move>) -> Self {
        for step in steps {
            self.0.take(step);
        }
        self
    }

    /// What cannot be said as a step.
    pub(crate) fn having(mut self, happened: impl FnOnce(&mut Ledger)) -> Self {
        happened(&mut self.0);
        self
    }

    pub(crate) fn on(mut self, day: &str) -> Self {
        self.0.at = morning(day);
        self
    }

    pub(crate) fn when(self, step: Move) -> When {
        When(self.0, step)
    }
}

pub(crate) enum Then {
    Refused { code: &'static str, naming: &'static str },
    Admitted,
}

/// Refused with this code; the paragraph contains these words.
pub(crate) fn refused(code: &'static str, naming: &'static str) -> Then {
    Then::Refused { code, naming }
}

pub(crate) fn admitted() -> Then {
    Then::Admitted
}

impl When {
    /// Checks the outcome; answers with the code, for the list of rows.
    #[track_caller]
    pub(crate) fn then(self, expected: Then) -> &'static str {
        let Self(ledger, step) = self;
        match (ledger.judge(&step, Judging::New), expected) {
            (Ok(_), Then::Admitted) => "admitted",
            (Err(refusal), Then::Refused { code, naming }) => {
                assert_eq!(refusal.code(), code, "{refusal}");
                let paragraph = refusal.paragraph();
                assert!(paragraph.contains(naming), "{code} rests on {paragraph:?}");
                assert!(!refusal.to_string().is_empty());
                code
            }
            (Err(refusal), Then::Admitted) => panic!("refused as {}: {refusal}", refusal.code()),
            (Ok(_), Then::Refused { code, .. }) => panic!("admitted, where {code} was expected"),
        }
    }
}

#[test]
fn every_refusal_has_a_row() {
    let rows = [place::rows(), people::rows(), law::rows(), order::rows(), content::rows(), extract::rows()];
    let found: BTreeSet<_> = rows.concat().into_iter().filter(|code| *code != "admitted").collect();
    assert_eq!(found, Refusal::CODES.iter().copied().collect());
}

#[test]
fn every_refusal_of_an_open_event_has_a_row() {
    let found: BTreeSet<_> = open::rows().into_iter().collect();
    assert_eq!(found, OpenRefusal::CODES.iter().copied().collect());
}
