//! Rules about what comes before what: the order of the law, a withdrawal, a hearing before a refusal.

use crate::admit::{Attempt, Refusal};
use crate::event::{Kind, Outcome, Process};
use crate::policy::{Duty, RolePolicy};
use crate::thread::Case;

/// By any of these the check itself has been made.
const CHECKED: [Kind; 4] =
    [Kind::ExtractShown, Kind::ExtractExempted, Kind::CopyStored, Kind::AuthorityFetched];

/// Consent is recorded only where the statute makes it a ground. Where it is, nothing that rests on it
/// is done before it is given or after it was withdrawn.
pub(super) fn consent(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let Some(role) = attempt.policy()? else { return Ok(()) };
    let (kind, law) = (attempt.kind(), || role.law.paragraph.clone());
    let about_consent = matches!(kind, Kind::ConsentGiven | Kind::ConsentWithdrawn);
    if !role.consent_is_ground {
        let refused = || Err(Refusal::ConsentNotAGround { role: role.code.clone(), law: law() });
        return if about_consent { refused() } else { Ok(()) };
    }
    let rests_on_it = matches!(
        kind,
        Kind::ExtractRequested
            | Kind::ExtractShown
            | Kind::CopyStored
            | Kind::AuthorityFetched
            | Kind::AssessmentMade
            | Kind::SecondReviewed
            | Kind::DecisionMade
    );
    let given = |case: &Case| {
        let consents = case.steps.iter().rev().map(|mark| mark.kind);
        consents.into_iter().find(|kind| matches!(kind, Kind::ConsentGiven | Kind::ConsentWithdrawn))
    };
    let stands = attempt.case.and_then(given) == Some(Kind::ConsentGiven);
    if rests_on_it && role.may_record(Kind::ConsentGiven) && !stands {
        return Err(Refusal::ConsentMissing { kind, law: law() });
    }
    Ok(())
}

/// Who has left the recruitment is not examined further, and no decision falls on somebody who left.
pub(super) fn withdrawn(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let kind = attempt.kind();
    let examines = matches!(
        kind,
        Kind::InformationGiven
            | Kind::InformationAcknowledged
            | Kind::ConsentGiven
            | Kind::ExtractRequested
            | Kind::ExtractShown
            | Kind::ExtractRejected
            | Kind::ExtractExempted
            | Kind::CopyStored
            | Kind::AuthorityFetched
            | Kind::AssessmentMade
            | Kind::CandidateHeard
            | Kind::SecondReviewed
            | Kind::DecisionMade
    );
    match attempt.case {
        Some(case) if examines && case.has(Kind::CandidateWithdrew) => Err(Refusal::Withdrawn { kind }),
        _ => Ok(()),
    }
}

/// Steps in the order of the law: each after what it needs and before what would make it pointless,
/// and what happens once only once. A step that the mode may not record is never demanded.
pub(super) fn order(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let (Some(case), Some(role)) = (attempt.case, attempt.policy()?) else { return Ok(()) };
    once(attempt.kind(), case)?;
    in_time(attempt.kind(), case)?;
    after_what_it_needs(attempt, case, role)?;
    days(attempt, case)
}

fn once(kind: Kind, case: &Case) -> Result<(), Refusal> {
    let once = matches!(
        kind,
        Kind::CandidateWithdrew
            | Kind::ExtractShown
            | Kind::ExtractExempted
            | Kind::CopyReturned
            | Kind::DecisionMade
            | Kind::LegalForceGained
            | Kind::EmploymentStarted
            | Kind::EmploymentEnded
            | Kind::CaseClosed
            // DL 2008:567 ch. 6 section 5: once.
            | Kind::Interrupted
    );
    if once && case.has(kind) { Err(Refusal::Repeated { kind }) } else { Ok(()) }
}

/// Nothing is gathered about somebody whose case has been decided, and what has gained legal force
/// is not appealed. A copy may still be stored: the law asks for it from the start of employment.
fn in_time(kind: Kind, case: &Case) -> Result<(), Refusal> {
    let done = match kind {
        Kind::ExtractRequested
        | Kind::ExtractShown
        | Kind::ExtractRejected
        | Kind::ExtractExempted
        | Kind::AuthorityFetched
        | Kind::AssessmentMade
        | Kind::CandidateHeard
        | Kind::SecondReviewed => Kind::DecisionMade,
        Kind::AppealLodged => Kind::LegalForceGained,
        _ => return Ok(()),
    };
    if case.has(done) { Err(Refusal::TooLate { kind, done }) } else { Ok(()) }
}

