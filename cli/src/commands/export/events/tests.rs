//! The schemas of open events are those of the types, and so are the examples.
//!
//! `VANDEL_BLESS=1 cargo test -p vandel --lib export::events` writes the files anew.

#![allow(clippy::unwrap_used)]

use serde_json::json as value_of;
use vandel_core::event::{self as core, BodySignature, DisposalDecision, OpenKind, Role, Scope};
use vandel_core::hash::Hash;
use vandel_core::id::{ActorId, ControllerId, PublicKey, UnitId};
use vandel_core::time::Second;
use vandel_tests::schemas::Schemas;

use super::*;

const ACTOR: ActorId = ActorId([0x11; 16]);
const KEY: PublicKey = PublicKey([0x22; 32]);
const HASH: Hash = Hash([0x33; 32]);
const NOON: Second = Second(1_795_600_000);
const PROOF: BodySignature = BodySignature([0; 32], [0; 32]);

/// An event of each kind, and the type it is written as.
fn examples() -> Vec<(OpenEvent, Add)> {
    let day = "2026-11-25".parse().unwrap();
    let administrator = core::Administrator { actor: ACTOR, key: KEY };
    let scope =
        Scope { controller: Some(ControllerId([5; 16])), unit: Some(UnitId([6; 16])), assignment: None };
    let grant = core::Grant { role: Role::Decider, scope, from: day, until: Some(day) };
    vec![
        (
            OpenEvent::LedgerOpened(core::LedgerOpened {
                origin: "vandel/0123456789abcdef".to_owned(),
                checkpoint_key: KEY,
                service: ACTOR,
                service_key: KEY,
                administrators: [administrator, administrator],
                day,
                predecessor: None,
            }),
            of::<LedgerOpened>(),
        ),
        (OpenEvent::SequencerStarted(core::SequencerStarted { instance: [7; 16] }), of::<SequencerStarted>()),
        (
            OpenEvent::KeyEnrolled(core::KeyEnrolled {
                actor: ACTOR,
                key: KEY,
                grants: vec![grant],
                expires: Some(NOON),
                possession: PROOF,
            }),
            of::<KeyEnrolled>(),
        ),
        (
            OpenEvent::KeyRotated(core::KeyRotated { old: KEY, new: KEY, expires: None, possession: PROOF }),
            of::<KeyRotated>(),
        ),
        (
            OpenEvent::KeyRevoked(core::KeyRevoked {
                key: KEY,
                reason: Revocation::DutiesEnded,
                suspect_since: Some(NOON),
            }),
            of::<KeyRevoked>(),
        ),
        (
            OpenEvent::CheckpointKeyRotated(core::CheckpointKeyRotated { new: KEY, possession: PROOF }),
            of::<CheckpointKeyRotated>(),
        ),
        (
            OpenEvent::PolicyAdopted(core::PolicyAdopted {
                pack: "name = \"se-2026\"\n".to_owned(),
                from: day,
                confirmed_by: "Kommunjuristen, dnr 1".to_owned(),
            }),
            of::<PolicyAdopted>(),
        ),
        (
            OpenEvent::DisposalAdopted(DisposalDecision {
                body: "Kommunstyrelsen".to_owned(),
                number: "KS 2026-1".to_owned(),
                decided: day,
                classes: vec!["assessment".to_owned()],
                from: day,
                until: None,
            }),
            of::<DisposalAdopted>(),
        ),
        (
            OpenEvent::DigestPublished(core::DigestPublished {
                view: "cases".to_owned(),
                version: 1,
                position: 42,
                digest: HASH,
            }),
            of::<DigestPublished>(),
        ),
        (
            OpenEvent::StatisticsCommitted(core::StatisticsCommitted {
                from: day,
                until: day,
                commitment: HASH,
            }),
            of::<StatisticsCommitted>(),
        ),
        (
            OpenEvent::ErasureStarted(core::ErasureStarted {
                records: vec![41, 42],
                plan: HASH,
                expires: NOON,
            }),
            of::<ErasureStarted>(),
        ),
        (
            OpenEvent::ErasureExecuted(core::ErasureExecuted {
                started: 43,
                root_cell: RootCellKind::PassphraseFile,
                epoch: 2,
                manifest: HASH,
            }),
            of::<ErasureExecuted>(),
        ),
        (
            OpenEvent::ErasureCompleted(core::ErasureCompleted { started: 43, oldest_epoch: 2 }),
            of::<ErasureCompleted>(),
        ),
    ]
}

/// Adds a kind's schema and examples.
type Add = fn(&mut Schemas, &OpenEvent);

fn of<T: JsonSchema>() -> Add {
    |schemas, event| {
        let (name, valid) = (event.kind().name(), json(event));
        // The first in the order of names: every kind has it.
        let first = valid.as_object().unwrap().keys().next().unwrap().clone();
        let id = format!("urn:vandel:schema:event:{name}:v1");
        schemas.add::<T>(
            name,
            &id,
            &[valid],
            &[
                ("names-a-person", &|event| event["name"] = value_of!("Anna Andersson")),
                ("lacks-a-member", &|event| drop(event.as_object_mut().unwrap().remove(&first))),
                ("member-of-another-sort", &|event| event[&first] = value_of!({ "is": false })),
            ],
        );
    }
}

#[test]
fn the_committed_schemas_of_open_events_are_those_of_the_types() {
    let mut schemas = Schemas::default();
    examples().iter().for_each(|(event, add)| add(&mut schemas, event));
    assert_eq!(schemas.compare("events"), 13 * 5);
}

#[test]
fn every_kind_of_open_event_has_a_schema() {
    let mut kinds: Vec<OpenKind> = examples().iter().map(|(event, _)| event.kind()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), 13);
    assert!(examples().iter().all(|(event, _)| json(event).is_object()));
}
