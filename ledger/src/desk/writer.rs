//! The writer of a desk: what it has before it, and how it goes on.

use std::collections::{HashMap, VecDeque};

use super::queue::{Question, Queue, Ready, Slip};
use crate::sequencer::{Coming, Sequencer, Ticket, Waiting};
use crate::submission::{Receipt, SubmitError};

/// The sequencer, and what is under way in it.
pub(super) struct Writer<'q> {
    pub(super) sequencer: Sequencer,
    /// Checked, and in no block yet.
    waiting: Waiting,
    /// The block that is on its way.
    coming: Option<Coming>,
    slips: Slips<'q>,
    /// How many keys the checkers know. One that was enrolled stays known, so their number tells whether there are
    /// new ones.
    keys: usize,
}

impl<'q> Writer<'q> {
    pub(super) fn new(queue: &'q Queue, sequencer: Sequencer) -> Self {
        let keys = sequencer.chain().keyring.entries().len();
        let slips = Slips { queue, open: HashMap::new(), next: 0 };
        Self { sequencer, waiting: Waiting::new(), coming: None, slips, keys }
    }

    /// Whether everything that it took is answered.
    pub(super) fn is_idle(&self) -> bool {
        self.coming.is_none() && self.waiting.is_empty()
    }

    /// Takes groups that are checked, and answers those that were refused.
    pub(super) fn take(&mut self, ready: Vec<Ready>) {
        for Ready { checked, slip } in ready {
            let slip = self.slips.open(slip);
            for (group, checked) in checked.into_iter().enumerate() {
                let ticket = Ticket { slip, group };
                match checked {
                    Ok(checked) => self.waiting.push_back((ticket, checked)),
                    Err(error) => self.slips.answer(ticket, Err(error)),
                }
            }
        }
    }

    /// Ends the block that is on its way, and begins one of what waits.
    pub(super) fn go_on(&mut self) {
        let Self { sequencer, waiting, coming, slips, .. } = self;
        *coming = sequencer.go_on(coming.take(), waiting, &mut |ticket, result| slips.answer(ticket, result));
    }

    /// Ends the block that is on its way, and begins none.
    pub(super) fn end_what_is_coming(&mut self) {
        if let Some(ended) = self.coming.take() {
            self.sequencer.end(ended, &mut |ticket, result| self.slips.answer(ticket, result));
        }
    }

    /// Questions are answered between two blocks, with nothing on its way, and come before what waits: they are short,
    /// and people wait for them. A sequencer that has stopped is asked nothing, for what it holds may not be in the log:
    /// who asked learns that from the question being dropped.
    pub(super) fn answer_questions(&mut self, questions: VecDeque<Question>) {
        if self.sequencer.halted().is_none() {
            questions.into_iter().for_each(|question| question(&mut self.sequencer));
        }
    }

    /// The checkers verify against the keys that there are now.
    pub(super) fn tell_of_new_keys(&mut self) {
        let keyring = &self.sequencer.chain().keyring;
        if keyring.entries().len() != self.keys {
            self.keys = keyring.entries().len();
            self.slips.queue.set_keyring(keyring.clone());
        }
    }
}

/// Whom to answer.
struct Slips<'q> {
    queue: &'q Queue,
    open: HashMap<u64, Slip>,
    next: u64,
}

impl Slips<'_> {
    fn open(&mut self, slip: Slip) -> u64 {
        let number = self.next;
        self.next += 1;
        self.open.insert(number, slip);
        number
    }

    /// Notes an answer, and gives all of a slip's out with the last.
    fn answer(&mut self, ticket: Ticket, result: Result<Vec<Receipt>, SubmitError>) {
        let is_last = |slip: &mut Slip| slip.note(ticket.group, result);
        if self.open.get_mut(&ticket.slip).is_some_and(is_last)
            && let Some(slip) = self.open.remove(&ticket.slip)
        {
            self.queue.answer(slip);
        }
    }
}
