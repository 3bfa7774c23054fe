//! Splitting a text into rows of cells (RFC 4180, with any delimiter).
//!
//! Stricter than the usual readers, which forgive an unclosed quote and so let one typing error
//! swallow every row after it. Here the damaged row is refused and reading goes on with the next
//! line. The tests hold this against the `csv` crate on well-formed files.

use super::RejectCode;

/// The longest row, in bytes.
const ROW_BYTES_MAX: usize = 16 * 1024;
/// The most lines that the quoted cells of one row may span. Together with the bytes it bounds what
/// a file full of unclosed quotes can cost.
const ROW_LINES_MAX: usize = 50;

/// A row as it stands in the file.
pub(super) struct Cells {
    /// The physical line on which it starts, from 1.
    pub(super) line: usize,
    /// Its cells, or why it has none.
    pub(super) cells: Result<Vec<String>, RejectCode>,
}

/// The rows of a text whose lines end in `\n`.
pub(super) struct Splitter<'a> {
    rest: &'a str,
    delimiter: char,
    line: usize,
}

/// Where in a cell a character stands.
enum Place {
    CellStart,
    Bare,
    Quoted,
    AfterQuote,
}

impl<'a> Splitter<'a> {
    /// Starts on the first line. Empty lines at the end are no rows.
    pub(super) fn new(text: &'a str, delimiter: char) -> Self {
        Self { rest: text.trim_end_matches('\n'), delimiter, line: 1 }
    }

    /// Reads a row; gives its cells and the bytes it took, without its line end.
    fn row(&self) -> Result<(Vec<String>, usize), RejectCode> {
        let mut cells = vec![String::new()];
        let mut place = Place::CellStart;
        let mut lines = 1;
        for (at, c) in self.rest.char_indices() {
            if at >= ROW_BYTES_MAX || lines > ROW_LINES_MAX {
                return Err(if lines > 1 { quote(lines) } else { RejectCode::TooLong });
            }
            let cell = cells.last_mut().ok_or(RejectCode::ColumnCount)?;
            place = match (place, c) {
                (Place::CellStart, '"') => Place::Quoted,
                (Place::Quoted, '"') => Place::AfterQuote,
                (Place::Quoted, _) => {
                    lines += usize::from(c == '\n');
                    cell.push(c);
                    Place::Quoted
                }
                (Place::AfterQuote, '"') => {
                    cell.push('"');
                    Place::Quoted
                }
                (_, '\n') => return Ok((cells, at)),
                (_, c) if c == self.delimiter => {
                    cells.push(String::new());
                    Place::CellStart
                }
                (Place::AfterQuote, _) | (Place::Bare, '"') => return Err(quote(lines)),
                (Place::CellStart | Place::Bare, _) => {
                    cell.push(c);
                    Place::Bare
                }
            };
        }
        if matches!(place, Place::Quoted) {
            Err(RejectCode::QuoteUnclosed)
        } else {
            Ok((cells, self.rest.len()))
        }
    }
}

/// What is wrong with a row's quotes: a quote out of place on a later line than the row's first is
/// another row's, reached because one of this row was never closed.
fn quote(lines: usize) -> RejectCode {
    if lines > 1 { RejectCode::QuoteUnclosed } else { RejectCode::QuoteMisplaced }
}

impl Iterator for Splitter<'_> {
    type Item = Cells;

    fn next(&mut self) -> Option<Cells> {
        if self.rest.is_empty() {
            return None;
        }
        let line = self.line;
        let (cells, taken) = match self.row() {
            Ok((cells, taken)) => (Ok(cells), taken),
            // Only this line is given up; a quote that was never closed takes no others with it.
            Err(code) => (Err(code), self.rest.find('\n').unwrap_or(self.rest.len())),
        };
        let (row, rest) = self.rest.split_at(taken);
        self.line += row.matches('\n').count() + 1;
        self.rest = rest.strip_prefix('\n').unwrap_or(rest);
        Some(Cells { line, cells })
    }
}
