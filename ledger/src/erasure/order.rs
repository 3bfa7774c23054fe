//! The order and its approval: two people sign the same bytes, one after the other.
//!
//! The first person makes the statement `erasure started` and signs it; it is kept beside the plan. The
//! second person signs those very bytes. Until it is appended the statement binds nobody; it is void
//! after the second that it names. It holds record numbers and a salted hash, nothing sealed.

use std::io;
use std::path::PathBuf;

use vandel_core::erasure::Plan;
use vandel_core::event::{ErasureStarted, OpenEvent};
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::PublicKey;
use vandel_core::record::{Record, encode_record};
use vandel_core::signature::{SigningKey, public_key, sign, verify_strict};
use vandel_core::statement::{Body, SignedStatement, assemble};
use vandel_core::time::Second;

use super::ErasureError;
use crate::author::sign_event;
use crate::disk::{read_all, replace_atomically};
use crate::sequencer::Sequencer;
use crate::submission::{Submission, SubmitError};

/// An order to erase, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The signed statement: by one person, or by two once it is approved.
    pub statement: Vec<u8>,
    /// Who ordered.
    pub author: PublicKey,
    /// Who approved.
    pub approver: Option<PublicKey>,
    /// Both signatures are void after this second.
    pub expires: Second,
}

impl Order {
    /// Makes and signs the order of a plan.
    ///
    /// # Errors
    /// Never for a statement that was just made; the type says so because reading can fail.
    pub fn sign(
        sequencer: &Sequencer,
        plan: &Plan,
        expires: Second,
        author: &SigningKey,
    ) -> Result<Self, ErasureError> {
        let event = ErasureStarted { records: plan.records(), plan: plan.hash(), expires };
        let standpoint = sequencer.standpoint();
        let signed = sign_event(&standpoint, author, None, OpenEvent::ErasureStarted(event));
        Self::read(signed.statement, plan)
    }

    /// Reads an order and makes sure that it is one for this plan, signed by its author.
    ///
    /// # Errors
    /// If it is not.
    pub fn read(statement: Vec<u8>, plan: &Plan) -> Result<Self, ErasureError> {
        let hash = plan.hash();
        let signed = SignedStatement::decode(&statement)?;
        let Body::Open(event) = &signed.statement.body else {
            return Err(ErasureError::AnotherPlan { plan: hash });
        };
        let OpenEvent::ErasureStarted(started) = &**event else {
            return Err(ErasureError::AnotherPlan { plan: hash });
        };
        let fits = started.plan == hash && started.records == plan.records();
        if !fits || signed.statement.ledger != plan.ledger {
            return Err(ErasureError::AnotherPlan { plan: hash });
        }
        let author = signed.statement.author;
        verify_strict(&author, Domain::Statement, &[signed.signed_bytes], &signed.signature)
            .map_err(SubmitError::Signature)?;
        let approver = signed.second.map(|(key, _)| key);
        let expires = started.expires;
        Ok(Self { statement, author, approver, expires })
    }

    /// The order with the second person's signature over the same bytes.
    ///
    /// # Errors
    /// If the order's bytes are refused.
    pub fn approve(&self, approver: &SigningKey) -> Result<Self, ErasureError> {
        let signed = SignedStatement::decode(&self.statement)?;
        let signature = sign(approver, Domain::Statement, &[signed.signed_bytes]);
        let second = (public_key(approver), signature);
        let statement = assemble(signed.signed_bytes, &signed.signature, Some(second));
        Ok(Self { statement, approver: Some(second.0), ..self.clone() })
    }

    /// What is handed in.
    #[must_use]
    pub fn submission(&self) -> Submission {
        Submission { statement: self.statement.clone(), payload: None, evidence: None, seen: None }
    }
}

impl Sequencer {
    fn order_path(&self, plan: &Hash) -> PathBuf {
        self.home().plans().join(format!("{plan}.order"))
    }

    /// Keeps an order beside its plan, durably. A newer one takes its place.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn store_order(&self, plan: &Hash, order: &Order) -> Result<(), ErasureError> {
        Ok(replace_atomically(&**self.disk(), &self.order_path(plan), &order.statement)?)
    }

    /// The order that is kept for a plan; none if nobody has ordered it.
    ///
    /// # Errors
    /// If it can't be read, or is not one for this plan.
    pub fn load_order(&self, plan: &Plan) -> Result<Option<Order>, ErasureError> {
        match read_all(&**self.disk(), &self.order_path(&plan.hash())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => Order::read(other?, plan).map(Some),
        }
    }

    /// Judges an order as if it were handed in now: people, roles, expiry.
    ///
    /// # Errors
    /// The refusal that [`Sequencer::start_erasure`] would give.
    pub fn foresee_order(&self, order: &Order) -> Result<(), ErasureError> {
        let (chain, now) = (self.chain(), self.now());
        let bytes = encode_record(chain.size(), now, &chain.head, &order.statement);
        let record = Record::decode(&bytes)?;
        if let Body::Open(event) = &record.statement.statement.body {
            chain.judge_open(event, &record).map_err(SubmitError::Open)?;
            self.judge_erasure(event, now).map_err(SubmitError::Erasure)?;
        }
        Ok(())
    }
}
