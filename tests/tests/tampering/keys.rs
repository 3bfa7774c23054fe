//! Keys that may not sign, and two keys with one id.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use vandel_core::chain::possession_message;
use vandel_core::event::{BodySignature, Grant, KeyEnrolled, KeyRevoked, OpenEvent, Revocation, Role, Scope};
use vandel_core::hash::{Domain, sha256};
use vandel_core::id::ActorId;
use vandel_core::note::{KeyKind, NoteSignature, VerifierKey};
use vandel_core::signature::{SigningKey, public_key, sign, sign_raw};
use vandel_core::time::Second;
use vandel_core::trust::parse_trust;
use vandel_ledger::author::sign_event;
use vandel_tests::independent::hex;
use vandel_tests::ledger_builder::{NOON, today};

use crate::matrix::Matrix;
use crate::records::count_all;
use crate::three::{Brings, Case, Three, assessment, ledger};

/// A sealed statement's author is another key than the one that signed, or one that may not.
pub(crate) fn not_in_force(three: &mut Three, matrix: &mut Matrix) {
    let history = three.operator.history(&three.built);
    let stranger = SigningKey::from_bytes(&[77; 32]);
    let wrong = |named: &SigningKey, signer: &SigningKey| {
        let mut cases = Vec::new();
        for at in (3..history.len()).step_by(9) {
            let mut changed = history.clone();
            let statement = &mut changed[at].last_mut().unwrap().1;
            if statement[2] != 2 {
                continue;
            }
            statement[35..67].copy_from_slice(&public_key(named).0);
            let signature = sign(signer, Domain::Statement, &[&statement[..139]]);
            statement[139..203].copy_from_slice(&signature);
            let (blocks, frontier) = three.operator.seal(&three.built, &changed);
            let published = vec![three.operator.checkpoint(&frontier).into_bytes()];
            cases.push(Case { blocks, brings: Brings { published, ..Brings::default() }, asked: true });
        }
        cases
    };
    let decider = &three.built.decider;
    let unknown = wrong(&stranger, &stranger);
    let forged = wrong(decider, &stranger);
    for (name, cases) in [("a key that was never enrolled", unknown), ("another key's signature", forged)] {
        let all = count_all(three, matrix, name, &cases);
        assert!(all.iter().all(|judged| judged.exit == 3), "{name}");
    }
    ended(matrix);
}

/// A step signed before the key's revocation or last second, and put into the chain after it.
fn ended(matrix: &mut Matrix) {
    let built = ledger(12);
    let mut open = built.open();
    let sequencer = &mut open.sequencer;
    let late = assessment(&built, sequencer, 200);
    let short = SigningKey::from_bytes(&[78; 32]);
    let [first, second] = &built.administrators;
    let (actor, key) = (ActorId([9; 16]), public_key(&short));
    let message = possession_message(&sequencer.chain().ledger, &actor, &key);
    let possession = sign(&short, Domain::Possession, &[&message]);
    let enrolled = KeyEnrolled {
        actor,
        key,
        grants: vec![Grant { role: Role::Decider, scope: Scope::default(), from: today(), until: None }],
        expires: Some(Second(NOON.0 + 10)),
        possession: BodySignature::from_bytes(&possession),
    };
    built.say(sequencer, OpenEvent::KeyEnrolled(enrolled)).unwrap();
    let revoked =
        KeyRevoked { key: public_key(&built.decider), reason: Revocation::Lost, suspect_since: None };
    let event = sign_event(&sequencer.standpoint(), first, Some(second), OpenEvent::KeyRevoked(revoked));
    assert!(sequencer.commit(vec![vec![event]]).iter().all(Result::is_ok));
    open.close().unwrap();
    let mut three = Three::on(built);
    let history = three.operator.history(&three.built);
    let sealed = |time: u64, statement: Vec<u8>| {
        let mut changed = history.clone();
        let last = changed.last().unwrap().last().unwrap().0.0;
        changed.push(vec![(Second(last + time), statement)]);
        let (blocks, frontier) = three.operator.seal(&three.built, &changed);
        let published = vec![three.operator.checkpoint(&frontier).into_bytes()];
        vec![Case { blocks, brings: Brings { published, ..Brings::default() }, asked: true }]
    };
    // The short-lived key signs the same sealed statement: in time it may, a minute later not.
    let mut own = late.statement.clone();
    own[35..67].copy_from_slice(&public_key(&short).0);
    let signature = sign(&short, Domain::Statement, &[&own[..139]]);
    own[139..203].copy_from_slice(&signature);
    let (in_time, too_late, after) = (sealed(0, own.clone()), sealed(60, own), sealed(0, late.statement));
    assert_eq!(three.judge_all(&in_time)[0].exit, 0, "in time it may sign");
    for (name, cases) in [("an expired key", too_late), ("a revoked key", after)] {
        let all = count_all(&mut three, matrix, name, &cases);
        assert!(all.iter().all(|judged| judged.exit == 3 && judged.check == "author-key"), "{name}");
    }
}

