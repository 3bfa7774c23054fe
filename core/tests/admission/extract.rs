//! The extract: age, law, registers, authenticity; and the renewed engagement that needs none.

use vandel_core::event::{Note, Occasion, Process, Register, RoleCode};
use vandel_core::hash::Hash;
use vandel_core::id::AssignmentId;

use crate::ledger::{Ledger, day, ledger};
use crate::moves::{
    BOARD, CASE, Move, OTHER_BOARD, OTHER_CASE, OTHER_PERSON, PERSON, acknowledged, closed, exempted,
    fetched, informed, opened, opened_for, requested, shown,
};
use crate::order::hvb;
use crate::{Given, admitted, given, refused};

fn school() -> Given {
    given(ledger("SCHOOL")).and([opened()])
}

pub(crate) fn rows() -> Vec<&'static str> {
    [shown_rows(), kept_rows(), exemption_rows()].concat()
}

fn shown_rows() -> Vec<&'static str> {
    let missing = || refused("evidence-missing", "skollagen");
    let stating = |change: fn(&mut vandel_core::admit::Evidence)| shown("SCHOOL").stating(change);
    vec![
        school().when(shown("SCHOOL")).then(admitted()),
        school().when(shown("SCHOOL").stating_nothing()).then(missing()),
        school().when(stating(|seen| seen.issued = None)).then(missing()),
        school().when(stating(|seen| seen.law = None)).then(missing()),
        school().when(stating(|seen| seen.registers = None)).then(missing()),
        school().when(stating(|seen| seen.authenticity = None)).then(missing()),
        // One year, counted back from the showing on 20 March 2026.
        school()
            .when(stating(|seen| seen.issued = Some(day("2025-03-19"))))
            .then(refused("extract-too-old", "skol")),
        school().when(stating(|seen| seen.issued = Some(day("2025-03-20")))).then(admitted()),
        school().when(stating(|seen| seen.issued = Some(day("2026-03-20")))).then(admitted()),
        school()
            .when(stating(|seen| seen.issued = Some(day("2026-03-21"))))
            .then(refused("extract-from-future", "law")),
        // An extract for one law does not serve another.
        school()
            .when(stating(|seen| seen.law = Some("2013:852".to_owned())))
            .then(refused("extract-wrong-law", "2010")),
        school()
            .when(stating(|seen| seen.registers = Some(vec![])))
            .then(refused("extract-registers", "skollagen")),
        school()
            .when(stating(|seen| {
                seen.registers = Some(vec![Register::CriminalRecords, Register::Suspicions]);
            }))
            .then(refused("extract-registers", "skollagen")),
        school()
            .when(stating(|seen| {
                seen.registers = Some(vec![Register::CriminalRecords, Register::Foreign]);
            }))
            .then(refused("extract-registers", "skollagen")),
    ]
}

/// Where the mode keeps the fields, the note speaks, whatever the author states besides.
fn kept_rows() -> Vec<&'static str> {
    let ready = || hvb().and([informed(), acknowledged()]);
    let noting = |change: fn(&mut Note)| {
        shown("HVB").stating(|seen| seen.issued = Some(day("2026-03-01"))).with(move |step| {
            change(step.note.as_mut().unwrap());
        })
    };
    let wrong = |step: Move| {
        step.with(|step| {
            if let Some(
                Process::InformationGiven(registers)
                | Process::ExtractRequested(registers)
                | Process::AuthorityFetched { registers, .. },
            ) = &mut step.process
            {
                registers.pop();
            }
        })
    };
    vec![
        // Six months.
        ready()
            .when(noting(|note| {
                if let Note::Shown { issued, .. } = note {
                    *issued = Some(day("2025-09-19"));
                }
            }))
            .then(refused("extract-too-old", "2007:171")),
        ready()
            .when(noting(|note| {
                if let Note::Shown { issued, .. } = note {
                    *issued = Some(day("2025-09-20"));
                }
            }))
            .then(admitted()),
        hvb().when(wrong(informed())).then(refused("extract-registers", "2007:171")),
        ready().when(wrong(requested())).then(refused("extract-registers", "2007:171")),
        ready().when(wrong(fetched())).then(refused("extract-registers", "2007:171")),
    ]
}

/// An earlier case in which an extract was shown, and a later one; what happened in between.
struct Renewal {
    ledger: Ledger,
    note: Hash,
}

impl Renewal {
    fn new() -> Self {
        let mut ledger = ledger("SCHOOL");
        ledger.take(opened());
        let note = ledger.take(shown("SCHOOL")).hash;
        ledger.take(closed());
        Self { ledger, note }
    }

