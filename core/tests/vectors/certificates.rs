//! Certificates of erasure, sound and changed. They are made here and judged in `verify/tests/`, since the judge lies
//! there.

use serde_json::{Value, json};
use vandel_core::chain::Chain;
use vandel_core::checkpoint::Checkpoint;
use vandel_core::erasure::{ErasureReason, Ground, Line, Plan};
use vandel_core::event::{
    Compartment, ErasureCompleted, ErasureExecuted, ErasureStarted, OpenEvent, RootCellKind,
};
use vandel_core::hash::{Domain, Hash, leaf_hash};
use vandel_core::id::LedgerId;
use vandel_core::merkle::{NodeMemory, inclusion_proof, root_at};
use vandel_core::note::{KeyKind, VerifierKey};
use vandel_core::signature::sign;

use crate::dossiers::{change, file};
use crate::fields::Fields;
use crate::file::{Case, Expected, to_hex};
use crate::ledger::{ALICE, DORA};
use crate::parts::THREAD;
use crate::world::{RecordDraft, START, TODAY, actor, day, filler, open, public, second, secret};

/// The name of the accepted case that others are changes of.
pub(crate) const WHOLE: &str = "carried out";
const ORIGIN: &str = "vandel.example/vectors";
const SIZE: u64 = 9;
/// The numbers of the three records.
const NUMBERS: [u64; 3] = [5, 6, 8];

/// What a liar's records say otherwise.
#[derive(Clone, Copy, PartialEq)]
enum Lie {
    None,
    /// The start's records are others than the line's.
    OtherRecords,
    /// The end is of another ledger.
    OtherLedger,
    /// The approval expired before the start.
    Expired,
    /// The end is of another start.
    OtherStart,
    /// Nobody's signature stands under the start.
    Forged,
}

fn ledger() -> LedgerId {
    LedgerId(filler("ledger of certificates"))
}

fn plan() -> Plan {
    let ground = Ground {
        compartment: Compartment::Note,
        reason: ErasureReason::Retention,
        class: Some("note".to_owned()),
        due: day(TODAY - 1),
    };
    let line = |pseudonym: u8, record: u64| Line {
        pseudonym: [pseudonym; 8],
        thread: THREAD,
        identities: Vec::new(),
        records: vec![record],
        compartments: vec![ground.clone()],
    };
    let lines = vec![line(1, 2), line(2, 3)];
    Plan { ledger: ledger(), salt: filler("plan's salt"), as_of: day(TODAY), disposal: 1, lines }
}

/// An entry of the register of sinks (docs/certificate.md): a backup from before the erasure.
fn backup(ledger: LedgerId) -> String {
    let body = Fields::new()
        .raw("ledger", ledger.0, "")
        .varint("number", 0)
        .raw("previous", [0; 32], "")
        .varint("at", START - 60)
        .variant(0, "Made")
        .raw("sink", [9; 16], "")
        .term("kind", 0, "backup-data")
        .varint("epoch", 1)
        .some("expires")
        .day("expires", TODAY + 30)
        .varint("cases", 0)
        .text("place", "Serverhall 2")
        .bytes();
    let signature = sign(&secret("dora"), Domain::Sink, &[&body]);
    to_hex(&[&body[..], &public("dora").0, &signature].concat())
}

/// The three records, each with its place in a tree of fillers, and the signed checkpoint.
fn records(lie: Lie) -> ([Value; 3], String) {
    let plan = plan();
    let records = if lie == Lie::OtherRecords { vec![3] } else { vec![2, 3] };
    let expires = if lie == Lie::Expired { START - 1 } else { START + 86_400 };
    let start = ErasureStarted { records, plan: plan.hash(), expires: second(expires) };
    let started = if lie == Lie::OtherStart { 4 } else { NUMBERS[0] };
    let manifest = Hash(filler("manifest"));
    let end = ErasureExecuted { started, root_cell: RootCellKind::File, epoch: 2, manifest };
    let done = ErasureCompleted { started: NUMBERS[0], oldest_epoch: 2 };
    let events = [
        ("alice", Some("dora"), OpenEvent::ErasureStarted(start)),
        ("service", None, OpenEvent::ErasureExecuted(end)),
        ("alice", Some("dora"), OpenEvent::ErasureCompleted(done)),
    ];
    let mut nodes = NodeMemory::new();
    let made: Vec<Vec<u8>> = events
        .into_iter()
        .zip(NUMBERS)
        .map(|((author, other, event), number)| {
            let is_foreign = lie == Lie::OtherLedger && number == NUMBERS[1];
            let draft = RecordDraft {
                number,
                time: START + number,
                previous: None,
                ledger: if is_foreign { LedgerId([7; 32]) } else { ledger() },
                seen: Chain::before_opening().tip(),
                author: secret(author),
                second: other.map(secret),
                body: open(event),
            };
            let mut bytes = draft.fields(Hash(filler("before"))).bytes();
            if lie == Lie::Forged && number == NUMBERS[0] {
                let last = bytes.len() - 20;
                bytes[last] ^= 1;
            }
            bytes
        })
        .collect();
    for number in 0..SIZE {
        let own = NUMBERS.iter().position(|one| *one == number);
        let filled = || Hash(filler(&format!("leaf {number}")));
        nodes.append(own.map_or_else(filled, |at| leaf_hash(&made[at])));
    }
    let shown = [0, 1, 2].map(|at| {
        let proof = inclusion_proof(&nodes, NUMBERS[at], SIZE).expect("a place in it");
        let proof: Vec<String> = proof.iter().map(Hash::to_string).collect();
        let time = second(START + NUMBERS[at]).to_string();
        json!({ "record": NUMBERS[at], "time": time, "bytes": to_hex(&made[at]), "proof": proof })
    });
    let checkpoint = Checkpoint::new(ORIGIN, SIZE, root_at(&nodes, SIZE).expect("a tree")).expect("sound");
    (shown, checkpoint.sign(&secret("checkpoint")).expect("short").to_string())
}

