//! Files of evidence: every value of a dossier and of a certificate changed, and dossiers made anew by the operator.

use rayon::prelude::*;
use serde_json::{Value, json};
use vandel_core::dossier::{Brought, Dossier, check};
use vandel_core::id::ThreadId;
use vandel_core::trust::parse_trust;
use vandel_core::view::{CaseRow, ViewTree};
use vandel_ledger::opening::OpenLedger;
use vandel_tests::changes::changes;
use vandel_tests::demo_town::Demo;
use vandel_tests::dossiers::{
    CASE, dossier, false_digest, gather, narrow, publish, publish_authority, reader, revoke, rows, steps,
};
use vandel_tests::independent::{Batch, Independent, hex};
use vandel_tests::ledger_builder::LedgerBuilder;
use vandel_verify::certificate::{self, Certificate};

use crate::keys::{OWN_WITNESS, cosigned};
use crate::matrix::{Matrix, Row, is_deep};

/// How many of one kind are counted.
const MOST: usize = 300;

/// What was said of a file: exit code, check, record.
type Said = (u64, String, Option<u64>);

fn others() -> Vec<Batch> {
    Independent::all().iter().map(Independent::batch).collect()
}

/// The others must say the same of each file.
fn agree(others: &mut [Batch], cases: &[(Value, Said)]) {
    std::thread::scope(|scope| {
        for other in others {
            scope.spawn(|| {
                for (case, (exit, check, record)) in cases {
                    let verdict = other.ask(case);
                    let finding = &verdict["findings"][0];
                    let said = (verdict["exit"].as_u64(), finding["record"].as_u64());
                    let text = || format!("{}: {verdict:#}\nours: {check} {record:?}", other.language);
                    assert_eq!(said, (Some(*exit), *record), "{}", text());
                    // Of a note's own faults the others have finer names.
                    let error = finding["error"].as_str().unwrap_or_default();
                    if error.starts_with("Dossier.") || error.starts_with("Certificate.") {
                        assert_eq!(finding["step"], **check, "{}", text());
                    }
                }
            });
        }
    });
}

/// Counts files that must all be found: as many each time, though how many there are hangs on random keys and the day.
fn count(row: &mut Row, cases: &[(Value, Said)], three: bool) {
    for (_, (exit, check, _)) in cases.iter().take(MOST) {
        if *exit == 0 { row.passed(three) } else { row.found(check, three) }
    }
}

/// What ours says, with the case for the others.
fn judged(bytes: &[u8], brought: &Brought) -> (Value, Said) {
    let trust = brought.trust.as_ref().map(ToString::to_string);
    let digests: Vec<String> = brought.recomputed.iter().map(ToString::to_string).collect();
    let case = json!({ "file": hex(bytes), "trust": trust, "digests": digests });
    if !Dossier::begins(bytes) {
        return (case, (2, "unknown-file".to_owned(), None));
    }
    let report = check(bytes, brought);
    let said = report
        .fault
        .as_ref()
        .map_or(("not-proven".to_owned(), None), |fault| (fault.code.to_owned(), fault.record));
    (case, (u64::from(report.exit), said.0, said.1))
}

/// A case with published digests, its dossier, and a reader who has computed them.
struct Shown {
    built: LedgerBuilder,
    open: OpenLedger,
    others: Vec<Batch>,
}

impl Shown {
    fn new() -> Self {
        let built = LedgerBuilder::found();
        let mut open = built.open();
        built.case(&mut open.sequencer, 1);
        built.case(&mut open.sequencer, 2);
        narrow(&built, &mut open.sequencer, "2026-12-31");
        publish(&mut open.sequencer);
        Self { built, open, others: others() }
    }

    fn reader(&self) -> Brought {
        reader(&self.built, &self.open.sequencer, &dossier(&self.open.sequencer))
    }

    fn try_all(&mut self, files: &[Vec<u8>], brought: &Brought, row: &mut Row) {
        let judged: Vec<(Value, Said)> = files.par_iter().map(|bytes| judged(bytes, brought)).collect();
        agree(&mut self.others, &judged);
        count(row, &judged, true);
    }

    /// The dossier of the first `left` steps, made anew with these rows.
    fn anew(&self, thread: ThreadId, left: usize, rows: &[CaseRow]) -> Dossier {
        let sequencer = &self.open.sequencer;
        let gathered = gather(sequencer);
        let digests = gathered.digests(0).unwrap();
        let mut shown = steps(sequencer, |_| true);
        shown.truncate(left);
        let ledger = sequencer.chain().ledger;
        gathered.dossier(ledger, thread, &shown, digests, rows, sequencer.checkpoint()).unwrap()
    }
}

