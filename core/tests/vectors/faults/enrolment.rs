//! Opening statements and new keys that are refused.

use vandel_core::event::{KeyRotated, OpenEvent, Role};
use vandel_core::hash::Hash;
use vandel_core::id::{LedgerId, PublicKey};

use super::{Bench, sealed};
use crate::file::Expected;
use crate::ledger::{ALICE, CAROL, checkpoint_rotated, enrolled, grant, instance, opened, revoked, rotated};
use crate::world::{Said, TODAY, actor, day, open, possession, public, secret};

pub(super) fn openings(bench: &mut Bench<'_>) {
    let ledger = bench.ledger;
    let mut bad = |name: &str, comment: &str, error: &str, said: Said<'_>| {
        let mut draft = ledger.draft(0, vec![said]);
        draft.head.ledger = vandel_core::statement::ledger_id(&draft.records[0].unsigned_fields().bytes());
        bench.case(0, draft.fields(), name, comment, Expected::named(error).at(0, Some(0)));
    };
    let with = |change: &dyn Fn(&mut vandel_core::event::LedgerOpened)| {
        let mut event = opened();
        change(&mut event);
        open(OpenEvent::LedgerOpened(event))
    };
    let sound = || with(&|_| {});
    bad(
        "another event",
        "a ledger begins with its opening",
        "Open.NotOpened",
        ("service", None, open(OpenEvent::SequencerStarted(instance("one")))),
    );
    bad("a sealed step", "likewise", "Open.NotOpened", ("alice", None, sealed()));
    bad("one founder", "two people found a ledger", "Open.SignatureCount", ("alice", None, sound()));
    bad(
        "another author",
        "the first administrator is the author",
        "Open.Role",
        ("bob", Some("alice"), sound()),
    );
    bad(
        "another second",
        "the second administrator signs too",
        "Open.Role",
        ("alice", Some("mallory"), sound()),
    );
    bad(
        "one person",
        "two keys, one actor",
        "Open.SamePerson",
        ("alice", Some("bob"), with(&|event| event.administrators[1].actor = event.administrators[0].actor)),
    );
    bad(
        "checkpoint key is a founder's",
        "each key has one use",
        "Open.KeyKnown",
        ("alice", Some("bob"), with(&|event| event.checkpoint_key = public("alice"))),
    );
    bad(
        "checkpoint key is the service's",
        "each key has one use",
        "Open.KeyKnown",
        ("alice", Some("bob"), with(&|event| event.checkpoint_key = public("service"))),
    );
    let torsion = torsion_key();
    bad(
        "checkpoint key with torsion",
        "verifiers would disagree",
        "Open.BadKey.Torsion",
        ("alice", Some("bob"), with(&|event| event.checkpoint_key = torsion)),
    );
    bad(
        "checkpoint key of small order",
        "the identity",
        "Open.BadKey.SmallOrder",
        ("alice", Some("bob"), with(&|event| event.checkpoint_key = identity())),
    );
    for (origin, why) in
        [("", "empty"), ("two words", "a space"), ("a+b", "a plus sign"), ("a\nb", "a line break")]
    {
        let origin = || origin.to_owned();
        bad(
            &format!("origin with {why}"),
            "an origin is a key name",
            "Open.Origin",
            ("alice", Some("bob"), with(&|event| event.origin = origin())),
        );
    }
    bad(
        "origin of 201 bytes",
        "at most 200",
        "Open.Origin",
        ("alice", Some("bob"), with(&|event| event.origin = "x".repeat(201))),
    );
    let mut seen = ledger.draft(0, vec![("alice", Some("bob"), sound())]);
    seen.records[0].seen.root = Hash([0; 32]);
    seen.head.ledger = vandel_core::statement::ledger_id(&seen.records[0].unsigned_fields().bytes());
    bench.case(
        0,
        seen.fields(),
        "opening that saw a root of zeros",
        "the empty tree's root is SHA-256 of nothing",
        Expected::named("SeenRoot").at(0, Some(0)),
    );
    let fields = ledger.draft(0, vec![("alice", Some("bob"), sound())]).fields();
    bench.case(
        0,
        fields,
        "block of the zero ledger",
        "the id is the opening's hash",
        Expected::named("Ledger").at(0, None),
    );
    bench.both(
        4,
        OpenEvent::LedgerOpened(opened()),
        "opened again",
        "record 0 alone opens",
        "Open.OpenedAgain",
    );
}

fn identity() -> PublicKey {
    let mut bytes = [0; 32];
    bytes[0] = 1;
    PublicKey(bytes)
}

fn torsion_key() -> PublicKey {
    use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
    let point = secret("mallory").to_scalar() * ED25519_BASEPOINT_POINT + EIGHT_TORSION[1];
    PublicKey(point.compress().to_bytes())
}

