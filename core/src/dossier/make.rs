//! Gathering a dossier from a log: one pass over its records, then what belongs to one case.

use std::collections::{BTreeMap, BTreeSet};

use crate::dossier::text::{Base64, Hex};
use crate::dossier::{
    AbsentPart, AuthorityProof, AuthorityRow, Completeness, Dossier, FORM, RowProof, ShownCase, ShownPart,
    ShownRecord, ShownStep,
};
use crate::event::{DigestPublished, OpenEvent, Role};
use crate::hash::Hash;
use crate::id::{ActorId, LedgerId, PublicKey, ThreadId};
use crate::merkle::{NodeMemory, inclusion_proof};
use crate::payload::{Payload, Slot};
use crate::record::Record;
use crate::statement::Body;
use crate::view::{AUTHORITY, Authority, AuthorityRows, CASES, CaseRow, VIEW_VERSION, ViewTree};

/// Why a dossier could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    /// No usable digest was published.
    #[error("no digest of the views over cases and authority has been published that covers the case")]
    NoDigest,
    /// The rows are not those of the published digest.
    #[error("the rows do not give the digest that record {record} published")]
    Rows {
        /// The record that published the digest.
        record: u64,
    },
    /// A record that is needed was not gathered.
    #[error("record {record} is needed and was not gathered")]
    Missing {
        /// The record.
        record: u64,
    },
}

/// One step of the case, as it is to be shown.
pub struct ShownCompartments {
    /// Its record.
    pub record: u64,
    /// The payload, with the parts that are to be shown and no others.
    pub payload: Payload,
    /// What is not shown, and why.
    pub absent: Vec<AbsentPart>,
}

/// What one pass over a log has gathered.
#[derive(Default)]
pub struct Gathered {
    nodes: NodeMemory,
    wanted: BTreeSet<u64>,
    /// The bytes of open records, sequencer starts excepted, and of the wanted ones.
    bytes: BTreeMap<u64, Vec<u8>>,
    authority: AuthorityRows,
    digests: Vec<(u64, DigestPublished, PublicKey)>,
    /// Keys that have ever administered: the rules count how many remain.
    administrators: BTreeSet<PublicKey>,
    /// Who holds which key, so that a service does not confirm its own digest with another key.
    actors: BTreeMap<PublicKey, ActorId>,
    always: BTreeSet<u64>,
}

impl Gathered {
    /// For a case whose steps stand in these records.
    #[must_use]
    pub fn for_records(records: impl IntoIterator<Item = u64>) -> Self {
        Self { wanted: records.into_iter().collect(), ..Self::default() }
    }

    /// Takes in the next record.
    pub fn take(&mut self, record: &Record<'_>) {
        self.nodes.append(record.hash());
        let event = match &record.statement.statement.body {
            Body::Open(event) => event,
            Body::Sealed(_) => {
                if self.wanted.contains(&record.number) {
                    self.bytes.insert(record.number, record.bytes.to_vec());
                }
                return;
            }
        };
        self.authority.fold(record.number, event);
        match &**event {
            OpenEvent::SequencerStarted(_) => return,
            OpenEvent::DigestPublished(published) => {
                self.digests.push((record.number, published.clone(), record.statement.statement.author));
            }
            OpenEvent::LedgerOpened(opened) => {
                self.administrators.extend(opened.administrators.map(|one| one.key));
                self.actors.insert(opened.service_key, opened.service);
                self.always.insert(record.number);
            }
            OpenEvent::KeyEnrolled(enrolled) => {
                self.actors.insert(enrolled.key, enrolled.actor);
                if enrolled.grants.iter().any(|grant| grant.role == Role::Administrator) {
                    self.administrators.insert(enrolled.key);
                }
            }
            OpenEvent::KeyRotated(rotated) => {
                if self.administrators.contains(&rotated.old) {
                    self.administrators.insert(rotated.new);
                }
                if let Some(actor) = self.actors.get(&rotated.old).copied() {
                    self.actors.insert(rotated.new, actor);
                }
            }
            OpenEvent::CheckpointKeyRotated(_) | OpenEvent::PolicyAdopted(_) => {
                self.always.insert(record.number);
            }
            _ => {}
        }
        self.bytes.insert(record.number, record.bytes.to_vec());
    }

