//! Reading an HR export: a table of people about to be hired, as recruitment systems write it.
//!
//! Such a file is the most personal thing that Vandel touches and the least reliable. So a row is
//! taken whole or refused with a code, a line number and nothing of its content; errors, `Debug`
//! and log lines quote no cell. Encoding, delimiter, column order and the language of the headings
//! are found out; anything that would have to be guessed is refused.

mod cells;
mod code;
mod encoding;
mod heading;
mod reader;
mod row;
mod take;

pub use code::{ImportError, RejectCode};
pub use encoding::Encoding;
pub use heading::Column;
pub use reader::{FILE_BYTES_MAX, Import, LINES_MAX, RejectedRow, read};
pub use row::Row;
pub use take::{Opened, Taken, refused_lines, take};

#[cfg(test)]
mod tests;
