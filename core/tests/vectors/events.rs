//! Open events, each field by field, and bytes that are no open event.

use serde::Serialize;
use vandel_core::codec::encode_body;
use vandel_core::event::{BodySignature, Grant, LedgerOpened, OpenEvent, Role, Scope};
use vandel_core::id::{AssignmentId, ControllerId, LedgerId, UnitId};

use crate::fields::Fields;
use crate::file::{Case, Expected};
use crate::ledger::{
    checkpoint_rotated, completed, digest, disposal, enrolled, erasure, executed, instance, opened, policy,
    revoked, rotated, statistics,
};
use crate::world::{START, TODAY, day, filler};

/// The fields must be the library's own encoding: two encoders, one answer.
#[track_caller]
pub(crate) fn same<T: Serialize>(fields: Fields, value: &T) -> Fields {
    assert_eq!(fields.bytes(), encode_body(value), "the fields are not the encoding of the value");
    fields
}

fn proven(fields: Fields, possession: &BodySignature) -> Fields {
    fields.raw("possession R", possession.0, "first half of the new key's signature").raw(
        "possession S",
        possession.1,
        "second half",
    )
}

fn opening(event: &LedgerOpened) -> Fields {
    let mut fields = Fields::new()
        .variant(0, "LedgerOpened")
        .text("origin", &event.origin)
        .raw("checkpoint_key", event.checkpoint_key.0, "public key")
        .raw("service", event.service.0, "actor id")
        .raw("service_key", event.service_key.0, "public key");
    for (index, administrator) in event.administrators.iter().enumerate() {
        fields = fields.raw(&format!("administrators {index} actor"), administrator.actor.0, "actor id").raw(
            &format!("administrators {index} key"),
            administrator.key.0,
            "public key",
        );
    }
    let fields = fields.day("day", TODAY);
    match &event.predecessor {
        None => fields.none("predecessor"),
        Some(note) => fields.some("predecessor").text("predecessor note", note),
    }
}

fn enrolment(ledger: &LedgerId) -> Fields {
    let mut event = enrolled(ledger, 0xca, "carol", Role::Decider);
    let scope = Scope {
        controller: Some(ControllerId([0x11; 16])),
        unit: Some(UnitId([0x22; 16])),
        assignment: Some(AssignmentId([0x33; 16])),
    };
    event.grants.push(Grant { role: Role::Handler, scope, from: day(TODAY), until: Some(day(TODAY + 365)) });
    event.expires = Some(crate::world::second(1_900_000_000));
    let fields = Fields::new()
        .variant(2, "KeyEnrolled")
        .raw("actor", event.actor.0, "actor id")
        .raw("key", event.key.0, "the new public key")
        .varint("grants length", 2)
        .term("grants 0 role", 1, "decider")
        .none("grants 0 scope controller")
        .none("grants 0 scope unit")
        .none("grants 0 scope assignment")
        .day("grants 0 from", TODAY)
        .none("grants 0 until")
        .term("grants 1 role", 0, "handler")
        .some("grants 1 scope controller")
        .raw("grants 1 scope controller id", [0x11; 16], "controller id")
        .some("grants 1 scope unit")
        .raw("grants 1 scope unit id", [0x22; 16], "unit id")
        .some("grants 1 scope assignment")
        .raw("grants 1 scope assignment id", [0x33; 16], "assignment id")
        .day("grants 1 from", TODAY)
        .some("grants 1 until")
        .day("grants 1 until day", TODAY + 365)
        .some("expires")
        .varint("expires second", 1_900_000_000);
    let fields = proven(fields, &event.possession);
    same(fields, &OpenEvent::KeyEnrolled(event))
}

