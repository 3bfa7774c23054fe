//! Auditing a home, or a copy of its log, without changing anything: finds what there is to read and
//! feeds it to [`vandel_core::verify`], which decides.
//!
//! ```text
//! a home              log/, public/checkpoint, memory/checkpoint, vault/
//! a copy              log/, checkpoint
//! a bare log          segments; the checkpoint beside the folder
//! over NATS           the log's stream and the checkpoints' stream, for reading only
//! tiles               checkpoint, tile/, vandel/ (see [`crate::tiles`])
//! ```
//!
//! No lock is taken. Signed checkpoints are read before the log, so that a writer at work can only
//! have added to what they cover.

mod evidence;
mod openings;
mod source;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vandel_core::id::LedgerId;
use vandel_core::time::Day;
use vandel_core::trust::TrustError;
use vandel_core::verify::{
    Audit, Level, LogEnd, Openings, ReceiptError, Remembered, RememberedError, Report, Request,
};

use crate::disk::{Disk, replace_atomically};
use crate::gate;
use crate::home::Home;
use crate::log::{Fault, ReadError};
use crate::place::{NatsAccess, PlaceError};
use crate::tiles::{TilesEnd, TilesLog, is_tiles};
use crate::vault::RootCell;

use source::Source;

/// What to audit, and against what.
#[derive(Default)]
pub struct AuditOptions {
    /// The home, a copy of it, or a folder of segments.
    pub place: PathBuf,
    /// How NATS is reached, where the log lies there: what the home says is overridden.
    pub nats: NatsAccess,
    /// Read the log and its checkpoints over NATS alone; the place is not looked at.
    pub over_nats: bool,
    /// The memory's folder, where it lies outside the home.
    pub memory: Option<PathBuf>,
    /// The trust file.
    pub trust: Option<PathBuf>,
    /// The published checkpoint, where it lies elsewhere than beside the log.
    pub checkpoint: Option<PathBuf>,
    /// Signed checkpoints that the auditor kept.
    pub kept: Vec<PathBuf>,
    /// Signed checkpoints that the auditor kept, up to which it has verified the log before: what they cover is
    /// compared, not verified again.
    pub since: Vec<PathBuf>,
    /// The auditor's own memory says up to where it has verified the log before.
    pub incremental: bool,
    /// A folder of receipts (C2SP tlog-proof), one to a file.
    pub receipts: Option<PathBuf>,
    /// The auditor's own memory: read if it exists, written after success.
    pub state: Option<PathBuf>,
    /// The ledger that it must be.
    pub ledger: Option<LedgerId>,
    /// The levels asked for; none asks for all that the input supports.
    pub levels: Option<BTreeSet<Level>>,
    /// A quorum of witnesses is demanded.
    pub require_witnessed: bool,
    /// Leave the vault shut, even if it could be opened.
    pub keep_shut: bool,
    /// Compute the published digests of views again.
    pub views: bool,
    /// The day on which what is overdue is found; none if nobody asks.
    pub as_of: Option<Day>,
    /// Whether what is overdue is a violation, and not only a notice.
    pub overdue_violates: bool,
    /// The vault's root cell; none for the file in the vault.
    pub cell: Option<Box<dyn RootCell>>,
}

/// How far an audit has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Blocks read.
    pub blocks: u64,
    /// Records judged.
    pub records: u64,
    /// Bytes of blocks read.
    pub bytes: u64,
}

/// Why there is no report: nothing is said about the log then.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// There is neither a log nor anything that speaks of one.
    #[error("there is no ledger in {}", .0.display())]
    NoLedger(PathBuf),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The log could not be read; that says nothing about what is stored.
    #[error("{0}")]
    Unreadable(ReadError),
    /// It is not known where the log lies.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// NATS could not be reached.
    #[cfg(feature = "network")]
    #[error(transparent)]
    Bus(#[from] crate::bus::BusError),
    /// The log's stream could not be asked.
    #[cfg(feature = "network")]
    #[error(transparent)]
    Stream(#[from] crate::log::jetstream::StreamError),
    /// The NATS server holds several ledgers, and none was named.
    #[error("the server holds the logs of {} ledgers: name one with --ledger ID: {}", .0.len(),
        .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    WhichLedger(Vec<LedgerId>),
    /// The trust file is malformed.
    #[error("the trust file {}: {error}", path.display())]
    Trust {
        /// The file.
        path: PathBuf,
        /// Why.
        error: TrustError,
    },
    /// The auditor's memory is malformed.
    #[error("{}: {error}; if it cannot be restored, remove it and lose what it remembered", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// Why.
        error: RememberedError,
    },
    /// The auditor's memory lies where the audited party can write.
    #[error("{} lies inside the audited folder: what it remembers could be rewritten with the log", .0.display())]
    StateInside(PathBuf),
    /// A tiles folder without the blocks.
    #[error(
        "{} has no vandel/blocks: records and tree are there, and nothing by which the blocks' signatures could be verified",
        .0.display()
    )]
    NoBlocks(PathBuf),
    /// A receipt is malformed.
    #[error("the receipt {}: {error}", path.display())]
    Receipt {
        /// The file.
        path: PathBuf,
        /// Why.
        error: ReceiptError,
    },
}