    /// How many records have been taken in.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.nodes.size()
    }

    /// The newest pair of digests that shows a case whole: of the view over cases, at a position beyond
    /// the case's last record, and of the view over authority, at a position beyond the first one's record.
    #[must_use]
    pub fn digests(&self, last_record: u64) -> Option<(u64, u64)> {
        let of = |view: &'static str| {
            let named = move |one: &&(u64, DigestPublished, PublicKey)| {
                one.1.view == view && one.1.version == VIEW_VERSION
            };
            self.digests.iter().rev().filter(named)
        };
        let (authority, published, _) = of(AUTHORITY).next()?;
        let (cases, _, _) =
            of(CASES).find(|(record, one, _)| *record < published.position && one.position > last_record)?;
        Some((*cases, *authority))
    }

    fn digest(&self, record: u64) -> Option<(&DigestPublished, PublicKey)> {
        let found = self.digests.iter().find(|(number, ..)| *number == record);
        found.map(|(_, published, key)| (published, *key))
    }

    /// Puts a dossier together. `rows` are all rows of the view over cases at the position of the digest
    /// that record `cases` published; `checkpoint` is a signed one over all records that were taken in.
    ///
    /// # Errors
    /// If the digests are not there or not of these rows.
    pub fn dossier(
        &self,
        ledger: LedgerId,
        thread: ThreadId,
        steps: &[ShownCompartments],
        digests: (u64, u64),
        rows: &[CaseRow],
        checkpoint: &str,
    ) -> Result<Dossier, MakeError> {
        let (cases, authority) = digests;
        let row = self.case_row(&ledger, thread, cases, rows)?;
        let confirmed = self.confirmations(cases);
        let mut shown = self.always.clone();
        shown.extend([cases, authority]);
        shown.extend(&confirmed);
        shown.extend(steps.iter().map(|step| step.record));
        let erased = steps.iter().flat_map(|step| &step.absent);
        shown.extend(erased.flat_map(|part| [part.started, part.executed]).flatten());
        let approvers = steps.iter().filter_map(|step| approver(&step.payload));
        let signers = self.close(&mut shown, approvers)?;
        let authority = self.authority_proof(&ledger, authority, &signers)?;
        let records = shown.iter().map(|number| self.shown(*number)).collect::<Result<_, _>>()?;
        Ok(Dossier {
            form: FORM.to_owned(),
            ledger: Hex(ledger),
            checkpoint: checkpoint.to_owned(),
            records,
            case: ShownCase { thread: Hex(thread), steps: steps.iter().map(shown_step).collect() },
            complete: Completeness { cases: row, authority, confirmed },
        })
    }

    /// Adds the records of every key that signed one that is shown, until nothing is missing.
    fn close(
        &self,
        shown: &mut BTreeSet<u64>,
        approvers: impl Iterator<Item = PublicKey>,
    ) -> Result<BTreeSet<PublicKey>, MakeError> {
        let mut signers: BTreeSet<PublicKey> = approvers.collect();
        let mut known: BTreeSet<PublicKey> = self.administrators.clone();
        loop {
            let before = (shown.len(), signers.len());
            for number in &*shown {
                let bytes = self.bytes.get(number).ok_or(MakeError::Missing { record: *number })?;
                let Ok(record) = Record::decode(bytes) else {
                    return Err(MakeError::Missing { record: *number });
                };
                signers.insert(record.statement.statement.author);
                signers.extend(record.statement.second.map(|(key, _)| key));
                if let Body::Open(event) = &record.statement.statement.body
                    && let OpenEvent::KeyRotated(rotated) = &**event
                {
                    known.insert(rotated.old);
                }
            }
            for key in signers.iter().chain(&known) {
                shown.extend(self.authority.records(&Authority::Key(*key)));
            }
            if before == (shown.len(), signers.len()) {
                return Ok(signers);
            }
        }
    }

    fn case_row(
        &self,
        ledger: &LedgerId,
        thread: ThreadId,
        record: u64,
        rows: &[CaseRow],
    ) -> Result<RowProof, MakeError> {
        let (published, _) = self.digest(record).ok_or(MakeError::NoDigest)?;
        let tree = ViewTree::of_cases(rows);
        if tree.digest(ledger, published.position) != published.digest {
            return Err(MakeError::Rows { record });
        }
        if !rows.iter().any(|row| row.thread == thread) {
            return Err(MakeError::NoDigest);
        }
        let index = rows.iter().filter(|row| row.thread < thread).count() as u64;
        let proof = tree.proof(index).ok_or(MakeError::NoDigest)?;
        Ok(RowProof { published: record, rows: tree.rows(), index, proof: hex(proof) })
    }

    fn authority_proof(
        &self,
        ledger: &LedgerId,
        record: u64,
        signers: &BTreeSet<PublicKey>,
    ) -> Result<AuthorityProof, MakeError> {
        let (published, _) = self.digest(record).ok_or(MakeError::NoDigest)?;
        let rows = self.authority.at(published.position);
        let tree = rows.tree();
        if tree.digest(ledger, published.position) != published.digest {
            return Err(MakeError::Rows { record });
        }
        let subjects = signers.iter().map(|key| Authority::Key(*key));
        let subjects = subjects.chain([Authority::CheckpointKeys, Authority::Policies]);
        let row = |subject: Authority| {
            let index = rows.index(&subject)?;
            let proof = hex(tree.proof(index)?);
            Some(AuthorityRow { subject, records: rows.records(&subject).to_vec(), index, proof })
        };
        let mut shown: Vec<AuthorityRow> = subjects.filter_map(row).collect();
        shown.sort_by_key(|row| row.index);
        Ok(AuthorityProof { published: record, rows: tree.rows(), shown })
    }

    /// Other services' records with the same digest, one for each service.
    fn confirmations(&self, record: u64) -> Vec<u64> {
        let Some((published, key)) = self.digest(record) else { return Vec::new() };
        let mut known = BTreeSet::from([self.actors.get(&key)]);
        let same = self.digests.iter().filter(|(_, other, _)| other == published);
        same.filter(|(_, _, signer)| known.insert(self.actors.get(signer)))
            .map(|(number, ..)| *number)
            .collect()
    }

    fn shown(&self, number: u64) -> Result<ShownRecord, MakeError> {
        let missing = MakeError::Missing { record: number };
        let bytes = self.bytes.get(&number).ok_or_else(|| missing.clone())?;
        let proof = inclusion_proof(&self.nodes, number, self.size()).map_err(|_| missing)?;
        Ok(ShownRecord { record: number, bytes: Base64(bytes.clone()), proof: hex(proof) })
    }
}

fn hex(proof: Vec<Hash>) -> Vec<Hex<Hash>> {
    proof.into_iter().map(Hex).collect()
}

fn approver(payload: &Payload) -> Option<PublicKey> {
    payload.open(&payload.header.commitment()).ok()?.approval.map(|approval| approval.key)
}

fn shown_step(step: &ShownCompartments) -> ShownStep {
    let parts = Slot::ALL.into_iter().filter_map(|slot| {
        let part = step.payload.parts[slot.index()].as_ref()?;
        Some(ShownPart { slot: slot as u8, bytes: Base64(part.stored().to_vec()) })
    });
    ShownStep {
        record: step.record,
        header: Base64(step.payload.header.encode()),
        parts: parts.collect(),
        absent: step.absent.clone(),
    }
}
