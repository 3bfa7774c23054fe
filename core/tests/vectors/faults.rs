//! Blocks that decode and may not follow: each breaks one rule of the chain.

mod acts;
mod enrolment;

use vandel_core::event::{OpenEvent, Role};
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::LedgerId;
use vandel_core::signature::sign;
use vandel_core::statement::Body;

use crate::fields::Fields;
use crate::file::{Case, Expected};
use crate::ledger::{Ledger, disposal, enrolled, instance};
use crate::world::{Draft, START, Said, TODAY, day, filler, open, second, secret};

/// Makes cases that follow the accepted ledger.
struct Bench<'l> {
    ledger: &'l Ledger,
    cases: Vec<Case>,
}

impl Bench<'_> {
    fn case(&mut self, after: usize, fields: Fields, name: &str, comment: &str, error: Expected) {
        self.cases.push(fields.reject(name, comment, error).context("after", after));
    }

    /// A block of one record that says `said` after `after` blocks, refused at that record.
    fn says(&mut self, after: usize, said: Said<'_>, name: &str, comment: &str, error: &str) {
        let record = self.ledger.chains[after].size();
        let fields = self.ledger.draft(after, vec![said]).fields();
        self.case(after, fields, name, comment, Expected::named(error).at(after as u64, Some(record)));
    }

    fn both(&mut self, after: usize, event: OpenEvent, name: &str, comment: &str, error: &str) {
        self.says(after, ("alice", Some("bob"), open(event)), name, comment, error);
    }
}

fn sealed() -> Body {
    Body::Sealed(Hash(filler("commitment")))
}

pub(crate) fn rejected(ledger: &Ledger) -> Vec<(&'static str, &'static str, Vec<Case>)> {
    let bench = |fill: fn(&mut Bench<'_>)| {
        let mut bench = Bench { ledger, cases: Vec::new() };
        fill(&mut bench);
        bench.cases
    };
    vec![
        (
            "chain-links",
            "Blocks and records out of place: ledger, position, number, links, time, checkpoint seen.",
            bench(links),
        ),
        (
            "chain-signatures",
            "Signatures that do not fit, by author, second person and sequencer.",
            bench(signatures),
        ),
        (
            "chain-keys",
            "Keys that may not sign here: unknown, ended, expired, without the role, of one person.",
            bench(keys),
        ),
        ("chain-opening", "Opening statements that open no ledger.", bench(enrolment::openings)),
        ("chain-enrolment", "New keys that are refused.", bench(enrolment::enrolments)),
        ("chain-acts", "Policies, disposal decisions and erasures that are refused.", bench(acts::acts)),
    ]
}

fn links(bench: &mut Bench<'_>) {
    let ledger = bench.ledger;
    let sound = ledger.draft(3, vec![("carol", None, sealed()), ("carol", None, sealed())]);
    let mut bad =
        |name: &str, comment: &str, error: &str, record: Option<u64>, change: &dyn Fn(&mut Draft)| {
            let mut draft = sound.clone();
            change(&mut draft);
            bench.case(3, draft.fields(), name, comment, Expected::named(error).at(3, record));
        };
    let other = LedgerId([7; 32]);
    bad("block of another ledger", "its head names another", "Ledger", None, &|draft| {
        draft.head.ledger = other
    });
    bad("block left out", "position 4 after 3 blocks", "BlockPosition", None, &|draft| {
        draft.head.position = 4
    });
    bad("block repeated", "position 2 after 3 blocks", "BlockPosition", None, &|draft| {
        draft.head.position = 2
    });
    bad("block before differs", "one bit of the hash", "BlockPrevious", None, &|draft| {
        draft.head.previous.0[0] ^= 1
    });
    bad("first record differs", "the head counts from 6", "RecordNumber", None, &|draft| {
        draft.head.first_record = 6
    });
    bad("statement of another ledger", "replayed", "Ledger", Some(5), &|draft| {
        draft.records[0].ledger = other
    });
    bad("statement of no ledger", "only the opening has none", "Ledger", Some(5), &|draft| {
        draft.records[0].ledger = LedgerId([0; 32]);
    });
    bad("record left out", "number 6 where 5 comes", "RecordNumber", Some(5), &|draft| {
        draft.records[0].number = 6
    });
    bad("record repeated", "number 5 twice", "RecordNumber", Some(6), &|draft| draft.records[1].number = 5);
    bad("record before differs", "one bit of the hash", "RecordPrevious", Some(5), &|draft| {
        draft.records[0].previous = Some(Hash([9; 32]));
    });
    bad(
        "second record names another",
        "inside the block the chain holds too",
        "RecordPrevious",
        Some(6),
        &|draft| {
            draft.records[1].previous = Some(draft.before);
        },
    );
    bad("time back", "a second before the block before", "TimeRunsBack", Some(5), &|draft| {
        draft.records[0].time = START + 119;
    });
    bad(
        "time back inside the block",
        "a second before the record before",
        "TimeRunsBack",
        Some(6),
        &|draft| {
            draft.records[1].time -= 1;
        },
    );
    bad("checkpoint from the future", "larger than the chain", "SeenSize", Some(5), &|draft| {
        draft.records[0].seen.size = 6
    });
    bad("checkpoint inside a block", "no block ends after 3 records", "SeenSize", Some(5), &|draft| {
        draft.records[0].seen.size = 3;
    });
    bad(
        "checkpoint of another history",
        "the size is right, the root is not",
        "SeenRoot",
        Some(5),
        &|draft| {
            draft.records[0].seen.root.0[0] ^= 1;
        },
    );
    bad("empty checkpoint with a root", "size 0 has the root of nothing", "SeenRoot", Some(5), &|draft| {
        draft.records[0].seen.size = 0;
    });
    let own = ledger.chains[4].tip();
    bad("checkpoint of this very block", "nobody can have seen it", "SeenSize", Some(5), &|draft| {
        draft.records[0].seen = own;
        draft.records[0].seen.size = 7;
    });
}

