//! Why an erasure is refused, as exit codes with advice.

use vandel_core::erasure::PlanRefusal;
use vandel_ledger::erasure::ErasureError;

use super::{CliError, Exit};

impl From<PlanRefusal> for CliError {
    fn from(refusal: PlanRefusal) -> Self {
        let (code, paragraph) = match &refusal {
            PlanRefusal::Ledger => ("plan-of-another-ledger", None),
            PlanRefusal::Empty => ("plan-empty", None),
            PlanRefusal::NoDisposal { .. } => ("no-disposal", Some("arkivlagen 1990:782 section 10")),
            PlanRefusal::DisposalNotInForce { .. } => {
                ("disposal-not-in-force", Some("arkivlagen 1990:782 section 10"))
            }
            PlanRefusal::NotCovered { .. } => ("class-not-covered", Some("arkivlagen 1990:782 section 10")),
            PlanRefusal::UnknownThread { .. } => ("plan-case-unknown", None),
            PlanRefusal::NotDue { .. } => ("not-due", None),
            PlanRefusal::TooEarly { .. } => ("minimum-period", None),
            PlanRefusal::Held { .. } => ("held", None),
            PlanRefusal::Restricted { .. } => ("restricted", Some("GDPR art. 18.2")),
            PlanRefusal::Identities { .. } => ("plan-identities", None),
            PlanRefusal::Class { .. } => ("plan-class", None),
            PlanRefusal::SpineBeforeOthers { .. } => ("spine-before-others", None),
            PlanRefusal::Records { .. } => ("plan-records", None),
        };
        let error = Self::new(Exit::Refused, code, refusal.to_string())
            .next("make a new plan: vandel retention plan --disposal RECORD");
        match paragraph {
            Some(paragraph) => error.paragraph(paragraph),
            None => error,
        }
    }
}

impl From<ErasureError> for CliError {
    fn from(error: ErasureError) -> Self {
        let message = error.to_string();
        match error {
            ErasureError::Vault(error) => error.into(),
            ErasureError::Submit(error) => error.into(),
            ErasureError::Io(error) => error.into(),
            ErasureError::NoPlan { .. } => Self::new(Exit::Refused, "no-plan", message)
                .next("check the hash; make a plan with: vandel retention plan --disposal RECORD"),
            ErasureError::AnotherPlan { .. } => Self::new(Exit::Refused, "order-of-another-plan", message)
                .next("order the plan anew: vandel retention order --plan HASH"),
            ErasureError::NotStarted { .. } => Self::new(Exit::Conflict, "not-started", message),
            ErasureError::Damaged { .. } | ErasureError::Decode(_) => {
                Self::new(Exit::Integrity, "plan-damaged", message)
            }
        }
    }
}
