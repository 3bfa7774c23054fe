//! Rules about what a step says: whom it is about, words it cannot do without, holds.

use crate::admit::{Attempt, Refusal};
use crate::event::{Kind, Outcome, Process, Role};
use crate::id::SubjectId;
use crate::policy::SubjectKind;
use crate::thread::Case;
use crate::time::Period;

/// The person whom a case is about; none where that has been erased.
pub(super) fn subject_of(case: &Case) -> Option<SubjectId> {
    // A replaced identity part is destroyed at once. The opening names the same person, unless the
    // case was reassigned.
    let opened_for = case.opening.as_ref().map(|opening| opening.subject);
    case.subject.or(opened_for.filter(|_| !case.has(Kind::Reassigned)))
}

/// A case is about one person. A changed name keeps the person, a reassigned case gets another.
pub(super) fn subject(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let kind = attempt.kind();
    // Identity parts are destroyed as soon as others replace them, so an audit may find none.
    let Some(identity) = &attempt.step().identity else { return Ok(()) };
    let refuse = |reason| Err(Refusal::WrongSubject { kind, reason });
    let known = attempt.case.and_then(subject_of);
    match (kind, &attempt.step().process, known) {
        (Kind::CaseOpened, Some(Process::CaseOpened(opening)), _) if opening.subject != identity.subject => {
            return refuse("the identity is another person's than the opening names");
        }
        (Kind::IdentityChanged, _, Some(known)) if known != identity.subject => {
            return refuse("a changed identity is the same person's");
        }
        (Kind::Reassigned, _, Some(known)) if known == identity.subject => {
            return refuse("the case is about this person already");
        }
        (Kind::Reassigned, ..) if attempt.case.is_some_and(|case| case.relies_on.is_some()) => {
            return refuse("it relies on an earlier note of the other person; close it and open another");
        }
        _ => {}
    }
    let Some(role) = attempt.policy()? else { return Ok(()) };
    let (SubjectKind::HouseholdMember, Some(age_min)) = (role.subject.kind, role.subject.age_min) else {
        return Ok(());
    };
    let born = identity.number.number().map(crate::person::PersonalNumber::born);
    let old_enough = |born: crate::time::Day| born.plus(Period::years(age_min)) <= attempt.day();
    // Without a number the age is not known here; whoever opens the case answers for it.
    if born.is_none_or(old_enough) {
        return Ok(());
    }
    Err(Refusal::TooYoung { age_min, law: role.law.paragraph.clone() })
}

/// What a step must say is said, and does not contradict itself.
pub(super) fn content(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let stated = |what, text: &str| {
        if text.trim().is_empty() { Err(Refusal::Unstated { what }) } else { Ok(()) }
    };
    match &attempt.step().process {
        Some(Process::PositionAssessed(position)) => stated("why the position needs a check", &position.need),
        Some(Process::AuthorityFetched { need, .. }) => {
            stated("why the extract is needed in this case", need)
        }
        Some(Process::DecisionMade { outcome, delegation, support, .. }) => {
            stated("the delegation that the decider acts under", delegation)?;
            if support.is_some() && *outcome != Outcome::FitWithSupport {
                return Err(Refusal::SupportMismatch);
            }
            Ok(())
        }
        Some(Process::Rectified { number, correction }) => {
            stated("what is right", correction)?;
            if *number >= attempt.step().spine.number {
                return Err(Refusal::NoSuchStep { number: *number });
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A hold has an owner who is there and a day on which it is looked at again; what is released is in
/// force.
pub(super) fn hold(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let (owner, review) = match &attempt.step().process {
        Some(Process::Held { owner, review, .. } | Process::Restricted { owner, review, .. }) => {
            (*owner, *review)
        }
        Some(Process::Released { number }) => {
            let in_force = attempt.case.is_some_and(|case| case.holds.contains_key(number));
            // At an audit the step that placed it may lie in a part that is gone.
            return if in_force || (!attempt.is_new() && attempt.opening().is_none()) {
                Ok(())
            } else {
                Err(Refusal::NothingToRelease { number: *number })
            };
        }
        _ => return Ok(()),
    };
    if review <= attempt.day() {
        return Err(Refusal::ReviewDay { review, day: attempt.day() });
    }
    let keyring = &attempt.state.chain.keyring;
    let is_owner = keyring.entries().iter().any(|(key, entry)| {
        let person = entry.grants.iter().any(|grant| grant.role != Role::Service);
        entry.actor == owner && person && keyring.signer(key, attempt.proposal.at).is_ok()
    });
    if is_owner { Ok(()) } else { Err(Refusal::UnknownOwner { owner }) }
}