fn signatures(bench: &mut Bench<'_>) {
    let draft =
        bench.ledger.draft(4, vec![("bob", Some("dora"), open(OpenEvent::DisposalAdopted(disposal())))]);
    let sound = draft.fields();
    let unsigned = || Fields(sound.0[..sound.0.len() - 1].to_vec());
    let flip = |name: &str| {
        let mut bytes = sound.get(name).to_vec();
        bytes[40] ^= 1;
        bytes
    };
    for (name, error) in [("0/author signature", "Author"), ("0/second signature", "Second")] {
        let fields = draft.sign(unsigned().with(name, flip(name), "one bit flipped"));
        let expected = Expected::named(format!("Signature.{error}.Mismatch")).at(4, Some(6));
        bench.case(4, fields, &format!("{name} flipped"), "the block is signed over it", expected);
    }
    let author = || Expected::named("Signature.Author.Mismatch").at(4, Some(6));
    let taken = unsigned().with("0/author signature", sound.get("0/second signature"), "the second's");
    bench.case(4, draft.sign(taken), "author's signature is the second's", "it fits another key", author());
    let taken = unsigned().with("0/second signature", sound.get("0/author signature"), "the author's");
    let of_second = Expected::named("Signature.Second.Mismatch").at(4, Some(6));
    bench.case(
        4,
        draft.sign(taken),
        "second signature is the author's",
        "one person does not sign for two",
        of_second,
    );
    let block = || Expected::named("Signature.Block.Mismatch").at(4, None);
    let fields = sound.clone().with("block signature", flip("block signature"), "one bit flipped");
    bench.case(4, fields, "block signature flipped", "the records' signatures are sound", block());
    let mut other = draft.clone();
    other.sequencer = secret("service 2");
    bench.case(4, other.fields(), "block signed by another key", "the head names the right one", block());
    let statement = draft.records[0].unsigned_fields().bytes();
    let forged = sign(&secret("mallory"), Domain::Statement, &[&statement]);
    let fields = draft.sign(unsigned().with("0/author signature", forged, "mallory's"));
    bench.case(4, fields, "signed by another key", "the statement names bob, mallory signed", author());
    let forged = sign(&secret("bob"), Domain::Block, &[&statement]);
    let fields = draft.sign(unsigned().with("0/author signature", forged, "under vandel/v1/block"));
    bench.case(4, fields, "signed under another domain", "a signature serves one purpose", author());
}

fn keys(bench: &mut Bench<'_>) {
    bench.says(3, ("mallory", None, sealed()), "unknown key", "never enrolled", "Author.Unknown");
    bench.says(7, ("carol", None, sealed()), "rotated key", "carol's first key has ended", "Author.Ended");
    bench.says(8, ("erik", None, sealed()), "revoked key", "erik's key has ended", "Author.Ended");
    let disposal = || open(OpenEvent::DisposalAdopted(disposal()));
    let cases = [
        ("alice", None, "Open.SignatureCount", "one signature where two are needed"),
        ("alice", Some("alice"), "Open.SamePerson", "one key twice"),
        ("dora", Some("alice"), "Open.Role", "the author is no administrator"),
        ("alice", Some("carol"), "Open.Role", "the second is neither administrator nor delegate"),
        ("mallory", Some("alice"), "Open.Key.Unknown", "the author is unknown"),
        ("alice", Some("mallory"), "Open.Key.Unknown", "the second is unknown"),
    ];
    for (author, second, error, comment) in cases {
        let name = format!("disposal by {author} and {}", second.unwrap_or("nobody"));
        bench.says(4, (author, second, disposal()), &name, comment, error);
    }
    let started = || open(OpenEvent::SequencerStarted(instance("three")));
    bench.says(
        4,
        ("service", Some("alice"), started()),
        "start with two signatures",
        "it needs one",
        "Open.SignatureCount",
    );
    not_started(bench);
    one_person_two_keys(bench);
    expired(bench);
}

