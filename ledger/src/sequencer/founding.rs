//! Founding a ledger: record 0, signed by two administrators, and the folders around it.

use std::io;
use std::sync::Arc;

use vandel_core::block::{BlockHead, encode_unsigned};
use vandel_core::chain::{Chain, check_signatures};
use vandel_core::checkpoint::Checkpoint;
use vandel_core::event::{Administrator, LedgerOpened, OpenEvent};
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::{ActorId, LedgerId};
use vandel_core::merkle::empty_root;
use vandel_core::note::{KeyKind, VerifierKey};
use vandel_core::record::encode_record;
use vandel_core::signature::{SigningKey, public_key, sign};
use vandel_core::statement::{Body, Seen, Statement, assemble, ledger_id};
use vandel_core::time::Second;
use vandel_core::trust::Trust;

use crate::disk::{Disk, create_durably, replace_atomically};
use crate::home::Home;
use crate::log::Log;
use crate::log::file::FileLog;
use crate::memory::{FileMemory, Memory, MemoryError};
use crate::signer::{self, KeyFileError};
use crate::vault::{FileCell, RootCell, Vault, VaultConfig, VaultError};

/// Who founds a ledger. Their keys sign here and are not kept.
pub struct Founders<'a> {
    /// The first administrator, who is the opening statement's author.
    pub first: (&'a SigningKey, ActorId),
    /// The second administrator, another person.
    pub second: (&'a SigningKey, ActorId),
}

/// What a founding is given.
pub struct Founding<'a> {
    /// Who founds.
    pub founders: Founders<'a>,
    /// When.
    pub at: Second,
    /// The signed last checkpoint of the ledger that this one continues.
    pub predecessor: Option<String>,
    /// Where the vault's root key is held; none for a file.
    pub cell: Option<Box<dyn RootCell>>,
}

