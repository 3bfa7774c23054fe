//! A nats-server of the bench's own: a free port, a store in the bench's folder, ended with its handle.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use vandel_ledger::bus::{Bus, BusOptions, Role};
use vandel_ledger::disk::RealDisk;
use vandel_ledger::place::NatsAccess;

use super::world::internal;
use crate::commands::nats::one_of_each;
use crate::error::{CliError, Exit};

/// How long a server may take to come up.
const PATIENCE: Duration = Duration::from_secs(60);

/// The most that its streams hold.
const MAX_FILE: &str = "20GB";
/// The deployment's limits (`deploy/nats/single.conf`).
const LIMITS: &str = "max_payload: 1MB\nmax_connections: 1024\nwrite_deadline: \"10s\"\n";

/// A running server that syncs before it acknowledges.
pub struct OwnServer {
    child: Child,
    /// Its address for clients.
    pub address: String,
    monitoring: String,
    /// Where each role's seed lies, if the server asks for them.
    seeds: Option<PathBuf>,
}

/// What the server writes about its ports.
#[derive(Deserialize)]
struct Ports {
    nats: Vec<String>,
    monitoring: Vec<String>,
}

impl OwnServer {
    /// Starts the server that `VANDEL_NATS_SERVER` names, or the one on the path.
    ///
    /// # Errors
    /// If there is none, or it does not come up.
    pub fn start(folder: &Path) -> Result<Self, CliError> {
        Self::start_with(folder, "", None)
    }

    /// As [`OwnServer::start`], with the deployment's accounts and permissions, a key for each role, and its limits. What
    /// is left out is TLS: on the loopback both sides of a comparison would pay for it alike.
    ///
    /// # Errors
    /// As [`OwnServer::start`].
    pub fn start_secured(folder: &Path) -> Result<Self, CliError> {
        let seeds = folder.join("seeds");
        std::fs::create_dir_all(&seeds).map_err(|error| CliError::file(&seeds, &error))?;
        let accounts = one_of_each(&RealDisk, &seeds, MAX_FILE)?;
        Self::start_with(folder, &format!("{LIMITS}{accounts}"), Some(seeds))
    }

    fn start_with(folder: &Path, more: &str, seeds: Option<PathBuf>) -> Result<Self, CliError> {
        let store = folder.join("nats");
        std::fs::create_dir_all(&store).map_err(|error| CliError::file(&store, &error))?;
        let config = store.join("server.conf");
        let text = format!(
            "listen: \"127.0.0.1:-1\"\nhttp: \"127.0.0.1:-1\"\nports_file_dir: {store:?}\n\
             jetstream {{ store_dir: {:?}, sync_interval: always, max_memory_store: 64MB, max_file_store: {MAX_FILE} }}\n\
             {more}",
            store.join("store")
        );
        std::fs::write(&config, text).map_err(|error| CliError::file(&config, &error))?;
        let program = std::env::var_os("VANDEL_NATS_SERVER")
            .map_or_else(|| PathBuf::from("nats-server"), PathBuf::from);
        let child =
            Command::new(&program).arg("-c").arg(&config).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.map_err(|error| {
            let message = format!("{} can't be started: {error}", program.display());
            CliError::new(Exit::NotFound, "nats-server", message)
                .next("put nats-server 2.12 or newer on the path, or name it in VANDEL_NATS_SERVER")
        })?;
        let mut server = Self { child, address: String::new(), monitoring: String::new(), seeds };
        server.await_ports(&store)?;
        Ok(server)
    }

    /// How the sequencer's home reaches it.
    #[must_use]
    pub fn access(&self) -> NatsAccess {
        let (servers, monitoring) = (Some(self.address.clone()), Some(self.monitoring.clone()));
        NatsAccess { servers, monitoring, key: self.seed(Role::Sequencer), ..NatsAccess::default() }
    }

    fn seed(&self, role: Role) -> Option<PathBuf> {
        self.seeds.as_ref().map(|folder| folder.join(format!("{}.nk", role.name())))
    }

    /// Connects in a role.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn connect(&self, role: Role) -> Result<Bus, CliError> {
        Bus::connect(&self.options(role)).map_err(|error| internal(&error))
    }

    /// How a role connects.
    #[must_use]
    pub fn options(&self, role: Role) -> BusOptions {
        let mut options = BusOptions::new(&self.address, role);
        options.key = self.seed(role);
        options
    }

    fn await_ports(&mut self, store: &Path) -> Result<(), CliError> {
        let file = store.join(format!("nats-server_{}.ports", self.child.id()));
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let ports =
                std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice::<Ports>(&bytes).ok());
            let first = |addresses: Vec<String>| addresses.into_iter().next();
            if let Some(ports) = ports
                && let (Some(address), Some(monitoring)) = (first(ports.nats), first(ports.monitoring))
            {
                (self.address, self.monitoring) = (address, monitoring);
                return Ok(());
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(internal(&format!("nats-server ended at once: {status}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(internal(&"nats-server did not come up within a minute"))
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        // Its store goes with the bench's folder; there is nothing to stop in order.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