/// Blocks that the wrong instance signs.
fn not_started(bench: &mut Bench<'_>) {
    let started = || open(OpenEvent::SequencerStarted(instance("three")));
    let block = |error: &str, after: u64| Expected::named(error).at(after, None);
    let fields =
        Draft::after(&bench.ledger.chains[8], "service 2", vec![("carol 2", None, sealed())]).fields();
    bench.case(
        8,
        fields,
        "instance not started",
        "enrolled, and its start is missing",
        block("NotTheStartedSequencer", 8),
    );
    let fields = Draft::after(&bench.ledger.chains[9], "service", vec![("carol 2", None, sealed())]).fields();
    bench.case(
        9,
        fields,
        "instance superseded",
        "the second has started since",
        block("NotTheStartedSequencer", 9),
    );
    let fields =
        Draft::after(&bench.ledger.chains[4], "mallory", vec![("mallory", None, started())]).fields();
    bench.case(
        4,
        fields,
        "unknown instance starts",
        "its key was never enrolled",
        block("Sequencer.Unknown", 4),
    );
    let fields = Draft::after(&bench.ledger.chains[4], "dora", vec![("dora", None, started())]).fields();
    let role = Expected::named("Open.Role").at(4, Some(6));
    bench.case(4, fields, "a person starts", "a delegate is no service", role);
    let said = vec![("dora", None, sealed()), ("service", None, started())];
    let fields = Draft::after(&bench.ledger.chains[4], "service", said).fields();
    let second = Expected::named("Open.StartNotFirst").at(4, Some(7));
    bench.case(4, fields, "start is not the first record", "a start opens its block", second);
    let fields = Draft::after(&bench.ledger.chains[4], "service", vec![("dora", None, started())]).fields();
    bench.case(
        4,
        fields,
        "start by another than the signer",
        "the block's key is not the start's author",
        block("NotTheStartedSequencer", 4),
    );
}

/// Two keys of one actor are one person.
fn one_person_two_keys(bench: &mut Bench<'_>) {
    let ledger = bench.ledger;
    let alice = enrolled(&ledger.id(), crate::ledger::ALICE, "alice 2", Role::Administrator);
    let said = vec![
        ("alice", Some("bob"), open(OpenEvent::KeyEnrolled(alice))),
        ("alice", Some("alice 2"), open(OpenEvent::DisposalAdopted(disposal()))),
    ];
    let fields = ledger.draft(4, said).fields();
    let expected = Expected::named("Open.SamePerson").at(4, Some(7));
    bench.case(
        4,
        fields,
        "two keys of one person",
        "alice enrols a second key and is not two people",
        expected,
    );
}

/// A key's last second, to the second.
fn expired(bench: &mut Bench<'_>) {
    let ledger = bench.ledger;
    let mut key = enrolled(&ledger.id(), 0xf0, "frida", Role::Handler);
    key.expires = Some(second(START + 240));
    let said = vec![("alice", Some("bob"), open(OpenEvent::KeyEnrolled(key))), ("frida", None, sealed())];
    let mut draft = ledger.draft(4, said);
    draft.records[1].time += 1;
    let expected = Expected::named("Author.Expired").at(4, Some(7));
    bench.case(4, draft.fields(), "expired key", "a second after its last", expected);
    let mut admin = enrolled(&ledger.id(), 0xf0, "frida", Role::Administrator);
    admin.grants[0].until = Some(day(TODAY - 1));
    admin.grants[0].from = day(TODAY - 9);
    let said = vec![
        ("alice", Some("bob"), open(OpenEvent::KeyEnrolled(admin))),
        ("frida", Some("bob"), open(OpenEvent::DisposalAdopted(disposal()))),
    ];
    let expected = Expected::named("Open.Role").at(4, Some(7));
    bench.case(4, ledger.draft(4, said).fields(), "grant has ended", "the role ended yesterday", expected);
}
