//! A demonstration in words: what was shown, in which numbers, and why it matters.

use std::fmt::Write as _;

use super::fate::{Fate, Incident};
use super::outcome::{DemoOutcome, RefusalShown};

/// The outcome as text, with commands to try next.
#[must_use]
pub fn render_text(outcome: &DemoOutcome) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_all(&mut text, outcome);
    text
}

fn write_all(text: &mut String, outcome: &DemoOutcome) -> std::fmt::Result {
    write_story(text, outcome)?;
    write_course(text, outcome)?;
    write_refusals(text, &outcome.refusals)?;
    write_calendar(text, outcome)?;
    write_verification(text, outcome)?;
    write_next(text, outcome)
}

fn write_story(text: &mut String, outcome: &DemoOutcome) -> std::fmt::Result {
    let (first, last) = &outcome.days;
    let [protected, coordination, numberless] = outcome.people;
    let steps: usize = outcome.steps.values().sum();
    let counts = &outcome.verification.counts;
    writeln!(
        text,
        "Vandelsunda kommun, which does not exist, from {first} to {last} (seed {})\n",
        outcome.seed
    )?;
    writeln!(
        text,
        "{} people hold keys: two administrators, a data-protection officer, an auditor, and for each of six\n\
         boards a handler, a decider, a reviewer and a delegate. Between them they took {steps} steps in {} cases,\n\
         each signed by its author, judged by the law of its day, sealed in the vault and only then appended:\n\
         {} records in {} blocks, {} of them sealed. A sealed record says that somebody took a step, and not\n\
         which, in what case, or about whom.\n",
        outcome.staff, outcome.cases, counts.records, counts.blocks, counts.sealed
    )?;
    writeln!(text, "Cases by role and what its law lets one keep")?;
    for (role, keep) in ROLES {
        writeln!(text, "  {:>5}  {role:<12} {keep}", outcome.roles.get(role).unwrap_or(&0))?;
    }
    let occasions: Vec<String> =
        outcome.occasions.iter().map(|(name, count)| format!("{} {count}", name.replace('_', " "))).collect();
    writeln!(text, "\nOccasions: {}.", occasions.join(", "))?;
    writeln!(
        text,
        "Among the people: {protected} with a protected identity, {coordination} with a coordination number, {numberless} \
         without a number.\n"
    )
}

const ROLES: [(&str, &str); 6] = [
    ("SCHOOL", "a note that an extract was shown, nothing else"),
    ("SCHOOL_HOME", "the same, for members of a household"),
    ("CHILD", "the same, for other work with children"),
    ("HOME_CARE", "the same, for work in people's homes, from 2026-03-01"),
    ("HVB", "the extract or a copy, at least two years; findings for seventy days"),
    ("CARE_FETCH", "no extract: the authority fetches it, sees it and keeps none"),
];

fn write_course(text: &mut String, outcome: &DemoOutcome) -> std::fmt::Result {
    writeln!(text, "What came of them")?;
    for (fate, count) in &outcome.fates {
        writeln!(text, "  {count:>5}  {}", fate_in_words(*fate))?;
    }
    writeln!(text, "\nWhat befell some on the way")?;
    for (incident, count) in &outcome.incidents {
        if let Some(words) = incident_in_words(*incident) {
            writeln!(text, "  {count:>5}  {words}")?;
        }
    }
    writeln!(
        text,
        "\nIn note-only roles the chain shows the same whatever came of a case: the law forbids to write it down,\n\
         so there is nothing to leak, and nothing to erase but the note.\n"
    )
}

const fn fate_in_words(fate: Fate) -> &'static str {
    match fate {
        Fate::Clear => "an extract was seen, and there was nothing to assess",
        Fate::NotShown => "nothing was shown; closing looks the same",
        Fate::Exempted => "renewed engagement, relying on an earlier note inside the vault",
        Fate::Rejected => "the first extract was not accepted, the second was",
        Fate::EntriesFit => "entries: assessed, heard, reviewed by a second person, fit",
        Fate::EntriesSupport => "entries: fit, with support agreed",
        Fate::NotFit => "entries: not fit, after having been heard",
        Fate::NotFitAppealed => "not fit, appealed, upheld",
        Fate::NotFitInterrupted => "not fit; the Equality Ombudsman interrupted the period",
        Fate::Withdrew => "the candidate left",
        Fate::UnderWay => "under way",
    }
}

const fn incident_in_words(incident: Incident) -> Option<&'static str> {
    Some(match incident {
        Incident::None => return None,
        Incident::HoldReleased => "held for a disclosure request, released by two people",
        Incident::HoldInForce => "held for a disclosure request that is still pending",
        Incident::RestrictionReleased => "restricted (GDPR art. 18), released by two people",
        Incident::Restricted => "restricted, still",
        Incident::Rectified => "corrected by a later step; the earlier one stands",
        Incident::Reassigned => "opened for the wrong person; that identity is destroyed",
        Incident::NameChanged => "a name changed; the old one is destroyed",
        Incident::NumberReceived => "a person without a number got one",
        Incident::Moved => "moved to another unit",
        Incident::Ended => "employment to end, which starts a clock of two years",
    })
}

