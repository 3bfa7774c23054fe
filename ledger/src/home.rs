//! A ledger's folder.
//!
//! ```text
//! log/       segments, and nothing else: what an auditor copies
//! log.toml   instead of log/, where the log lies on NATS JetStream: which, and how it is reached
//! vault/     sealed payloads, their keys, the root cell
//! views/     thrown away and rebuilt at will: view store, tree nodes, places of blocks, admission snapshot
//! memory/    the last checkpoint taken; better kept on another disk
//! memory.policy   the witnesses on other machines that must take it too, if there are any
//! plans/     erasure plans, sealed
//! sinks/     the register of every other place that got a payload or a key
//! keys/      the sequencer's and the checkpoints' keys
//! public/    what may be given to anyone: trust file, checkpoint
//! lock       held by the one writer
//! restoring  there while a backup is being restored: nothing opens such a home
//! ```

use std::path::{Path, PathBuf};

use crate::place::NatsAccess;

/// Where everything lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
    memory: Option<PathBuf>,
    nats: NatsAccess,
}

impl Home {
    /// The home at a path.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), memory: None, nats: NatsAccess::default() }
    }

    /// With the memory in a folder of its own, such as on another disk.
    #[must_use]
    pub fn with_memory(mut self, folder: Option<PathBuf>) -> Self {
        self.memory = folder;
        self
    }

    /// With what a command line says about NATS: it overrides what the home has written down.
    #[must_use]
    pub fn with_nats(mut self, access: NatsAccess) -> Self {
        self.nats = access;
        self
    }

    /// What was said about NATS.
    #[must_use]
    pub fn nats(&self) -> &NatsAccess {
        &self.nats
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The log's segments.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.root.join("log")
    }

    /// The vault.
    #[must_use]
    pub fn vault(&self) -> PathBuf {
        self.root.join("vault")
    }

    /// The vault's root cell.
    #[must_use]
    pub fn root_cell(&self) -> PathBuf {
        self.vault().join("root.cell")
    }

    /// Disposable views.
    #[must_use]
    pub fn views(&self) -> PathBuf {
        self.root.join("views")
    }

    /// Where each block begins in the log's files.
    #[must_use]
    pub fn block_places(&self) -> PathBuf {
        self.views().join("block-places")
    }

    /// The memory.
    #[must_use]
    pub fn memory(&self) -> PathBuf {
        self.memory.clone().unwrap_or_else(|| self.root.join("memory"))
    }

    /// Written again and again by a service that works, so that a standby notices when it does not any more.
    #[must_use]
    pub fn alive(&self) -> PathBuf {
        self.root.join("alive")
    }

    /// The witnesses that the memory consists of beside its file (C2SP tlog-policy), if it does.
    #[must_use]
    pub fn memory_policy(&self) -> PathBuf {
        self.root.join("memory.policy")
    }

    /// Which keys each erasure destroys: kept with the memory, since a restored backup must not take it back.
    #[must_use]
    pub fn erased_keys(&self) -> PathBuf {
        self.memory().join("erased")
    }

    /// There while a backup is being restored.
    #[must_use]
    pub fn restoring(&self) -> PathBuf {
        self.root.join("restoring")
    }

    /// The service's keys.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// The sequencer instance's key.
    #[must_use]
    pub fn service_key(&self) -> PathBuf {
        self.keys().join("service.pem")
    }

    /// The key that signs checkpoints.
    #[must_use]
    pub fn checkpoint_key(&self) -> PathBuf {
        self.keys().join("checkpoint.pem")
    }

    /// Erasure plans, sealed.
    #[must_use]
    pub fn plans(&self) -> PathBuf {
        self.root.join("plans")
    }

    /// The register of sinks.
    #[must_use]
    pub fn sinks(&self) -> PathBuf {
        self.root.join("sinks")
    }

    /// What may be given to anyone.
    #[must_use]
    pub fn public(&self) -> PathBuf {
        self.root.join("public")
    }

    /// The trust file (C2SP tlog-policy).
    #[must_use]
    pub fn trust(&self) -> PathBuf {
        self.public().join("trust.policy")
    }

    /// The last published checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> PathBuf {
        self.public().join("checkpoint")
    }
}
