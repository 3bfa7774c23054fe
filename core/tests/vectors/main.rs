//! The vectors in `schemas/vectors/v1`: made here from fixed seeds, committed, and read back as any
//! other implementation would read them.
//!
//! `VANDEL_BLESS=1 cargo test -p vandel-core --test vectors` writes the files anew. Do that only for
//! new vectors: a changed one is a changed format.

mod audit;
mod bounds;
mod certificates;
mod check;
mod derived;
mod dossiers;
mod events;
mod faults;
mod fields;
mod file;
mod frames;
mod ledger;
mod mutations;
mod parts;
mod payloads;
mod proofs;
mod tiles;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::Once;

use crate::check::{Prefix, check};
use crate::file::{Case, File};
use crate::ledger::Ledger;

/// How many vectors there are, so that none is lost unseen.
const ACCEPTED: usize = 113;
const REJECTED: usize = 390;

const ACCEPT: &str = "schemas/vectors/v1/accept";
const REJECT: &str = "schemas/vectors/v1/reject";

/// The path of a file that the generator names by verdict and name.
fn path_of(name: &str) -> PathBuf {
    let (verdict, file) = name.split_once('/').expect("a verdict and a name");
    folder(if verdict == "accept" { ACCEPT } else { REJECT }).join(file)
}

fn folder(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(folder)
}

/// Every file by its path.
fn made() -> BTreeMap<String, File> {
    let ledger = Ledger::build(&payloads::commitments());
    let id = ledger.id();
    let mut files = BTreeMap::new();
    let mut add = |name: &str, structure: &str, comment: &str, cases: (Vec<Case>, Vec<Case>)| {
        for (folder, cases) in [("accept", cases.0), ("reject", cases.1)] {
            if !cases.is_empty() {
                let (comment, structure) = (comment.to_owned(), structure.to_owned());
                files.insert(format!("{folder}/{name}.json"), File { comment, structure, cases });
            }
        }
    };
    let events = (events::accepted(&id), events::rejected(&id));
    add("events", "event", "Postcard bodies of open events.", events);
    add(
        "parts",
        "part",
        "Postcard bodies of sealed parts; `slot` says which.",
        (parts::accepted(), parts::rejected()),
    );
    add(
        "payloads",
        "payload",
        "A commitment, the header it hashes, and parts.",
        (payloads::accepted(), payloads::rejected()),
    );
    add("headers", "header", "A payload's header: salt and eight slots.", payloads::headers());
    let (sound, unsound) = payloads::approvals(&id).into_iter().partition(|case| case.error.is_none());
    add(
        "approvals",
        "approval",
        "Payloads with a second person's approval; `author` is the statement's.",
        (sound, unsound),
    );
    add("statements", "statement", "Signed statements.", frames::statements(&ledger));
    add("records", "record", "Records.", frames::records(&ledger));
    add(
        "blocks",
        "block",
        "Blocks as bytes, without the chain; `record` is the index in the block.",
        frames::blocks(&ledger),
    );
    add(
        "ledger",
        "chain",
        "A whole ledger. `after` blocks stand before each; `then` is the chain after it.",
        (ledger.cases(), Vec::new()),
    );
    for (name, comment, cases) in faults::rejected(&ledger) {
        add(
            name,
            "chain",
            &format!("{comment} `after` blocks of accept/ledger.json stand before."),
            (Vec::new(), cases),
        );
    }
    add("keys", "key", "Public keys as they are checked at enrolment.", proofs::keys());
    add("signatures", "signature", "Ed25519, read strictly.", proofs::signatures());
    add(
        "inclusion",
        "inclusion",
        "Inclusion proofs in a tree whose leaf hashes are the fillers `0` to `19`.",
        proofs::inclusion(&ledger),
    );
    add("consistency", "consistency", "Consistency proofs in the same tree.", proofs::consistency(&ledger));
    add(
        "checkpoints",
        "checkpoint",
        "Signed checkpoints; `keys` are the verifier keys that the reader knows.",
        proofs::checkpoints(&ledger),
    );
    add("trust", "trust", "Trust files.", proofs::trust());
    add(
        "dossiers",
        "dossier",
        "Dossiers (docs/dossier.md). `trust` and `digests` are files that the reader brings, `exit` is how the check ends. \
         With `of`, the bytes are those of the accepted case of that name, with these fields in place of `from` to `to`.",
        dossiers::cases(),
    );
    add(
        "certificates",
        "certificate",
        "Certificates of erasure (docs/certificate.md). `Form` is what is no certificate at all. `of`, `from`, `to`: as for \
         dossiers.",
        certificates::cases(),
    );
    add(
        "tiles",
        "tiles",
        "Folders of tiles: a field is a file. With `of`, the files are those of the accepted case of that name, with these \
         in their places; with `from` and `to`, the one file here replaces that span; the files of `remove` are not there.",
        tiles::cases(&ledger),
    );
    files
}