fn write_refusals(text: &mut String, refusals: &[RefusalShown]) -> std::fmt::Result {
    writeln!(
        text,
        "What the law forbids was tried by people with the right role, and refused; nothing of it is in the log"
    )?;
    for refusal in refusals {
        writeln!(text, "\n  {}", refusal.title)?;
        writeln!(text, "    {} (exit {})", refusal.code, refusal.exit)?;
        write_wrapped(text, "    ", &refusal.message)?;
        write_wrapped(text, "    ", &format!("rests on {}", refusal.paragraph))?;
    }
    writeln!(text)
}

fn write_calendar(text: &mut String, outcome: &DemoOutcome) -> std::fmt::Result {
    let views = &outcome.views;
    let same = if views.same_when_rebuilt { "the same" } else { "ANOTHER" };
    writeln!(
        text,
        "The views over {} records have the state digest\n  {}\nThrown away and built again, they have {same}: \
         nothing rests on them but the log and the vault.\n",
        views.position, views.digest
    )?;
    writeln!(text, "The retention calendar on {}, by class of the disposal decision", outcome.days.1)?;
    writeln!(text, "  within 90 days  overdue  held")?;
    for (class, count) in &views.calendar {
        writeln!(text, "  {:>14}  {:>7}  {:>4}  {class}", count.due, count.overdue, count.held)?;
    }
    writeln!(
        text,
        "Nobody erased anything in these two years, so what had to go is overdue, and says so. Whoever carries\n\
         it out needs a plan under the disposal decision, and the approval of a second person.\n"
    )
}

fn write_verification(text: &mut String, outcome: &DemoOutcome) -> std::fmt::Result {
    let tampering = &outcome.tampering;
    writeln!(text, "The verifier, with the trust file that the auditor got on the first day\n")?;
    for line in crate::verify::render_text(&outcome.verification).lines() {
        writeln!(text, "{}", format!("  {line}").trim_end())?;
    }
    let record = tampering.record.map_or_else(String::new, |record| format!(" at record {record}"));
    writeln!(
        text,
        "\nThen one bit of a copy was changed (byte {} of {}). The verifier ends with {}{record}:\n  {}",
        tampering.offset, tampering.file, tampering.exit, tampering.found
    )?;
    if let Some(kept) = &tampering.kept {
        writeln!(text, "The copy is in {}", kept.display())?;
    }
    writeln!(text)
}

fn write_next(text: &mut String, outcome: &DemoOutcome) -> std::fmt::Result {
    let places = &outcome.places;
    let (home, trust) = (places.home.display(), places.trust().display().to_string());
    writeln!(text, "The ledger is in {home}")?;
    writeln!(
        text,
        "Everybody's keys are in {}, without passphrases. Nobody ever holds them all in life.\n",
        places.people.display()
    )?;
    writeln!(text, "Try next")?;
    writeln!(text, "  vandel verify {home} --trust {trust}")?;
    writeln!(text, "  vandel case list --home {home} --key {}", places.key("social-handler").display())?;
    if let Some(handle) = &outcome.example {
        let key = places.key("social-handler").display().to_string();
        writeln!(text, "  vandel case timeline {handle} --home {home} --key {key}")?;
        write_dossier(text, outcome, handle, &key)?;
    }
    writeln!(text, "  vandel retention due --home {home}")?;
    if let Some(handle) = &outcome.views.overdue_case {
        let key = places.key("data-protection-officer").display().to_string();
        writeln!(text, "  vandel retention why {handle} --home {home} --key {key}")?;
    }
    if let Some(handle) = &outcome.school_example {
        let key = places.key("utbildning-decider").display().to_string();
        writeln!(text, "and what skollagen forbids, which ends with 8:")?;
        writeln!(
            text,
            "  vandel case shown {handle} --remark \"Utan anmärkning\" --home {home} --key {key}"
        )?;
    }
    writeln!(text, "and other people with other fates:")?;
    writeln!(text, "  vandel demo --seed {}", outcome.seed + 1)
}

/// A case's evidence for an auditor, and how that auditor checks it: whole, by a digest of one's own.
fn write_dossier(text: &mut String, outcome: &DemoOutcome, handle: &str, key: &str) -> std::fmt::Result {
    let places = &outcome.places;
    let (home, trust) = (places.home.display(), places.trust().display().to_string());
    let (dossier, digests) = (places.auditor.join("case.dossier"), places.auditor.join("own.digests"));
    let (dossier, digests) = (dossier.display(), digests.display());
    writeln!(
        text,
        "  vandel case export {handle} --out {dossier} --recipient Kommunrevisionen --expires 2099-12-31 \\\n    \
         --home {home} --key {key}"
    )?;
    writeln!(text, "  vandel verify {home} --trust {trust} --views --write-digests {digests}")?;
    writeln!(text, "  vandel verify {dossier} --trust {trust} --digests {digests}")
}

/// Words in lines of at most a hundred letters.
fn write_wrapped(text: &mut String, indent: &str, words: &str) -> std::fmt::Result {
    let mut line = indent.to_owned();
    for word in words.split(' ') {
        if line.chars().count() + word.chars().count() > 100 && line.trim() != "" {
            writeln!(text, "{}", line.trim_end())?;
            indent.clone_into(&mut line);
        }
        line.push_str(word);
        line.push(' ');
    }
    writeln!(text, "{}", line.trim_end())
}
