//! Rules about who takes a step: role and place, approval by a second person, separation of duties.

use crate::admit::{Attempt, Refusal};
use crate::event::{Kind, Process, Role, Scope};
use crate::hash::Domain;
use crate::id::ThreadId;
use crate::payload::approval_message;
use crate::policy::NotedBy;
use crate::thread::{Case, Matter, place_of};

/// The roles of which the author must hold one.
fn roles(attempt: &Attempt<'_>) -> Result<&'static [Role], Refusal> {
    use Role::{Auditor, ControllersDelegate, DataProtectionOfficer, Decider, Handler, Reviewer};
    Ok(match attempt.kind() {
        Kind::PositionAssessed | Kind::DecisionMade => &[Decider],
        Kind::ExtractShown | Kind::ExtractExempted => {
            match attempt.policy()?.and_then(|role| role.noted_by) {
                Some(NotedBy::Handler) => &[Handler],
                Some(NotedBy::Decider) => &[Decider],
                // The opening has been erased; who had to note it can't be told any more.
                None => &[Decider, Handler],
            }
        }
        Kind::SecondReviewed => &[Reviewer],
        Kind::Held | Kind::Restricted | Kind::Interrupted | Kind::Released => {
            &[Handler, Decider, DataProtectionOfficer, ControllersDelegate]
        }
        // Who keeps the ledger itself opens no case (domain, point 10).
        Kind::RecordRead if case_read(attempt).is_some() => {
            &[Handler, Decider, Reviewer, DataProtectionOfficer, ControllersDelegate, Auditor]
        }
        Kind::RecordRead => &Role::ALL,
        _ => &[Handler, Decider],
    })
}

/// The case that a reading shows; none for a search or an audit of many.
fn case_read(attempt: &Attempt<'_>) -> Option<ThreadId> {
    attempt.step().reading.as_ref().and_then(|reading| reading.thread)
}

/// The place that the role must reach.
fn place(attempt: &Attempt<'_>) -> Scope {
    match &attempt.step().process {
        Some(Process::PositionAssessed(position)) => {
            Scope { controller: Some(position.controller), unit: Some(position.unit), assignment: None }
        }
        Some(Process::CaseOpened(opening)) => place_of(opening),
        _ => {
            let read = case_read(attempt).and_then(|thread| attempt.state.threads.case(&thread));
            read.or(attempt.case).and_then(Case::place).unwrap_or_default()
        }
    }
}

fn place_is_gone(attempt: &Attempt<'_>) -> bool {
    attempt.step().process.is_none() && place(attempt) == Scope::default()
}

/// The author holds a role that the step asks for, here and on this day. Keys and grants are those in
/// force at the record, whatever day the step speaks of.
pub(super) fn role(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let kind = attempt.kind();
    let day = attempt.proposal.at.latest_day_in_sweden();
    if let Some(Matter::Reader(reader)) = attempt.thread.map(|thread| &thread.matter)
        && *reader != attempt.author.actor
    {
        return Err(Refusal::NotTheReader);
    }
    let roles = roles(attempt)?;
    // A search or an audit of many shows what the reader's grants reach. Where a case belonged can't be
    // told at an audit once its opening has been erased.
    let search = kind == Kind::RecordRead && case_read(attempt).is_none();
    let anywhere = search || (!attempt.is_new() && place_is_gone(attempt));
    let holds = |role: &Role| {
        if anywhere {
            attempt.author.grants.iter().any(|grant| grant.role == *role && grant.in_force_on(day))
        } else {
            attempt.author.holds(*role, &place(attempt), day)
        }
    };
    if roles.iter().any(holds) { Ok(()) } else { Err(Refusal::Role { kind, role: roles[0] }) }
}

/// The approver is the controller's delegate, another person than the author, and signed this payload.
pub(super) fn approval(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let Some(approval) = &attempt.step().approval else {
        // The approval lives and dies with the process compartment.
        let lost = !attempt.kind().needs_approval() || attempt.step().process.is_none();
        return if lost { Ok(()) } else { Err(Refusal::Approval { reason: "there is none" }) };
    };
    let chain = attempt.state.chain;
    let signer = chain.keyring.signer(&approval.key, attempt.proposal.at).ok();
    let (approver, key) = signer.ok_or(Refusal::Approval { reason: "the key may not sign" })?;
    if approver.actor == attempt.author.actor {
        return Err(Refusal::Approval { reason: "it is the author's own" });
    }
    let day = attempt.proposal.at.latest_day_in_sweden();
    if !approver.holds(Role::ControllersDelegate, &place(attempt), day) {
        return Err(Refusal::Approval { reason: "the approver is not the controller's delegate here" });
    }
    let message =
        approval_message(&chain.ledger, &attempt.proposal.statement.author, attempt.proposal.header);
    key.verify(Domain::Approval, &[&message], &approval.signature.to_bytes())
        .map_err(|_| Refusal::Approval { reason: "the signature does not fit" })
}

/// Who assessed or decides is not who reviews: people, not keys.
pub(super) fn separation(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let Some(case) = attempt.case else { return Ok(()) };
    let others: &[Kind] = match attempt.kind() {
        Kind::DecisionMade => &[Kind::SecondReviewed],
        Kind::SecondReviewed => &[Kind::AssessmentMade],
        Kind::AssessmentMade => &[Kind::SecondReviewed],
        _ => return Ok(()),
    };
    let actor = attempt.author.actor;
    let both = case.steps.iter().any(|mark| others.contains(&mark.kind) && mark.actor == actor);
    if both { Err(Refusal::SamePerson { actor }) } else { Ok(()) }
}
