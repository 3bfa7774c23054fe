//! The report as text, and as a page to print: one file, no script, nothing fetched.

use std::fmt::Write as _;

use super::{CaseReport, Held, Report};
use crate::lang::{Lang, SubjectText};

/// The report as text.
#[must_use]
pub fn as_text(report: &Report, lang: Lang) -> String {
    let mut text = String::new();
    for (level, line) in lines(report, lang) {
        let indent = "  ".repeat(usize::from(level));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{indent}{line}");
    }
    text
}

/// The report as a page.
#[must_use]
pub fn as_html(report: &Report, lang: Lang) -> String {
    let code = if lang == Lang::Swedish { "sv" } else { "en" };
    let title = SubjectText::Title.in_lang(lang);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"{code}\">\n<head>\n<meta charset=\"utf-8\">\n<title>{}</title>\n<style>\n\
         body {{ font: 11pt/1.45 serif; max-width: 44em; margin: 2em auto; padding: 0 1em; }}\n\
         h1 {{ font-size: 1.5em; }} h2 {{ font-size: 1.2em; margin-top: 2em; border-top: 1px solid; padding-top: .6em; }}\n\
         h3 {{ font-size: 1em; margin: 1.2em 0 .2em; }} p {{ margin: .15em 0 .15em 1em; }}\n\
         @media print {{ body {{ margin: 0; max-width: none; }} h2, h3 {{ break-after: avoid; }} }}\n\
         </style>\n</head>\n<body>\n<main>\n",
        escape(&title)
    );
    for (level, line) in lines(report, lang) {
        let tag = match level {
            0 => "h1",
            1 => "h2",
            2 => "h3",
            _ => "p",
        };
        let _ = writeln!(page, "<{tag}>{}</{tag}>", escape(&line));
    }
    page + "</main>\n</body>\n</html>\n"
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The lines, each with how deep it stands.
fn lines(report: &Report, lang: Lang) -> Vec<(u8, String)> {
    let mut lines = vec![(0, SubjectText::Title.in_lang(lang))];
    let values = [("day", &*report.as_of)];
    lines.push((3, SubjectText::AsOf.with(lang, &values)));
    if let (Some(received), Some(answer_by)) = (&report.received, &report.answer_by) {
        let text = if report.late { SubjectText::Late } else { SubjectText::Received };
        lines.push((3, text.with(lang, &[("received", received), ("answer_by", answer_by)])));
    }
    lines.push((
        3,
        match &report.staff_named_by {
            Some(weighing) => SubjectText::StaffNamed.with(lang, &[("weighing", weighing)]),
            None => SubjectText::StaffByRole.in_lang(lang),
        },
    ));
    for case in &report.cases {
        case_lines(case, lang, &mut lines);
    }
    lines.push((1, SubjectText::Rights.in_lang(lang)));
    for right in [SubjectText::RightsText, SubjectText::OtherBoards, SubjectText::NotHere] {
        lines.push((3, right.in_lang(lang)));
    }
    lines.extend(report.notes.iter().map(|note| (3, note.clone())));
    lines
}

fn case_lines(case: &CaseReport, lang: Lang, lines: &mut Vec<(u8, String)>) {
    let handle = case.handle.as_deref().unwrap_or("–");
    lines.push((1, SubjectText::Case.with(lang, &[("handle", handle)])));
    let place = [("controller", &*case.controller), ("unit", &*case.unit)];
    lines.push((3, SubjectText::Place.with(lang, &place)));
    lines.extend(case.identity.iter().chain(&case.about).map(|held| (3, said(held))));
    lines.push((2, SubjectText::Steps.in_lang(lang)));
    for step in &case.steps {
        lines.push((3, format!("{}  {}  ({}, {})", step.day, step.kind, step.by, step.record)));
        lines.extend(step.held.iter().map(|held| (4, said(held))));
    }
    lines.push((2, SubjectText::Readings.in_lang(lang)));
    for reading in &case.readings {
        lines.push((
            3,
            format!("{}  {}  {}  [{}]", reading.day, reading.purpose, reading.by, reading.shown.join(", ")),
        ));
    }
    lines.push((2, SubjectText::Kept.in_lang(lang)));
    for kept in &case.retention {
        let until = kept.erased_on.as_deref().unwrap_or("–");
        lines.push((3, format!("{}: {until} ({})", kept.compartment, kept.state)));
        lines.extend(kept.because.iter().map(|why| (4, why.clone())));
    }
    lines.push((2, SubjectText::Recipients.in_lang(lang)));
    if case.recipients.is_empty() {
        lines.push((3, SubjectText::NoRecipients.in_lang(lang)));
    }
    for one in &case.recipients {
        lines.push((3, format!("{}  {}  {}  {}", one.day, one.kind, one.to, one.state)));
    }
}

fn said(held: &Held) -> String {
    format!("{}: {}", held.what, held.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_wrote_is_text_on_the_page_and_nothing_else() {
        let held = |value: &str| Held { what: "remark".to_owned(), value: value.to_owned() };
        let case = CaseReport {
            handle: Some("K-1234-5678".to_owned()),
            identity: vec![held("<script>alert(1)</script> & \"Åsa\"")],
            controller: "Nämnden".to_owned(),
            unit: "Skolan".to_owned(),
            about: Vec::new(),
            steps: Vec::new(),
            readings: Vec::new(),
            retention: Vec::new(),
            recipients: Vec::new(),
        };
        let report = Report {
            kind: "subject_report",
            as_of: "2026-03-20".to_owned(),
            received: Some("2026-02-01".to_owned()),
            answer_by: Some("2026-03-01".to_owned()),
            late: true,
            staff_named_by: None,
            cases: vec![case],
            notes: Vec::new(),
        };
        for lang in [Lang::Swedish, Lang::English] {
            let page = as_html(&report, lang);
            assert!(!page.contains("<script>") && page.contains("&lt;script&gt;"));
            assert!(page.contains("&amp; &quot;Åsa&quot;") && page.contains("2026-03-01"));
            assert!(as_text(&report, lang).contains("K-1234-5678"));
        }
    }
}
