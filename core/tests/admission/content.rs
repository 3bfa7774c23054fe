//! What a step says: about whom, with which words, and who looks after a hold.

use vandel_core::event::{Outcome, Process, Support};

use crate::ledger::{SERVICE, STRANGER, actor, day, ledger};
use crate::moves::{
    Move, OTHER_PERSON, PERSON, acknowledged, assessed_position, decided, fetched, held, identity, informed,
    opened, reassigned, rectified, released, renamed, restricted,
};
use crate::order::checked;
use crate::{admitted, given, refused};

fn saying(step: Move, change: impl Fn(&mut Process) + 'static) -> Move {
    step.with(move |step| change(step.process.as_mut().unwrap()))
}

pub(crate) fn rows() -> Vec<&'static str> {
    [subject_rows(), word_rows(), hold_rows()].concat()
}

fn subject_rows() -> Vec<&'static str> {
    let school = || given(ledger("SCHOOL")).and([opened()]);
    let wrong = || refused("wrong-subject", "art. 5.1 d");
    let another = |step: Move| step.with(|step| step.identity = Some(identity(OTHER_PERSON)));
    let the_same = |step: Move| step.with(|step| step.identity = Some(identity(PERSON)));
    vec![
        given(ledger("SCHOOL")).when(another(opened())).then(wrong()),
        school().when(another(renamed())).then(wrong()),
        school().when(the_same(reassigned())).then(wrong()),
        school().when(renamed()).then(admitted()),
        school().when(reassigned()).then(admitted()),
        // After it the case is about the other.
        school().and([reassigned()]).when(renamed()).then(wrong()),
        school().and([reassigned()]).when(another(renamed())).then(admitted()),
        given(ledger("SCHOOL_HOME"))
            .when(opened().with(|step| {
                let born = day("2015-06-01");
                let kind = vandel_core::person::NumberKind::Personal;
                let number = vandel_core::person::PersonalNumber::compose(kind, born, 238).unwrap();
                step.identity.as_mut().unwrap().number = number.into();
            }))
            .then(refused("too-young", "skollagen")),
    ]
}

fn word_rows() -> Vec<&'static str> {
    let unstated = || refused("unstated", "BRL 1998:620");
    let care = || given(ledger("CARE_FETCH")).and([opened(), informed(), acknowledged()]);
    let supported = |outcome| {
        saying(decided(outcome), |process| {
            if let Process::DecisionMade { support, .. } = process {
                *support = Some(Support::Supervision);
            }
        })
    };
    vec![
        given(ledger("SCHOOL"))
            .when(saying(assessed_position(), |process| {
                if let Process::PositionAssessed(position) = process {
                    position.need.clear();
                }
            }))
            .then(unstated()),
        care()
            .when(saying(fetched(), |process| {
                if let Process::AuthorityFetched { need, .. } = process {
                    *need = "  ".to_owned();
                }
            }))
            .then(unstated()),
        checked()
            .when(saying(decided(Outcome::Fit), |process| {
                if let Process::DecisionMade { delegation, .. } = process {
                    delegation.clear();
                }
            }))
            .then(unstated()),
        checked().when(supported(Outcome::Fit)).then(refused("support-mismatch", "FL 2017:900")),
        checked().when(supported(Outcome::FitWithSupport)).then(admitted()),
        checked().when(rectified(5)).then(refused("no-such-step", "FL 2017:900")),
        checked().when(rectified(4)).then(admitted()),
    ]
}

fn hold_rows() -> Vec<&'static str> {
    let school = || given(ledger("SCHOOL")).and([opened()]);
    let mut rows = vec![
        school().when(released(0)).then(refused("nothing-to-release", "18.3")),
        school().and([restricted()]).when(released(1)).then(admitted()),
    ];
    for hold in [held, restricted] {
        let reviewed_on = |text: &'static str| {
            saying(hold(), move |process| match process {
                Process::Held { review, .. } | Process::Restricted { review, .. } => *review = day(text),
                _ => unreachable!("a hold"),
            })
        };
        let owned_by = |who: u8| {
            saying(hold(), move |process| match process {
                Process::Held { owner, .. } | Process::Restricted { owner, .. } => *owner = actor(who),
                _ => unreachable!("a hold"),
            })
        };
        rows.push(school().when(reviewed_on("2026-03-20")).then(refused("review-day", "18.3")));
        rows.push(school().when(reviewed_on("2026-03-21")).then(admitted()));
        rows.push(school().when(owned_by(STRANGER)).then(refused("unknown-owner", "18.3")));
        rows.push(school().when(owned_by(SERVICE)).then(refused("unknown-owner", "18.3")));
    }
    rows
}
