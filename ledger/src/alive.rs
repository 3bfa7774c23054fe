//! The sign of life that a service writes into its home, again and again, as long as its writer answers.
//!
//! A standby looks whether it changes; the projector reads from it how much waits at the desk. It proves nothing, and
//! nothing rests on it: fences keep two writers apart, not this.

use std::io;
use std::time::{Duration, SystemTime};

use crate::home::Home;

/// How old a sign of life may be for its figures to be told.
const FRESH_FOR: Duration = Duration::from_secs(15);

/// What an instance that serves says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alive {
    /// Its process.
    pub process: u32,
    /// Grows with each sign.
    pub beat: u64,
    /// How many statements were handed in and are not answered yet.
    pub waiting: u64,
}

impl Alive {
    /// Writes it into a home.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn write(&self, home: &Home) -> io::Result<()> {
        std::fs::write(home.alive(), format!("{} {} {}\n", self.process, self.beat, self.waiting))
    }

    /// The last sign of life in a home, if it is a fresh one.
    #[must_use]
    pub fn read_fresh(home: &Home) -> Option<Self> {
        let written = std::fs::metadata(home.alive()).and_then(|metadata| metadata.modified()).ok()?;
        // A time in the future counts as now: clocks of file servers differ.
        let age = SystemTime::now().duration_since(written).unwrap_or_default();
        let text = std::fs::read_to_string(home.alive()).ok()?;
        (age <= FRESH_FOR).then(|| Self::parse(&text)).flatten()
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let alive = Self {
            process: words.next()?.parse().ok()?,
            beat: words.next()?.parse().ok()?,
            waiting: words.next()?.parse().ok()?,
        };
        words.next().is_none().then_some(alive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_is_read_as_it_was_written_and_only_while_it_is_fresh() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::new(folder.path());
        assert_eq!(Alive::read_fresh(&home), None);
        let alive = Alive { process: 7, beat: 3, waiting: 12 };
        alive.write(&home).expect("written");
        assert_eq!(Alive::read_fresh(&home), Some(alive));
        let old = SystemTime::now() - FRESH_FOR - Duration::from_secs(5);
        let file = std::fs::File::options().write(true).open(home.alive()).expect("there");
        file.set_modified(old).expect("set");
        assert_eq!(Alive::read_fresh(&home), None);
        for torn in ["", "7 3", "7 3 x\n", "7 3 12 9\n"] {
            std::fs::write(home.alive(), torn).expect("written");
            assert_eq!(Alive::read_fresh(&home), None, "{torn:?}");
        }
    }
}
