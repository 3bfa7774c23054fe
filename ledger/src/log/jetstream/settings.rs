//! The settings a stream must have to hold a log, and how to mend one that has not.

use serde_json::{Map, Value, json};
use vandel_core::id::LedgerId;
use vandel_core::limits::BLOCK_BYTES_MAX;

use super::fault::Mismatch;
use super::names::{LEDGER_KEY, checkpoint_stream, checkpoint_subject, log_stream, log_subject};

/// What a message may carry beside its block: subject, fence, message id, and what the server adds.
pub(super) const HEADER_BYTES_MAX: usize = 1_024;

/// How long JetStream remembers message ids: longer than a writer tries to place one block.
const DUPLICATE_WINDOW_NANOSECONDS: u64 = 120_000_000_000;

/// How many checkpoints their stream keeps: the newest counts, the others show its recent course.
const CHECKPOINTS_KEPT: i64 = 1_024;

/// The settings of a new log stream.
pub(super) fn log_settings(ledger: &LedgerId, replicas: usize) -> Value {
    let mut settings = common(ledger, replicas);
    settings.insert("name".to_owned(), json!(log_stream(ledger)));
    settings.insert("subjects".to_owned(), json!([log_subject(ledger)]));
    settings.insert(
        "description".to_owned(),
        json!("Vandel: the log of a ledger. Never purge, limit or delete."),
    );
    settings.insert("discard".to_owned(), json!("new"));
    settings.insert("max_msgs_per_subject".to_owned(), json!(-1));
    Value::Object(settings)
}

/// The settings of a new checkpoint stream: as a log's, but old checkpoints may go.
pub(super) fn checkpoint_settings(ledger: &LedgerId, replicas: usize) -> Value {
    let mut settings = common(ledger, replicas);
    settings.insert("name".to_owned(), json!(checkpoint_stream(ledger)));
    settings.insert("subjects".to_owned(), json!([checkpoint_subject(ledger)]));
    settings.insert("description".to_owned(), json!("Vandel: the published checkpoints of a ledger."));
    settings.insert("discard".to_owned(), json!("old"));
    settings.insert("max_msgs_per_subject".to_owned(), json!(CHECKPOINTS_KEPT));
    Value::Object(settings)
}

fn common(ledger: &LedgerId, replicas: usize) -> Map<String, Value> {
    let settings = json!({
        "retention": "limits",
        "storage": "file",
        "num_replicas": replicas,
        "max_msgs": -1,
        "max_bytes": -1,
        "max_age": 0,
        "max_msg_size": -1,
        "max_consumers": -1,
        "duplicate_window": DUPLICATE_WINDOW_NANOSECONDS,
        "deny_delete": true,
        "deny_purge": true,
        "allow_direct": true,
        "metadata": { LEDGER_KEY: ledger.to_string() },
    });
    settings.as_object().cloned().unwrap_or_default()
}

/// How one setting is judged.
enum Rule {
    /// It must be this.
    Is(Value),
    /// It must be off: absent, null, false, zero, or empty.
    Off,
    /// It must be off, or no smaller than this.
    OffOrAtLeast(u64),
    /// It must be at least this.
    AtLeast(u64),
    /// It takes nothing from what is stored.
    Any,
}

/// Every setting that this version knows, and what it must be.
fn rules(ledger: &LedgerId, replicas: usize) -> Vec<(&'static str, Rule)> {
    let room = (BLOCK_BYTES_MAX + HEADER_BYTES_MAX) as u64;
    vec![
        ("subjects", Rule::Is(json!([log_subject(ledger)]))),
        ("storage", Rule::Is(json!("file"))),
        ("retention", Rule::Is(json!("limits"))),
        ("discard", Rule::Is(json!("new"))),
        ("max_msgs", Rule::Off),
        ("max_bytes", Rule::Off),
        ("max_age", Rule::Off),
        ("max_msgs_per_subject", Rule::Off),
        ("max_msg_size", Rule::OffOrAtLeast(room)),
        ("num_replicas", Rule::AtLeast(replicas as u64)),
        ("duplicate_window", Rule::AtLeast(DUPLICATE_WINDOW_NANOSECONDS)),
        ("deny_delete", Rule::Is(json!(true))),
        ("deny_purge", Rule::Is(json!(true))),
        ("discard_new_per_subject", Rule::Off),
        ("no_ack", Rule::Off),
        ("sealed", Rule::Off),
        ("allow_rollup_hdrs", Rule::Off),
        ("allow_msg_ttl", Rule::Off),
        ("subject_delete_marker_ttl", Rule::Off),
        ("allow_msg_counter", Rule::Off),
        ("allow_msg_schedules", Rule::Off),
        ("allow_atomic", Rule::Off),
        ("allow_batched", Rule::Off),
        ("persist_mode", Rule::Off),
        ("mirror", Rule::Off),
        ("sources", Rule::Off),
        ("subject_transform", Rule::Off),
        ("republish", Rule::Off),
        ("template_owner", Rule::Off),
        ("first_seq", Rule::Off),
        ("pause_until", Rule::Off),
        ("allow_direct", Rule::Any),
        ("mirror_direct", Rule::Any),
        ("compression", Rule::Any),
        ("placement", Rule::Any),
        ("description", Rule::Any),
        ("metadata", Rule::Any),
        ("max_consumers", Rule::Any),
        ("consumer_limits", Rule::Any),
        ("name", Rule::Any),
    ]
}

