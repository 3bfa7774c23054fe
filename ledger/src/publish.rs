//! Publishing the digests of the views: what lets a dossier prove that it leaves nothing out.
//!
//! The digests are computed from the sequencer's own fold and from the log, at the chain's head, and
//! appended as two open statements by a service key: first the view over cases, then the view over
//! authority, which so covers the key that signed the first. `vandel serve` publishes now and then what is
//! new ([`Publisher::publish_news`]), `vandel view publish` and `vandel case export` when asked.

use vandel_core::block::{Block, BlockDecodeError};
use vandel_core::event::OpenEvent;
use vandel_core::signature::SigningKey;
use vandel_core::statement::Body;
use vandel_core::view::{AuthorityRows, CaseRow, ViewTree};

use crate::author::sign_event;
use crate::log::{Log, ReadError};
use crate::sequencer::{Sequencer, ThreadsError};
use crate::submission::{Receipt, SubmitError};

/// Why nothing, or only the first of the two digests, was published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Cases are being erased: no digest of this moment could be computed again.
    #[error(
        "the erasure started by record {started} has not been carried out; cases are on their way out of the view"
    )]
    ErasureUnderWay {
        /// The record.
        started: u64,
    },
    /// The threads could not be read.
    #[error(transparent)]
    Threads(#[from] ThreadsError),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// A block is damaged.
    #[error("block {block}: {error}")]
    Decode {
        /// The block.
        block: u64,
        /// Why.
        error: BlockDecodeError,
    },
    /// The statement was refused.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

/// Publishes, and remembers what of the log it has read: each time it reads what has come since.
#[derive(Debug, Default)]
pub struct Publisher {
    authority: AuthorityRows,
    /// How many blocks are in `authority`.
    blocks: u64,
    /// The log's size after the last publication.
    published: u64,
}

impl Publisher {
    /// Publishes both views' digests, signed by the instance's own key or by another service's.
    ///
    /// # Errors
    /// [`PublishError`]; what was appended stands.
    pub fn publish(
        &mut self,
        sequencer: &mut Sequencer,
        by: Option<&SigningKey>,
    ) -> Result<[Receipt; 2], PublishError> {
        let waiting = sequencer.chain().erasures.iter().find(|(_, erasure)| erasure.executed.is_none());
        if let Some((started, _)) = waiting {
            return Err(PublishError::ErasureUnderWay { started: *started });
        }
        let cases = ViewTree::of_cases(&CaseRow::of_threads(sequencer.threads()?));
        let cases = say(sequencer, by, &cases)?;
        self.read(sequencer.log())?;
        let authority = say(sequencer, by, &self.authority.tree())?;
        self.published = sequencer.chain().size();
        Ok([cases, authority])
    }

    /// Publishes if anything has been recorded since the last time; none if nothing has.
    ///
    /// # Errors
    /// As [`Publisher::publish`].
    pub fn publish_news(&mut self, sequencer: &mut Sequencer) -> Result<Option<[Receipt; 2]>, PublishError> {
        if sequencer.chain().size() == self.published {
            return Ok(None);
        }
        self.publish(sequencer, None).map(Some)
    }

    /// Reads what has come since.
    fn read(&mut self, log: &dyn Log) -> Result<(), PublishError> {
        for placed in log.blocks_from(self.blocks) {
            let placed = placed?;
            let decode = |error| PublishError::Decode { block: placed.position, error };
            for record in Block::decode(&placed.bytes).map_err(decode)?.records {
                if let Body::Open(event) = &record.statement.statement.body {
                    self.authority.fold(record.number, event);
                }
            }
            self.blocks = placed.position + 1;
        }
        Ok(())
    }
}

/// Publishes both views' digests once.
///
/// # Errors
/// As [`Publisher::publish`].
pub fn publish_views(
    sequencer: &mut Sequencer,
    by: Option<&SigningKey>,
) -> Result<[Receipt; 2], PublishError> {
    Publisher::default().publish(sequencer, by)
}

fn say(sequencer: &mut Sequencer, by: Option<&SigningKey>, tree: &ViewTree) -> Result<Receipt, SubmitError> {
    let chain = sequencer.chain();
    let event = OpenEvent::DigestPublished(tree.event(&chain.ledger, chain.size()));
    match by {
        None => sequencer.commit_own(event),
        Some(key) => {
            let submission = sign_event(&sequencer.standpoint(), key, None, event);
            sequencer.commit_one(submission)
        }
    }
}