/// A JSON value in a dossier's spelling.
fn spelled(value: &Value) -> Vec<u8> {
    // The members of a parsed value are sorted; a dossier's have an order of their own where it is still one.
    serde_json::from_value::<Dossier>(value.clone()).map_or_else(
        |_| [value.to_string().into_bytes(), b"\n".to_vec()].concat(),
        |dossier| dossier.encode(),
    )
}

pub(crate) fn dossiers(matrix: &mut Matrix) {
    let mut shown = Shown::new();
    let made = dossier(&shown.open.sequencer);
    let (bytes, brought) = (made.encode(), shown.reader());
    let sound = judged(&bytes, &brought);
    assert_eq!(sound.1.0, 0);
    agree(&mut shown.others, &[sound]);
    let value = serde_json::to_value(&made).unwrap();
    let changed: Vec<Vec<u8>> = changes(&value).iter().map(spelled).filter(|one| *one != bytes).collect();
    shown.try_all(&changed, &brought, matrix.row("a value of a dossier"));
    let step = if is_deep() { 7 } else { 97 };
    let flip = |at: usize| {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        changed
    };
    let flipped: Vec<Vec<u8>> = (0..bytes.len()).step_by(step).map(flip).collect();
    let row = matrix.row("one bit of a dossier, a sample");
    let judged: Vec<(Value, Said)> = flipped.par_iter().map(|bytes| judged(bytes, &brought)).collect();
    agree(&mut shown.others, &judged);
    count(row, &judged, true);
    listed(&mut shown, &value, &brought, matrix);
    made_anew(&mut shown, &brought, matrix);
    false_digests(matrix);
    witnessed_by_its_own(&mut shown, &made, matrix);
}

/// A dossier whose checkpoint one of the ledger's own people has cosigned, for a reader who took that for a witness.
fn witnessed_by_its_own(shown: &mut Shown, made: &Dossier, matrix: &mut Matrix) {
    let trust = std::fs::read_to_string(shown.built.home.trust()).unwrap();
    let stranger = vandel_core::signature::SigningKey::from_bytes(&[79; 32]);
    for (key, exit) in [(&stranger, 0), (&shown.built.decider.clone(), 4)] {
        let (trust, note) = cosigned(&trust, &made.checkpoint, key);
        let mut value = serde_json::to_value(made).unwrap();
        value["checkpoint"] = note.into();
        let brought = Brought { trust: Some(parse_trust(trust.as_bytes()).unwrap()), ..shown.reader() };
        let case = judged(&spelled(&value), &brought);
        assert_eq!(case.1.0, exit, "{:?}", case.1);
        agree(&mut shown.others, &[case]);
        if exit != 0 {
            matrix.row(OWN_WITNESS).found("not-proven", true);
        }
    }
}

/// Elements of its lists dropped, doubled and exchanged.
fn listed(shown: &mut Shown, value: &Value, brought: &Brought, matrix: &mut Matrix) {
    let mut files = Vec::new();
    for path in ["/records", "/case/steps", "/case/steps/0/parts", "/complete/authority/shown"] {
        let list = value.pointer(path).and_then(Value::as_array).unwrap();
        let mut with = |list: Vec<Value>| {
            let mut changed = value.clone();
            *changed.pointer_mut(path).unwrap() = Value::Array(list);
            files.push(spelled(&changed));
        };
        for at in 0..list.len() {
            with([&list[..at], &list[at + 1..]].concat());
            // The rows of keys say the same thing in any order and twice.
            if path.starts_with("/complete") {
                continue;
            }
            with([&list[..=at], &list[at..]].concat());
            for other in at + 1..list.len() {
                let mut swapped = list.clone();
                swapped.swap(at, other);
                with(swapped);
            }
        }
    }
    shown.try_all(&files, brought, matrix.row("a part of a dossier dropped, doubled or exchanged"));
}

