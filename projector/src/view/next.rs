//! What a case waits for: a hint for the handler, no rule. What may be done is for `admit` to say.

use vandel_core::event::Kind;
use vandel_core::policy::RolePolicy;

use crate::row::SpineRow;

/// The usual order of a case. A step that the role's law can't record, or that has been taken, is
/// passed over.
const ORDER: [Kind; 8] = [
    Kind::InformationGiven,
    Kind::InformationAcknowledged,
    Kind::ExtractRequested,
    Kind::ExtractShown,
    Kind::DecisionMade,
    Kind::LegalForceGained,
    Kind::EmploymentStarted,
    Kind::CaseClosed,
];

/// The next step, if the case isn't closed and its policy is known.
pub(super) fn next_step(spine: &SpineRow, policy: Option<&RolePolicy>) -> Option<Kind> {
    if spine.has(Kind::CaseClosed) {
        return None;
    }
    if spine.has(Kind::CandidateWithdrew) {
        return Some(Kind::CaseClosed);
    }
    // Past its place in the order a step is no longer waited for.
    let reached = ORDER.iter().rposition(|kind| taken(spine, *kind)).map_or(0, |at| at + 1);
    let policy = policy?;
    ORDER[reached..].iter().copied().find(|kind| policy.may_record(*kind))
}

fn taken(spine: &SpineRow, kind: Kind) -> bool {
    match kind {
        Kind::ExtractShown => [Kind::ExtractShown, Kind::ExtractExempted, Kind::AuthorityFetched]
            .into_iter()
            .any(|noted| spine.has(noted)),
        _ => spine.has(kind),
    }
}
