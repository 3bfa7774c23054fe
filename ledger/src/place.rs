//! Where a home's log lies.
//!
//! The home itself decides it, so that no command line can open a home with another log than its own: if
//! the file `log.toml` is there, the log is a JetStream stream, and the file says which; if it is not,
//! the log lies in `log/`. Both together are refused. Addresses and key files can be overridden, since
//! they change over the years; which ledger it is can't.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vandel_core::id::LedgerId;

use crate::disk::{Disk, read_all, replace_atomically};
use crate::home::Home;

/// The file's name in the home.
pub const PLACE_FILE: &str = "log.toml";

/// What the file begins with, for whoever finds it.
const HEADING: &str = "\
# The log of this ledger lies on NATS JetStream. `vandel init --nats` wrote this file; the rest of the home
# belongs to that log and to no other. Addresses and files may be changed here, or given on the command line.

";

/// How NATS is reached, as far as a command line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NatsAccess {
    /// The servers' addresses, separated by commas.
    pub servers: Option<String>,
    /// The file of the NKey seed.
    pub key: Option<PathBuf>,
    /// The certificate authority.
    pub ca: Option<PathBuf>,
    /// The servers' monitoring addresses, separated by commas.
    pub monitoring: Option<String>,
}

#[cfg(feature = "network")]
impl NatsAccess {
    /// Options to connect with in a role, if servers are named.
    #[must_use]
    pub fn options(&self, role: crate::bus::Role) -> Option<crate::bus::BusOptions> {
        let mut options = crate::bus::BusOptions::new(self.servers.as_deref()?, role);
        options.key.clone_from(&self.key);
        options.ca.clone_from(&self.ca);
        Some(options)
    }

    /// The monitoring addresses, one by one.
    #[must_use]
    pub fn monitoring_addresses(&self) -> Vec<String> {
        split(self.monitoring.as_deref().unwrap_or_default())
    }
}

/// A log on JetStream, as a home describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamPlace {
    /// The ledger, in hexadecimal.
    ledger: String,
    /// The servers' addresses.
    pub servers: Vec<String>,
    /// The file of the NKey seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nats_key: Option<PathBuf>,
    /// The certificate authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nats_ca: Option<PathBuf>,
    /// The servers' monitoring addresses; none for port 8222 on the servers' hosts.
    #[serde(default)]
    pub monitoring: Vec<String>,
    /// How many servers must hold each block.
    pub replicas: usize,
    /// Append even if nobody can show that a server syncs before it acknowledges.
    #[serde(default)]
    pub accept_unproven_sync: bool,
}

/// Why it is not known where a home's log lies.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The file is not what it should be.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Both a stream and segment files.
    #[error(
        "the home {} names a log on JetStream in {PLACE_FILE} and holds one in log/ as well; one of them does not \
         belong here, and nobody but its owner can say which", .0.display()
    )]
    Two(PathBuf),
    /// The file can't be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// This program can't open a socket.
    #[error("the log of {} lies on NATS JetStream, and this program was built without the network", .0.display())]
    NoNetwork(PathBuf),
}

impl StreamPlace {
    /// A log of this ledger on these servers.
    #[must_use]
    pub fn new(ledger: &LedgerId, access: &NatsAccess, replicas: usize, accept_unproven_sync: bool) -> Self {
        let mut place = Self {
            ledger: ledger.to_string(),
            servers: Vec::new(),
            nats_key: None,
            nats_ca: None,
            monitoring: Vec::new(),
            replicas,
            accept_unproven_sync,
        };
        place.take(access);
        place
    }

