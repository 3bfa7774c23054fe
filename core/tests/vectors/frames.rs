//! Statements, records and blocks as bytes: what a reader refuses before it looks at any rule.

use vandel_core::event::OpenEvent;
use vandel_core::hash::Hash;
use vandel_core::statement::Body;

use crate::fields::Fields;
use crate::file::{Case, Expected};
use crate::ledger::{Ledger, disposal, revoked};
use crate::world::{Draft, RecordDraft, filler, open};

/// One open record with two signatures, and one sealed.
fn drafts(ledger: &Ledger) -> (RecordDraft, RecordDraft) {
    let revoked = open(OpenEvent::KeyRevoked(revoked()));
    let said =
        vec![("alice", Some("bob"), revoked), ("carol", None, Body::Sealed(Hash(filler("commitment"))))];
    let mut records = ledger.draft(3, said).records;
    let sealed = records.pop().expect("two records");
    (records.pop().expect("two records"), sealed)
}

fn named(name: &str, what: &str) -> Expected {
    Expected::named(name).what(what)
}

pub(crate) fn statements(ledger: &Ledger) -> (Vec<Case>, Vec<Case>) {
    let (open, sealed) = drafts(ledger);
    let accepted = vec![
        sealed.statement_fields().accept("sealed", "204 bytes, always"),
        open.statement_fields().accept("open, two signatures", "both over the same bytes"),
        RecordDraft { second: None, ..open.clone() }
            .statement_fields()
            .accept("open, one signature", "well-formed; whether one suffices is a rule of the chain"),
    ];
    let mut rejected = cuts(
        &sealed.statement_fields(),
        &[
            ("version", "statement"),
            ("sort", "statement sort"),
            ("ledger", "ledger id"),
            ("author", "author key"),
            ("seen size", "seen size"),
            ("seen root", "seen root"),
            ("commitment", "commitment"),
            ("author signature", "author signature"),
            ("signature count", "signature count"),
        ],
    );
    rejected.extend(cuts(
        &open.statement_fields(),
        &[
            ("event length", "event"),
            ("event", "event"),
            ("second key", "second key"),
            ("second signature", "second signature"),
        ],
    ));
    rejected.extend(changed_statements(&open, &sealed));
    (accepted, rejected)
}

fn cuts(fields: &Fields, at: &[(&str, &str)]) -> Vec<Case> {
    let cut = |(field, what): &(&str, &str)| {
        fields.clone().cut(field).reject(
            &format!("cut in {field}"),
            "the bytes end inside a field",
            named("Truncated", what),
        )
    };
    at.iter().map(cut).collect()
}

fn changed_statements(open: &RecordDraft, sealed: &RecordDraft) -> Vec<Case> {
    let (open, sealed) = (open.statement_fields(), sealed.statement_fields());
    let second = Fields::new().raw("second key", [1; 32], "").raw("second signature", [2; 64], "").bytes();
    let event = open.get("event").to_vec();
    let longer = u32::try_from(event.len() + 1).expect("short").to_be_bytes();
    let case =
        |fields: Fields, name: &str, comment: &str, error: Expected| fields.reject(name, comment, error);
    vec![
        case(Fields::new(), "empty", "no bytes at all", named("Truncated", "statement")),
        case(
            sealed.clone().with("version", [0, 0], "version 0"),
            "version 0",
            "there is none",
            named("UnknownVersion", "statement"),
        ),
        case(
            sealed.clone().with("version", [0, 2], "version 2"),
            "version 2",
            "a later release's",
            named("UnknownVersion", "statement"),
        ),
        case(
            sealed.clone().with("version", [1, 0], "version 256"),
            "version little-endian",
            "1 with its bytes swapped",
            named("UnknownVersion", "statement"),
        ),
        case(
            sealed.clone().with("sort", [0], "sort 0"),
            "sort 0",
            "there is none",
            named("BadValue", "statement sort"),
        ),
        case(
            sealed.clone().with("sort", [3], "sort 3"),
            "sort 3",
            "there is none",
            named("BadValue", "statement sort"),
        ),
        case(
            sealed.clone().with("sort", [1], "open"),
            "sealed called open",
            "the commitment is read as a length",
            named("TooLong", "event"),
        ),
        case(
            open.clone().with("sort", [2], "sealed"),
            "open called sealed",
            "the count falls on another byte",
            named("BadValue", "signature count"),
        ),
        case(
            sealed.clone().raw("after", [0], "one byte too many"),
            "trailing byte",
            "a statement ends with its signatures",
            named("Trailing", "statement"),
        ),
        case(
            open.clone().raw("after", [0], "one byte too many"),
            "trailing byte after two signatures",
            "likewise",
            named("Trailing", "statement"),
        ),
        case(
            sealed.clone().with("signature count", [1], "one more").raw(
                "second",
                &second,
                "key and signature",
            ),
            "second signature on sealed",
            "it would tell which sort of step it was",
            named("BadValue", "signature count"),
        ),
        case(
            open.clone().with("signature count", [2], "two more").raw("third", &second, "key and signature"),
            "three signatures",
            "there are one or two",
            named("BadValue", "signature count"),
        ),
        case(
            open.clone().with("signature count", [0], "none more"),
            "second signature not counted",
            "it trails",
            named("Trailing", "statement"),
        ),
        case(
            open.clone().with("event length", longer, "one too long").with(
                "event",
                [&event[..], &[0]].concat(),
                "a byte follows",
            ),
            "event with a trailing byte",
            "inside its stated length",
            named("Trailing", "event"),
        ),
        case(
            open.clone().with("event length", 262_145_u32.to_be_bytes(), "262,145"),
            "event oversize",
            "longer than a statement may be",
            named("TooLong", "event"),
        ),
        case(
            open.clone().with("event length", [0; 4], "0"),
            "event of length 0",
            "no event is empty",
            named("BadBody", "event"),
        ),
        case(
            open.with("event", [&[0x84, 0x00], &event[2..]].concat(), "4 in two bytes, the last byte gone"),
            "event not canonical",
            "its variant is an overlong varint",
            named("BadBody", "event"),
        ),
    ]
}