fn certificate(lie: Lie) -> Value {
    let plan = plan();
    let ([started, executed, _], checkpoint) = records(lie);
    let person = |holder: u8, name: &str, enrolled_at: u64| json!({ "actor": actor(holder).to_string(), "key": public(name).to_string(), "enrolled_at": enrolled_at });
    let bare = |sink: &str, state: &str| json!({ "sink": sink, "state": state, "made": null, "acknowledged": null, "told": null });
    let live =
        ["vault bundles", "vault shards", "root cell", "views", "admission snapshot", "caches in memory"];
    let mut sinks: Vec<Value> = live.iter().map(|sink| bare(sink, "destroyed")).collect();
    sinks.extend(["chain and its copies", "feed"].map(|sink| bare(sink, "no-content")));
    let told =
        format!("{}: Serverhall 2, made {}, until {}", "09".repeat(16), second(START - 60), day(TODAY + 30));
    sinks.push(json!({
        "sink": "backup-data", "state": "outstanding", "made": backup(ledger()), "acknowledged": null, "told": told,
    }));
    let others = ["backup-keys", "root-cell-copy", "export", "report", "hr-file", "paper"];
    sinks.extend(others.map(|sink| bare(sink, "not-reachable")));
    json!({
        "type": "vandel-erasure-certificate/2",
        "ledger": ledger().to_string(),
        "pseudonym": "01".repeat(8),
        "compartments": [{ "compartment": "note", "class": "note", "due": day(TODAY - 1).to_string(), "ground": "retention" }],
        "records": [2],
        "plan": {
            "hash": format!("sha256:{}", plan.hash()), "as_of": day(TODAY).to_string(), "disposal": 1, "line": 0,
            "line_bytes": to_hex(&plan.lines[0].encode()), "line_salt": plan.line_salt(0).to_string(),
            "lines": plan.line_hashes().iter().map(Hash::to_string).collect::<Vec<_>>(),
        },
        "ordered_by": person(ALICE, "alice", 0), "approved_by": person(DORA, "dora", 3),
        "started": started, "executed": executed,
        "evidence": {
            "root_cell": "file",
            "assurance": "best effort: the old root's bytes are overwritten, but a solid-state drive, a journal, \
                          a snapshot or a copy of the file may keep them",
            "epoch": 2, "manifest": Hash(filler("manifest")).to_string(), "keys": 1,
        },
        "state": "executed", "completed": null, "sinks": sinks,
        "backup_horizon": day(TODAY + 30).to_string(), "checkpoint": checkpoint,
    })
}

/// Accepted, and refused.
pub(crate) fn cases() -> (Vec<Case>, Vec<Case>) {
    let key = VerifierKey::new(ORIGIN, KeyKind::Ed25519, &public("checkpoint")).expect("a key");
    let trust = format!("log {key}\nquorum none\n");
    let whole = certificate(Lie::None);
    let base = whole.to_string().into_bytes();
    let reads = |case: Case| case.context("trust", &trust);
    let accepted = vec![
        reads(file(WHOLE, "one line of a plan of two; a backup from before is outstanding", &base))
            .context("exit", 0),
        reads(change(WHOLE, &base, "spread out", "white space means nothing here", &spread(&base)))
            .context("exit", 0),
    ];
    let mut refused = Vec::new();
    let mut add = |name: &str, error: &str, record: Option<u64>, bytes: &[u8]| {
        let mut case = reads(change(WHOLE, &base, name, "", bytes));
        case.error = Some(Expected { record, ..Expected::named(error) });
        refused.push(case);
    };
    for (name, from, to) in [
        ("a member missing", "\"state\":\"executed\",", ""),
        ("a member that is unknown", "\"state\":", "\"more\":1,\"state\":"),
        ("a member twice", "\"state\":", "\"state\":\"executed\",\"state\":"),
        ("a number below zero", "\"keys\":1", "\"keys\":-1"),
        ("a number as text", "\"keys\":1", "\"keys\":\"1\""),
        ("another version", "certificate/2", "certificate/3"),
        ("a null that may not be", "\"pseudonym\":\"0101010101010101\"", "\"pseudonym\":null"),
    ] {
        let text = whole.to_string();
        assert!(text.contains(from), "{name}");
        add(name, "Form", None, text.replacen(from, to, 1).as_bytes());
    }
    for (name, step, record, path, value) in changes(&whole) {
        let mut changed = whole.clone();
        *changed.pointer_mut(path).unwrap_or_else(|| panic!("{name}: {path}")) = value;
        add(name, &format!("Certificate.{step}"), record, changed.to_string().as_bytes());
    }
    for (name, step, record, lie) in [
        ("a start that does not name the record", "C7", 5, Lie::OtherRecords),
        ("an end of another ledger", "C8", 6, Lie::OtherLedger),
        ("an approval that had expired", "C10", 5, Lie::Expired),
        ("an end of another start", "C11", 6, Lie::OtherStart),
        ("a start with a forged signature", "C3", 5, Lie::Forged),
    ] {
        add(name, &format!("Certificate.{step}"), Some(record), certificate(lie).to_string().as_bytes());
    }
    (accepted, refused)
}

