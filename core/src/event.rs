//! Events: what a statement says.
//!
//! [`OpenEvent`]s speak about the ledger itself and stand readable on the chain. A [`Step`] is a step
//! in a case, a position's assessment or a reading; it is cut into parts,
//! one for each compartment, and only a salted commitment to them reaches the chain.

#[macro_use]
mod named;

mod kind;
mod open;
mod role;
mod shape;
mod step;
mod terms;

pub use kind::{Compartment, Field, Kind, Occasion, Register, ThreadSort};
pub use open::{
    Administrator, BodySignature, CheckpointKeyRotated, DigestPublished, DisposalDecision, ErasureCompleted,
    ErasureExecuted, ErasureStarted, KeyEnrolled, KeyRevoked, KeyRotated, LedgerOpened, OpenEvent, OpenKind,
    PolicyAdopted, Revocation, RootCellKind, SequencerStarted, StatisticsCommitted,
};
pub use role::{Grant, Role, Scope};
pub use shape::StepShapeError;
pub use step::{
    Approval, Assessment, Copy, Finding, Identity, Note, Opening, PositionAssessment, Process, Reading,
    Reasons, RoleCode, Spine, Step,
};
pub use terms::{
    AppealOutcome, Authenticity, HoldGround, Outcome, Purpose, RejectionReason, RestrictionGround, Support,
};
