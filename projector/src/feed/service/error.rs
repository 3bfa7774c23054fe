//! Why the service can't go on, and whether waiting helps.

use vandel_ledger::vault::VaultError;

use crate::feed::outlet::OutletError;
use crate::following::FollowError;
use crate::projector::ProjectError;

/// Why the service can't go on.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The ledger.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// The views.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// Views that do not fit what the vault holds at this moment.
    #[error("{0} (looking again)")]
    Unsettled(ProjectError),
    /// Events do not leave.
    #[error(transparent)]
    Outlet(#[from] OutletError),
    /// The status can't be written.
    #[error("the feed's status: {0}")]
    Status(std::io::Error),
}

impl ServiceError {
    /// Whether trying again later may succeed.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Follow(error) => error.is_passing(),
            Self::Outlet(error) => error.is_passing(),
            Self::Unsettled(_) => true,
            Self::Project(ProjectError::Log(_) | ProjectError::Vault(VaultError::Io { .. })) => true,
            Self::Project(_) | Self::Status(_) => false,
        }
    }

    /// The record that is wrong, if one is named.
    #[must_use]
    pub fn record(&self) -> Option<u64> {
        match self {
            Self::Follow(error) => error.record(),
            Self::Project(
                ProjectError::PayloadDamaged { record } | ProjectError::PayloadMissing { record },
            ) => Some(*record),
            _ => None,
        }
    }
}
