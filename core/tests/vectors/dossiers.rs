//! Dossiers of a small case, sound and changed: what must be accepted, and what refused with which code and record.

mod forms;
mod judged;
mod tale;

use serde_json::{Value, json};
use vandel_core::dossier::{Brought, Dossier, check};
use vandel_core::trust::parse_trust;

use crate::file::{Case, Expected, Field, to_hex};
use tale::{Part, Tale};

/// The name of the accepted case that others are changes of.
const WHOLE: &str = "a whole case";

/// Judges a dossier's bytes by what the case says that its reader brings.
pub(crate) fn judge(case: &Case, bytes: &[u8]) -> Result<(), Expected> {
    let text = |name: &str| case.context.get(name);
    let brought = Brought {
        trust: text("trust").map(|trust| parse_trust(trust.as_bytes()).expect("a trust file")),
        recomputed: text("digests").map(|digests| digests.parse().expect("digests")).into_iter().collect(),
        ..Brought::default()
    };
    let report = check(bytes, &brought);
    match report.fault {
        Some(fault) => {
            let name = format!("Dossier.{}", fault.code);
            Err(Expected { record: fault.record, ..Expected::named(name) })
        }
        None => {
            let exit = text("exit").expect("an accepted dossier says how its check ends");
            assert_eq!(*exit, report.exit.to_string(), "{}: {:?}", case.name, report.not_proven);
            Ok(())
        }
    }
}

/// The bytes of a case, which may be a change of another: all but what lies from `from` to `to` is as there.
pub(crate) fn bytes_of(case: &Case, base: &[u8]) -> Vec<u8> {
    let at = |name: &str| case.context[name].parse::<usize>().expect("an offset");
    if case.context.contains_key("of") {
        [&base[..at("from")], &case.bytes(), &base[at("to")..]].concat()
    } else {
        case.bytes()
    }
}

/// The file whose cases others are changes of.
pub(crate) fn base_of(cases: &[Case]) -> Vec<u8> {
    cases.iter().find(|case| case.name == WHOLE).expect("the whole case").bytes()
}

fn case(name: &str, comment: &str, fields: Vec<Field>) -> Case {
    let context = Default::default();
    Case { name: name.to_owned(), comment: comment.to_owned(), error: None, context, fields }
}

pub(crate) fn file(name: &str, comment: &str, bytes: &[u8]) -> Case {
    case(name, comment, vec![Field("file".to_owned(), to_hex(bytes), "the file, UTF-8".to_owned())])
}

/// A change of the accepted case `of`, whose file is `base`.
pub(crate) fn change(of: &str, base: &[u8], name: &str, comment: &str, bytes: &[u8]) -> Case {
    let from = base.iter().zip(bytes).take_while(|(one, other)| one == other).count();
    let rest = base.len().min(bytes.len()) - from;
    let alike = base.iter().rev().zip(bytes.iter().rev()).take_while(|(one, other)| one == other).count();
    let alike = alike.min(rest);
    let put = &bytes[from..bytes.len() - alike];
    let field = Field("instead".to_owned(), to_hex(put), "CHANGED: what stands there instead".to_owned());
    case(name, comment, vec![field]).context("of", of).context("from", from).context("to", base.len() - alike)
}