/// The same value with other white space.
fn spread(base: &[u8]) -> Vec<u8> {
    let value: Value = serde_json::from_slice(base).expect("JSON");
    serde_json::to_string_pretty(&value).expect("JSON").into_bytes()
}

/// Values changed: name, step, record, where, and what instead.
fn changes(whole: &Value) -> Vec<(&'static str, &'static str, Option<u64>, &'static str, Value)> {
    let ([_, _, completed], _) = records(Lie::None);
    let person = |name: &str| whole[name].clone();
    let done = json!({ "record": completed, "said_by": person("ordered_by"), "confirmed_by": person("approved_by") });
    vec![
        ("another number for the start", "C3", Some(4), "/started/record", json!(4)),
        ("another time for the end", "C3", Some(6), "/executed/time", whole["started"]["time"].clone()),
        ("another record's proof", "C3", Some(5), "/started/proof", whole["executed"]["proof"].clone()),
        ("a record that is cut", "C3", Some(6), "/executed/bytes", json!("0001")),
        ("an end for a start", "C4", Some(6), "/started", whole["executed"].clone()),
        ("another plan", "C5", Some(5), "/plan/hash", json!(format!("sha256:{}", "00".repeat(32)))),
        ("a plan of another day", "C5", Some(5), "/plan/as_of", json!(day(TODAY + 1).to_string())),
        ("a day that is none", "C5", Some(5), "/plan/as_of", json!("2026-02-30")),
        ("another decision", "C5", Some(5), "/plan/disposal", json!(2)),
        ("another ledger's id", "C5", Some(5), "/ledger", json!("00".repeat(32))),
        ("the other line", "C6", Some(5), "/plan/line", json!(1)),
        ("a line beyond the plan", "C6", Some(5), "/plan/line", json!(2)),
        ("another salt", "C6", Some(5), "/plan/line_salt", json!("00".repeat(32))),
        ("a record that the line does not have", "C7", Some(5), "/records", json!([2, 3])),
        ("another class", "C7", Some(5), "/compartments/0/class", json!("case")),
        ("no class", "C7", Some(5), "/compartments/0/class", json!(null)),
        ("another case's pseudonym", "C7", Some(5), "/pseudonym", json!("02".repeat(8))),
        ("somebody who did not sign", "C9", Some(5), "/approved_by/key", json!(public("erik").to_string())),
        ("one person for two", "C9", Some(5), "/approved_by/actor", whole["ordered_by"]["actor"].clone()),
        ("a start for an end", "C11", Some(5), "/executed", whole["started"].clone()),
        ("another epoch", "C12", Some(6), "/evidence/epoch", json!(3)),
        ("more surety than the cell gives", "C12", Some(6), "/evidence/assurance", json!("for ever")),
        ("more keys than went", "C12", Some(6), "/evidence/keys", json!(2)),
        ("completed, without a record", "C14", Some(6), "/state", json!("completed")),
        ("a record of completion, and not so called", "C14", Some(6), "/completed", done),
        ("a sink missing", "C13", None, "/sinks", json!(whole["sinks"].as_array().expect("a list")[1..])),
        ("the feed called destroyed", "C13", None, "/sinks/7/state", json!("destroyed")),
        ("a sink of no known kind", "C13", None, "/sinks/14/sink", json!("memory stick")),
        ("attested, and by nobody", "C13", None, "/sinks/8/state", json!("attested")),
        ("told otherwise than entered", "C13", None, "/sinks/8/told", json!("destroyed long ago")),
        ("another ledger's entry", "C13", None, "/sinks/8/made", json!(backup(LedgerId([7; 32])))),
        (
            "an acknowledgement that ends nothing",
            "C13",
            None,
            "/sinks/8/acknowledged",
            json!(backup(ledger())),
        ),
        ("without the backup's last day", "C15", None, "/backup_horizon", json!(null)),
        ("another last day", "C15", None, "/backup_horizon", json!(day(TODAY).to_string())),
    ]
}
