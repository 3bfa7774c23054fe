//! The JSON Schemas of the feed's events are those of the types, and so are the examples.
//!
//! `VANDEL_BLESS=1 cargo test -p vandel-projector --test schemas` writes the files anew. A change that an old
//! consumer can't read is a new version of the event, not a new file.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};
use vandel_core::hash::Hash;
use vandel_core::id::LedgerId;
use vandel_core::time::Second;
use vandel_projector::feed::cloud_event::{Basis, CloudEvent, FeedEvent};
use vandel_projector::feed::event::{
    ALL, Act, Activity, Erasures, Halt, Heartbeat, Recorded, Retention, State, Verification,
};

/// Files to be, by their place under `schemas/`.
#[derive(Default)]
struct Files(BTreeMap<PathBuf, Value>);

impl Files {
    /// The schema of an event and its examples: the given ones are valid, and from the first come those that
    /// are not.
    fn add<D: FeedEvent + JsonSchema + Clone>(&mut self, examples: &[D]) {
        let folder = PathBuf::from("feed");
        // Whole in itself, so that no reader has to resolve anything.
        let generator = SchemaSettings::draft2020_12()
            .with(|settings| settings.inline_subschemas = true)
            .into_generator();
        let mut schema = generator.into_root_schema_for::<CloudEvent<D>>().to_value();
        schema["$id"] = json!(D::schema());
        schema["title"] = json!(D::type_name());
        schema["properties"]["type"]["const"] = json!(D::type_name());
        schema["properties"]["dataschema"]["const"] = json!(D::schema());
        schema["x-personal-data"] = json!("none");
        self.0.insert(folder.join(format!("{}.json", D::NAME)), schema);
        let place = folder.join("examples").join(D::NAME);
        let basis = Basis { time: Second(1_795_600_000), hash: Hash([0xab; 32]) };
        let event = |data: &D| {
            let event =
                CloudEvent::new(&LedgerId([0x11; 32]), 42, Second(1_795_600_015), basis, data.clone());
            serde_json::to_value(event).unwrap()
        };
        for (number, example) in examples.iter().enumerate() {
            self.0.insert(place.join(format!("valid-{}.json", number + 1)), event(example));
        }
        let mut spoil = |name: &str, how: &dyn Fn(&mut Value)| {
            let mut spoilt = event(&examples[0]);
            how(&mut spoilt);
            self.0.insert(place.join(format!("invalid-{name}.json")), spoilt);
        };
        spoil("names-a-case", &|event| event["data"]["handle"] = json!("SK-2026-0001"));
        spoil("names-a-person", &|event| event["subject"] = json!("Anna Andersson"));
        spoil("short-sequence", &|event| event["sequence"] = json!("42"));
        spoil("no-ledger", &|event| drop(event.as_object_mut().unwrap().remove("source")));
        spoil("other-event", &|event| event["type"] = json!("vandel.ops.other.v1"));
    }
}

fn files() -> Files {
    let mut files = Files::default();
    let checkpoint = "origin.example/ledger\n42\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\n\n\u{2014} origin.example/ledger AAAA\n";
    let following = Heartbeat {
        interval_seconds: 15,
        state: State::Following,
        halted: None,
        position: 42,
        lag: 0,
        checkpoint: checkpoint.to_owned(),
        queue: Some(3),
    };
    let message = "the log is shorter than what was promised".to_owned();
    let halt = Halt { code: "rolled-back".to_owned(), record: Some(41), message };
    let halted = Heartbeat { state: State::Halted, halted: Some(halt), queue: None, ..following.clone() };
    files.add(&[following, halted]);
    let kinds = BTreeMap::from([("case_opened".to_owned(), 15), ("noted".to_owned(), 10)]);
    let (from, until) = ("2026-11-16T00:00:00Z".to_owned(), "2026-11-23T00:00:00Z".to_owned());
    let busy = Activity { from, until, step: 5, roles: BTreeMap::from([("SCHOOL".to_owned(), kinds)]) };
    files.add(&[busy.clone(), Activity { roles: BTreeMap::new(), ..busy }]);
    let as_of = "2026-11-25".to_owned();
    files.add(&[Retention { as_of, overdue_at_most: 0, due_soon_at_most: 10, days: 30, step: 5 }]);
    files.add(&[Erasures { under_way: 1, executed: 4, completed: 2 }]);
    files.add(&[Verification {
        verdict: "passed".to_owned(),
        anchor: "remembered".to_owned(),
        records: 42,
        ended: "2026-11-25T02:00:00Z".to_owned(),
    }]);
    files.add(&[Act { record: 41, kind: "policy_adopted".to_owned() }]);
    files.add(&[Recorded { record: 41 }]);
    files
}

#[test]
fn the_committed_schemas_and_examples_are_those_of_the_types() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas");
    let files = files();
    let schemas = files.0.keys().filter(|path| path.parent() == Some(Path::new("feed"))).count();
    assert_eq!(schemas, ALL.len(), "an event has no schema");
    let bless = std::env::var_os("VANDEL_BLESS").is_some();
    for (path, value) in &files.0 {
        let (file, text) = (place.join(path), serde_json::to_string_pretty(value).unwrap() + "\n");
        if bless {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, &text).unwrap();
        }
        let committed = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(committed, text, "{} is not what the types say", path.display());
    }
    println!("schemas deep: {} schemas, {} files compared", schemas, files.0.len());
}

#[test]
fn what_is_valid_reads_back_and_what_is_not_is_refused() {
    let (mut valid, mut invalid) = (0, 0);
    for (path, value) in files().0.iter().filter(|(path, _)| path.starts_with("feed/examples")) {
        let text = path.display().to_string();
        if !text.contains("/recorded/") {
            continue;
        }
        let read = serde_json::from_value::<CloudEvent<Recorded>>(value.clone());
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // Patterns are for the schema; what the types refuse is what they don't know.
        match name.as_str() {
            name if name.starts_with("valid") => {
                assert!(read.is_ok(), "{text}");
                valid += 1;
            }
            "invalid-names-a-case.json" | "invalid-names-a-person.json" | "invalid-no-ledger.json" => {
                assert!(read.is_err(), "{text}");
                invalid += 1;
            }
            _ => {}
        }
    }
    assert_eq!((valid, invalid), (1, 3));
}
