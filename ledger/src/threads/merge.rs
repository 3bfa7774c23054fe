//! Rows from several places as one sequence; where two know a key, the newer place counts.

use super::ThreadsError;
use super::level::Row;

/// Rows in the order of their keys.
pub(super) type Source<'a> = Box<dyn Iterator<Item = Result<Row, ThreadsError>> + 'a>;

/// The rows of all sources, the newest source first.
pub(super) struct Merged<'a> {
    sources: Vec<Source<'a>>,
    heads: Vec<Option<Row>>,
    /// Told before anything else.
    error: Option<ThreadsError>,
}

impl<'a> Merged<'a> {
    pub(super) fn of(sources: Vec<Source<'a>>) -> Self {
        let mut merged = Self { heads: Vec::new(), sources, error: None };
        for at in 0..merged.sources.len() {
            let head = merged.pull(at);
            merged.heads.push(head);
        }
        merged
    }

    fn pull(&mut self, at: usize) -> Option<Row> {
        match self.sources[at].next()? {
            Ok(row) => Some(row),
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }
}

impl Iterator for Merged<'_> {
    type Item = Result<Row, ThreadsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.error.take() {
            self.heads.iter_mut().for_each(|head| *head = None);
            return Some(Err(error));
        }
        let mut least: Option<(usize, &[u8])> = None;
        for (at, head) in self.heads.iter().enumerate() {
            if let Some((key, _)) = head
                && least.is_none_or(|(_, least)| key.as_slice() < least)
            {
                least = Some((at, key));
            }
        }
        let (chosen, _) = least?;
        let row = self.heads[chosen].take()?;
        for at in 0..self.heads.len() {
            let is_same = self.heads[at].as_ref().is_some_and(|(key, _)| *key == row.0);
            if at == chosen || is_same {
                self.heads[at] = self.pull(at);
            }
        }
        Some(Ok(row))
    }
}
