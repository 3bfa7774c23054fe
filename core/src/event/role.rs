//! Roles, and the grants by which a key holds them.

use serde::{Deserialize, Serialize};

use crate::id::{AssignmentId, ControllerId, UnitId};
use crate::time::Day;

/// What a person or a service may do. Order is the wire order: variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// *Handläggare*: runs a case.
    Handler,
    /// *Beslutsfattare*: notes a shown extract and decides, under a delegation.
    Decider,
    /// Second reviewer of an assessment; never the decider.
    Reviewer,
    /// *Dataskyddsombud*, GDPR art. 37 to 39: reviews erasure and may stop it; does not order it.
    DataProtectionOfficer,
    /// The controller's delegate: approves erasure and the release of holds.
    ControllersDelegate,
    /// *Revisor*: verifies, and reads on a logged purpose.
    Auditor,
    /// A sequencer or projector instance.
    Service,
    /// Administers keys, roles and policies; opens no case.
    Administrator,
}

/// Where a grant holds. Every level that is set must match; none set means the whole ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// Only under this controller (board).
    pub controller: Option<ControllerId>,
    /// Only in this unit of the controller.
    pub unit: Option<UnitId>,
    /// Only in this assignment (recruitment).
    pub assignment: Option<AssignmentId>,
}

/// A role, where it holds and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Where.
    pub scope: Scope,
    /// First day.
    pub from: Day,
    /// Last day; none means until the key is revoked, rotated or its grants are replaced.
    pub until: Option<Day>,
}

impl Role {
    /// All roles in wire order.
    pub const ALL: [Self; 8] = [
        Self::Handler,
        Self::Decider,
        Self::Reviewer,
        Self::DataProtectionOfficer,
        Self::ControllersDelegate,
        Self::Auditor,
        Self::Service,
        Self::Administrator,
    ];

    /// The name used in commands and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Handler => "handler",
            Self::Decider => "decider",
            Self::Reviewer => "reviewer",
            Self::DataProtectionOfficer => "data-protection-officer",
            Self::ControllersDelegate => "controllers-delegate",
            Self::Auditor => "auditor",
            Self::Service => "service",
            Self::Administrator => "administrator",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl Scope {
    /// Whether a grant with this scope reaches a place under `place`, which names all it knows.
    /// A narrower grant never reaches a place that does not say where it is.
    #[must_use]
    pub fn reaches(&self, place: &Self) -> bool {
        fn matches<T: PartialEq>(granted: Option<T>, place: Option<T>) -> bool {
            granted.is_none() || granted == place
        }
        matches(self.controller, place.controller)
            && matches(self.unit, place.unit)
            && matches(self.assignment, place.assignment)
    }
}

impl Grant {
    /// Whether the grant is in force on a day.
    #[must_use]
    pub fn in_force_on(&self, day: Day) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}
