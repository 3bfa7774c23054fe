//! `vandel policy show`: a pack as a jurist reads it.

use serde::Serialize;
use vandel_core::policy::{PolicyPack, RolePolicy};

use crate::args::PolicyShowArgs;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::{Lang, PolicyText};
use crate::packs;

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    version: &'a str,
    id: String,
    title: &'a str,
    jurisdiction: &'a str,
    confirmed_by: Option<&'a str>,
    local: &'a [String],
    roles: Vec<ShownRole<'a>>,
    note: String,
}

#[derive(Serialize)]
struct ShownRole<'a> {
    code: &'a str,
    title: &'a str,
    usable: bool,
    entries: Vec<ShownEntry>,
}

#[derive(Serialize)]
struct ShownEntry {
    key: String,
    value: Option<String>,
    local: bool,
    unverified: bool,
}

/// Shows a pack.
pub(super) fn run(context: &Context, arguments: &PolicyShowArgs) -> Result<Exit, CliError> {
    let text = packs::text_of(context, arguments.pack.as_deref().unwrap_or("adopted"))?;
    if arguments.text {
        context.output.write(&text)?;
        return Ok(Exit::Done);
    }
    let pack = PolicyPack::parse(&text)
        .map_err(|error| CliError::new(Exit::Refused, "policy", error.to_string()))?;
    let asked = |role: &&RolePolicy| arguments.role.as_ref().is_none_or(|code| *code == role.code);
    let roles: Vec<_> = pack.roles.iter().filter(asked).map(|role| show_role(context, role)).collect();
    if roles.is_empty() {
        let codes: Vec<&str> = pack.roles.iter().map(|role| &*role.code).collect();
        let message = format!("the pack {} has no such role", pack.name);
        return Err(CliError::new(Exit::NotFound, "unknown-role", message)
            .next(format!("its roles are {}", codes.join(", "))));
    }
    let shown = Shown {
        kind: "policy",
        name: &pack.name,
        version: &pack.version,
        id: pack.id.to_string(),
        title: words(context.lang, &pack.title),
        jurisdiction: &pack.jurisdiction,
        confirmed_by: pack.confirmed_by.as_deref(),
        local: &pack.local,
        roles,
        note: PolicyText::Confirm.in_lang(context.lang),
    };
    context.output.result(&shown, || describe(&shown, context.lang))?;
    Ok(Exit::Done)
}

fn words(lang: Lang, words: &vandel_core::policy::Words) -> &str {
    match lang {
        Lang::Swedish => &words.sv,
        Lang::English => &words.en,
    }
}

fn show_role<'a>(context: &Context, role: &'a RolePolicy) -> ShownRole<'a> {
    let entries = role.entries().into_iter().map(|entry| ShownEntry {
        key: entry.key,
        value: entry.value,
        local: entry.local,
        unverified: entry.unverified,
    });
    ShownRole {
        code: &role.code,
        title: words(context.lang, &role.title),
        usable: role.usable_on(context.as_of()).is_ok(),
        entries: entries.collect(),
    }
}

fn describe(shown: &Shown<'_>, lang: Lang) -> String {
    let label = |text: PolicyText| text.in_lang(lang);
    let mut text = format!("{} {}  {}\n{}\n", shown.name, shown.version, shown.title, shown.id);
    text += &match shown.confirmed_by {
        Some(office) => PolicyText::ConfirmedBy.with(lang, &[("office", office)]),
        None => label(PolicyText::Unconfirmed),
    };
    text.push('\n');
    for role in &shown.roles {
        let usable =
            if role.usable { String::new() } else { format!("  [{}]", label(PolicyText::NotUsable)) };
        text += &format!("\n{}  {}{usable}\n", role.code, role.title);
        for entry in &role.entries {
            let unset = label(PolicyText::Unset);
            let value = entry.value.as_deref().unwrap_or(&unset);
            let marks = [(entry.local, PolicyText::Local), (entry.unverified, PolicyText::Unverified)];
            let marks: String = marks
                .into_iter()
                .filter(|(marked, _)| *marked)
                .map(|(_, mark)| format!("  [{}]", label(mark)))
                .collect();
            text += &format!("  {:<28} {value}{marks}\n", entry.key);
        }
    }
    format!("{text}\n{}\n", shown.note)
}