impl AuditError {
    /// What to do next.
    #[must_use]
    pub fn next(&self) -> String {
        let said = match self {
            Self::NoLedger(_) => {
                "name a home or a copy of one, a folder of segments or of tiles, or a file of evidence"
            }
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "check the name: nothing of that name is there"
            }
            Self::Io { .. } | Self::Unreadable(_) => {
                "check that the disk is whole and that you may read there"
            }
            Self::Place(_) => "say where the log lies: a folder, or --nats and --ledger",
            #[cfg(feature = "network")]
            Self::Bus(_) | Self::Stream(_) => {
                "check that NATS is reached and that you may read the log there"
            }
            Self::WhichLedger(_) => "name one of them: --ledger ID",
            Self::Trust { .. } => {
                "ask the ledger's owner for the trust file again, over another way than the ledger"
            }
            Self::State { .. } => "restore your memory's file from your own backup",
            Self::StateInside(_) => {
                "keep your memory where nobody else writes: --state FILE outside the folder"
            }
            Self::NoBlocks(_) => {
                "get the folder from who exports it with its vandel/ part, or a copy of the log; a client of C2SP \
                 tlog-tiles can check the tree by itself"
            }
            Self::Receipt { .. } => "take what is no receipt out of the folder, or get the receipt again",
        };
        said.to_owned()
    }

    /// The command line's exit code.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoLedger(_) => 7,
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => 7,
            Self::NoBlocks(_) => 4,
            Self::Io { .. } | Self::Unreadable(_) => 5,
            #[cfg(feature = "network")]
            Self::Bus(_) | Self::Stream(_) => 5,
            Self::Place(_) | Self::WhichLedger(_) => 2,
            Self::Trust { .. } | Self::State { .. } | Self::StateInside(_) | Self::Receipt { .. } => 2,
        }
    }
}

