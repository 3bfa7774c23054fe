//! The author's end of the service over NATS.
//!
//! The private key is used here to sign and never leaves. Nothing is sealed before the intake key has
//! been checked against the trust file ([`crate::wire::intake::check`]), and nothing that comes back is
//! believed before it has been checked too: a receipt must prove that exactly the statement that was
//! sent stands in the tree of a checkpoint that a trusted log has signed.
//!
//! A request without an answer is sent again, with the same statements: if the first one arrived, the
//! repeat gets the same receipt. The broker can delay and drop; it can read and change nothing.

mod exchange;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use vandel_core::checkpoint::Checkpoint;
use vandel_core::hash::leaf_hash;
use vandel_core::id::LedgerId;
use vandel_core::merkle::Inclusions;
use vandel_core::record::encode_record;
use vandel_core::signature::SigningKey;
use vandel_core::statement::Seen;
use vandel_core::trust::Trust;
use zeroize::Zeroizing;

use crate::author::Standpoint;
use crate::bus::{Bus, BusError};
use crate::clock::Clock;
use crate::inquiry::{Content, Question, Reply, Showing};
use crate::refused::Refused;
use crate::sequencer::Group;
use crate::submission::{Receipt, Submission};
use crate::wire::body::{
    Asked, ConsistentCheckpoint, InquiryAnswer, SubmitAnswers, Told, decode_answers, decode_inquiry_answer,
    encode_inquiry, encode_submit,
};
use crate::wire::intake::{
    Announcement, Intake, IntakeRefusal, KeyAnswer, KeyRequest, Known, check, check_checkpoint,
};
use crate::wire::sealed::SealError;
use crate::wire::{Endpoint, Trouble};

/// Why an author got no answer, or believes none.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// NATS.
    #[error("{0}")]
    Bus(#[from] BusError),
    /// The trust file names no log, or several.
    #[error("the trust file names {logs} logs; an author needs one with one log")]
    WhichLog {
        /// How many.
        logs: usize,
    },
    /// The intake key is not to be trusted. Nothing was sealed to it.
    #[error("nothing was sent, since the intake key is refused: {0}")]
    Intake(#[from] IntakeRefusal),
    /// The request could not be sealed.
    #[error("{0}")]
    Seal(#[from] SealError),
    /// The service calls the request malformed or too large.
    #[error("the service takes no such request: {}", .0.text())]
    Trouble(Trouble),
    /// No answer that opens came in time.
    #[error("no answer in {} seconds ({last}); whether it was taken is not known", after.as_secs())]
    NoAnswer {
        /// How long was waited and sent again.
        after: Duration,
        /// What happened last.
        last: String,
    },
    /// The service was busy, or not there, all the time. Nothing was taken.
    #[error("nothing was taken in {} seconds: {last}", after.as_secs())]
    Busy {
        /// How long was waited.
        after: Duration,
        /// What happened last.
        last: String,
    },
    /// The answer opens, and says something that it may not say.
    #[error("the answer is refused: {0}")]
    Unbelievable(String),
    /// The ledger has no checkpoint of this size, which its own key signed.
    #[error("the ledger does not contain the checkpoint of {size} records that you have seen")]
    NeverSeen {
        /// The size.
        size: u64,
    },
}

/// How long an author waits, and sends again.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For one answer.
    pub answer: Duration,
    /// In all.
    pub whole: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { answer: Duration::from_secs(5), whole: Duration::from_secs(30) }
    }
}

/// An author's way to a service.
pub struct Client {
    bus: Bus,
    trust: Trust,
    origin: String,
    pinned: Option<LedgerId>,
    clock: Arc<dyn Clock>,
    intake: Option<Intake>,
    /// The last checkpoint whose signatures were checked, and what stands in its tree.
    checked: Option<(Arc<str>, Inclusions)>,
    /// How long to wait.
    pub patience: Patience,
    /// Told now and then why is waited, and for how long at most.
    pub on_waiting: Option<OnWaiting>,
}

/// Told why is waited, and how long that may go on.
pub type OnWaiting = Box<dyn Fn(&str, Duration) + Send>;

