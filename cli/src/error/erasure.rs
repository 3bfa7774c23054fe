//! Why an erasure is refused, as exit codes with advice.

use vandel_core::erasure::PlanRefusal;
use vandel_ledger::erasure::{ErasureError, ErasureRefusal};
use vandel_ledger::sinks::RegisterError;

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
            PlanRefusal::NotRequested { .. } => ("not-requested", Some("GDPR art. 17")),
            PlanRefusal::NotWithdrawn { .. } => ("not-withdrawn", None),
            PlanRefusal::ProcessBeforeOthers { .. } => ("process-before-others", None),
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

impl From<ErasureRefusal> for CliError {
    fn from(refusal: ErasureRefusal) -> Self {
        let message = refusal.to_string();
        let refused = |code| Self::new(Exit::Refused, code, message.clone());
        match refusal {
            ErasureRefusal::Plan(refusal) => refusal.into(),
            ErasureRefusal::NoPlan { .. } => refused("no-plan")
                .next("check the hash; make a plan with: vandel retention plan --disposal RECORD"),
            ErasureRefusal::Unreadable { .. } => Self::new(Exit::Integrity, "plan-damaged", message),
            ErasureRefusal::OtherRecords { .. } => refused("order-of-another-plan"),
            ErasureRefusal::StartedBefore { started, .. } => refused("started-before").record(started),
            ErasureRefusal::UnderWay { started } => refused("erasure-under-way")
                .record(started)
                .next("finish it: vandel retention apply --plan HASH"),
            ErasureRefusal::Stopped { record, .. } => refused("plan-stopped")
                .record(record)
                .paragraph("GDPR art. 38.6")
                .next("the officer says why, and lets it go on with: vandel retention release --plan HASH"),
            ErasureRefusal::NotDestroyed { started, .. } => refused("not-destroyed").record(started),
            ErasureRefusal::OtherEvidence => refused("other-evidence"),
            ErasureRefusal::OlderCopies { .. } => refused("older-copies")
                .next("destroy them and sign that they are gone: vandel sink list, vandel sink destroyed ID"),
            ErasureRefusal::OldestEpoch { oldest, claimed } => {
                refused("oldest-epoch").expected(oldest, claimed)
            }
        }
    }
}

impl From<RegisterError> for CliError {
    fn from(error: RegisterError) -> Self {
        let message = error.to_string();
        match error {
            RegisterError::Io(error) => error.into(),
            RegisterError::Damaged { .. } => Self::new(Exit::Integrity, "register-damaged", message),
            RegisterError::Unknown(_) => {
                Self::new(Exit::NotFound, "unknown-sink", message).next("see: vandel sink list")
            }
            RegisterError::Ended(_) => Self::new(Exit::Conflict, "sink-ended", message),
            RegisterError::Twice(_) => Self::new(Exit::Conflict, "sink-known", message),
        }
    }
}

impl From<ErasureError> for CliError {
    fn from(error: ErasureError) -> Self {
        let message = error.to_string();
        match error {
            ErasureError::Vault(error) => error.into(),
            ErasureError::Threads(error) => error.into(),
            ErasureError::Submit(error) => error.into(),
            ErasureError::Register(error) => error.into(),
            ErasureError::List(error) => error.into(),
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
