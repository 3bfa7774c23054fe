//! How often somebody tried to write down what a role's law forbids: by month and role, and nothing else.
//!
//! Such an attempt leaves no record, since recording it would be the very documentation that is refused
//! (domain, point 1). What is kept is a count, so that an auditor can see where people need to be told.
//! No case, no actor, no text, no day. It lies in the home as plain text:
//!
//! ```text
//! vandel refused over-documentation v1
//! 2026-03 SCHOOL 4
//! ```

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use vandel_core::admit::Refusal;
use vandel_core::checkpoint::parse_decimal;
use vandel_core::time::Day;

use crate::disk::{Disk, read_all, replace_atomically};

const HEAD: &str = "vandel refused over-documentation v1";

/// Counts by month (`2026-03`) and role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusedCounts {
    counts: BTreeMap<(String, String), u64>,
}

impl RefusedCounts {
    /// Where the counts lie in a home.
    #[must_use]
    pub fn path(home: &Path) -> PathBuf {
        home.join("refused.counts")
    }

    /// Reads the counts of a home; none have been made where there is no file.
    ///
    /// # Errors
    /// If the file cannot be read or holds something else.
    pub fn read(disk: &dyn Disk, home: &Path) -> io::Result<Self> {
        let bytes = match read_all(disk, &Self::path(home)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let text = String::from_utf8_lossy(&bytes);
        Self::parse(&text).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it holds no counts"))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        if lines.next() != Some(HEAD) {
            return None;
        }
        let mut counts = BTreeMap::new();
        for line in lines {
            let mut words = line.split(' ');
            let (month, role, count) = (words.next()?, words.next()?, parse_decimal(words.next()?)?);
            if words.next().is_some() || counts.insert((month.to_owned(), role.to_owned()), count).is_some() {
                return None;
            }
        }
        Some(Self { counts })
    }

    /// The counts, by month and role.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        self.counts.iter().map(|((month, role), count)| (&**month, &**role, *count))
    }

    /// Counts refusals on a day, durably.
    ///
    /// # Errors
    /// If the file cannot be read or written; the refusals stand all the same.
    pub fn add<'r>(
        disk: &dyn Disk,
        home: &Path,
        day: Day,
        roles: impl IntoIterator<Item = &'r str>,
    ) -> io::Result<()> {
        let mut counts = Self::read(disk, home)?;
        let (year, month, _) = day.ymd();
        let month = format!("{year:04}-{month:02}");
        for role in roles {
            *counts.counts.entry((month.clone(), role.to_owned())).or_default() += 1;
        }
        let mut text = format!("{HEAD}\n");
        counts.iter().for_each(|(month, role, count)| text += &format!("{month} {role} {count}\n"));
        replace_atomically(disk, &Self::path(home), text.as_bytes())
    }
}

/// The role, if a refusal was of what its law forbids to write down.
#[must_use]
pub fn over_documented(refusal: &Refusal) -> Option<&str> {
    match refusal {
        Refusal::KindNotRecordable { role, .. } | Refusal::FieldNotRecordable { role, .. } => Some(role),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_as_they_were_written_and_nothing_else_is() {
        let text = format!("{HEAD}\n2026-03 CHILD 1\n2026-03 SCHOOL 4\n");
        let counts = RefusedCounts::parse(&text).expect("counts");
        assert_eq!(counts.iter().collect::<Vec<_>>(), [("2026-03", "CHILD", 1), ("2026-03", "SCHOOL", 4)]);
        for bad in [
            "",
            "2026-03 SCHOOL 4\n",
            &text[..text.len() - 1],
            &text.replace(" 4", " 04"),
            &text.replace(" 4", ""),
            &text.replace("CHILD", "SCHOOL"),
            &text.replace(" 4", " 4 x"),
        ] {
            assert_eq!(RefusedCounts::parse(bad), None, "{bad}");
        }
    }
}