/// Compares a log stream's settings with what they must be. Settings this version does not know must be off.
pub(super) fn judge(config: &Map<String, Value>, ledger: &LedgerId, replicas: usize) -> Vec<Mismatch> {
    let rules = rules(ledger, replicas);
    let mut wrong = Vec::new();
    for (name, rule) in &rules {
        let found = config.get(*name).unwrap_or(&Value::Null);
        let expected = match rule {
            Rule::Any => continue,
            Rule::Is(value) if found == value => continue,
            Rule::Off if is_off(found) => continue,
            Rule::OffOrAtLeast(least) if is_off(found) || found.as_u64() >= Some(*least) => continue,
            Rule::AtLeast(least) if found.as_u64() >= Some(*least) => continue,
            Rule::Is(value) => value.to_string(),
            Rule::Off if found.is_number() => "no limit".to_owned(),
            Rule::Off => "none".to_owned(),
            Rule::OffOrAtLeast(least) => format!("no limit, or at least {least}"),
            Rule::AtLeast(least) => format!("at least {least}"),
        };
        wrong.push(mismatch(ledger, name, expected, found));
    }
    let is_known = |name: &str| rules.iter().any(|(known, _)| *known == name);
    for (name, found) in config.iter().filter(|(name, value)| !is_known(name) && !is_off(value)) {
        wrong.push(mismatch(
            ledger,
            name,
            "to be unset, since this version does not know it".to_owned(),
            found,
        ));
    }
    wrong
}

fn mismatch(ledger: &LedgerId, setting: &str, expected: String, found: &Value) -> Mismatch {
    let stream = log_stream(ledger);
    let found = if found.is_null() { "unset".to_owned() } else { found.to_string() };
    Mismatch {
        mend: mend(&stream, &log_subject(ledger), setting, &expected),
        place: format!("stream {stream}"),
        setting: setting.to_owned(),
        expected,
        found,
    }
}

/// Absent, null, false, empty, zero, or JetStream's -1 for "no limit".
fn is_off(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_i64().is_some_and(|number| number <= 0),
        Value::String(text) => text.is_empty() || text == "default",
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

/// The command of the `nats` tool that puts a setting right, or why there is none.
fn mend(stream: &str, subject: &str, setting: &str, expected: &str) -> String {
    let edit = |flags: &str| format!("nats stream edit {stream} {flags}");
    match setting {
        "subjects" => edit(&format!("--subjects={subject}")),
        "discard" => edit("--discard=new"),
        "max_msgs" => edit("--max-msgs=-1"),
        "max_bytes" => edit("--max-bytes=-1"),
        "max_age" => edit("--max-age=-1"),
        "max_msgs_per_subject" => edit("--max-msgs-per-subject=-1"),
        "max_msg_size" => edit("--max-msg-size=-1"),
        "num_replicas" => edit(&format!("--replicas={}", expected.trim_start_matches("at least "))),
        "duplicate_window" => edit("--dupe-window=2m"),
        "deny_delete" => edit("--deny-delete"),
        "deny_purge" => edit("--deny-purge"),
        "allow_rollup_hdrs" => edit("--no-allow-rollup"),
        "discard_new_per_subject" => edit("--no-discard-per-subject"),
        "no_ack" => edit("--ack"),
        "republish" => edit("--no-republish"),
        _ => format!(
            "this can't be changed in place; back {stream} up, make it anew from the backup without it, and run \
             vandel verify --nats"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEDGER: LedgerId = LedgerId([7; 32]);

    fn settings() -> Map<String, Value> {
        log_settings(&LEDGER, 1).as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_stream_as_it_is_made_passes() {
        assert_eq!(judge(&settings(), &LEDGER, 1), []);
    }

    #[test]
    fn every_setting_that_loses_or_changes_something_is_named() {
        let wrong = json!({
            "subjects": ["other"], "storage": "memory", "retention": "interest", "discard": "old", "max_msgs": 5,
            "max_bytes": 1_000, "max_age": 1, "max_msgs_per_subject": 1, "max_msg_size": 100, "num_replicas": 0,
            "duplicate_window": 1, "deny_delete": false, "deny_purge": false, "discard_new_per_subject": true,
            "no_ack": true, "sealed": true, "allow_rollup_hdrs": true, "allow_msg_ttl": true,
            "subject_delete_marker_ttl": 1, "allow_msg_counter": true, "allow_msg_schedules": true,
            "allow_atomic": true, "allow_batched": true, "persist_mode": "async", "mirror": { "name": "x" },
            "sources": [{ "name": "x" }], "subject_transform": { "src": "a", "dest": "b" },
            "republish": { "src": "a", "dest": "b" }, "template_owner": "x", "first_seq": 7,
            "pause_until": "2026-01-01T00:00:00Z", "a_setting_of_the_future": true,
        });
        let wrong = wrong.as_object().cloned().unwrap_or_default();
        let judged: Vec<&str> = rules(&LEDGER, 1)
            .iter()
            .filter(|(_, rule)| !matches!(rule, Rule::Any))
            .map(|(name, _)| *name)
            .collect();
        assert!(judged.iter().all(|name| wrong.contains_key(*name)), "each rule is tried");
        for (name, value) in wrong {
            let mut settings = settings();
            settings.insert(name.clone(), value);
            let found = judge(&settings, &LEDGER, 1);
            assert_eq!(found.len(), 1, "{name}: {found:?}");
            assert_eq!(found[0].setting, name);
            assert!(!found[0].mend.is_empty());
        }
    }

    #[test]
    fn more_replicas_than_asked_are_no_fault() {
        let mut settings = settings();
        settings.insert("num_replicas".to_owned(), json!(5));
        assert_eq!(judge(&settings, &LEDGER, 3), []);
        assert!(judge(&settings, &LEDGER, 7)[0].mend.ends_with("--replicas=7"));
    }
}
