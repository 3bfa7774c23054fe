//! Rules that a role's law gives before anything is examined: may there be a check, what may be
//! recorded, is the post assessed, is somebody else being asked. Read from the policy pack in force
//! when the case was opened.

use crate::admit::{Attempt, Refusal};
use crate::event::{Field, Kind, Note, Opening, PositionAssessment, Process};
use crate::policy::{RolePolicy, SubjectKind};
use crate::thread::{Case, Matter};

pub(super) fn law(role: &RolePolicy) -> String {
    role.law.paragraph.clone()
}

/// A law supports the check. Where nobody can tell any more what the case was opened for, nothing can
/// be added to it.
pub(super) fn policy(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    if attempt.is_new() && attempt.case.is_some() && attempt.opening().is_none() {
        return Err(Refusal::OpeningErased);
    }
    attempt.policy().map(|_| ())
}

/// What a role's law forbids to record can't be recorded at all; what the mode keeps is recorded, so
/// that every audit can make the check again.
pub(super) fn recordable(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let Some(role) = attempt.policy()? else { return Ok(()) };
    let kind = attempt.kind();
    if !role.may_record(kind) {
        return Err(Refusal::KindNotRecordable { kind, role: role.code.clone(), law: law(role) });
    }
    let fields = attempt.step().fields();
    if let Some(field) = fields.iter().copied().find(|field| !role.may_record_field(*field)) {
        return Err(Refusal::FieldNotRecordable { field, role: role.code.clone(), law: law(role) });
    }
    let Some(Note::Shown { .. }) = &attempt.step().note else { return Ok(()) };
    let kept = [Field::ShownIssued, Field::ShownLaw, Field::ShownRegisters, Field::ShownAuthenticity];
    let missing = kept.into_iter().find(|field| role.may_record_field(*field) && !fields.contains(field));
    match missing {
        Some(field) => Err(Refusal::FieldMissing { field, role: role.code.clone(), law: law(role) }),
        None => Ok(()),
    }
}

fn opening<'a>(attempt: &Attempt<'a>) -> Option<&'a Opening> {
    match &attempt.step().process {
        Some(Process::CaseOpened(opening)) => Some(opening),
        _ => None,
    }
}

pub(super) fn occasion(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let (Some(opening), Some(role)) = (opening(attempt), attempt.policy()?) else { return Ok(()) };
    if role.occasions.contains(&opening.occasion) {
        return Ok(());
    }
    let occasion = opening.occasion;
    Err(Refusal::OccasionNotCovered { occasion, role: role.code.clone(), law: law(role) })
}

/// Need is weighed against intrusion before anybody is checked, with the unions and the impact
/// assessment behind it. A position is assessed again by the board that it belongs to.
pub(super) fn position(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    if attempt.kind() == Kind::PositionAssessed {
        return same_board(attempt);
    }
    let (Some(opening), Some(role)) = (opening(attempt), attempt.policy()?) else { return Ok(()) };
    let Some(rules) = role.position.filter(|rules| rules.assessed) else { return Ok(()) };
    let refuse = |reason| Err(Refusal::PositionNotAssessed { reason });
    let Some(id) = opening.position else { return refuse("the case names none") };
    let position = match attempt.state.threads.get(&id).map(|thread| &thread.matter) {
        Some(Matter::Position(Some(position))) => position,
        // At an audit it may have been erased since.
        Some(Matter::Position(None)) | None if !attempt.is_new() => return Ok(()),
        _ => return refuse("there is no such assessment"),
    };
    if position.role != opening.role {
        return refuse("it was made for another role");
    }
    if position.controller != opening.controller {
        return refuse("it belongs to another board");
    }
    if position.until.is_some_and(|until| until < attempt.day()) {
        return refuse("it has run out");
    }
    if rules.union_reference && position.union_reference.trim().is_empty() {
        return refuse("it names no negotiation with the unions");
    }
    if rules.impact_reference && position.impact_reference.trim().is_empty() {
        return refuse("it names no impact assessment");
    }
    Ok(())
}

fn same_board(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let before: Option<&PositionAssessment> = match attempt.thread.map(|thread| &thread.matter) {
        Some(Matter::Position(position)) => position.as_deref(),
        _ => None,
    };
    match (&attempt.step().process, before) {
        (Some(Process::PositionAssessed(now)), Some(before)) if now.controller != before.controller => {
            Err(Refusal::PositionElsewhere)
        }
        _ => Ok(()),
    }
}

/// Only the chosen candidate is asked: one open case for one recruitment. Members of a household are
/// nobody's rivals; all of them are checked.
pub(super) fn one_request(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let (Some(opening), Some(role)) = (opening(attempt), attempt.policy()?) else { return Ok(()) };
    if role.subject.kind == SubjectKind::HouseholdMember {
        return Ok(());
    }
    let candidate = |case: &Case| {
        let role = attempt.policy_of(case).ok().flatten();
        role.is_none_or(|role| role.subject.kind == SubjectKind::Candidate)
    };
    if attempt.state.threads.open_cases(&opening.assignment).into_iter().any(candidate) {
        return Err(Refusal::AnotherCaseOpen);
    }
    Ok(())
}