/// The row for logs and for dossiers.
pub(crate) const OWN_WITNESS: &str = "a cosignature by a key of the ledger's own";

/// A trust file that asks for this witness, and a note that it has cosigned.
pub(crate) fn cosigned(trust: &str, note: &str, key: &SigningKey) -> (String, String) {
    let name = "own.example/witness";
    let witness = VerifierKey::new(name, KeyKind::Cosignature, &public_key(key)).unwrap();
    let log = trust.lines().find(|line| line.starts_with("log ")).unwrap();
    let mut note = vandel_core::note::Note::parse(note.as_bytes()).unwrap();
    note.attach(NoteSignature::cosign(name, key, NOON, note.text()).unwrap()).unwrap();
    (format!("{log}\nwitness own {witness}\nquorum own\n"), note.to_string())
}

/// Somebody of the ledger's own people as its witness: that nobody outside has seen it is then the answer.
pub(crate) fn witness_to_itself(three: &mut Three, matrix: &mut Matrix) {
    let (trust, blocks) = (three.trust.clone(), three.blocks.clone());
    let stranger = SigningKey::from_bytes(&[79; 32]);
    let own = [three.built.administrators[0].clone(), three.built.decider.clone()];
    for (key, exit) in [(stranger, 0), (own[0].clone(), 4), (own[1].clone(), 4)] {
        let note;
        (three.trust, note) = cosigned(&trust, &three.checkpoint, &key);
        let brings = Brings { published: vec![note.into_bytes()], ..Brings::default() };
        let judged = three.judge(&blocks, &brings, true);
        assert_eq!(judged.exit, exit, "{}", judged.check);
        if exit != 0 {
            matrix.row(OWN_WITNESS).found("not-proven", true);
        }
    }
    three.trust = trust;
}

/// Two keys of one name whose ids are the same four bytes, found by trying some 170,000: a note signed by one is
/// no note by the other.
pub(crate) fn collide(three: &mut Three, matrix: &mut Matrix) {
    let name = "vandel.example/collision";
    let keys = [1768, 169_646].map(|number| {
        let seed = sha256(&[format!("vandel test collision: {number}").as_bytes()]);
        SigningKey::from_bytes(&seed.0)
    });
    let known =
        keys.each_ref().map(|key| VerifierKey::new(name, KeyKind::Ed25519, &public_key(key)).unwrap());
    assert_eq!(known[0].id(), known[1].id(), "the ids collide");
    for (signer, trusted) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let root = vandel_core::merkle::empty_root();
        let text = format!("{name}\n0\n{}\n", BASE64_STANDARD.encode(root.0));
        let mut note = vandel_core::note::Note::new(text.clone()).unwrap();
        let mut bytes = known[signer].id().0.to_vec();
        bytes.extend_from_slice(&sign_raw(&keys[signer], text.as_bytes()));
        note.attach(NoteSignature::from_parts(&known[signer], bytes[4..].to_vec())).unwrap();
        let trust = format!("log {}\nquorum none\n", known[trusted]);
        let opened = parse_trust(trust.as_bytes()).unwrap().open(note.to_string().as_bytes());
        assert_eq!(opened.is_ok(), signer == trusted);
        let case = json!({ "file": hex(note.to_string().as_bytes()), "trust": trust });
        for other in &mut three.others {
            let answer = other.ask(&case);
            assert_eq!(answer["exit"], if signer == trusted { 0 } else { 3 }, "{answer:#}");
        }
        if signer != trusted {
            matrix.row("a note by a key whose id collides").found("checkpoint", true);
        }
    }
}