    fn later(self, day: &str, open: Move) -> (Given, Hash) {
        let given = given(self.ledger).on(day).and([open.of(OTHER_CASE).on(day)]);
        (given, self.note)
    }
}

fn renewed(subject: vandel_core::id::SubjectId) -> Move {
    opened_for(subject).opening(|opening| {
        opening.occasion = Occasion::Renewal;
        opening.assignment = AssignmentId([70; 16]);
    })
}

fn exemption_rows() -> Vec<&'static str> {
    let none = || refused("no-exemption", "skollagen");
    let exempt = |note| exempted(CASE, note).of(OTHER_CASE);
    let after = |day: &'static str, open: Move| {
        let (given, note) = Renewal::new().later(day, open);
        given.when(exempt(note).on(day))
    };
    let in_time = "2026-09-01";
    let mut elsewhere = Renewal::new();
    elsewhere.ledger.take(crate::moves::assessed_position().of(OTHER_CASE_POSITION).with(|step| {
        if let Some(Process::PositionAssessed(position)) = &mut step.process {
            position.controller = OTHER_BOARD;
        }
    }));
    let (elsewhere, note) = elsewhere.later(
        in_time,
        renewed(PERSON).opening(|opening| {
            (opening.controller, opening.position) = (OTHER_BOARD, Some(OTHER_CASE_POSITION));
            assert_ne!(opening.controller, BOARD);
        }),
    );
    let (unknown, known_note) = Renewal::new().later(in_time, renewed(PERSON));
    let (another_note, _) = Renewal::new().later(in_time, renewed(PERSON));
    let (itself, own) = Renewal::new().later(in_time, renewed(PERSON));
    let (stated, stated_note) = Renewal::new().later("2027-03-25", renewed(PERSON));
    vec![
        after(in_time, renewed(PERSON)).then(admitted()),
        after("2027-03-20", renewed(PERSON)).then(admitted()),
        after("2027-03-21", renewed(PERSON)).then(none()),
        // Within a year of the offer, which note_only does not keep: the author states it.
        stated
            .when(exempt(stated_note).on("2027-03-25").stating(|seen| seen.offered = Some(day("2027-03-10"))))
            .then(admitted()),
        after(in_time, renewed(OTHER_PERSON)).then(none()),
        after(in_time, renewed(PERSON).opening(|opening| opening.occasion = Occasion::NewEmployment))
            .then(none()),
        elsewhere.when(exempt(note).on(in_time)).then(none()),
        unknown.when(exempted(crate::moves::POSITION, known_note).of(OTHER_CASE).on(in_time)).then(none()),
        another_note.when(exempt(Hash([4; 32])).on(in_time)).then(none()),
        itself.when(exempted(OTHER_CASE, own).of(OTHER_CASE).on(in_time)).then(none()),
        other_law(),
        nothing_shown(),
        reassigned_exemption(),
    ]
}

const OTHER_CASE_POSITION: vandel_core::id::ThreadId = vandel_core::id::ThreadId([90; 16]);

/// A note under the school law does not serve 2007:171.
fn other_law() -> &'static str {
    let Renewal { mut ledger, note } = Renewal::new();
    ledger.role = "HVB";
    ledger.take(crate::moves::assessed_position().of(OTHER_CASE_POSITION));
    let open = renewed(PERSON).opening(|opening| {
        opening.position = Some(OTHER_CASE_POSITION);
        opening.role = RoleCode("HVB".to_owned());
    });
    given(ledger)
        .and([open.of(OTHER_CASE)])
        .when(exempted(CASE, note).of(OTHER_CASE))
        .then(refused("no-exemption", "2007:171"))
}

fn nothing_shown() -> &'static str {
    given(ledger("SCHOOL"))
        .and([opened(), closed(), renewed(PERSON).of(OTHER_CASE)])
        .when(exempted(CASE, Hash([4; 32])).of(OTHER_CASE))
        .then(refused("no-exemption", "skollagen"))
}

/// Somebody else's note must not carry the case of the right person.
fn reassigned_exemption() -> &'static str {
    let (given, note) = Renewal::new().later("2026-09-01", renewed(PERSON));
    given
        .and([exempted(CASE, note).of(OTHER_CASE).on("2026-09-01")])
        .when(crate::moves::reassigned().of(OTHER_CASE).on("2026-09-01"))
        .then(refused("wrong-subject", "art. 5.1 d"))
}