impl Client {
    /// A way to the service of the trust file's log; `pinned` if the author knows the ledger's id too.
    ///
    /// # Errors
    /// If the trust file does not name exactly one log.
    pub fn new(
        bus: Bus,
        trust: Trust,
        pinned: Option<LedgerId>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ClientError> {
        let [log] = trust.logs() else {
            return Err(ClientError::WhichLog { logs: trust.logs().len() });
        };
        let origin = log.key.name().to_owned();
        Ok(Self {
            bus,
            trust,
            origin,
            pinned,
            clock,
            intake: None,
            checked: None,
            patience: Patience::default(),
            on_waiting: None,
        })
    }

    /// The origin of the log that the trust file names.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The intake key, fetched and checked if there is none or it runs out within a minute. `seen` is
    /// the checkpoint that the author saw last.
    ///
    /// # Errors
    /// If it cannot be fetched, or is refused: [`ClientError::Intake`].
    pub fn intake(&mut self, seen: Seen) -> Result<&Intake, ClientError> {
        let now = self.clock.now();
        let lasts = |intake: &Intake| intake.announcement.until.0 > now.0 + 60;
        if !self.intake.as_ref().is_some_and(lasts) {
            let request = KeyRequest { version: crate::wire::WIRE_VERSION, seen: seen.size }.encode();
            let read = |bytes: &[u8]| KeyAnswer::decode(bytes).ok();
            let answer = self.in_clear(Endpoint::Key, &request, read)?;
            let known = Known { trust: &self.trust, ledger: self.pinned, seen, now };
            let intake = check(&answer, &known)?;
            // A ledger that was met once is the one to meet from then on.
            self.pinned = Some(intake.announcement.ledger);
            self.intake = Some(intake);
        }
        self.intake.as_ref().ok_or(ClientError::Trouble(Trouble::UnknownKey))
    }

    /// Submits groups; gives each group's receipts, checked, or why nothing of it was taken. `seen` is
    /// the checkpoint that the author saw last.
    ///
    /// # Errors
    /// [`ClientError`]. After [`ClientError::NoAnswer`] some groups may have been taken.
    pub fn submit(&mut self, seen: Seen, groups: &[Group]) -> Result<SubmitAnswers, ClientError> {
        let mut answers: Vec<Option<Result<Vec<Receipt>, Refused>>> = vec![None; groups.len()];
        let mut deadline = self.deadline();
        loop {
            let waiting: Vec<usize> =
                (0..groups.len()).filter(|index| answers[*index].as_ref().is_none_or(passing)).collect();
            if waiting.is_empty() || (deadline.passed() && answers.iter().all(Option::is_some)) {
                return Ok(answers.into_iter().flatten().collect());
            }
            if answers.iter().any(Option::is_some) {
                self.bus.block_on(async { tokio::time::sleep(Duration::from_millis(250)).await });
            }
            let sent: Cow<'_, [Group]> = match waiting.len() == groups.len() {
                true => groups.into(),
                false => waiting.iter().map(|index| groups[*index].clone()).collect(),
            };
            let body = Arc::new(Zeroizing::new(encode_submit(&sent)));
            let bytes = self.sealed(Endpoint::Submit, seen, &mut deadline, |_| Arc::clone(&body))?;
            let told = decode_answers(&bytes).map_err(|error| unbelievable(&error))?;
            if told.len() != sent.len() {
                return Err(unbelievable(&"it answers another number of groups"));
            }
            for ((index, group), answer) in waiting.into_iter().zip(&*sent).zip(told) {
                if let Ok(receipts) = &answer {
                    self.check_receipts(group, receipts)?;
                }
                answers[index] = Some(answer);
            }
        }
    }

    /// Asks a question. `seen` are the checkpoints that the author, and a second person, saw last.
    ///
    /// # Errors
    /// [`ClientError`]; what the service refuses is the inner error.
    pub fn ask(
        &mut self,
        author: &SigningKey,
        seen: &[Seen],
        question: Question,
    ) -> Result<(Standpoint, Result<Reply, Refused>), ClientError> {
        let (standpoint, told) = self.inquire(author, seen, &Asked::Question(question))?;
        Ok((
            standpoint,
            match told {
                Ok(Told::Reply(reply)) => Ok(reply),
                Ok(Told::Showing(..)) => return Err(unbelievable(&"it shows what was not asked for")),
                Err(refused) => Err(refused),
            },
        ))
    }

