//! What goes wrong between an author and the service, as exit codes with advice.

use vandel_ledger::client::ClientError;
use vandel_ledger::refused::{DO_NOT_WRITE, RefusedClass};
use vandel_ledger::service::ServiceFailure;
use vandel_ledger::wire::Trouble;
use vandel_ledger::wire::intake::IntakeRefusal;

use super::{CliError, Exit};

const TELL: &str = "nothing was sent; find out who answers in the ledger's name, and tell its administrators";

impl From<ClientError> for CliError {
    fn from(error: ClientError) -> Self {
        let message = error.to_string();
        match error {
            ClientError::Bus(error) => error.into(),
            ClientError::WhichLog { .. } => {
                Self::new(Exit::Usage, "which-log", message).next("use the ledger's own public/trust.policy")
            }
            ClientError::Intake(refusal) => intake(&refusal, message),
            ClientError::Seal(_) | ClientError::Trouble(Trouble::TooLarge) => {
                Self::new(Exit::Usage, "too-long", message).next("hand in less at a time")
            }
            ClientError::Trouble(_) => Self::new(Exit::Internal, "request", message)
                .next("use the same version here and at the service"),
            ClientError::NoAnswer { .. } => Self::new(Exit::Io, "no-answer", message)
                .next("look before you repeat the step: vandel case timeline; is vandel serve running?"),
            ClientError::Busy { .. } => Self::new(Exit::Io, "busy", message)
                .next("is vandel serve running? repeat the command later, or let it wait longer: --wait 5m"),
            ClientError::Unbelievable(_) => Self::new(Exit::Integrity, "unbelievable", message)
                .next("keep what was printed, and tell the auditor"),
            ClientError::NeverSeen { .. } => rolled_back(message),
        }
    }
}

fn rolled_back(message: String) -> CliError {
    CliError::new(Exit::Integrity, "rolled-back", message)
        .next("send nothing to this ledger; keep the .seen file beside your key, it is evidence, and tell the auditor")
}

fn intake(refusal: &IntakeRefusal, message: String) -> CliError {
    match refusal {
        IntakeRefusal::DoesNotExtend { .. } => rolled_back(message),
        IntakeRefusal::Quorum { .. } => CliError::new(Exit::NotProven, "quorum", message)
            .next("wait until the witnesses have cosigned; are they running?"),
        IntakeRefusal::Checkpoint(_) => CliError::new(Exit::NotProven, "intake-key", message)
            .next("is this the trust file of that ledger? its checkpoint key may have been rotated"),
        IntakeRefusal::NotNow { .. } => CliError::new(Exit::NotProven, "intake-key", message)
            .next("set the clock; if it is right, do not send: an old key is being shown"),
        _ => CliError::new(Exit::Integrity, "intake-key", message).next(TELL),
    }
}

/// A sequencer that stopped by itself, while it served.
fn halted(class: RefusedClass, message: String) -> CliError {
    match class {
        RefusedClass::Conflict => CliError::new(Exit::Conflict, "taken-over", message)
            .next("it serves now; start this one again with --standby if it is to wait"),
        RefusedClass::Integrity => CliError::new(Exit::Integrity, "log-broken", message).next(DO_NOT_WRITE),
        RefusedClass::Refused => CliError::new(Exit::Refused, "log-settings", message)
            .next("mend the setting as it says, then start it again"),
        class => CliError::new(class.into(), "halted", message)
            .next("start it again: opening the ledger finds out where it stands"),
    }
}

impl From<ServiceFailure> for CliError {
    fn from(error: ServiceFailure) -> Self {
        let message = error.to_string();
        match error {
            ServiceFailure::Bus(error) => error.into(),
            ServiceFailure::Nats(_) => Self::new(Exit::Io, "nats", message)
                .next("may this user answer requests? vandel nats config --help"),
            ServiceFailure::Key(refused) => refused.into(),
            ServiceFailure::Halted(halt) => halted(halt.class, message),
            ServiceFailure::Ledger(error) => error.into(),
            ServiceFailure::Io(error) => error.into(),
        }
    }
}