/// Audits.
///
/// # Errors
/// [`AuditError`] if nothing can be said; what is wrong with the log stands in the report.
pub fn audit(
    disk: &Arc<dyn Disk>,
    options: AuditOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, AuditError> {
    let source = Source::of(disk, &options)?;
    let mut evidence = evidence::gather(&**disk, source.root.as_deref(), &options)?;
    evidence.checkpoints.extend(source.announced()?);
    let tiles = source.root.clone().filter(|root| is_tiles(&**disk, root));
    let has_log = tiles.is_some() || source.has_log(&**disk);
    if !has_log && evidence.checkpoints.is_empty() && evidence.remembered.is_none() {
        return Err(AuditError::NoLedger(options.place));
    }
    let remembered = evidence.remembered;
    let verified = evidence::verified_before(&evidence, &options);
    let wants_openings = options
        .levels
        .as_ref()
        .is_none_or(|levels| levels.contains(&Level::Coverage) || levels.contains(&Level::Conduct));
    let found = if options.keep_shut {
        Err("the vault was left shut, as asked".to_owned())
    } else if !wants_openings {
        Err("not asked for".to_owned())
    } else if source
        .root
        .as_ref()
        .is_some_and(|root| gate::check_restored(&**disk, &Home::new(root)).is_err())
    {
        Err("a backup is being restored here, or was not restored to the end".to_owned())
    } else {
        match &source.root {
            Some(root) => openings::find(disk, &root.join("vault"), source.first_ledger(disk), options.cell),
            None => Err("there is no vault beside a log that is read over NATS alone".to_owned()),
        }
    };
    let (mut openings, no_openings) = match found {
        Ok(openings) => (Some(openings), String::new()),
        Err(why) => (None, why),
    };
    let request = Request {
        evidence,
        levels: options.levels,
        require_witnessed: options.require_witnessed,
        no_openings,
        verified,
        views: options.views,
        as_of: options.as_of,
        overdue_violates: options.overdue_violates,
    };
    let openings = openings.as_mut().map(|openings| &mut **openings as &mut dyn Openings);
    let mut audit = Audit::new(request, openings);
    let end = match &tiles {
        Some(folder) => feed_tiles(&**disk, folder, &mut audit, progress)?,
        None => feed(disk, &source, &mut audit, progress)?,
    };
    let report = audit.finish(end);
    if let Some(path) = &options.state {
        remember(&**disk, path, remembered, &report)?;
    }
    Ok(report)
}

/// Feeds every block until the log ends or cannot be followed.
fn feed(
    disk: &Arc<dyn Disk>,
    source: &Source,
    audit: &mut Audit<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<LogEnd, AuditError> {
    let blocks = match source.blocks(disk) {
        Ok(blocks) => blocks,
        Err(error) => return end_of(error, 0),
    };
    let (mut count, mut bytes) = (0, 0);
    for placed in blocks {
        let placed = match placed {
            Ok(placed) => placed,
            Err(error) => return end_of(error, count),
        };
        (count, bytes) = (count + 1, bytes + placed.bytes.len() as u64);
        audit.block(placed.bytes);
        progress(Progress { blocks: count, records: audit.records(), bytes });
        if audit.is_stopped() {
            break;
        }
    }
    Ok(LogEnd::Whole)
}

/// Feeds every block of a tiles folder.
fn feed_tiles(
    disk: &dyn Disk,
    folder: &Path,
    audit: &mut Audit<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<LogEnd, AuditError> {
    let mut log = TilesLog::open(disk, folder);
    let (mut blocks, mut bytes) = (0, 0);
    let io = |source| AuditError::Io { path: folder.to_owned(), source };
    while let Some(block) = log.next_block().map_err(io)? {
        (blocks, bytes) = (blocks + 1, bytes + block.len() as u64);
        audit.block(block);
        progress(Progress { blocks, records: audit.records(), bytes });
        if audit.is_stopped() {
            return Ok(LogEnd::Whole);
        }
    }
    match log.end() {
        TilesEnd::Whole => Ok(LogEnd::Whole),
        TilesEnd::Damaged(fault) => {
            Ok(LogEnd::Damaged { what: fault.to_string(), is_next: fault.is_of_the_next_block() })
        }
        TilesEnd::NoBlocks => Err(AuditError::NoBlocks(folder.to_owned())),
    }
}

/// What a log's own error says about its end.
fn end_of(error: ReadError, next_block: u64) -> Result<LogEnd, AuditError> {
    match error {
        ReadError::Damaged(damage) => {
            let is_next = damage.what != Fault::ForeignFile && damage.position == next_block;
            Ok(LogEnd::Damaged { what: damage.to_string(), is_next })
        }
        #[cfg(feature = "network")]
        ReadError::Altered(damage) => {
            Ok(LogEnd::Damaged { what: damage.to_string(), is_next: damage.position == next_block })
        }
        ReadError::Torn(tail) => Ok(LogEnd::Torn { what: tail.to_string() }),
        ReadError::Unavailable { ref source, .. } if source.kind() == io::ErrorKind::NotFound => {
            Ok(LogEnd::Damaged { what: error.to_string(), is_next: true })
        }
        error @ ReadError::Unavailable { .. } => Err(AuditError::Unreadable(error)),
    }
}

/// After success the auditor remembers the largest size it has verified. It never goes back.
fn remember(
    disk: &dyn Disk,
    path: &Path,
    before: Option<Remembered>,
    report: &Report,
) -> Result<(), AuditError> {
    let Some(now) = report.to_remember() else { return Ok(()) };
    if before.is_some_and(|before| before.size >= now.size) {
        return Ok(());
    }
    replace_atomically(disk, path, now.to_string().as_bytes())
        .map_err(|source| AuditError::Io { path: path.to_owned(), source })
}

/// The vault, or the reason why it is not used.
type FoundOpenings = Result<Box<dyn Openings>, String>;
