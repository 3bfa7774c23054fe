//! An invented municipality with invented people, for demonstrations, benchmarks and tests.
//!
//! Everything follows from a seed, so that what one person sees, another can see again.

pub mod people;
pub mod random;

mod names;
mod places;
