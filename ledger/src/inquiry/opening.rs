//! What openings of cases say: whose they are, which board, unit, recruitment and position.

use serde::{Deserialize, Serialize};
use vandel_core::admit::Refusal;
use vandel_core::event::{RoleCode, Scope};
use vandel_core::id::{AssignmentId, ControllerId, SubjectId, ThreadId, UnitId};
use vandel_core::person::IdentityNumber;
use vandel_core::policy::Trigger;
use vandel_core::retention::{DueState, RetentionFacts, due};
use vandel_core::time::Day;

use super::Asker;
use super::place::{out_of_reach, reaches};
use crate::casework::Positions;
use crate::names::Names;
use crate::people::PersonKey;
use crate::refused::{Refused, RefusedClass};
use crate::sequencer::Sequencer;

/// Somebody for whom a case is to be opened.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applicant {
    /// The number, or why there is none.
    pub number: IdentityNumber,
    /// Surname.
    pub surname: String,
    /// Given name.
    pub given_name: String,
    /// The board's name or id.
    pub board: String,
    /// The unit's; made if the board has none of this name.
    pub unit: String,
    /// The role's code.
    pub role: String,
    /// The recruitment's reference.
    pub reference: String,
    /// The day of the opening.
    pub day: Day,
    /// If it is a row of an export: the day of the engagement. Such a row is judged by the law before
    /// anything is made for it, and a person without a number is recognised by name.
    pub engaged: Option<Day>,
}

/// What the opening of a case says besides what the author stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpeningBrief {
    /// The person.
    pub subject: SubjectId,
    /// The board.
    pub controller: ControllerId,
    /// The unit.
    pub unit: UnitId,
    /// The recruitment.
    pub assignment: AssignmentId,
    /// The position's assessment to rely on, if there is one.
    pub position: Option<ThreadId>,
    /// Whether the person has a case of this role in this recruitment already.
    pub known: bool,
}

pub(super) fn prepare(
    sequencer: &mut Sequencer,
    asker: Asker<'_>,
    (positions, names): (&Positions, &mut Names),
    applicant: &Applicant,
) -> Result<OpeningBrief, Refused> {
    // What the law does not support is refused before anything about it is made or stored.
    if let Some(engaged) = applicant.engaged {
        refuse_by_law(sequencer, applicant, engaged)?;
    }
    let controller = names.controller(&applicant.board).map_err(|error| match applicant.engaged {
        None => error.into(),
        Some(_) => Refused::new(RefusedClass::NotFound, "board-unknown", error.to_string()),
    })?;
    let known_unit = names.unit(controller, &applicant.unit).ok();
    let assignment = sequencer.people(|people| people.assignment(controller, &applicant.reference))?;
    let place = Scope { controller: Some(controller), unit: known_unit, assignment };
    if !reaches(sequencer, asker, &place) {
        return Err(out_of_reach());
    }
    let unit = names.unit_or_add(sequencer.vault_mut(), controller, &applicant.unit)?;
    let role = RoleCode(applicant.role.to_uppercase());
    let (number, day) = (&applicant.number, applicant.day);
    let person = PersonKey::of(number, &applicant.surname, &applicant.given_name);
    let by_name = applicant.engaged.is_some();
    let (subject, known, new_assignment) = sequencer.people(|people| {
        let recognised = by_name || number.number().is_some();
        let subject = recognised.then(|| people.subject_or_new(&person));
        let known = people.has_case(&person, &applicant.reference, &role.0);
        (subject, known, people.new_assignment(controller, &applicant.reference))
    })?;
    Ok(OpeningBrief {
        subject: subject.map_or_else(|| super::random().map(SubjectId), Ok)?,
        controller,
        unit,
        assignment: assignment.unwrap_or(new_assignment),
        position: positions.current(controller, &role, day),
        known,
    })
}

pub(super) fn subject(sequencer: &Sequencer, number: &IdentityNumber) -> Result<SubjectId, Refused> {
    if number.number().is_none() {
        return Ok(SubjectId(super::random()?));
    }
    Ok(sequencer.people(|people| people.subject_or_new(&PersonKey::of(number, "", "")))?)
}

/// A role without a ground, or a row so old that all of it would have to go at once: taking it in
/// would resurrect what has been erased (domain, point 11).
fn refuse_by_law(sequencer: &Sequencer, applicant: &Applicant, engaged: Day) -> Result<(), Refused> {
    let today = applicant.day;
    let adopted = sequencer.chain().policy_on(today).ok_or(Refusal::NoPolicy { day: today })?;
    let role = adopted.pack.role_on(&applicant.role, today).map_err(Refusal::from)?;
    let mut facts = RetentionFacts::default();
    for trigger in [Trigger::Opened, Trigger::Closed, Trigger::EmploymentStart] {
        facts.days.insert(trigger, engaged);
    }
    let compartments = role.compartments();
    let kept = compartments.iter().filter(|compartment| compartment.name() != "identity");
    let states: Vec<_> = kept.map(|compartment| due(role, *compartment, &facts, today).state).collect();
    if !states.is_empty() && states.iter().all(|state| *state == DueState::Overdue) {
        let message = "all of it would have to be erased at once; it was not taken in";
        return Err(Refused::new(RefusedClass::Refused, "retention-passed", message));
    }
    Ok(())
}
