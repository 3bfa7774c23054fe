//! The certificate as a page for people: text, or HTML made to be printed. The JSON is what can be checked.

use crate::context::Context;
use crate::lang::{ErasureText, Lang};
use vandel_verify::certificate::Certificate;

/// Text.
pub(super) fn text(context: &Context, certificate: &Certificate) -> String {
    let mut went = String::new();
    for one in &certificate.compartments {
        let class = one.class.as_deref().unwrap_or("-");
        went += &format!("\n  {:<11} {class:<15} {}  {}", one.compartment, one.due, one.ground);
    }
    let mut sinks = String::new();
    for one in &certificate.sinks {
        sinks += &format!("\n  {:<20} {}", one.sink, one.state);
        sinks += &one.told.as_ref().map(|told| format!("\n    {told}")).unwrap_or_default();
    }
    let values = values(certificate);
    let mut values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, &**value)).collect();
    values.extend([("went", &*went), ("sinks", &*sinks)]);
    ErasureText::Certificate.with(context.lang, &values)
}

fn values(certificate: &Certificate) -> Vec<(&'static str, String)> {
    let Certificate { plan, started, executed, evidence, completed, .. } = certificate;
    let records: Vec<String> = certificate.records.iter().map(u64::to_string).collect();
    let completed = completed.as_ref().map(|done| format!("{}, {}", done.record.record, done.record.time));
    vec![
        ("ledger", certificate.ledger.clone()),
        ("pseudonym", certificate.pseudonym.clone()),
        ("plan", plan.hash.clone()),
        ("line", plan.line.to_string()),
        ("disposal", plan.disposal.to_string()),
        ("ordered", certificate.ordered_by.actor.clone()),
        ("approved", certificate.approved_by.actor.clone()),
        ("started", started.record.to_string()),
        ("started_at", started.time.clone()),
        ("executed", executed.record.to_string()),
        ("executed_at", executed.time.clone()),
        ("completed", completed.unwrap_or_else(|| "-".to_owned())),
        ("horizon", certificate.backup_horizon.clone().unwrap_or_else(|| "-".to_owned())),
        ("records", records.join(", ")),
        ("keys", evidence.keys.to_string()),
        ("cell", evidence.root_cell.clone()),
        ("epoch", evidence.epoch.to_string()),
        ("assurance", evidence.assurance.clone()),
        ("manifest", evidence.manifest.clone()),
        ("checkpoint", certificate.checkpoint.clone()),
    ]
}

/// HTML: one page without scripts or anything fetched, black on white, with a place to sign.
pub(super) fn html(lang: Lang, certificate: &Certificate) -> String {
    let code = match lang {
        Lang::Swedish => "sv",
        Lang::English => "en",
    };
    let word = |text: ErasureText| escape(&text.in_lang(lang));
    let mut went = String::new();
    for one in &certificate.compartments {
        let cells = [
            one.compartment.as_str(),
            one.class.as_deref().unwrap_or("–"),
            one.due.as_str(),
            one.ground.as_str(),
        ];
        went += &row("td", &cells);
    }
    let mut sinks = String::new();
    for one in &certificate.sinks {
        sinks += &row("td", &[one.sink.as_str(), one.state.as_str(), one.told.as_deref().unwrap_or("")]);
    }
    let facts = facts(lang, certificate);
    let heads = |texts: &[ErasureText]| {
        let words: Vec<String> = texts.iter().map(|text| text.in_lang(lang)).collect();
        row("th scope=\"col\"", &words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let went_heads = heads(&[
        ErasureText::HeadCompartment,
        ErasureText::HeadClass,
        ErasureText::HeadDue,
        ErasureText::HeadGround,
    ]);
    let sink_heads = heads(&[ErasureText::HeadSink, ErasureText::HeadState, ErasureText::HeadTold]);
    format!(
        "<!doctype html>\n<html lang=\"{code}\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title} {pseudonym}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<table>\n{facts}</table>\n\
         <h2>{went_title}</h2>\n<table>\n<thead>{went_heads}</thead>\n<tbody>\n{went}</tbody>\n</table>\n\
         <h2>{sinks_title}</h2>\n<table>\n<thead>{sink_heads}</thead>\n<tbody>\n{sinks}</tbody>\n</table>\n\
         <h2>{checkpoint_title}</h2>\n<pre>{checkpoint}</pre>\n<p>{note}</p>\n<p class=\"sign\">{sign}</p>\n\
         </main>\n</body>\n</html>\n",
        title = word(ErasureText::PageTitle),
        pseudonym = escape(&certificate.pseudonym),
        went_title = word(ErasureText::PageWent),
        sinks_title = word(ErasureText::PageSinks),
        checkpoint_title = word(ErasureText::PageCheckpoint),
        checkpoint = escape(&certificate.checkpoint),
        note = word(ErasureText::PageNote),
        sign = word(ErasureText::PageSign),
    )
}

/// The rows of the first table.
fn facts(lang: Lang, certificate: &Certificate) -> String {
    let mut facts = String::new();
    let values = values(certificate);
    let value = |name: &str| {
        let found = values.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    for (text, value) in [
        (ErasureText::FactLedger, value("ledger")),
        (ErasureText::FactPseudonym, value("pseudonym")),
        (ErasureText::FactPlan, format!("{}, {}", value("plan"), value("line"))),
        (ErasureText::FactDecision, value("disposal")),
        (ErasureText::FactOrdered, value("ordered")),
        (ErasureText::FactApproved, value("approved")),
        (ErasureText::FactStarted, format!("{}, {}", value("started"), value("started_at"))),
        (ErasureText::FactExecuted, format!("{}, {}", value("executed"), value("executed_at"))),
        (ErasureText::FactCompleted, value("completed")),
        (ErasureText::FactHorizon, value("horizon")),
        (ErasureText::FactRecords, value("records")),
        (ErasureText::FactKeys, value("keys")),
        (ErasureText::FactRootCell, format!("{}, {}: {}", value("cell"), value("epoch"), value("assurance"))),
        (ErasureText::FactManifest, value("manifest")),
    ] {
        facts += &format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n",
            escape(&text.in_lang(lang)),
            escape(&value)
        );
    }
    facts
}

const STYLE: &str = "@page { size: A4; margin: 18mm; }\n\
    body { font: 11pt/1.45 'Source Sans 3', 'Segoe UI', Arial, sans-serif; color: #000; background: #fff; }\n\
    main { max-width: 180mm; margin: 0 auto; }\n\
    table { border-collapse: collapse; width: 100%; margin-bottom: 1em; }\n\
    th, td { text-align: left; vertical-align: top; border-bottom: 1px solid #777; padding: 2pt 6pt 2pt 0; }\n\
    td, pre { overflow-wrap: anywhere; }\n\
    pre { white-space: pre-wrap; font-size: 9pt; }\n\
    tr { break-inside: avoid; }\n\
    .sign { margin-top: 3em; border-top: 1px solid #000; width: 70mm; padding-top: 3pt; }\n";

fn row(cell: &str, values: &[&str]) -> String {
    let end = cell.split(' ').next().unwrap_or(cell);
    let cells: String = values.iter().map(|value| format!("<{cell}>{}</{end}>", escape(value))).collect();
    format!("<tr>{cells}</tr>\n")
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_cell_becomes_markup() {
        assert_eq!(row("td", &["<b>\"&"]), "<tr><td>&lt;b&gt;&quot;&amp;</td></tr>\n");
        assert_eq!(row("th scope=\"col\"", &["a"]), "<tr><th scope=\"col\">a</th></tr>\n");
    }
}
