//! A chain from some of its records: what a dossier shows of it.
//!
//! An excerpt knows the records that it was shown, in their order, and judges each by the same rules as
//! the whole chain. What needs the records between them it cannot tell: the links, the blocks, and
//! whether a checkpoint that an author had seen was one of this chain's.

use crate::chain::{Chain, Fault, FaultKind, OpenRefusal, Place, SignatureCheck, SignatureOf, open_event};
use crate::event::OpenEvent;
use crate::hash::Hash;
use crate::id::LedgerId;
use crate::merkle::Frontier;
use crate::record::Record;
use crate::statement::ledger_id;

impl Chain {
    /// Judges one record of an excerpt and folds it in. Records come in ascending order and begin with
    /// record 0. That the record is in the tree has been proved elsewhere.
    ///
    /// # Errors
    /// The fault; the excerpt must not be used further.
    pub fn take_shown<'a>(
        &mut self,
        record: &Record<'a>,
        checks: &mut Vec<SignatureCheck<'a>>,
    ) -> Result<(), Fault> {
        let place = Place { block: 0, record: Some(record.number) };
        let fault = |kind| Fault { place, kind };
        let next = self.size();
        if record.number < next || (next == 0 && record.number != 0) {
            return Err(fault(FaultKind::RecordNumber { expected: next, found: record.number }));
        }
        if next == 0 {
            let Some(OpenEvent::LedgerOpened(opened)) = open_event(record) else {
                return Err(fault(FaultKind::Open(OpenRefusal::NotOpened)));
            };
            self.ledger = ledger_id(record.statement.signed_bytes);
            self.sequencer = opened.service_key;
        }
        let ledger = if record.number == 0 { LedgerId(Hash::ZERO.0) } else { self.ledger };
        if record.statement.statement.ledger != ledger {
            let found = record.statement.statement.ledger;
            return Err(fault(FaultKind::Ledger { expected: ledger, found }));
        }
        if record.time < self.time {
            return Err(fault(FaultKind::TimeRunsBack { before: self.time, found: record.time }));
        }
        self.stand_before(record.number);
        if let Some(event) = open_event(record) {
            self.take_open(event, record, checks).map_err(fault)?;
        }
        checks.push(SignatureCheck {
            place,
            of: SignatureOf::Author,
            key: self.author_key(record).map_err(fault)?,
            message: record.statement.signed_bytes,
            signature: record.statement.signature,
        });
        self.head = record.hash();
        self.time = record.time;
        self.stand_before(record.number + 1);
        Ok(())
    }

    /// Only how many records there are is known of the tree, and rules ask for no more.
    fn stand_before(&mut self, number: u64) {
        let unknown = vec![Hash::ZERO; number.count_ones() as usize];
        if let Ok(frontier) = Frontier::from_parts(number, unknown) {
            self.frontier = frontier;
        }
    }
}