    /// What a home says of its log, with what the command line overrides; none if the log lies in files.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn of(disk: &dyn Disk, home: &Home) -> Result<Option<Self>, PlaceError> {
        let path = path(home);
        let bytes = match read_all(disk, &path) {
            Ok(bytes) => bytes,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(source) => return Err(PlaceError::Io { path, source }),
        };
        // A restore onto a stream leaves the folder, empty.
        if disk.list(&home.log()).is_ok_and(|names| !names.is_empty()) {
            return Err(PlaceError::Two(home.root().to_owned()));
        }
        let damaged = |why: String| PlaceError::Damaged { path: path.clone(), why };
        let text = String::from_utf8(bytes).map_err(|error| damaged(error.to_string()))?;
        let mut place: Self = toml::from_str(&text).map_err(|error| damaged(error.to_string()))?;
        if place.ledger.parse::<LedgerId>().is_err() {
            return Err(damaged("it names no ledger".to_owned()));
        }
        let relative = |file: &mut PathBuf| *file = home.root().join(&*file);
        place.nats_key.iter_mut().for_each(relative);
        place.nats_ca.iter_mut().for_each(relative);
        place.take(home.nats());
        Ok(Some(place))
    }

    /// Writes it into a home, durably.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn write(&self, disk: &dyn Disk, home: &Home) -> io::Result<()> {
        let mut lasting = self.clone();
        // The home is opened from other folders than the one it was founded from.
        for file in [&mut lasting.nats_key, &mut lasting.nats_ca].into_iter().flatten() {
            *file = std::path::absolute(&file)?;
        }
        let text = toml::to_string(&lasting).map_err(io::Error::other)?;
        replace_atomically(disk, &path(home), format!("{HEADING}{text}").as_bytes())
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> LedgerId {
        self.ledger.parse().unwrap_or_else(|_| unreachable!("it was made from one, or checked when read"))
    }

    fn take(&mut self, access: &NatsAccess) {
        if let Some(servers) = &access.servers {
            self.servers = split(servers);
        }
        if let Some(monitoring) = &access.monitoring {
            self.monitoring = split(monitoring);
        }
        if access.key.is_some() {
            self.nats_key.clone_from(&access.key);
        }
        if access.ca.is_some() {
            self.nats_ca.clone_from(&access.ca);
        }
    }
}

#[cfg(feature = "network")]
impl StreamPlace {
    /// How to connect.
    #[must_use]
    pub fn options(&self, role: crate::bus::Role) -> crate::bus::BusOptions {
        let mut options = crate::bus::BusOptions::new(&self.servers.join(","), role);
        options.key.clone_from(&self.nats_key);
        options.ca.clone_from(&self.nats_ca);
        options
    }

    /// What stream and servers must be like.
    #[must_use]
    pub fn demands(&self) -> crate::log::jetstream::Demands {
        crate::log::jetstream::Demands {
            replicas: self.replicas,
            monitoring: self.monitoring.clone(),
            accept_unproven_sync: self.accept_unproven_sync,
            ..Default::default()
        }
    }
}

/// What stands between commas.
fn split(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

fn path(home: &Home) -> PathBuf {
    Path::new(home.root()).join(PLACE_FILE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::RealDisk;

    #[test]
    fn a_place_is_read_as_it_was_written_and_overridden() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::new(folder.path().join("home"));
        RealDisk.create_directory(home.root()).expect("a home");
        assert_eq!(StreamPlace::of(&RealDisk, &home).expect("no place"), None);
        let access = NatsAccess { servers: Some("nats://a, nats://b".to_owned()), ..NatsAccess::default() };
        let place = StreamPlace::new(&LedgerId([9; 32]), &access, 3, false);
        assert_eq!(place.servers, ["nats://a", "nats://b"]);
        place.write(&RealDisk, &home).expect("written");
        assert_eq!(StreamPlace::of(&RealDisk, &home).expect("read"), Some(place.clone()));

        let other = NatsAccess { servers: Some("nats://c".to_owned()), ..NatsAccess::default() };
        let overridden = StreamPlace::of(&RealDisk, &home.clone().with_nats(other)).expect("read");
        assert_eq!(overridden, Some(StreamPlace { servers: vec!["nats://c".to_owned()], ..place }));
    }

    #[test]
    fn two_logs_and_a_damaged_file_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::new(folder.path());
        let path = path(&home);
        for wrong in ["", "ledger = \"x\"\nservers = []\nreplicas = 1\n", "ledger = 1"] {
            std::fs::write(&path, wrong).expect("written");
            assert!(matches!(StreamPlace::of(&RealDisk, &home), Err(PlaceError::Damaged { .. })), "{wrong}");
        }
        RealDisk.create_directory(&home.log()).expect("a log");
        std::fs::write(home.log().join("segment-00000000000000000000.vlog"), "").expect("a segment");
        assert!(matches!(StreamPlace::of(&RealDisk, &home), Err(PlaceError::Two(_))));
    }
}