/// Accepted, and refused.
pub(crate) fn cases() -> (Vec<Case>, Vec<Case>) {
    let tale = Tale::told(&Part::WHOLE);
    let whole = tale.dossier();
    let base = whole.encode();
    let (trust, digests) = (tale.trust(), tale.digests());
    let reads = |case: Case, exit: u8| case.context("trust", &trust).context("exit", exit);
    let erased = Tale::told(&Part::ERASED);
    let confirmed = Tale::told(&Part::CONFIRMED);
    let later = Tale::told(&Part::LATER);
    let accepted = vec![
        reads(
            file(WHOLE, "three steps; the identity is withheld; the reader has computed the digest", &base)
                .context("digests", &digests),
            0,
        ),
        reads(
            change(
                WHOLE,
                &base,
                "by the service's word",
                "nobody has computed the digest: not proven",
                &base,
            ),
            4,
        ),
        change(WHOLE, &base, "no trust file", "not proven", &base)
            .context("digests", &digests)
            .context("exit", 4),
        reads(
            file(
                "an erased note",
                "with the records that started and executed it",
                &erased.dossier().encode(),
            )
            .context("digests", erased.digests()),
            0,
        ),
        reads(
            file("confirmed", "a second service published the same digest", &confirmed.dossier().encode()),
            0,
        ),
        reads(
            file(
                "a later step",
                "the digest is older than the last record: complete below it",
                &later.dossier().encode(),
            )
            .context("digests", later.digests()),
            0,
        ),
    ];
    let mut refused = Refusals { base: &base, whole: &whole, tale: &tale, cases: Vec::new() };
    refused.spellings();
    refused.records();
    refused.steps();
    refused.absences(&erased);
    refused.completeness();
    let brings = |mut case: Case| {
        for (name, value) in [("trust", &trust), ("digests", &digests)] {
            case.context.entry(name.to_owned()).or_insert_with(|| value.clone());
        }
        case
    };
    (accepted, refused.cases.into_iter().map(brings).collect())
}

/// What must be refused, being put together.
struct Refusals<'t> {
    base: &'t [u8],
    whole: &'t Dossier,
    tale: &'t Tale,
    cases: Vec<Case>,
}

