//! What a role's law gives: is there a policy, may it be recorded, the occasion, the position, one request.

use vandel_core::event::{Field, Kind, Note, Occasion, Process, RoleCode};
use vandel_core::id::AssignmentId;
use vandel_core::person::{IdentityNumber, NumberKind, PersonalNumber};
use vandel_core::policy::{PolicyPack, Storage};

use crate::ledger::{DECIDER, HANDLER, Ledger, SE_2026, day, empty, ledger, ledger_with};
use crate::moves::{
    CASE, OTHER_BOARD, OTHER_CASE, OTHER_PERSON, acknowledged, assessed_position, closed, consent_withdrawn,
    consented, fetched, informed, opened, opened_for, shown, started, withdrew,
};
use crate::{admitted, given, refused};

pub(crate) fn school() -> Ledger {
    ledger("SCHOOL")
}

/// The shipped pack with one edit.
pub(crate) fn edited(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(SE_2026.to_owned(), |pack, (from, to)| {
        assert!(pack.contains(from), "the pack has {from:?}");
        pack.replacen(from, to, 1)
    })
}

/// A pack in which consent is the ground of fetching.
pub(crate) fn on_consent() -> Ledger {
    let ground = "legal_ground = \"public_task\"\npurposes = [\"patients\"]";
    let pack = edited(&[
        (ground, "legal_ground = \"statutory_consent\"\nconsent_is_ground = true\npurposes = [\"patients\"]"),
        (
            "\"candidate_withdrew\",\n  \"authority_fetched\"",
            "\"candidate_withdrew\", \"consent_given\", \"consent_withdrawn\",\n  \"authority_fetched\"",
        ),
    ]);
    ledger_with(Box::leak(pack.into_boxed_str()), "CARE_FETCH")
}

fn as_role(code: &'static str) -> impl Fn(&mut vandel_core::event::Opening) {
    move |opening| opening.role = RoleCode(code.to_owned())
}

pub(crate) fn rows() -> Vec<&'static str> {
    [policy_rows(), recordable_rows(), opening_rows()].concat()
}

fn policy_rows() -> Vec<&'static str> {
    let before = || opened().on("2021-12-31");
    let informed_care = || given(on_consent()).and([opened(), informed(), acknowledged()]);
    vec![
        given(school()).when(before()).then(refused("no-policy", "RF 2:6")),
        given(school()).when(opened().opening(as_role("CIRCUS"))).then(refused("unknown-role", "RF 2:6")),
        given(school())
            .when(opened().on("2026-02-28").opening(as_role("HOME_CARE")))
            .then(refused("role-not-in-force", "RF 2:6")),
        given(school()).when(opened().opening(as_role("NONE"))).then(refused("check-forbidden", "RF 2 kap.")),
        given(school())
            .when(opened().opening(as_role("SECURITY")))
            .then(refused("check-elsewhere", "säkerhetsskyddslagen")),
        given(school())
            .when(opened().opening(as_role("LSS_CHILD")))
            .then(refused("policy-incomplete", "RF 2:6")),
        given(school())
            .when(opened().opening(as_role("LEADING")))
            .then(refused("policy-incomplete", "RF 2:6")),
        given(school())
            .and([opened()])
            .having(forget_opening)
            .when(closed().by(HANDLER))
            .then(refused("opening-erased", "RF 2:6")),
        given(school()).and([opened()]).when(consented()).then(refused("consent-not-a-ground", "skollagen")),
        given(ledger("HVB"))
            .and([opened()])
            .when(consented())
            .then(refused("consent-not-a-ground", "2007:171")),
        informed_care().when(fetched()).then(refused("consent-missing", "1999:1134")),
        informed_care().and([consented()]).when(fetched()).then(admitted()),
        informed_care()
            .and([consented(), consent_withdrawn()])
            .when(fetched())
            .then(refused("consent-missing", "1999:1134")),
        informed_care().and([consented(), consent_withdrawn(), consented()]).when(fetched()).then(admitted()),
        informed_care().and([consented(), closed()]).when(consent_withdrawn()).then(admitted()),
    ]
}

/// A case of which the process compartment is gone, as after an erasure on request.
fn forget_opening(ledger: &mut Ledger) {
    let thread = ledger.threads.get(&CASE).unwrap();
    let record = thread.records[0];
    let (actor, statement) = (crate::ledger::actor(HANDLER), thread.previous);
    let mut step = opened().step(&empty("SCHOOL"));
    (step.process, step.identity) = (None, None);
    ledger.threads.restore(CASE, None);
    ledger.threads.fold(&step, actor, record, statement);
    // Its places are gone too, so somebody with a role everywhere takes the next step.
}

fn recordable_rows() -> Vec<&'static str> {
    let kept = |spoil: fn(&mut Note)| {
        shown("HVB").with(move |step| {
            if let Some(note) = &mut step.note {
                spoil(note);
            }
        })
    };
    let hvb = || given(ledger("HVB")).and([opened(), informed(), acknowledged()]);
    let mut rows = vec![
        given(school())
            .and([opened()])
            .when(started())
            .then(refused("kind-not-recordable", "skollagen 2 kap.")),
        given(school())
            .when(opened().opening(|opening| opening.offered = Some(day("2026-03-01"))))
            .then(refused("field-not-recordable", "skollagen 2 kap.")),
        hvb().when(shown("HVB")).then(admitted()),
    ];
    let spoils: [fn(&mut Note); 4] = [
        |note| {
            if let Note::Shown { issued, .. } = note {
                *issued = None
            }
        },
        |note| {
            if let Note::Shown { law, .. } = note {
                *law = None
            }
        },
        |note| {
            if let Note::Shown { registers, .. } = note {
                *registers = None
            }
        },
        |note| {
            if let Note::Shown { authenticity, .. } = note {
                *authenticity = None
            }
        },
    ];
    rows.extend(spoils.map(|spoil| hvb().when(kept(spoil)).then(refused("field-missing", "2007:171"))));
    rows
}