fn keys(ledger: &LedgerId) -> Vec<Case> {
    let rotation = rotated(ledger);
    let fields = Fields::new()
        .variant(3, "KeyRotated")
        .raw("old", rotation.old.0, "the key that ends")
        .raw("new", rotation.new.0, "the key that takes its place")
        .some("expires")
        .varint("expires second", 1_900_000_000);
    let rotation = same(proven(fields, &rotation.possession), &OpenEvent::KeyRotated(rotation));
    let revocation = Fields::new()
        .variant(4, "KeyRevoked")
        .raw("key", revoked().key.0, "the key that ends")
        .term("reason", 2, "compromised")
        .some("suspect_since")
        .varint("suspect_since second", START);
    let log = checkpoint_rotated(ledger);
    let fields =
        Fields::new().variant(5, "CheckpointKeyRotated").raw("new", log.new.0, "the new checkpoint key");
    let log = same(proven(fields, &log.possession), &OpenEvent::CheckpointKeyRotated(log));
    vec![
        enrolment(ledger)
            .accept("key enrolled", "two grants, one for the whole ledger and one with a full scope"),
        rotation.accept("key rotated", "with an end"),
        same(revocation, &OpenEvent::KeyRevoked(revoked())).accept("key revoked", "with a suspect second"),
        log.accept("checkpoint key rotated", "possession is proved for the zero actor id"),
    ]
}

fn acts() -> Vec<Case> {
    let adopted = Fields::new()
        .variant(6, "PolicyAdopted")
        .text("pack", &policy().pack)
        .day("from", TODAY)
        .text("confirmed_by", &policy().confirmed_by);
    let decision = Fields::new()
        .variant(7, "DisposalAdopted")
        .text("body", &disposal().body)
        .text("number", &disposal().number)
        .day("decided", TODAY - 19)
        .varint("classes length", 1)
        .text("classes 0", "note")
        .day("from", TODAY)
        .some("until")
        .day("until day", TODAY + 3_652);
    let published = Fields::new()
        .variant(8, "DigestPublished")
        .text("view", "cases")
        .varint("version", 1)
        .varint("position", 11)
        .raw("digest", filler("digest"), "SHA-256");
    let committed = Fields::new()
        .variant(9, "StatisticsCommitted")
        .day("from", TODAY - 79)
        .day("until", TODAY)
        .raw("commitment", filler("statistics"), "SHA-256");
    vec![
        same(adopted, &OpenEvent::PolicyAdopted(policy()))
            .accept("policy adopted", "the pack is TOML, whole"),
        same(decision, &OpenEvent::DisposalAdopted(disposal())).accept("disposal adopted", "one class"),
        same(published, &OpenEvent::DigestPublished(digest())).accept("digest published", "of a view"),
        same(committed, &OpenEvent::StatisticsCommitted(statistics()))
            .accept("statistics committed", "one quarter"),
    ]
}

fn erasures() -> Vec<Case> {
    let started = Fields::new()
        .variant(10, "ErasureStarted")
        .varint("records length", 2)
        .varint("records 0", 7)
        .varint("records 1", 8)
        .raw("plan", filler("plan"), "salted hash of the plan")
        .varint("expires", START + 86_400);
    let carried_out = Fields::new()
        .variant(11, "ErasureExecuted")
        .varint("started", 17)
        .term("root_cell", 0, "file")
        .varint("epoch", 2)
        .raw("manifest", filler("manifest"), "SHA-256");
    let done = Fields::new().variant(12, "ErasureCompleted").varint("started", 17).varint("oldest_epoch", 2);
    vec![
        same(started, &OpenEvent::ErasureStarted(erasure())).accept("erasure started", "two records"),
        same(carried_out, &OpenEvent::ErasureExecuted(executed()))
            .accept("erasure executed", "root key in a file"),
        same(done, &OpenEvent::ErasureCompleted(completed())).accept("erasure completed", "backups are gone"),
    ]
}

pub(crate) fn accepted(ledger: &LedgerId) -> Vec<Case> {
    let continued = LedgerOpened { predecessor: Some("old.example/ledger\n".to_owned()), ..opened() };
    let start = Fields::new().variant(1, "SequencerStarted").raw(
        "instance",
        instance("one").instance,
        "16 random bytes",
    );
    let mut cases = vec![
        same(opening(&opened()), &OpenEvent::LedgerOpened(opened())).accept("ledger opened", "a new ledger"),
        same(opening(&continued), &OpenEvent::LedgerOpened(continued))
            .accept("ledger continued", "with a predecessor"),
        same(start, &OpenEvent::SequencerStarted(instance("one")))
            .accept("sequencer started", "first instance"),
    ];
    cases.extend(keys(ledger));
    cases.extend(acts());
    cases.extend(erasures());
    cases
}