    /// Has a signed reading appended and is shown the content; gives the reading's receipt too, checked.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn read(
        &mut self,
        reader: &SigningKey,
        seen: Seen,
        content: Content,
        reading: Submission,
    ) -> Result<Result<(Showing, Receipt), Refused>, ClientError> {
        let group = vec![reading.clone()];
        let (_, told) = self.inquire(reader, &[seen], &Asked::Content(content, Box::new(reading)))?;
        Ok(match told {
            Ok(Told::Showing(showing, receipt)) => {
                self.check_receipts(&group, std::slice::from_ref(&receipt))?;
                Ok((showing, *receipt))
            }
            Ok(Told::Reply(_)) => return Err(unbelievable(&"it replies where it should show")),
            Err(refused) => Err(refused),
        })
    }

    fn inquire(
        &mut self,
        author: &SigningKey,
        seen: &[Seen],
        asked: &Asked,
    ) -> Result<(Standpoint, Result<Told, Refused>), ClientError> {
        let first = seen.first().copied().unwrap_or_else(nothing_seen);
        let sizes: Vec<u64> = seen.iter().map(|seen| seen.size).collect();
        let clock = Arc::clone(&self.clock);
        let mut deadline = self.deadline();
        let bytes = self.sealed(Endpoint::Prepare, first, &mut deadline, |intake| {
            let Announcement { ledger, key, .. } = intake.announcement;
            Arc::new(Zeroizing::new(encode_inquiry(author, ledger, key, clock.now(), &sizes, asked)))
        })?;
        let answer = decode_inquiry_answer(&bytes).map_err(|error| unbelievable(&error))?;
        let standpoint = self.standpoint(&answer, seen)?;
        Ok((standpoint, answer.told))
    }

    /// The newest checkpoint, having made sure that it contains those that people here have seen.
    fn standpoint(&self, answer: &InquiryAnswer, seen: &[Seen]) -> Result<Standpoint, ClientError> {
        if answer.extends.len() != seen.len() {
            return Err(unbelievable(&"it proves another number of checkpoints"));
        }
        let nothing = (nothing_seen(), &Some(Vec::new()));
        let mut checkpoint = None;
        for (seen, extends) in seen.iter().copied().zip(&answer.extends).chain([nothing]) {
            let extends = extends.clone().ok_or(ClientError::NeverSeen { size: seen.size })?;
            let offered = ConsistentCheckpoint { note: answer.note.clone(), extends };
            let opened = check_checkpoint(&offered, &self.trust, seen)?;
            checkpoint = Some(opened.checkpoint);
        }
        let checkpoint = checkpoint.ok_or_else(|| unbelievable(&"it has no checkpoint"))?;
        let Some(ledger) = self.pinned.filter(|_| checkpoint.origin() == self.origin) else {
            return Err(unbelievable(&"its checkpoint is of another ledger"));
        };
        let seen = Seen { size: checkpoint.size(), root: checkpoint.root() };
        Ok(Standpoint { ledger, seen, checkpoint: Some(answer.note.clone()) })
    }

    /// The tree of a checkpoint, if a trusted log signed it. Receipts of one block come with one checkpoint,
    /// which is checked once.
    fn signed_by_the_log(&mut self, note: &Arc<str>) -> Result<&mut Inclusions, ClientError> {
        let checked = match self.checked.take().filter(|(checked, _)| checked == note) {
            Some(checked) => checked,
            None => {
                let offered = ConsistentCheckpoint { note: note.to_string(), extends: Vec::new() };
                let opened = check_checkpoint(&offered, &self.trust, nothing_seen())?.checkpoint;
                (Arc::clone(note), Inclusions::new(opened.size(), opened.root()))
            }
        };
        Ok(&mut self.checked.insert(checked).1)
    }

    /// Each receipt proves that its statement, and no other, stands in the tree of a trusted checkpoint.
    fn check_receipts(&mut self, group: &Group, receipts: &[Receipt]) -> Result<(), ClientError> {
        if group.len() != receipts.len() {
            return Err(unbelievable(&"it has receipts for another number of statements"));
        }
        for (submission, receipt) in group.iter().zip(receipts) {
            let tree = self.signed_by_the_log(&receipt.checkpoint)?;
            let record =
                encode_record(receipt.record, receipt.time, &receipt.previous, &submission.statement);
            let stands = leaf_hash(&record) == receipt.hash
                && tree.verify(&receipt.hash, receipt.record, &receipt.proof).is_ok();
            if !stands {
                return Err(unbelievable(&"its receipt does not prove what was sent"));
            }
        }
        Ok(())
    }
}

/// What somebody has seen who has seen nothing.
#[must_use]
pub fn nothing_seen() -> Seen {
    Seen { size: 0, root: vandel_core::merkle::empty_root() }
}

/// What somebody has seen who holds this checkpoint.
#[must_use]
pub fn seen_in(checkpoint: &Checkpoint) -> Seen {
    Seen { size: checkpoint.size(), root: checkpoint.root() }
}

/// Whether a refusal passes by itself: the same group may be sent again.
fn passing(answer: &Result<Vec<Receipt>, Refused>) -> bool {
    answer.as_ref().err().is_some_and(|refused| refused.code == crate::service::HALTED_CODE)
}

fn unbelievable(error: &dyn std::fmt::Display) -> ClientError {
    ClientError::Unbelievable(error.to_string())
}
