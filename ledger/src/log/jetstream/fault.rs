//! What can be wrong with a stream that holds a log.

use vandel_core::id::LedgerId;

use super::api::ApiError;
use crate::log::ReadError;

/// The stream does not hold what was put into it. Nothing repairs it; it is restored from another copy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stream {stream} is damaged at sequence {sequence}, at block {position}: {what}")]
pub struct StreamDamage {
    /// The stream's name.
    pub stream: String,
    /// The sequence of the first message concerned.
    pub sequence: u64,
    /// The position of the first block concerned.
    pub position: u64,
    /// What is wrong.
    pub what: StreamFault,
}

/// What is wrong with a stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamFault {
    /// A message in the middle is gone: deleted, or unsound on the broker's disk, which passes over it in silence.
    #[error("the message is gone; the stream has {last} messages by its own count")]
    Missing {
        /// The last sequence that the stream gave out.
        last: u64,
    },
    /// The stream begins after its beginning: purged, limited, or restored from a part.
    #[error("the stream begins at sequence {first}: what stood before is gone")]
    BeginsLate {
        /// The first sequence it holds.
        first: u64,
    },
    /// The stream ends before a block that was acknowledged to this writer, or read by it.
    #[error("the stream ends here, and has held {held} blocks: it was cut, replaced, or is an old copy")]
    CutShort {
        /// How many blocks it held.
        held: u64,
    },
    /// The stream was deleted and made again while it was in use.
    #[error("the stream was deleted and made again: it was made at {before}, now at {now}")]
    MadeAgain {
        /// When it was made, as it said before.
        before: String,
        /// When it was made, as it says now.
        now: String,
    },
    /// A message was published on a subject that is not the log's.
    #[error("a message on subject {found} does not belong in a log")]
    OtherSubject {
        /// The subject.
        found: String,
    },
    /// The stream belongs to another ledger.
    #[error("the stream belongs to ledger {found}")]
    OtherLedger {
        /// What its metadata says.
        found: String,
    },
    /// The block's own contents contradict its place.
    #[error("{why}")]
    OutOfPlace {
        /// How.
        why: String,
    },
}

/// A setting of the stream or a server that a ledger can't rely on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place} has {setting} {found}, and must have {expected}. To mend it: {mend}")]
pub struct Mismatch {
    /// The stream or server.
    pub place: String,
    /// The setting, by the server's name for it.
    pub setting: String,
    /// What a ledger needs.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// The command, or the line of configuration.
    pub mend: String,
}

/// Why a log on JetStream could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// JetStream could not be asked, or refused.
    #[error("{0}")]
    Api(#[from] ApiError),
    /// There is no such stream.
    #[error("there is no stream {stream} for ledger {ledger} on this NATS server")]
    NoStream {
        /// The stream.
        stream: String,
        /// The ledger.
        ledger: LedgerId,
    },
    /// A stream of this name is there already.
    #[error("the stream {stream} is there already, and is not an empty one of ours")]
    Exists {
        /// The stream.
        stream: String,
    },
    /// Stream or server are set in ways that lose or change what is stored. Nothing is appended.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Settings(Vec<Mismatch>),
    /// Nobody could show that a server syncs before it acknowledges.
    #[error(
        "it is not shown that every server syncs before it acknowledges; not by {}: {why}. Name the monitoring address of each server that \
         holds the log with --nats-monitor URL (in its configuration: http: \"127.0.0.1:8222\"), or accept the risk \
         knowingly with --accept-unproven-sync: a power cut may then lose acknowledged records", servers.join(", ")
    )]
    SyncUnproven {
        /// The servers.
        servers: Vec<String>,
        /// Why not.
        why: String,
    },
    /// The stream is damaged, or can't be read.
    #[error("{0}")]
    Read(#[from] ReadError),
}

impl StreamError {
    /// The same, to whoever reads a log.
    #[must_use]
    pub fn into_read(self, stream: &str) -> ReadError {
        let unavailable = |source| ReadError::Unavailable { place: format!("stream {stream}"), source };
        match self {
            Self::Read(error) => error,
            Self::Api(error) => unavailable(error.into()),
            error @ Self::NoStream { .. } => {
                unavailable(std::io::Error::new(std::io::ErrorKind::NotFound, error.to_string()))
            }
            error => unavailable(std::io::Error::other(error.to_string())),
        }
    }
}