fn opening_rows() -> Vec<&'static str> {
    let position = |spoil: fn(&mut vandel_core::event::PositionAssessment)| {
        assessed_position().with(move |step| {
            if let Some(Process::PositionAssessed(position)) = &mut step.process {
                spoil(position);
            }
        })
    };
    let not_assessed = || refused("position-not-assessed", "MBL 1976:580");
    let mut rows = vec![
        given(school())
            .when(opened().opening(|opening| opening.occasion = Occasion::Volunteer))
            .then(refused("occasion-not-covered", "skollagen")),
        given(school()).when(opened().opening(|opening| opening.position = None)).then(not_assessed()),
        given(school()).when(opened().opening(|opening| opening.position = Some(CASE))).then(not_assessed()),
        given(school())
            .when(opened().opening(|opening| opening.controller = OTHER_BOARD))
            .then(not_assessed()),
        given(school())
            .when(position(|position| position.controller = OTHER_BOARD))
            .then(refused("position-elsewhere", "BRL 1998:620")),
        given(school())
            .and([opened()])
            .when(opened_for(OTHER_PERSON).of(OTHER_CASE))
            .then(refused("another-case-open", "art. 5.1 c")),
        given(school())
            .and([opened(), closed()])
            .when(opened_for(OTHER_PERSON).of(OTHER_CASE))
            .then(admitted()),
        given(school())
            .and([opened()])
            .when(
                opened_for(OTHER_PERSON)
                    .of(OTHER_CASE)
                    .opening(|opening| opening.assignment = AssignmentId([70; 16])),
            )
            .then(admitted()),
        // Members of a household are nobody's rivals.
        given(ledger("SCHOOL_HOME"))
            .and([opened()])
            .when(opened_for(OTHER_PERSON).of(OTHER_CASE))
            .then(admitted()),
        given(ledger("HVB"))
            .and([opened(), withdrew()])
            .when(opened_for(OTHER_PERSON).of(OTHER_CASE))
            .then(refused("another-case-open", "art. 5.1 c")),
    ];
    let spoils: [fn(&mut vandel_core::event::PositionAssessment); 4] = [
        |position| position.role = RoleCode("HVB".to_owned()),
        |position| position.until = Some(day("2026-03-01")),
        |position| position.union_reference = " ".to_owned(),
        |position| position.impact_reference = String::new(),
    ];
    rows.extend(
        spoils.map(|spoil| given(school()).and([position(spoil)]).when(opened()).then(not_assessed())),
    );
    let last_day = position(|position| position.until = Some(day("2026-03-02")));
    rows.push(given(school()).and([last_day]).when(opened()).then(admitted()));
    rows
}

/// The statutes' own list, written out here and not read from the pack: skollagen 2:32 and 2013:852
/// section 5 allow a note that an extract was shown, and no other documentation of the check.
#[test]
fn note_only_records_what_the_statute_allows_and_nothing_else() {
    const ALLOWED: [Kind; 9] = [
        Kind::CaseOpened,
        Kind::ExtractShown,
        Kind::CaseClosed,
        Kind::Rectified,
        Kind::Reassigned,
        Kind::Held,
        Kind::Released,
        Kind::Restricted,
        Kind::IdentityChanged,
    ];
    let pack = PolicyPack::parse_for_adoption(SE_2026).unwrap();
    let note_only: Vec<_> =
        pack.roles.iter().filter(|role| role.storage == Some(Storage::NoteOnly)).collect();
    assert!(note_only.len() >= 6);
    for role in note_only {
        for kind in Kind::ALL.iter().copied() {
            let beside = matches!(kind, Kind::PositionAssessed | Kind::RecordRead);
            let exempts = kind == Kind::ExtractExempted && role.renewal.is_some();
            let expected = ALLOWED.contains(&kind) || beside || exempts;
            assert_eq!(role.may_record(kind), expected, "{} {}", role.code, kind.name());
        }
        assert!(Field::ALL.iter().all(|field| !role.may_record_field(*field)), "{}", role.code);
    }
}

#[test]
fn a_child_of_the_household_is_checked_from_fifteen_years() {
    let born = |text: &'static str| {
        opened().with(move |step| {
            let number = PersonalNumber::compose(NumberKind::Personal, day(text), 238).unwrap();
            step.identity.as_mut().unwrap().number = IdentityNumber::from(number);
        })
    };
    // Opened on 2 March 2026.
    given(ledger("SCHOOL_HOME")).when(born("2011-03-02").by(DECIDER)).then(admitted());
    given(ledger("SCHOOL_HOME")).when(born("2011-03-03").by(DECIDER)).then(refused("too-young", "skollagen"));
    given(ledger("SCHOOL")).when(born("2011-03-03")).then(admitted());
}
