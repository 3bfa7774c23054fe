//! What every command is given: where, in which language, on which day.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use vandel_core::time::{Day, Second};
use vandel_ledger::clock::{Clock, SettableClock, SystemClock};
use vandel_ledger::disk::{Disk, RealDisk};
use vandel_ledger::home::Home;
use vandel_ledger::place::NatsAccess;
use vandel_ledger::vault::{
    FileCell, PassphraseCell, RootCell, RootCellKind, ScryptCost, VaultError, cell_kind,
};
use zeroize::Zeroizing;

use crate::args::GlobalArgs;
use crate::error::{CliError, Exit};
use crate::lang::Lang;
use crate::output::Output;
use crate::people::root_passphrase;

/// The environment variable that sets the clock, for demonstrations and tests. Whoever sets it stamps
/// records with a time that is not: so every command that runs under it says so on stderr.
pub const CLOCK_VARIABLE: &str = "VANDEL_CLOCK";

/// The home when none is named.
pub const DEFAULT_HOME: &str = "vandel-home";

/// What every command is given.
pub struct Context {
    /// The ledger's folder.
    pub home: Home,
    /// The memory's folder, if it lies outside the home.
    pub memory: Option<PathBuf>,
    /// The language of texts for people.
    pub lang: Lang,
    /// Where results and messages go.
    pub output: Output,
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Accept, this once, a memory that was lost or taken back (`--trust-new-memory`).
    pub trust_new_memory: bool,
    /// How NATS is reached, if servers are named.
    pub nats: NatsAccess,
    /// How long a busy or silent ledger is asked again.
    pub wait: Duration,
    root_passphrase_file: Option<PathBuf>,
    /// Asked for once, and cleared when the command ends.
    root_passphrase: OnceCell<Zeroizing<String>>,
    as_of: Option<Day>,
    names_a_home: bool,
}

impl Context {
    /// From the global arguments and the environment.
    ///
    /// # Errors
    /// If the environment sets a clock that is no time.
    pub fn new(global: &GlobalArgs, output: Output) -> Result<Self, CliError> {
        let clock: Arc<dyn Clock> = match std::env::var(CLOCK_VARIABLE) {
            Err(_) => Arc::new(SystemClock),
            Ok(text) => {
                let second = parse_second(&text).ok_or_else(|| {
                    let message = format!("{CLOCK_VARIABLE} is {text:?}, which is no time");
                    CliError::new(Exit::Usage, "clock", message)
                        .next("set it to a second such as 2026-11-23T12:00:00Z or a day such as 2026-11-23, or unset it")
                })?;
                output.progress(&format!("the clock is set to {second} by {CLOCK_VARIABLE}"));
                Arc::new(SettableClock::at(second))
            }
        };
        Ok(Self::with_clock(global, output, clock))
    }

