//! Rules that a role's law gives, read from the policy pack in force when the case was opened.

use crate::admit::{Attempt, Refusal};
use crate::event::{Kind, Note, Occasion, Opening, Outcome, Process, Register};
use crate::policy::{DecidingDay, Duty, RolePolicy};
use crate::thread::Matter;
use crate::time::Day;

fn law(role: &RolePolicy) -> String {
    role.law.paragraph.clone()
}

pub(super) fn policy(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    attempt.policy().map(|_| ())
}

/// What a role's law forbids to record can't be recorded at all.
pub(super) fn recordable(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let Some(role) = attempt.policy()? else { return Ok(()) };
    let kind = attempt.kind();
    if !role.may_record(kind) {
        return Err(Refusal::KindNotRecordable { kind, role: role.code.clone(), law: law(role) });
    }
    let fields = attempt.step().fields();
    match fields.into_iter().find(|field| !role.may_record_field(*field)) {
        Some(field) => Err(Refusal::FieldNotRecordable { field, role: role.code.clone(), law: law(role) }),
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
    let occasion: Occasion = opening.occasion;
    Err(Refusal::OccasionNotCovered { occasion, role: role.code.clone(), law: law(role) })
}

/// Need is weighed against intrusion before anybody is checked, with the unions and the impact
/// assessment behind it.
pub(super) fn position(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let (Some(opening), Some(role)) = (opening(attempt), attempt.policy()?) else { return Ok(()) };
    let Some(rules) = role.position.filter(|rules| rules.assessed) else { return Ok(()) };
    let refuse = |reason| Err(Refusal::PositionNotAssessed { reason });
    let Some(id) = opening.position else { return refuse("the case names none") };
    let position = match attempt.state.threads.get(&id).map(|thread| &thread.matter) {
        Some(Matter::Position(Some(position))) => position,
        // At an audit it may have been erased since.
        Some(Matter::Position(None)) if !attempt.is_new() => return Ok(()),
        None if !attempt.is_new() => return Ok(()),
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

pub(super) fn one_request(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    match opening(attempt) {
        Some(opening) if attempt.state.threads.open_cases_of(&opening.assignment) > 0 => {
            Err(Refusal::AnotherCaseOpen)
        }
        _ => Ok(()),
    }
}

pub(super) fn consent(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    if !matches!(attempt.kind(), Kind::ConsentGiven | Kind::ConsentWithdrawn) {
        return Ok(());
    }
    match attempt.policy()? {
        Some(role) if !role.consent_is_ground => {
            Err(Refusal::ConsentNotAGround { role: role.code.clone(), law: law(role) })
        }
        _ => Ok(()),
    }
}

/// Steps in the order of the law: each after what it needs, and what happens once only once. A step
/// that the mode may not record is never demanded.
pub(super) fn order(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let (Some(case), Some(role)) = (attempt.case, attempt.policy()?) else { return Ok(()) };
    let kind = attempt.kind();
    let once = matches!(
        kind,
        Kind::ExtractShown
            | Kind::ExtractExempted
            | Kind::DecisionMade
            | Kind::LegalForceGained
            | Kind::EmploymentStarted
            | Kind::EmploymentEnded
            | Kind::CaseClosed
            | Kind::CandidateWithdrew
            | Kind::CopyReturned
    );
    if once && case.has(kind) {
        return Err(Refusal::Repeated { kind });
    }
    let seen = [Kind::ExtractShown, Kind::ExtractExempted, Kind::CopyStored, Kind::AuthorityFetched];
    let missing = |needed: Kind| {
        let demanded = role.records.contains(&needed) && !case.has(needed);
        if demanded { Err(Refusal::TooEarly { kind, missing: needed }) } else { Ok(()) }
    };
    match kind {
        Kind::InformationAcknowledged => missing(Kind::InformationGiven),
        Kind::ExtractRequested if role.acknowledgement_required => missing(Kind::InformationAcknowledged),
        Kind::ConsentWithdrawn => missing(Kind::ConsentGiven),
        Kind::AuthorityFetched => missing(Kind::InformationGiven),
        Kind::CopyReturned => missing(Kind::CopyStored),
        Kind::CandidateHeard | Kind::SecondReviewed => missing(Kind::AssessmentMade),
        Kind::AssessmentMade if !seen.iter().any(|kind| case.has(*kind)) => {
            Err(Refusal::TooEarly { kind, missing: first_of(&seen, role) })
        }
        // Who is found unfit may never have shown anything; who is found fit must have, where the
        // law demands it.
        Kind::DecisionMade if demands_extract(attempt, role) && !seen.iter().any(|kind| case.has(*kind)) => {
            Err(Refusal::TooEarly { kind, missing: first_of(&seen, role) })
        }
        Kind::AppealLodged | Kind::LegalForceGained => missing(Kind::DecisionMade),
        Kind::AppealSettled => missing(Kind::AppealLodged),
        Kind::EmploymentEnded | Kind::EmploymentMoved => missing(Kind::EmploymentStarted),
        _ => Ok(()),
    }
}

fn demands_extract(attempt: &Attempt<'_>, role: &RolePolicy) -> bool {
    let fit = !matches!(
        attempt.step().process,
        None | Some(Process::DecisionMade { outcome: Outcome::NotFit, .. })
    );
    fit && role.duty == Duty::Mandatory
}

fn first_of(kinds: &[Kind], role: &RolePolicy) -> Kind {
    kinds.iter().copied().find(|kind| role.records.contains(kind)).unwrap_or(Kind::ExtractShown)
}

/// Age, law, registers and authenticity of what was shown. From the note where the mode keeps them,
/// else from what the author states and nobody keeps.
pub(super) fn extract(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    if attempt.kind() == Kind::ExtractRequested || attempt.kind() == Kind::AuthorityFetched {
        return requested_registers(attempt);
    }
    let (Some(Note::Shown { issued, law: shown_law, registers, authenticity, .. }), Some(role)) =
        (&attempt.step().note, attempt.policy()?)
    else {
        return Ok(());
    };
    let evidence = attempt.proposal.evidence;
    let issued = issued.or(evidence.and_then(|seen| seen.issued));
    let shown_law = shown_law.as_ref().or(evidence.and_then(|seen| seen.law.as_ref()));
    let registers = registers.as_ref().or(evidence.and_then(|seen| seen.registers.as_ref()));
    let authenticity = authenticity.or(evidence.and_then(|seen| seen.authenticity));
    judge_issued(attempt, role, issued)?;
    let stated = |what, stated: bool| {
        // Not kept and not stated: refused when new, not re-checked at an audit.
        if stated || !attempt.is_new() {
            Ok(())
        } else {
            Err(Refusal::EvidenceMissing { what, law: law(role) })
        }
    };
    stated("the law", shown_law.is_some())?;
    stated("the registers", registers.is_some())?;
    stated("the authenticity", authenticity.is_some())?;
    if let (Some(expected), Some(found)) = (&role.law.sfs, shown_law)
        && expected != found
    {
        return Err(Refusal::ExtractWrongLaw { expected: expected.clone(), found: found.clone() });
    }
    registers.map_or(Ok(()), |registers| judge_registers(role, registers))
}

fn judge_issued(attempt: &Attempt<'_>, role: &RolePolicy, issued: Option<Day>) -> Result<(), Refusal> {
    let Some(limit) = &role.extract_age else { return Ok(()) };
    let Some(issued) = issued else {
        return if attempt.is_new() {
            Err(Refusal::EvidenceMissing { what: "the day of issue", law: law(role) })
        } else {
            Ok(())
        };
    };
    if issued > attempt.day() {
        return Err(Refusal::ExtractFromFuture { issued, day: attempt.day() });
    }
    let earliest = deciding_day(attempt, limit.on).minus(limit.max);
    if issued < earliest {
        return Err(Refusal::ExtractTooOld { issued, earliest, law: law(role) });
    }
    Ok(())
}

/// The day that decides how old an extract may be. A start that lies ahead is not known when the
/// extract is shown, so the day of showing stands in for it.
fn deciding_day(attempt: &Attempt<'_>, on: DecidingDay) -> Day {
    let offered = attempt.opening().and_then(|opening| opening.offered);
    let stated = attempt.proposal.evidence.and_then(|seen| seen.offered);
    match on {
        DecidingDay::Offer => offered.or(stated).unwrap_or(attempt.day()).min(attempt.day()),
        _ => attempt.day(),
    }
}

fn requested_registers(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let registers = match &attempt.step().process {
        Some(Process::ExtractRequested(registers) | Process::AuthorityFetched { registers, .. }) => registers,
        _ => return Ok(()),
    };
    attempt.policy()?.map_or(Ok(()), |role| judge_registers(role, registers))
}

/// All registers of the law, no other; a foreign one besides only where the policy supports it.
fn judge_registers(role: &RolePolicy, registers: &[Register]) -> Result<(), Refusal> {
    let foreign = |register: &Register| *register == Register::Foreign;
    let covers = role.registers.iter().all(|register| registers.contains(register));
    let no_other = registers
        .iter()
        .all(|register| role.registers.contains(register) || (foreign(register) && role.foreign_extract));
    if covers && no_other { Ok(()) } else { Err(Refusal::ExtractRegisters { law: law(role) }) }
}

/// A renewed engagement with the same employer relies on an earlier note of the same person.
pub(super) fn exemption(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let (Some(Note::Exempted { thread, statement }), Some(role)) = (&attempt.step().note, attempt.policy()?)
    else {
        return Ok(());
    };
    let refuse = |reason| Err(Refusal::NoExemption { reason, law: law(role) });
    let Some(renewal) = &role.renewal else { return refuse("the law has none") };
    let Some(earlier) = attempt.state.threads.case(thread) else {
        // At an audit the earlier case may have been erased since; the note lives on in this one.
        return if attempt.is_new() { refuse("there is no such earlier case") } else { Ok(()) };
    };
    let subject = attempt.case.and_then(|case| case.subject);
    if subject.is_none() || earlier.subject != subject {
        return refuse("the earlier case is about somebody else");
    }
    let controller = |place: Option<crate::event::Scope>| place.and_then(|place| place.controller);
    if controller(earlier.place()) != controller(attempt.case.and_then(crate::thread::Case::place)) {
        return refuse("the earlier case belongs to another employer");
    }
    let Some((hash, noted)) = earlier.noted else { return refuse("nothing was shown in the earlier case") };
    if hash != *statement {
        return refuse("the earlier note is another one");
    }
    if noted < deciding_day(attempt, renewal.on).minus(renewal.within) {
        return refuse("the earlier note is too old");
    }
    Ok(())
}

/// Before a negative decision the candidate is heard and, where the policy asks, a second person
/// has reviewed the assessment.
pub(super) fn heard(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let Some(Process::DecisionMade { outcome, .. }) = &attempt.step().process else { return Ok(()) };
    let (Some(case), Some(role)) = (attempt.case, attempt.policy()?) else { return Ok(()) };
    let Some(rules) = &role.assessment else { return Ok(()) };
    if rules.candidate_heard && *outcome == Outcome::NotFit && !case.has(Kind::CandidateHeard) {
        return Err(Refusal::NotHeard);
    }
    if rules.second_reviewer && case.has(Kind::AssessmentMade) && !case.has(Kind::SecondReviewed) {
        return Err(Refusal::NotReviewed);
    }
    Ok(())
}