/// Why no ledger was founded.
#[derive(Debug, thiserror::Error)]
pub enum FoundingError {
    /// The folder is in use.
    #[error(
        "{} is not empty; a ledger begins in an empty folder. If a founding was interrupted here, opening says so: \
         remove the folder and found again",
        .0.display()
    )]
    NotEmpty(std::path::PathBuf),
    /// The opening statement breaks a rule.
    #[error("{0}")]
    Refused(String),
    /// A key file.
    #[error("{0}")]
    Key(#[from] KeyFileError),
    /// The vault.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// The memory.
    #[error("{0}")]
    Memory(#[from] MemoryError),
    /// The connection to the log's servers.
    #[cfg(feature = "network")]
    #[error("{0}")]
    Bus(#[from] crate::bus::BusError),
    /// The log's stream.
    #[cfg(feature = "network")]
    #[error("{0}")]
    Stream(#[from] crate::log::jetstream::StreamError),
    /// The first block was not appended.
    #[error("the first block was not appended: {0}")]
    Append(#[from] crate::log::AppendError),
    /// The disk.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Founds a ledger in an empty folder, on the embedded default: file log, file memory.
///
/// # Errors
/// [`FoundingError`]. An interrupted founding is never completed: nobody has an answer, nothing has been
/// published, and the founders' keys are gone. Its memory is empty, by which [`crate::opening::open`]
/// knows it; remove the folder and begin again.
pub fn found(disk: &Arc<dyn Disk>, home: &Home, founding: Founding<'_>) -> Result<LedgerId, FoundingError> {
    begin_in_an_empty_folder(&**disk, home)?;
    let draft = Draft::new(&founding)?;
    draft.lay_out(disk, home, founding.cell)?;
    let ledger = draft.chain.ledger;
    FileLog::create(&**disk, &home.log(), ledger)?;
    let (mut log, _) = FileLog::open(disk.clone(), &home.log(), ledger).map_err(io::Error::other)?;
    log.append(0, &draft.block).map_err(io::Error::other)?;
    publish_first(disk, home, &draft.chain, &draft.checkpoint_key)?;
    Ok(ledger)
}

/// A ledger that is ready to be founded: its first block, and the keys it names.
pub(super) struct Draft {
    service: SigningKey,
    pub(super) checkpoint_key: SigningKey,
    pub(super) block: Vec<u8>,
    pub(super) chain: Chain,
}

impl Draft {
    /// Makes the instance's keys, and the first block that names them. Leaves nothing on any disk.
    pub(super) fn new(founding: &Founding<'_>) -> Result<Self, FoundingError> {
        let service = signer::generate()?;
        let checkpoint_key = signer::generate()?;
        let statement = opening_statement(founding, &service, &checkpoint_key)?;
        let (block, chain) = opening_block(founding, &statement, &service)?;
        Ok(Self { service, checkpoint_key, block, chain })
    }

    /// Folders, keys and an empty vault.
    pub(super) fn lay_out(
        &self,
        disk: &Arc<dyn Disk>,
        home: &Home,
        cell: Option<Box<dyn RootCell>>,
    ) -> Result<(), FoundingError> {
        for folder in [home.keys(), home.public(), home.memory(), home.views()] {
            create_durably(&**disk, &folder)?;
        }
        signer::write(&**disk, &home.service_key(), &self.service, None)?;
        signer::write(&**disk, &home.checkpoint_key(), &self.checkpoint_key, None)?;
        let cell = cell.unwrap_or_else(|| Box::new(FileCell::new(disk.clone(), &home.root_cell())));
        Vault::create(disk.clone(), &home.vault(), self.chain.ledger, cell, VaultConfig::default())?;
        Ok(())
    }
}

pub(super) fn begin_in_an_empty_folder(disk: &dyn Disk, home: &Home) -> Result<(), FoundingError> {
    create_durably(disk, home.root())?;
    if disk.list(home.root())?.is_empty() {
        Ok(())
    } else {
        Err(FoundingError::NotEmpty(home.root().to_owned()))
    }
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| io::Error::other("the operating system gives no randomness"))?;
    Ok(bytes)
}

fn opening_statement(
    founding: &Founding<'_>,
    service: &SigningKey,
    checkpoint_key: &SigningKey,
) -> io::Result<Statement> {
    let Founders { first, second } = &founding.founders;
    let administrator =
        |(key, actor): &(&SigningKey, ActorId)| Administrator { actor: *actor, key: public_key(key) };
    let opened = LedgerOpened {
        origin: format!("vandel/{}", ActorId(random()?)),
        checkpoint_key: public_key(checkpoint_key),
        service: ActorId(random()?),
        service_key: public_key(service),
        administrators: [administrator(first), administrator(second)],
        day: founding.at.latest_day_in_sweden(),
        predecessor: founding.predecessor.clone(),
    };
    Ok(Statement {
        ledger: LedgerId(Hash::ZERO.0),
        author: public_key(first.0),
        seen: Seen { size: 0, root: empty_root() },
        body: Body::Open(Box::new(OpenEvent::LedgerOpened(opened))),
    })
}

/// Block 0, judged by the same fold that will judge it ever after.
fn opening_block(
    founding: &Founding<'_>,
    statement: &Statement,
    service: &SigningKey,
) -> Result<(Vec<u8>, Chain), FoundingError> {
    let Founders { first, second } = &founding.founders;
    let bytes = statement.encode();
    let signature = sign(first.0, Domain::Statement, &[&bytes]);
    let second = (public_key(second.0), sign(second.0, Domain::Statement, &[&bytes]));
    let statement = assemble(&bytes, &signature, Some(second));
    let record = encode_record(0, founding.at, &Hash::ZERO, &statement);
    let head = BlockHead {
        ledger: ledger_id(&bytes),
        position: 0,
        previous: Hash::ZERO,
        first_record: 0,
        sequencer: public_key(service),
    };
    let mut block = encode_unsigned(&head, [record.as_slice()].into_iter());
    let signature = sign(service, Domain::Block, &[&block]);
    block.extend_from_slice(&signature);
    let mut chain = Chain::before_opening();
    let refused = |error: &dyn std::fmt::Display| FoundingError::Refused(error.to_string());
    let decoded = vandel_core::block::Block::decode(&block).map_err(|error| refused(&error))?;
    let mut checks = Vec::new();
    chain.take(&decoded, &mut checks, |_, _| ()).map_err(|fault| refused(&fault))?;
    check_signatures(&checks).map_err(|fault| refused(&fault))?;
    Ok((block, chain))
}

/// The first checkpoint: remembered, then published. Returns it.
pub(super) fn publish_first(
    disk: &Arc<dyn Disk>,
    home: &Home,
    chain: &Chain,
    key: &SigningKey,
) -> Result<String, FoundingError> {
    let refused = |error: &dyn std::fmt::Display| FoundingError::Refused(error.to_string());
    let checkpoint = Checkpoint::new(&chain.origin, chain.size(), chain.frontier.root())
        .map_err(|error| refused(&error))?;
    let note = checkpoint.sign(key).map_err(|error| refused(&error))?.to_string();
    let verifier = VerifierKey::new(&chain.origin, KeyKind::Ed25519, &public_key(key))
        .map_err(|error| refused(&error))?;
    let mut trust = Trust::default();
    trust.add_log(verifier, None).map_err(|error| refused(&error))?;
    replace_atomically(&**disk, &home.trust(), trust.to_string().as_bytes())?;
    FileMemory::open(disk.clone(), &home.memory())?.advance(&note, &checkpoint, &mut |_| Ok(Vec::new()))?;
    replace_atomically(&**disk, &home.checkpoint(), note.as_bytes())?;
    Ok(note)
}
