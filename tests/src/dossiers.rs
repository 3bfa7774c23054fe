//! A ledger with cases and published digests, and the dossier of one of them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use vandel_core::block::Block;
use vandel_core::dossier::{Absence, AbsentPart, Brought, Dossier, Gathered, ShownCompartments};
use vandel_core::event::{BodySignature, Grant, KeyEnrolled, KeyRevoked, OpenEvent, Revocation, Role, Scope};
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::{ActorId, ThreadId};
use vandel_core::payload::{Payload, Slot};
use vandel_core::signature::{SigningKey, public_key, sign};
use vandel_core::trust::parse_trust;
use vandel_core::view::{AuthorityRows, CASES, CaseRow, Computed, ComputedDigests, ViewTree};
use vandel_ledger::author::sign_event;
use vandel_ledger::sealing::{Unsealed, from_opened};
use vandel_ledger::sequencer::Sequencer;

use crate::ledger_builder::LedgerBuilder;

/// The case of the fixture's first seed.
pub const CASE: ThreadId = ThreadId([1 ^ 0x80; 16]);

/// The rows of the view over cases, as the sequencer's fold has them.
///
/// # Panics
/// If the ledger does not let it.
#[must_use]
pub fn rows(sequencer: &Sequencer) -> Vec<CaseRow> {
    CaseRow::of_threads(sequencer.threads().expect("the threads"))
}

/// Publishes both views by the instance's own key.
///
/// # Panics
/// If the ledger does not let it.
pub fn publish(sequencer: &mut Sequencer) {
    let ledger = sequencer.chain().ledger;
    let cases = ViewTree::of_cases(&rows(sequencer)).event(&ledger, sequencer.chain().size());
    sequencer.commit_own(OpenEvent::DigestPublished(cases)).expect("a service publishes");
    publish_authority(sequencer);
}

/// Publishes the view over authority.
///
/// # Panics
/// If the ledger does not let it.
pub fn publish_authority(sequencer: &mut Sequencer) {
    let (ledger, size) = (sequencer.chain().ledger, sequencer.chain().size());
    let authority = authority(sequencer).tree().event(&ledger, size);
    sequencer.commit_own(OpenEvent::DigestPublished(authority)).expect("a service publishes");
}

fn authority(sequencer: &Sequencer) -> AuthorityRows {
    let mut rows = AuthorityRows::default();
    each_record(sequencer, |record| {
        if let vandel_core::statement::Body::Open(event) = &record.statement.statement.body {
            rows.fold(record.number, event);
        }
    });
    rows
}