pub(super) fn enrolments(bench: &mut Bench<'_>) {
    let id = bench.ledger.id();
    let frida = || enrolled(&id, 0xf0, "frida", Role::Handler);
    let mut bad =
        |name: &str, comment: &str, error: &str, change: &dyn Fn(&mut vandel_core::event::KeyEnrolled)| {
            let mut event = frida();
            change(&mut event);
            bench.both(4, OpenEvent::KeyEnrolled(event), name, comment, error);
        };
    bad("key with torsion", "verifiers would disagree", "Open.BadKey.Torsion", &|event| {
        event.key = torsion_key()
    });
    bad("key of small order", "the identity", "Open.BadKey.SmallOrder", &|event| event.key = identity());
    bad("key off the curve", "no point", "Open.BadKey.NotOnCurve", &|event| event.key = PublicKey([2; 32]));
    bad("possession of another key", "mallory signed", "Open.Possession.Mismatch", &|event| {
        event.possession = possession(&id, actor(0xf0), "mallory")
    });
    bad(
        "possession for another actor",
        "the message names the actor",
        "Open.Possession.Mismatch",
        &|event| event.possession = possession(&id, actor(0xf1), "frida"),
    );
    bad(
        "possession for another ledger",
        "the message names the ledger",
        "Open.Possession.Mismatch",
        &|event| event.possession = possession(&LedgerId([7; 32]), actor(0xf0), "frida"),
    );
    bad("no grants", "a key without a role", "Open.Grants", &|event| event.grants.clear());
    bad("65 grants", "at most 64", "Open.Grants", &|event| event.grants = vec![grant(Role::Handler); 65]);
    bad("grant ends before it begins", "yesterday before today", "Open.Grants", &|event| {
        event.grants[0].until = Some(day(TODAY - 1))
    });
    bad("key of another person", "carol's", "Open.KeyKnown", &|event| {
        (event.key, event.possession) = (public("carol"), possession(&id, actor(0xf0), "carol"));
    });
    bad("checkpoint key", "each key has one use", "Open.KeyKnown", &|event| {
        (event.key, event.possession) = (public("checkpoint"), possession(&id, actor(0xf0), "checkpoint"));
    });
    let alice = enrolled(&id, ALICE, "alice", Role::Handler);
    bench.both(
        4,
        OpenEvent::KeyEnrolled(alice),
        "grants of the last but one administrator replaced",
        "one person would remain",
        "Open.LastAdministrators",
    );
    let carol = enrolled(&id, CAROL, "carol", Role::Decider);
    bench.both(
        7,
        OpenEvent::KeyEnrolled(carol),
        "ended key again",
        "what has ended stays ended",
        "Open.KeyKnown",
    );
    rotations(bench);
}

fn rotations(bench: &mut Bench<'_>) {
    let id = bench.ledger.id();
    let rotation = |old: &str, new: &str, holder: u8| KeyRotated {
        old: public(old),
        new: public(new),
        possession: possession(&id, actor(holder), new),
        ..rotated(&id)
    };
    bench.both(
        4,
        OpenEvent::KeyRotated(rotation("mallory", "carol 2", CAROL)),
        "rotation of an unknown key",
        "",
        "Open.Key.Unknown",
    );
    bench.both(
        7,
        OpenEvent::KeyRotated(rotation("carol", "carol 3", CAROL)),
        "rotation of an ended key",
        "",
        "Open.Key.Ended",
    );
    bench.both(
        4,
        OpenEvent::KeyRotated(rotation("carol", "dora", CAROL)),
        "rotation to a known key",
        "dora's",
        "Open.KeyKnown",
    );
    bench.both(
        4,
        OpenEvent::KeyRotated(rotation("carol", "carol 2", 0xf0)),
        "rotation for another actor",
        "possession names the old key's actor",
        "Open.Possession.Mismatch",
    );
    let own = open(OpenEvent::KeyRotated(rotation("carol", "carol 2", CAROL)));
    bench.says(
        4,
        ("carol", Some("dora"), own.clone()),
        "own rotation without an administrator",
        "dora is none",
        "Open.Role",
    );
    bench.says(
        4,
        ("dora", Some("alice"), own),
        "rotation by a third person",
        "dora is neither the holder nor an administrator",
        "Open.Role",
    );
    let mut log = checkpoint_rotated(&id);
    log.possession = possession(&id, actor(1), "checkpoint 2");
    bench.both(
        4,
        OpenEvent::CheckpointKeyRotated(log),
        "checkpoint key for an actor",
        "its possession names the zero actor",
        "Open.Possession.Mismatch",
    );
    let again = vandel_core::event::CheckpointKeyRotated {
        new: public("checkpoint"),
        possession: possession(&id, actor(0), "checkpoint"),
    };
    bench.both(
        4,
        OpenEvent::CheckpointKeyRotated(again),
        "checkpoint key again",
        "it is in use",
        "Open.KeyKnown",
    );
    let unknown = vandel_core::event::KeyRevoked { key: public("mallory"), ..revoked() };
    bench.both(4, OpenEvent::KeyRevoked(unknown), "revocation of an unknown key", "", "Open.Key.Unknown");
    bench.both(8, OpenEvent::KeyRevoked(revoked()), "revoked again", "it has ended", "Open.Key.Ended");
    let bob = vandel_core::event::KeyRevoked { key: public("bob"), ..revoked() };
    bench.both(
        4,
        OpenEvent::KeyRevoked(bob),
        "revocation of the last but one administrator",
        "one person would remain",
        "Open.LastAdministrators",
    );
}