pub(crate) fn records(ledger: &Ledger) -> (Vec<Case>, Vec<Case>) {
    let (open, sealed) = drafts(ledger);
    let before = ledger.chains[3].head;
    let fields = sealed.fields(before);
    let accepted = vec![
        fields.clone().accept("sealed", "254 bytes, always"),
        open.fields(before).accept("open", "with two signatures"),
    ];
    let mut rejected = cuts(
        &fields,
        &[
            ("record version", "record"),
            ("number", "record number"),
            ("time", "record time"),
            ("previous", "previous hash"),
            ("signature count", "signature count"),
        ],
    );
    let version = fields.clone().with("record version", [0, 2], "version 2");
    rejected.push(version.reject("version 2", "a later release's", named("UnknownVersion", "record")));
    let inner = fields.clone().with("version", [0, 2], "statement version 2");
    rejected.push(inner.reject(
        "statement version 2",
        "inside a record of version 1",
        named("UnknownVersion", "statement"),
    ));
    let more = fields.clone().raw("after", [0], "one byte too many");
    rejected.push(more.reject(
        "trailing byte",
        "a record ends with its statement",
        named("Trailing", "statement"),
    ));
    (accepted, rejected)
}

pub(crate) fn blocks(ledger: &Ledger) -> (Vec<Case>, Vec<Case>) {
    let said = || {
        vec![
            ("carol", None, Body::Sealed(Hash(filler("commitment")))),
            ("alice", Some("bob"), open(OpenEvent::DisposalAdopted(disposal()))),
        ]
    };
    let draft = ledger.draft(3, said());
    let fields = draft.fields();
    let accepted = vec![fields.clone().accept("two records", "one sealed, one open")];
    let mut rejected = cuts(
        &fields,
        &[
            ("block version", "block"),
            ("block ledger", "ledger id"),
            ("block position", "block position"),
            ("block previous", "previous block hash"),
            ("first record", "first record number"),
            ("record count", "record count"),
            ("sequencer", "sequencer key"),
            ("block signature", "block signature"),
        ],
    );
    rejected.extend(changed_blocks(&draft, &fields));
    (accepted, rejected)
}

fn at(error: Expected, record: u64) -> Expected {
    Expected { record: Some(record), ..error }
}

fn changed_blocks(draft: &Draft, fields: &Fields) -> Vec<Case> {
    let with = |name: &str, bytes: &[u8], meaning: &str| fields.clone().with(name, bytes, meaning);
    let case =
        |fields: Fields, name: &str, comment: &str, error: Expected| fields.reject(name, comment, error);
    let none = Draft { records: Vec::new(), ..draft.clone() }.fields();
    let shorter = (u32::try_from(254).expect("small") - 1).to_be_bytes();
    vec![
        case(none, "count 0", "a block has a record", named("BadValue", "record count")),
        case(
            with("record count", &1_001_u32.to_be_bytes(), "1,001"),
            "count 1001",
            "more than a block may have",
            named("BadValue", "record count"),
        ),
        case(
            with("record count", &[0, 0, 0, 3], "three"),
            "count too large",
            "the signature is read as a record",
            at(named("TooLong", "record"), 2),
        ),
        case(
            with("record count", &[0, 0, 0, 1], "one"),
            "count too small",
            "a record trails",
            named("Trailing", "block"),
        ),
        case(
            with("block version", &[0, 2], "version 2"),
            "version 2",
            "a later release's",
            named("UnknownVersion", "block"),
        ),
        case(
            fields.clone().raw("after", [0], "one byte too many"),
            "trailing byte",
            "a block ends with its signature",
            named("Trailing", "block"),
        ),
        case(
            with("0/length", &263_169_u32.to_be_bytes(), "263,169"),
            "record oversize",
            "longer than a record may be",
            at(named("TooLong", "record"), 0),
        ),
        case(
            with("0/length", &shorter, "253"),
            "record length short",
            "the next length is read one byte early, as 1",
            named("Trailing", "block"),
        ),
        case(
            with("0/length", &[0; 4], "0"),
            "record of length 0",
            "its bytes are read as the next record's length",
            at(named("Truncated", "record"), 1),
        ),
        case(
            with("1/length", &[0, 3, 0, 0], "196,608"),
            "record cut",
            "longer than what is left",
            at(named("Truncated", "record"), 1),
        ),
        case(
            with("0/record version", &[0, 2], "version 2"),
            "record version 2",
            "inside a block of version 1",
            at(named("UnknownVersion", "record"), 0),
        ),
        case(
            with("1/version", &[0, 2], "version 2"),
            "statement version 2",
            "in the second record",
            at(named("UnknownVersion", "statement"), 1),
        ),
        case(
            with("1/sort", &[9], "sort 9"),
            "statement sort 9",
            "in the second record",
            at(named("BadValue", "statement sort"), 1),
        ),
    ]
}
