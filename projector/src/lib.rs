//! The read side: views folded from the log, kept in sorted files and sled, thrown away and rebuilt at will.
//!
//! A view is a pure fold over records that the chain vouches for and payloads that the vault still
//! opens. Nothing rests on it: it is disposable, and notices by itself when it is not what it should be.
//!
//! | modules | hold |
//! |---|---|
//! | [`source`] | where views come from: a chain, its blocks, a vault |
//! | [`row`], [`seal`] | what is known, by compartment, each row sealed under its compartment's key |
//! | [`store`] | the port to the store: sorted files with sled over them, and one in memory |
//! | `fold`, `clocks`, `working` | the fold: one step at a time, and the due days that follow |
//! | [`projector`] | catching up, rebuilding, setting damaged folders aside |
//! | [`following`] | a ledger followed while it grows, from checkpoint to checkpoint |
//! | [`feed`] | what dashboards are told, and the service that tells it |
//! | [`view`] | the questions that the views answer |
//!
//! A row holds only what one compartment told, and its key in the store is the name of that
//! compartment's key. So it dies with that key by itself, and a view that was folded step by step
//! equals one that was rebuilt after the erasure.

mod clocks;
pub mod feed;
mod fold;
mod folder;
pub mod following;
mod grouped;
pub mod projector;
pub mod row;
mod rows;
pub mod seal;
pub mod source;
pub mod store;
mod sweep;
mod tail;
mod thread_rows;
pub mod view;
mod working;
mod written;

pub use projector::{ProjectError, Projector, Settings};
pub use source::{ReadOnly, Source};
pub use tail::Position;
pub use view::Views;

#[cfg(test)]
extern crate self as vandel_projector; // the fixtures are shared with the suites outside
#[cfg(test)]
#[path = "../tests/projection/lively.rs"]
mod lively;
#[cfg(test)]
#[path = "../../ledger/tests/world/mod.rs"]
#[allow(clippy::unwrap_used, reason = "a fixture of tests")]
mod world;