impl Refusals<'_> {
    fn add(&mut self, name: &str, code: &str, record: Option<u64>, bytes: &[u8]) {
        let mut case = change(WHOLE, self.base, name, "", bytes);
        case.error = Some(Expected { record, ..Expected::named(format!("Dossier.{code}")) });
        self.cases.push(case);
    }

    /// The file's text with one thing replaced.
    fn text(&mut self, name: &str, code: &str, record: Option<u64>, from: &str, to: &str) {
        let text = std::str::from_utf8(self.base).expect("UTF-8");
        assert!(text.contains(from), "{name}: there is no {from:?}");
        self.add(name, code, record, text.replacen(from, to, 1).as_bytes());
    }

    /// The file's values changed and written again in the one spelling.
    fn edit(&mut self, name: &str, code: &str, record: Option<u64>, edit: impl FnOnce(&mut Value)) {
        let mut value = serde_json::to_value(self.whole).expect("a form");
        edit(&mut value);
        let edited: Dossier = serde_json::from_value(value).unwrap_or_else(|error| panic!("{name}: {error}"));
        self.add(name, code, record, &edited.encode());
    }

    /// Another tale, told by people with these keys.
    fn tale(&mut self, name: &str, code: &str, record: u64, parts: &[Part]) {
        let tale = Tale::told(parts);
        self.add(name, code, Some(record), &tale.dossier().encode());
        let case = self.cases.pop().expect("just added");
        self.cases.push(case.context("digests", tale.digests()));
    }

    /// D1.
    fn spellings(&mut self) {
        let mut malformed = |name: &str, from: &str, to: &str| self.text(name, "malformed", None, from, to);
        malformed("white space between tokens", "\"rows\":", "\"rows\": ");
        malformed("a member that no dossier has", "\"confirmed\":[]", "\"confirmed\":[],\"more\":1");
        malformed("a member twice", "\"confirmed\":[]", "\"confirmed\":[],\"confirmed\":[]");
        malformed("members in another order", "\"rows\":2,\"index\":0", "\"index\":0,\"rows\":2");
        malformed("a number with a fraction", "\"index\":0", "\"index\":0.0");
        malformed("a number below zero", "\"index\":0", "\"index\":-0");
        malformed("a number as text", "\"index\":0", "\"index\":\"0\"");
        malformed("a letter escaped that need not be", "\"withheld\"", "\"\\u0077ithheld\"");
        malformed("another version", "vandel-dossier/1", "vandel-dossier/2");
        malformed("a reason that is none", "\"withheld\"", "\"secret\"");
        malformed(
            "an optional member that is null",
            "\"why\":\"withheld\"",
            "\"why\":\"withheld\",\"by\":null",
        );
        malformed("hexadecimal digits in capitals", "\"thread\":\"7e", "\"thread\":\"7E");
        let ended = self.base.strip_suffix(b"\n").expect("a line break").to_vec();
        self.add("without the line break", "malformed", None, &ended);
        self.add("two line breaks", "malformed", None, &[self.base, b"\n"].concat());
        self.add("cut", "malformed", None, &self.base[..self.base.len() / 2]);
    }

    /// D2 to D5, D7, D9.
    fn records(&mut self) {
        self.text("a size with a leading zero", "checkpoint", None, "vectors\\n", "vectors\\n0");
        let list = |value: &mut Value| value["records"].as_array_mut().expect("a list").clone();
        self.edit("without record 0", "record", None, |value| value["records"] = json!(list(value)[1..]));
        self.edit("two records exchanged", "record", None, |value| {
            let mut records = list(value);
            records.swap(1, 2);
            value["records"] = json!(records);
        });
        self.edit("a record under another number", "record", Some(3), |value| {
            value["records"][1]["record"] = json!(3)
        });
        self.edit("a record's bytes cut", "record", Some(2), |value| {
            value["records"][1]["bytes"] = json!("AAEA")
        });
        self.edit("another record's path", "inclusion", Some(2), |value| {
            value["records"][1]["proof"] = value["records"][2]["proof"].clone();
        });
        self.edit("a path cut short", "inclusion", Some(2), |value| {
            value["records"][1]["proof"].as_array_mut().expect("a list").pop();
        });
        self.edit("another ledger's id", "other-ledger", Some(0), |value| {
            value["ledger"] = json!("00".repeat(32))
        });
        for (name, number, at) in
            [("a record that no dossier shows", 1, 1), ("a foreign case's record", 6, 4)]
        {
            let more = self.tale.shown_record(number);
            self.edit(name, "record", Some(number as u64), |value| {
                value["records"].as_array_mut().expect("a list").insert(at, more);
            });
        }
        self.tale("a digest by somebody who is no service", "rule", 9, &Part::with(Part::DigestBy("carol")));
        self.tale(
            "a digest by a key that was never enrolled",
            "rule",
            9,
            &Part::with(Part::DigestBy("mallory")),
        );
        self.tale("an author's signature by another key", "signature", 7, &Part::with(Part::Forged));
        self.edit("a checkpoint's signature changed", "checkpoint-signature", None, |value| {
            let mut note = value["checkpoint"].as_str().expect("a text").to_owned();
            let at = note.len() - 20;
            note.replace_range(at..=at, if note[at..].starts_with('A') { "B" } else { "A" });
            value["checkpoint"] = json!(note);
        });
        let other = self.tale.trust_naming("erik");
        self.edit("a trust file that names another key", "trust-other-log", None, |_| {});
        let case = self.cases.pop().expect("just added");
        self.cases.push(case.context("trust", other));
    }

    /// D6.
    fn steps(&mut self) {
        let step =
            |value: &mut Value, at: usize, name: &str, to: Value| value["case"]["steps"][at][name] = to;
        self.edit("a part that is not said to be absent", "step", Some(5), |value| {
            step(value, 0, "absent", json!([]))
        });
        self.edit("a part both shown and absent", "step", Some(8), |value| {
            step(value, 2, "absent", json!([{"slot": 2, "why": "withheld"}]));
        });
        self.edit("absent, and not of the kind", "step", Some(8), |value| {
            step(value, 2, "absent", json!([{"slot": 6, "why": "withheld"}]));
        });
        self.edit("parts out of order", "step", Some(8), |value| {
            value["case"]["steps"][2]["parts"].as_array_mut().expect("a list").reverse();
        });
        self.edit("a header that is too short", "step", Some(8), |value| {
            step(value, 2, "header", json!("AAAA"))
        });
        self.edit("a step without its record", "step", None, |value| {
            let more = value["case"]["steps"][2].clone();
            value["case"]["steps"].as_array_mut().expect("a list").push(more);
        });
        self.edit("another step's opening", "commitment", Some(8), |value| {
            let header = value["case"]["steps"][1]["header"].clone();
            step(value, 2, "header", header);
        });
        self.edit("a payload that does not open its commitment", "commitment", Some(8), |value| {
            let part = value["case"]["steps"][0]["parts"][1]["bytes"].clone();
            value["case"]["steps"][2]["parts"][1]["bytes"] = part;
        });
        self.edit("without the spine", "commitment", Some(8), |value| {
            value["case"]["steps"][2]["parts"].as_array_mut().expect("a list").remove(0);
        });
        self.edit("another thread's id", "thread", Some(5), |value| {
            value["case"]["thread"] = json!("7f".repeat(16))
        });
        self.edit("a step of the case's chain missing", "thread", Some(8), |value| {
            value["case"]["steps"].as_array_mut().expect("a list").remove(1);
            value["records"].as_array_mut().expect("a list").retain(|record| record["record"] != 7);
        });
        self.edit("without its steps", "record", Some(5), |value| value["case"]["steps"] = json!([]));
        self.edit("the author's enrolment missing", "rule", Some(5), |value| {
            value["records"].as_array_mut().expect("a list").remove(1);
        });
    }

    /// D8.
    fn absences(&mut self, erased: &Tale) {
        let mut claim = |name: &str, at: usize, record: u64, absent: Value| {
            self.edit(name, "absent", Some(record), |value| {
                let list = value["case"]["steps"][at]["parts"].as_array_mut().expect("a list");
                let slot = &absent["slot"];
                list.retain(|part| part["slot"] != *slot);
                value["case"]["steps"][at]["absent"] = json!([absent]);
            });
        };
        claim("erased, and no erasure is shown", 1, 7, json!({"slot": 3, "why": "erased", "started": 4}));
        claim("erased, and by nothing", 1, 7, json!({"slot": 3, "why": "erased"}));
        claim("replaced, and by no later identity", 0, 5, json!({"slot": 1, "why": "replaced", "by": 2}));
        claim("a note replaced", 1, 7, json!({"slot": 3, "why": "replaced", "by": 2}));
        claim("withheld, with a reason", 1, 7, json!({"slot": 3, "why": "withheld", "by": 2}));
        let text = String::from_utf8(erased.dossier().encode()).expect("UTF-8");
        let unended = text.replacen(",\"executed\":10", "", 1);
        assert_ne!(text, unended);
        self.add("an erasure whose end is not told", "absent", Some(7), unended.as_bytes());
    }

    /// D10 and D11.
    fn completeness(&mut self) {
        let cases = |name: &'static str, to: u64| {
            move |value: &mut Value| value["complete"]["cases"][name] = json!(to)
        };
        self.edit("a digest that is none", "digest", Some(7), cases("published", 7));
        self.edit("the other view's digest", "digest", Some(10), cases("published", 10));
        self.edit("a place beyond the rows", "row-proof", Some(9), cases("index", 2));
        self.edit("a row's path too long", "row-proof", Some(9), |value| {
            let more = json!("00".repeat(32));
            value["complete"]["cases"]["proof"].as_array_mut().expect("a list").push(more);
        });
        self.edit("forged completeness", "completeness", Some(9), |value| {
            value["complete"]["cases"]["proof"][0] = json!("00".repeat(32));
        });
        self.edit("the last step left out", "completeness", Some(9), |value| {
            value["case"]["steps"].as_array_mut().expect("a list").pop();
            value["records"].as_array_mut().expect("a list").retain(|record| record["record"] != 8);
        });
        self.tale("a digest that is older than the case", "completeness", 9, &Part::with(Part::Position(5)));
        self.tale("a digest of a time to come", "digest", 9, &Part::with(Part::Position(99)));
        self.edit("a key's row missing", "authority", Some(10), |value| {
            value["complete"]["authority"]["shown"].as_array_mut().expect("a list").remove(0);
        });
        self.edit("a policy left out", "authority", Some(10), |value| {
            value["records"].as_array_mut().expect("a list").retain(|record| record["record"] != 4);
        });
        self.edit("a row's path changed", "authority", Some(10), |value| {
            value["complete"]["authority"]["shown"][0]["proof"][0] = json!("00".repeat(32));
        });
        self.edit("a digest that confirms itself", "confirmation", Some(9), |value| {
            value["complete"]["confirmed"] = json!([9]);
        });
        self.edit("one's own digest is another", "digest-differs", Some(9), |_| {});
        let case = self.cases.pop().expect("just added");
        self.cases.push(case.context("digests", self.tale.other_digests()));
    }
}