/// By an operator who puts the dossier together anew, from true records and published digests.
fn made_anew(shown: &mut Shown, brought: &Brought, matrix: &mut Matrix) {
    let true_rows = rows(&shown.open.sequencer);
    let mut files: Vec<Vec<u8>> = (1..3).map(|left| shown.anew(CASE, left, &true_rows).encode()).collect();
    let foreign = shown.anew(ThreadId([2 ^ 0x80; 16]), 3, &true_rows);
    files.push(foreign.encode());
    let mut mixed = serde_json::to_value(dossier(&shown.open.sequencer)).unwrap();
    mixed["complete"]["cases"] = serde_json::to_value(&foreign).unwrap()["complete"]["cases"].clone();
    files.push(spelled(&mixed));
    shown.try_all(&files, brought, matrix.row("a dossier made anew without a step, or with another case's"));
    let mut revoked = Shown::new();
    revoke(&revoked.built, &mut revoked.open.sequencer, &revoked.built.decider);
    let revocation = revoked.open.sequencer.chain().size() - 1;
    publish(&mut revoked.open.sequencer);
    let mut value = serde_json::to_value(dossier(&revoked.open.sequencer)).unwrap();
    let brought = revoked.reader();
    let drop =
        |list: &mut Value, of: &dyn Fn(&Value) -> bool| list.as_array_mut().unwrap().retain(|one| !of(one));
    drop(&mut value["records"], &|record| record["record"] == revocation);
    for row in value["complete"]["authority"]["shown"].as_array_mut().unwrap() {
        drop(&mut row["records"], &|record| *record == revocation);
    }
    revoked.try_all(&[spelled(&value)], &brought, matrix.row("a dossier made anew without a revocation"));
}

/// The operator publishes a digest that suits: only who has computed it too can tell.
fn false_digests(matrix: &mut Matrix) {
    let mut shown = Shown::new();
    let honest = rows(&shown.open.sequencer);
    let mut brought = shown.reader();
    let records = shown.open.sequencer.threads().expect("the threads").get(&CASE).unwrap().records.clone();
    let second = {
        let value = serde_json::to_value(shown.anew(CASE, 2, &honest)).unwrap();
        vandel_tests::dossiers::statement_of(&value, records[1])
    };
    let false_rows: Vec<CaseRow> = honest
        .iter()
        .map(|row| if row.thread == CASE { CaseRow { count: 2, last: second, ..*row } } else { *row })
        .collect();
    let position = shown.open.sequencer.chain().size();
    let (event, _) = false_digest(&shown.open.sequencer, &false_rows);
    shown.open.sequencer.commit_own(event).unwrap();
    publish_authority(&mut shown.open.sequencer);
    let made = shown.anew(CASE, 2, &false_rows).encode();
    let own = &mut brought.recomputed[0].digests[0];
    own.position = position;
    own.digest = ViewTree::of_cases(&honest).digest(&shown.open.sequencer.chain().ledger, position);
    let files = [made];
    shown.try_all(&files, &brought, matrix.row("a step left out under a false digest, one's own digest"));
    let alone = Brought { recomputed: Vec::new(), ..brought };
    // Nobody calls it proven: exit 4.
    shown.try_all(&files, &alone, matrix.row("a step left out under a false digest, nobody's digest"));
}

pub(crate) fn certificates(matrix: &mut Matrix) {
    let demo = Demo::get();
    let sound = demo.certificate();
    let trust = std::fs::read_to_string(demo.trust()).unwrap();
    let parsed = parse_trust(trust.as_bytes()).unwrap();
    let value: Value = serde_json::from_slice(&sound).unwrap();
    let judged = |value: &Value| {
        let bytes = serde_json::to_vec(value).unwrap();
        let checked = Certificate::read("certificate", &bytes)
            .and_then(|certificate| certificate::check(&certificate, &parsed));
        let said = checked.err().map_or((0, String::new(), None), |refusal| {
            let step =
                refusal.code.strip_prefix("certificate-").map_or(refusal.code.to_owned(), str::to_uppercase);
            (u64::from(refusal.exit), step, refusal.record)
        });
        (json!({ "file": hex(&bytes), "trust": trust }), said)
    };
    // Of who is behind the two keys the certificate shows nothing: the chain does.
    let claims = ["ordered_by", "approved_by"];
    let is_claim = |changed: &Value| claims.iter().any(|person| changed[person] != value[person]);
    let cases: Vec<(Value, Said)> =
        changes(&value).par_iter().filter(|one| !is_claim(one)).map(judged).collect();
    agree(&mut others(), &cases);
    count(matrix.row("a value of a certificate"), &cases, true);
}