    /// From the global arguments, with a clock of the caller's.
    #[must_use]
    pub fn with_clock(global: &GlobalArgs, output: Output, clock: Arc<dyn Clock>) -> Self {
        let root = global.home.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_HOME));
        let nats = NatsAccess {
            servers: global.nats.clone(),
            key: global.nats_key.clone(),
            ca: global.nats_ca.clone(),
            monitoring: global.nats_monitor.clone(),
        };
        Self {
            home: Home::new(root).with_memory(global.memory.clone()).with_nats(nats.clone()),
            memory: global.memory.clone(),
            lang: Lang::choose(global.lang),
            output,
            disk: Arc::new(RealDisk),
            clock,
            trust_new_memory: global.trust_new_memory,
            nats,
            wait: global.wait,
            root_passphrase_file: global.root_passphrase_file.clone(),
            root_passphrase: OnceCell::new(),
            as_of: global.as_of,
            names_a_home: global.home.is_some(),
        }
    }

    /// Whether a home was named, by argument or environment.
    #[must_use]
    pub fn names_a_home(&self) -> bool {
        self.names_a_home
    }

    /// The root cell of the home, where it needs more than its file; none for a plain file.
    ///
    /// # Errors
    /// If it can't be read, or its passphrase is not to be had.
    pub fn root_cell(&self) -> Result<Option<Box<dyn RootCell>>, CliError> {
        self.root_cell_at(&self.home.root_cell())
    }

    /// The root cell of the home, of whichever kind, for several openings of its vault.
    ///
    /// # Errors
    /// As [`Context::root_cell`].
    pub fn shared_root_cell(&self) -> Result<Arc<dyn RootCell>, CliError> {
        let file = || FileCell::new(self.disk.clone(), &self.home.root_cell());
        Ok(self.root_cell()?.map_or_else(|| Arc::new(file()) as Arc<dyn RootCell>, Arc::from))
    }

    /// The same for the root cell at a path, such as that of a copy.
    ///
    /// # Errors
    /// As [`Context::root_cell`].
    pub fn root_cell_at(&self, path: &Path) -> Result<Option<Box<dyn RootCell>>, CliError> {
        match cell_kind(&*self.disk, path).map_err(VaultError::from)? {
            None | Some(RootCellKind::File) => Ok(None),
            Some(RootCellKind::SealedFile) => self.sealed_cell(path, false).map(Some),
        }
    }

    /// The passphrase of the root cell at a path on a disk, if it is sealed under one.
    ///
    /// # Errors
    /// If the cell can't be read, or its passphrase is not to be had.
    pub fn root_passphrase_of(
        &self,
        disk: &dyn Disk,
        path: &Path,
    ) -> Result<Option<Zeroizing<String>>, CliError> {
        match cell_kind(disk, path).map_err(VaultError::from)? {
            None | Some(RootCellKind::File) => Ok(None),
            Some(RootCellKind::SealedFile) => self.passphrase_for(path, false).map(Some),
        }
    }

    /// A root cell that is sealed under a passphrase: there already, or about to be made (`is_new`).
    ///
    /// # Errors
    /// If the passphrase is not to be had.
    pub fn sealed_cell(&self, path: &Path, is_new: bool) -> Result<Box<dyn RootCell>, CliError> {
        let passphrase = self.passphrase_for(path, is_new)?;
        Ok(Box::new(PassphraseCell::new(self.disk.clone(), path, passphrase, ScryptCost::default())))
    }

    fn passphrase_for(&self, path: &Path, is_new: bool) -> Result<Zeroizing<String>, CliError> {
        if let Some(known) = self.root_passphrase.get() {
            return Ok(known.clone());
        }
        let read = root_passphrase(self, self.root_passphrase_file.as_deref(), path, is_new)?;
        Ok(self.root_passphrase.get_or_init(|| read).clone())
    }

    /// The second it is.
    #[must_use]
    pub fn now(&self) -> Second {
        self.clock.now()
    }

    /// The civil day it is in Sweden.
    #[must_use]
    pub fn today(&self) -> Day {
        self.now().day_in_sweden()
    }

    /// The day that retention is computed for: `--as-of`, or today.
    #[must_use]
    pub fn as_of(&self) -> Day {
        self.as_of.unwrap_or_else(|| self.today())
    }
}

/// A second in RFC 3339 with `Z`, or a day, which stands for its noon in UTC.
pub(crate) fn parse_second(text: &str) -> Option<Second> {
    let (day, time) = text.split_once('T').unwrap_or((text, "12:00:00Z"));
    let day: Day = day.parse().ok()?;
    let days = u64::try_from(day.days_since_epoch()).ok()?;
    let time = time.strip_suffix('Z').filter(|time| time.len() == 8)?;
    let mut parts = time.split(':').map(|part| {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse::<u64>().ok())
            .flatten()
    });
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let whole = parts.next().is_none() && hour < 24 && minute < 60 && second < 60;
    whole.then(|| Second(days * 86_400 + hour * 3_600 + minute * 60 + second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_follows_swedish_time() {
        for (second, day) in [
            ("2026-01-31T22:59:59Z", "2026-01-31"),
            ("2026-01-31T23:00:00Z", "2026-02-01"),
            ("2026-03-28T23:00:00Z", "2026-03-29"),
            ("2026-03-29T22:00:00Z", "2026-03-30"),
            ("2026-06-30T21:59:59Z", "2026-06-30"),
            ("2026-06-30T22:00:00Z", "2026-07-01"),
            ("2026-10-24T22:00:00Z", "2026-10-25"),
            ("2026-10-25T22:30:00Z", "2026-10-25"),
            ("2026-10-25T23:00:00Z", "2026-10-26"),
        ] {
            let at = parse_second(second).expect(second);
            assert_eq!(at.to_string(), second);
            assert_eq!(at.day_in_sweden().to_string(), day, "{second}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        assert_eq!(
            parse_second("2026-03-20").map(|at| at.to_string()).as_deref(),
            Some("2026-03-20T12:00:00Z")
        );
        for text in [
            "",
            "now",
            "2026-02-30",
            "2026-03-20T24:00:00Z",
            "2026-03-20T12:00:00",
            "2026-03-20T12:00:60Z",
            "2026-03-20T12:00Z",
            "2026-03-20T1:000:00Z",
            "2026-03-20T12:00:00+01:00",
            "1969-12-31",
        ] {
            assert_eq!(parse_second(text), None, "{text}");
        }
    }
}