fn after_what_it_needs(attempt: &Attempt<'_>, case: &Case, role: &RolePolicy) -> Result<(), Refusal> {
    let kind = attempt.kind();
    let first_of = |kinds: &[Kind]| {
        kinds.iter().copied().find(|kind| role.records.contains(kind)).unwrap_or(Kind::ExtractShown)
    };
    let any_of = |kinds: &[Kind]| {
        let found = kinds.iter().any(|kind| case.has(*kind));
        if found { Ok(()) } else { Err(Refusal::TooEarly { kind, missing: first_of(kinds) }) }
    };
    let missing = |needed: Kind| {
        let demanded = role.records.contains(&needed) && !case.has(needed);
        if demanded { Err(Refusal::TooEarly { kind, missing: needed }) } else { Ok(()) }
    };
    let informed = || {
        missing(Kind::InformationGiven)?;
        if role.acknowledgement_required { missing(Kind::InformationAcknowledged) } else { Ok(()) }
    };
    let count = |kind: Kind| case.steps.iter().filter(|mark| mark.kind == kind).count();
    match kind {
        Kind::InformationAcknowledged => missing(Kind::InformationGiven),
        Kind::ExtractRequested | Kind::ExtractShown | Kind::AuthorityFetched => informed(),
        Kind::ConsentWithdrawn => missing(Kind::ConsentGiven),
        // A copy is of an extract whose age, law and registers have been checked.
        Kind::CopyStored => any_of(&[Kind::ExtractShown, Kind::AuthorityFetched]),
        Kind::CopyReturned => missing(Kind::CopyStored),
        Kind::CandidateHeard | Kind::SecondReviewed => missing(Kind::AssessmentMade),
        Kind::AssessmentMade => any_of(&CHECKED),
        // Who is found unfit may never have shown anything; who is found fit must have, where the
        // law demands it.
        Kind::DecisionMade if role.duty == Duty::Mandatory && finds_fit(attempt) => any_of(&CHECKED),
        Kind::AppealLodged => missing(Kind::DecisionMade),
        Kind::LegalForceGained => {
            missing(Kind::DecisionMade)?;
            let pending = count(Kind::AppealLodged) > count(Kind::AppealSettled);
            if pending { Err(Refusal::TooEarly { kind, missing: Kind::AppealSettled }) } else { Ok(()) }
        }
        Kind::AppealSettled => {
            let pending = count(Kind::AppealLodged) > count(Kind::AppealSettled);
            if pending { Ok(()) } else { Err(Refusal::TooEarly { kind, missing: Kind::AppealLodged }) }
        }
        Kind::EmploymentEnded | Kind::EmploymentMoved => missing(Kind::EmploymentStarted),
        _ => Ok(()),
    }
}

/// Retention counts from these days, and proves from their order that nothing is due before what it
/// is counted from: so the order must hold for the days too, not only for the records.
fn days(attempt: &Attempt<'_>, case: &Case) -> Result<(), Refusal> {
    let (kind, day) = (attempt.kind(), attempt.day());
    let after: &[Kind] = match kind {
        Kind::DecisionMade => &CHECKED,
        Kind::AppealLodged | Kind::LegalForceGained => &[Kind::DecisionMade, Kind::AppealSettled],
        Kind::AppealSettled => &[Kind::AppealLodged],
        Kind::EmploymentEnded | Kind::EmploymentMoved => &[Kind::EmploymentStarted],
        Kind::CopyReturned => &[Kind::CopyStored],
        // Closing comes after all that it closes.
        Kind::CaseClosed => Kind::ALL,
        _ => return Ok(()),
    };
    let marks = case.steps.iter().filter(|mark| after.contains(&mark.kind));
    match marks.max_by_key(|mark| mark.day) {
        Some(last) if day < last.day => {
            Err(Refusal::DayOutOfOrder { kind, day, after: last.kind, on: last.day })
        }
        _ => Ok(()),
    }
}

fn finds_fit(attempt: &Attempt<'_>) -> bool {
    let outcome = match &attempt.step().process {
        Some(Process::DecisionMade { outcome, .. }) => Some(*outcome),
        _ => None,
    };
    outcome.is_some_and(|outcome| outcome != Outcome::NotFit)
}

/// Before a negative decision the candidate is heard, unless nothing was shown when it was asked for;
/// and where the policy asks, a second person has reviewed the last assessment.
pub(super) fn heard(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let Some(Process::DecisionMade { outcome, .. }) = &attempt.step().process else { return Ok(()) };
    let (Some(case), Some(role)) = (attempt.case, attempt.policy()?) else { return Ok(()) };
    let Some(rules) = &role.assessment else { return Ok(()) };
    let last = |kind: Kind| case.steps.iter().rposition(|mark| mark.kind == kind);
    // Who was asked and showed nothing has nothing to be heard about: not shown is reason enough
    // (skollagen 2:31).
    let not_shown = case.has(Kind::ExtractRequested) && !CHECKED.iter().any(|kind| case.has(*kind));
    let refuses = *outcome == Outcome::NotFit && !not_shown;
    if rules.candidate_heard && refuses && !case.has(Kind::CandidateHeard) {
        return Err(Refusal::NotHeard);
    }
    if rules.second_reviewer && last(Kind::SecondReviewed) < last(Kind::AssessmentMade) {
        return Err(Refusal::NotReviewed);
    }
    Ok(())
}