/// Writes the files anew if asked to, once, before any test reads them.
fn bless() {
    static BLESSED: Once = Once::new();
    BLESSED.call_once(|| {
        let asked = std::env::var_os("VANDEL_BLESS").is_some();
        for (name, file) in made().into_iter().filter(|_| asked) {
            let path = path_of(&name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
            fs::write(&path, file.render()).expect("the file can be written");
        }
    });
}

/// The committed files are the ones that the generator makes, byte for byte.
#[test]
fn the_committed_vectors_are_these() {
    bless();
    for (name, file) in made() {
        let path = path_of(&name);
        let committed = fs::read_to_string(&path).unwrap_or_default();
        let differs = committed.lines().zip(file.render().lines()).position(|(old, new)| old != new);
        assert!(
            committed == file.render(),
            "{name} differs, first at line {:?}",
            differs.map(|line| line + 1)
        );
    }
}

fn committed() -> BTreeMap<String, File> {
    let mut files = BTreeMap::new();
    for (verdict, place) in [("accept", ACCEPT), ("reject", REJECT)] {
        for entry in fs::read_dir(folder(place)).expect("the folder is there") {
            let path = entry.expect("an entry").path();
            let text = fs::read_to_string(&path).expect("a text");
            let file: File = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            files.insert(format!("{verdict}/{name}"), file);
        }
    }
    files
}

/// What is to be accepted is, and what is to be refused is refused with the error and place it names.
#[test]
fn every_vector_gets_its_verdict() {
    bless();
    let files = committed();
    let ledger = &files["accept/ledger.json"];
    let dossier = dossiers::base_of(&files["accept/dossiers.json"].cases);
    let prefix = Prefix(ledger.cases.iter().map(Case::bytes).collect(), dossier);
    let (mut accepted, mut rejected, mut wrong) = (0, 0, Vec::new());
    // Who judges certificates and tiles lies in other rooms: verify/tests/vectors.rs and tests/tests/tiles/.
    let elsewhere = ["certificate", "tiles"];
    for (name, file) in files.iter().filter(|(_, file)| !elsewhere.contains(&file.structure.as_str())) {
        let mut names = BTreeSet::new();
        assert!(!file.comment.is_empty(), "{name} says nothing of itself");
        for case in &file.cases {
            assert!(names.insert(&case.name), "{name} has {:?} twice", case.name);
            assert_eq!(
                name.starts_with("accept/"),
                case.error.is_none(),
                "{name}, {:?}: wrong folder",
                case.name
            );
            let found = check(&file.structure, case, &prefix).err();
            if found != case.error {
                wrong.push(format!("{name}, {:?}: {:?} expected, {found:?} found", case.name, case.error));
            }
            if case.error.is_none() { accepted += 1 } else { rejected += 1 }
        }
    }
    assert!(wrong.is_empty(), "{} vectors are judged wrongly:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(
        (accepted, rejected),
        (ACCEPTED, REJECTED),
        "the number of vectors (accepted, refused) has changed; they lie in {} files",
        files.len()
    );
}
