//! `vandel key list`.

use serde::Serialize;
use vandel_core::event::{Grant, Revocation};
use vandel_core::id::PublicKey;
use vandel_core::keyring::{KeyEnding, KeyEntry};
use vandel_core::time::Second;
use vandel_ledger::vault::NameKind;

use crate::args::KeyListArgs;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::{KeyText, Lang, Text};
use crate::names::Names;
use crate::reading::Reading;

#[derive(Serialize)]
struct Listed {
    #[serde(rename = "type")]
    kind: &'static str,
    key: String,
    actor: String,
    name: Option<String>,
    grants: Vec<ListedGrant>,
    state: &'static str,
    enrolled_at: u64,
    since: String,
    expires: Option<String>,
    ended_at: Option<u64>,
    suspect_since: Option<String>,
}

#[derive(Serialize)]
struct ListedGrant {
    role: &'static str,
    place: String,
    from: String,
    until: Option<String>,
}

#[derive(Serialize)]
struct Count {
    count: usize,
    left_out: usize,
}

/// Lists keys.
pub(super) fn run(context: &Context, arguments: &KeyListArgs) -> Result<Exit, CliError> {
    let reading = Reading::open(context)?;
    let names = reading.names()?;
    let now = context.now();
    let all: Vec<_> =
        reading.chain().keyring.entries().iter().map(|(key, entry)| list(key, entry, &names, now)).collect();
    let (shown, left_out): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|listed| arguments.all || listed.state == "active");
    for listed in &shown {
        context.output.line(listed, || describe(listed, context.lang))?;
    }
    let count = Count { count: shown.len(), left_out: left_out.len() };
    let text = KeyText::Counted.with(
        context.lang,
        &[("count", &count.count.to_string()), ("left_out", &count.left_out.to_string())],
    );
    context.output.summary(&count, text)?;
    Ok(Exit::Done)
}

fn list(key: &PublicKey, entry: &KeyEntry, names: &Names, now: Second) -> Listed {
    let state = match (entry.end, entry.expires) {
        (Some(end), _) => match end.how {
            KeyEnding::Rotated(_) => "rotated",
            KeyEnding::Revoked(Revocation::DutiesEnded) => "revoked: duties ended",
            KeyEnding::Revoked(Revocation::Lost) => "revoked: lost",
            KeyEnding::Revoked(Revocation::Compromised) => "revoked: compromised",
        },
        (None, Some(expires)) if expires < now => "expired",
        _ => "active",
    };
    let name = names.of(NameKind::Actor).find(|name| name.id == entry.actor.0);
    Listed {
        kind: "key",
        key: key.to_string(),
        actor: entry.actor.to_string(),
        name: name.map(|name| name.text.to_string()),
        grants: entry.grants.iter().map(|grant| list_grant(grant, names)).collect(),
        state,
        enrolled_at: entry.enrolled_at,
        since: entry.since.to_string(),
        expires: entry.expires.map(|second| second.to_string()),
        ended_at: entry.end.map(|end| end.at),
        suspect_since: entry.end.and_then(|end| end.suspect_since).map(|second| second.to_string()),
    }
}

fn list_grant(grant: &Grant, names: &Names) -> ListedGrant {
    let controller = grant.scope.controller.map(|id| names.text(NameKind::Controller, id.0));
    let unit = grant.scope.unit.map(|id| names.text(NameKind::Unit, id.0));
    let assignment = grant.scope.assignment.map(|id| id.to_string());
    let place: Vec<String> = [controller, unit, assignment].into_iter().flatten().collect();
    ListedGrant {
        role: grant.role.name(),
        place: place.join("/"),
        from: grant.from.to_string(),
        until: grant.until.map(|day| day.to_string()),
    }
}

fn describe(listed: &Listed, lang: Lang) -> String {
    let name = listed.name.as_deref().unwrap_or("-");
    let mut text = format!("{}  {}  {name}", listed.key, listed.state);
    text += &format!("\n  {} {}", Text::Actor.in_lang(lang), listed.actor);
    for grant in &listed.grants {
        let place =
            if grant.place.is_empty() { KeyText::Everywhere.in_lang(lang) } else { grant.place.clone() };
        let until = grant.until.as_deref().unwrap_or("");
        text += &format!("\n  {}  {place}  {}..{until}", grant.role, grant.from);
    }
    text
}
