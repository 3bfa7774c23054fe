//! Witnesses that a test owns: our own binary, a foreign one in Python, and one that misbehaves as told. Each is
//! reached over TCP like any other, and ends with its handle.

mod http;
mod processes;
mod scripted;

pub use http::{Answer, Connection};
pub use processes::{PythonWitness, ServedWitness, python_witness};
pub use scripted::{Manner, Script, ScriptedWitness};
