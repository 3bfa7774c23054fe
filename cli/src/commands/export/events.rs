//! Open events as JSON: ids, keys and hashes in hexadecimal digits, days and seconds as text.

use serde_json::{Value, json};
use vandel_core::event::{Grant, OpenEvent};

/// An open event's fields, by the names of docs/format.md section 4.
pub(super) fn json(event: &OpenEvent) -> Value {
    match event {
        OpenEvent::LedgerOpened(opened) => json!({
            "origin": opened.origin,
            "checkpoint_key": opened.checkpoint_key.to_string(),
            "service": opened.service.to_string(),
            "service_key": opened.service_key.to_string(),
            "administrators": opened.administrators.map(|one| {
                json!({ "actor": one.actor.to_string(), "key": one.key.to_string() })
            }),
            "day": opened.day.to_string(),
            "predecessor": opened.predecessor,
        }),
        OpenEvent::SequencerStarted(started) => json!({ "instance": hex(&started.instance) }),
        OpenEvent::KeyEnrolled(enrolled) => json!({
            "actor": enrolled.actor.to_string(),
            "key": enrolled.key.to_string(),
            "grants": enrolled.grants.iter().map(grant).collect::<Vec<_>>(),
            "expires": enrolled.expires.map(|second| second.to_string()),
        }),
        OpenEvent::KeyRotated(rotated) => json!({
            "old": rotated.old.to_string(),
            "new": rotated.new.to_string(),
            "expires": rotated.expires.map(|second| second.to_string()),
        }),
        OpenEvent::KeyRevoked(revoked) => json!({
            "key": revoked.key.to_string(),
            "reason": format!("{:?}", revoked.reason).to_lowercase(),
            "suspect_since": revoked.suspect_since.map(|second| second.to_string()),
        }),
        OpenEvent::CheckpointKeyRotated(rotated) => json!({ "new": rotated.new.to_string() }),
        OpenEvent::PolicyAdopted(adopted) => json!({
            "pack": adopted.pack,
            "from": adopted.from.to_string(),
            "confirmed_by": adopted.confirmed_by,
        }),
        other => erasures_and_digests(other),
    }
}

fn erasures_and_digests(event: &OpenEvent) -> Value {
    match event {
        OpenEvent::DisposalAdopted(decision) => json!({
            "body": decision.body,
            "number": decision.number,
            "decided": decision.decided.to_string(),
            "classes": decision.classes,
            "from": decision.from.to_string(),
            "until": decision.until.map(|day| day.to_string()),
        }),
        OpenEvent::DigestPublished(published) => json!({
            "view": published.view,
            "version": published.version,
            "position": published.position,
            "digest": published.digest.to_string(),
        }),
        OpenEvent::StatisticsCommitted(statistics) => json!({
            "from": statistics.from.to_string(),
            "until": statistics.until.to_string(),
            "commitment": statistics.commitment.to_string(),
        }),
        OpenEvent::ErasureStarted(started) => json!({
            "records": started.records,
            "plan": started.plan.to_string(),
            "expires": started.expires.to_string(),
        }),
        OpenEvent::ErasureExecuted(executed) => json!({
            "started": executed.started,
            "root_cell": format!("{:?}", executed.root_cell),
            "epoch": executed.epoch,
            "manifest": executed.manifest.to_string(),
        }),
        OpenEvent::ErasureCompleted(completed) => json!({
            "started": completed.started,
            "oldest_epoch": completed.oldest_epoch,
        }),
        _ => Value::Null,
    }
}

fn grant(grant: &Grant) -> Value {
    json!({
        "role": grant.role.name(),
        "controller": grant.scope.controller.map(|id| id.to_string()),
        "unit": grant.scope.unit.map(|id| id.to_string()),
        "assignment": grant.scope.assignment.map(|id| id.to_string()),
        "from": grant.from.to_string(),
        "until": grant.until.map(|day| day.to_string()),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