pub(crate) fn rejected(ledger: &LedgerId) -> Vec<Case> {
    let bad = |name: &str| Expected::named(name).what("event");
    let (body, canonical, trailing) = (bad("BadBody"), bad("NotCanonical"), bad("Trailing"));
    let enrolled = || enrolment(ledger);
    let done =
        || Fields::new().variant(12, "ErasureCompleted").varint("started", 17).varint("oldest_epoch", 2);
    let refused = |fields: Fields, name: &str, comment: &str, error: &Expected| {
        fields.reject(name, comment, error.clone())
    };
    let [low, high] = [-25_568, 84_006].map(|days| {
        Fields::new().variant(9, "StatisticsCommitted").day("from", days).day("until", TODAY).raw(
            "commitment",
            filler("statistics"),
            "SHA-256",
        )
    });
    vec![
        refused(Fields::new(), "empty", "no bytes at all", &body),
        refused(
            Fields::new().variant(13, "no event"),
            "unknown event",
            "the first number that no event has",
            &body,
        ),
        refused(
            done().with("variant", [0x8c, 0x00], "12 in two bytes"),
            "variant overlong",
            "an overlong varint",
            &canonical,
        ),
        refused(
            done().with("started", [0x91, 0x00], "17 in two bytes"),
            "number overlong",
            "an overlong varint",
            &canonical,
        ),
        refused(
            done().with("started", [0x91, 0x80, 0x00], "17 in three bytes"),
            "number more overlong",
            "an overlong varint",
            &canonical,
        ),
        refused(
            done().with("started", [0xff; 10], "ten bytes that go on"),
            "number endless",
            "a varint of more than ten bytes",
            &body,
        ),
        refused(
            done().with("started", [&[0xff; 9][..], &[0x02]].concat(), "2^64 and more"),
            "number too large",
            "more than 64 bits",
            &body,
        ),
        refused(
            done().raw("after", [0], "one byte too many"),
            "trailing byte",
            "a body ends with its last field",
            &trailing,
        ),
        refused(done().cut("oldest_epoch"), "cut", "the last field is missing", &body),
        refused(enrolled().cut("key"), "cut in a key", "a fixed array is cut", &body),
        refused(
            enrolled().with("expires", [2], "neither none nor some"),
            "option tag 2",
            "an option is 00 or 01",
            &body,
        ),
        refused(
            enrolled().with("expires", [0x81, 0x00], "some in two bytes"),
            "option tag overlong",
            "an option's tag is one byte",
            &body,
        ),
        refused(
            enrolled().with("grants length", [0x82, 0x00], "2 in two bytes"),
            "length overlong",
            "a length is a varint too",
            &canonical,
        ),
        refused(
            enrolled().with("grants length", [0xff, 0xff, 0xff, 0xff, 0x0f], "4,294,967,295"),
            "length beyond the end",
            "a list longer than the bytes",
            &body,
        ),
        refused(
            enrolled().with("grants 0 role", [8], "no role"),
            "unknown role",
            "the first number that no role has",
            &body,
        ),
        refused(
            enrolled().with("grants 0 role", [0x81, 0x00], "1 in two bytes"),
            "role overlong",
            "a term is a varint too",
            &canonical,
        ),
        refused(
            enrolled().with("grants 0 from", [0xe8, 0xc0, 0x82, 0x00], "an overlong day"),
            "day overlong",
            "a day is a zigzag varint",
            &canonical,
        ),
        refused(
            enrolled().with("possession S", [0x55; 31], "31 bytes"),
            "signature cut",
            "half a signature has 32 bytes",
            &body,
        ),
        refused(low, "day before 1900", "1899-12-31 is no day here", &body),
        refused(high, "day after 2199", "2200-01-01 is no day here", &body),
        refused(
            opening(&opened()).with("origin", [0x02, 0xc3, 0x28], "not UTF-8"),
            "text not UTF-8",
            "a text is UTF-8",
            &body,
        ),
        refused(
            opening(&opened()).with("origin", [0x7f, b'a'], "a length of 127"),
            "text cut",
            "the text swallows what follows, and the end is missing",
            &body,
        ),
    ]
}