fn each_record(sequencer: &Sequencer, mut visit: impl FnMut(&vandel_core::record::Record<'_>)) {
    for placed in sequencer.log().blocks_from(0) {
        let placed = placed.expect("a sound log");
        let block = Block::decode(&placed.bytes).expect("a sound block");
        block.records.iter().for_each(&mut visit);
    }
}

/// Everything that the log tells for the case.
///
/// # Panics
/// If the ledger does not let it.
#[must_use]
pub fn gather(sequencer: &Sequencer) -> Gathered {
    let thread = sequencer.threads().expect("the threads").get(&CASE).expect("the case");
    let mut gathered = Gathered::for_records(thread.records.iter().copied());
    each_record(sequencer, |record| gathered.take(record));
    gathered
}

/// The case's steps with what `shows` lets through; the rest is withheld.
///
/// # Panics
/// If the ledger does not let it.
#[must_use]
pub fn steps(sequencer: &Sequencer, shows: impl Fn(Slot) -> bool) -> Vec<ShownCompartments> {
    let records = sequencer.threads().expect("the threads").get(&CASE).expect("the case").records.clone();
    let step = |record: u64| {
        let opened = sequencer.vault().get(record).expect("a vault").expect("a payload");
        let Unsealed::Payload(payload) = from_opened(opened) else { panic!("it opens") };
        let mut payload: Payload = *payload;
        let mut absent = Vec::new();
        for slot in Slot::ALL {
            if !shows(slot) && payload.parts[slot.index()].take().is_some() {
                let withheld = AbsentPart {
                    slot: slot as u8,
                    why: Absence::Withheld,
                    started: None,
                    executed: None,
                    by: None,
                };
                absent.push(withheld);
            }
        }
        ShownCompartments { record, payload, absent }
    };
    records.into_iter().map(step).collect()
}

/// The dossier of the case as things stand, with everything shown.
///
/// # Panics
/// If the ledger does not let it.
#[must_use]
pub fn dossier(sequencer: &Sequencer) -> Dossier {
    let gathered = gather(sequencer);
    let last = sequencer
        .threads()
        .expect("the threads")
        .get(&CASE)
        .and_then(|thread| thread.records.last().copied());
    let digests = gathered.digests(last.expect("a step")).expect("published");
    gathered
        .dossier(
            sequencer.chain().ledger,
            CASE,
            &steps(sequencer, |_| true),
            digests,
            &rows(sequencer),
            sequencer.checkpoint(),
        )
        .expect("the rows are those that were published")
}

/// A reader with the ledger's trust file, who has computed the digest of the cases itself.
///
/// # Panics
/// If the ledger does not let it.
#[must_use]
pub fn reader(built: &LedgerBuilder, sequencer: &Sequencer, dossier: &Dossier) -> Brought {
    let published = dossier.complete.cases.published;
    let ledger = sequencer.chain().ledger;
    // Everything before the publishing record was folded.
    let digest = ViewTree::of_cases(&rows(sequencer)).digest(&ledger, published);
    let computed = Computed { view: CASES.to_owned(), position: published, digest };
    Brought { recomputed: vec![ComputedDigests { ledger, digests: vec![computed] }], ..truster(built) }
}

/// A reader with the trust file alone.
///
/// # Panics
/// If the ledger does not let it.
#[must_use]
pub fn truster(built: &LedgerBuilder) -> Brought {
    let trust = std::fs::read(built.home.trust()).expect("a trust file");
    Brought { trust: Some(parse_trust(&trust).expect("a trust file")), ..Brought::default() }
}

/// Enrols a key for a service of its own.
///
/// # Panics
/// If the ledger does not let it.
///
/// # Panics
/// If the ledger does not let it.
pub fn enrol_service(built: &LedgerBuilder, sequencer: &mut Sequencer, secret: &SigningKey, actor: u8) {
    built.enrol(sequencer, secret, ActorId([actor; 16]), Role::Service);
}

/// Publishes an event by another key than the instance's.
///
/// # Panics
/// If the ledger does not let it.
pub fn say(sequencer: &mut Sequencer, key: &SigningKey, event: OpenEvent) {
    let submission = sign_event(&sequencer.standpoint(), key, None, event);
    sequencer.commit_one(submission).expect("a service says so");
}

/// Revokes a key.
///
/// # Panics
/// If the ledger does not let it.
pub fn revoke(built: &LedgerBuilder, sequencer: &mut Sequencer, key: &SigningKey) {
    let key = public_key(key);
    let revoked = KeyRevoked { key, reason: Revocation::Lost, suspect_since: None };
    built.say(sequencer, OpenEvent::KeyRevoked(revoked)).expect("two administrators revoke");
}

/// Gives the decider's key narrower grants: one more record that speaks of it.
///
/// # Panics
/// If the ledger does not let it.
pub fn narrow(built: &LedgerBuilder, sequencer: &mut Sequencer, until: &str) {
    let (key, actor) = (public_key(&built.decider), ActorId([3; 16]));
    let message = vandel_core::chain::possession_message(&sequencer.chain().ledger, &actor, &key);
    let possession = BodySignature::from_bytes(&sign(&built.decider, Domain::Possession, &[&message]));
    let from = "2026-01-01".parse().expect("a day");
    let until = Some(until.parse().expect("a day"));
    let grants = vec![Grant { role: Role::Decider, scope: Scope::default(), from, until }];
    let enrolled = KeyEnrolled { actor, key, grants, expires: None, possession };
    built.say(sequencer, OpenEvent::KeyEnrolled(enrolled)).expect("two administrators enrol");
}

/// A digest that is not that of any state.
///
/// # Panics
/// If the ledger does not let it.
#[must_use]
pub fn false_digest(sequencer: &Sequencer, rows: &[CaseRow]) -> (OpenEvent, Hash) {
    let event = ViewTree::of_cases(rows).event(&sequencer.chain().ledger, sequencer.chain().size());
    let digest = event.digest;
    (OpenEvent::DigestPublished(event), digest)
}

/// The statement hash of a record that a dossier shows.
///
/// # Panics
/// If it does not show it.
#[must_use]
pub fn statement_of(value: &serde_json::Value, number: u64) -> Hash {
    let records = value["records"].as_array().expect("records");
    let record = records.iter().find(|record| record["record"] == number).expect("shown");
    let bytes = BASE64_STANDARD.decode(record["bytes"].as_str().expect("text")).expect("base64");
    vandel_core::record::Record::decode(&bytes).expect("a record").statement.hash()
}
