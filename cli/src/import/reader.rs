//! From the bytes of a file to rows and refusals.

use std::collections::HashSet;

use vandel_core::time::Day;

use super::cells::Splitter;
use super::heading::Headings;
use super::{Encoding, ImportError, RejectCode, Row, encoding};

/// The largest file, in bytes.
pub const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The most lines in a file; Swedish municipalities and regions together employ 1.2 million people.
pub const LINES_MAX: usize = 1_000_000;

/// Delimiters, the one that Swedish settings give first.
const DELIMITERS: [char; 3] = [';', ',', '\t'];

/// What a file held.
#[derive(Clone, Debug)]
pub struct Import {
    /// The rows that passed every check, in the order of the file.
    pub rows: Vec<Row>,
    /// The others, in the order of the file.
    pub rejected: Vec<RejectedRow>,
    /// The encoding found.
    pub encoding: Encoding,
    /// The delimiter found: semicolon, comma or tab.
    pub delimiter: char,
    /// Headings that were not read. They may be shown; what stands under them was not looked at.
    pub ignored_headings: Vec<String>,
}

/// A row that was refused. Holds nothing of what the row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    /// The physical line on which it starts, from 1 (the heading line).
    pub line: usize,
    /// Why.
    pub code: RejectCode,
}

/// Reads an HR export. `today` is the day of import, by which a short number's century is known.
///
/// # Errors
/// If the file as a whole can't be read; a bad row is no error but one of [`Import::rejected`].
pub fn read(bytes: &[u8], today: Day) -> Result<Import, ImportError> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(ImportError::TooLarge);
    }
    let (encoding, text) = encoding::decode(bytes)?;
    if text.lines().nth(LINES_MAX).is_some() {
        return Err(ImportError::TooManyLines);
    }
    let delimiter = delimiter(&text);
    let mut splitter = Splitter::new(&text, delimiter);
    let heading_cells =
        splitter.next().ok_or(ImportError::Empty)?.cells.map_err(|_| ImportError::NoHeadings)?;
    let headings = Headings::read(&heading_cells)?;

    let (mut rows, mut rejected, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for found in splitter {
        let row = found.cells.and_then(|cells| Row::read(found.line, &cells, &headings, today));
        match row {
            Ok(row) if seen.insert(sameness(&row)) => rows.push(row),
            Ok(_) => rejected.push(RejectedRow { line: found.line, code: RejectCode::RowRepeated }),
            Err(code) => rejected.push(RejectedRow { line: found.line, code }),
        }
    }
    Ok(Import { rows, rejected, encoding, delimiter, ignored_headings: headings.ignored })
}

/// The delimiter under which the heading line has the most known headings.
fn delimiter(text: &str) -> char {
    let known = |delimiter| {
        let first = Splitter::new(text, delimiter).next();
        first.and_then(|first| first.cells.ok()).map_or(0, |cells| Headings::known(&cells))
    };
    let mut best = (0, DELIMITERS[0]);
    for delimiter in DELIMITERS {
        let known = known(delimiter);
        if known > best.0 {
            best = (known, delimiter);
        }
    }
    best.1
}

/// What makes two rows the same: person, recruitment and role. A person without a number is told
/// by name, the only thing there is.
fn sameness(row: &Row) -> [String; 3] {
    let person = match row.identity.number() {
        Some(number) => number.reveal(),
        None => format!("{}\n{}", row.surname.to_lowercase(), row.given_name.to_lowercase()),
    };
    [person, row.recruitment.to_lowercase(), row.role.clone()]
}
