//! What a step holds, field by field, in the words of the format: nothing is left out.

use vandel_core::event::{Assessment, Copy, Identity, Note, Process, Step};

use super::Held;

fn held(what: &str, value: impl ToString) -> Held {
    Held { what: what.to_owned(), value: value.to_string() }
}

/// A name and a number.
pub(super) fn identity(identity: &Identity) -> Vec<Held> {
    let mut all = vec![held("given name", &identity.given_name), held("surname", &identity.surname)];
    all.extend(identity.number.number().map(|number| held("identity number", number.reveal())));
    all.push(held("protected identity", if identity.protected { "yes" } else { "no" }));
    all
}

/// Everything in a step but its place.
pub(super) fn step(step: &Step) -> Vec<Held> {
    let mut all: Vec<Held> = step.identity.iter().flat_map(identity).collect();
    all.extend(step.process.iter().flat_map(process));
    all.extend(step.note.iter().flat_map(note));
    all.extend(step.copy.iter().map(copy));
    all.extend(step.assessment.iter().flat_map(assessment));
    all.retain(|one| !one.value.is_empty());
    all
}

fn names<T: Clone>(list: &[T], name: impl Fn(T) -> &'static str) -> String {
    list.iter().cloned().map(name).collect::<Vec<_>>().join(", ")
}

fn process(process: &Process) -> Vec<Held> {
    match process {
        Process::InformationGiven(registers) | Process::ExtractRequested(registers) => {
            vec![held("registers", names(registers, vandel_core::event::Register::name))]
        }
        Process::ExtractRejected(reason) => vec![held("reason", reason.name())],
        Process::AuthorityFetched { registers, need } => {
            vec![held("registers", names(registers, vandel_core::event::Register::name)), held("need", need)]
        }
        Process::DecisionMade { outcome, delegation, follow_up, support } => {
            let mut all = vec![held("outcome", outcome.name()), held("delegation", delegation)];
            all.extend(follow_up.map(|day| held("follow-up", day)));
            all.extend(support.map(|support| held("support", support.name())));
            all
        }
        Process::AppealLodged { reference } | Process::Interrupted { reference } => {
            vec![held("reference", reference)]
        }
        Process::AppealSettled(outcome) => vec![held("outcome", outcome.name())],
        Process::Rectified { number, correction } => {
            vec![held("corrects step", number), held("correction", correction)]
        }
        Process::Held { ground, review, remark, .. } => {
            vec![held("ground", ground.name()), held("review", review), held("remark", remark)]
        }
        Process::Restricted { ground, review, remark, .. } => {
            vec![held("ground", ground.name()), held("review", review), held("remark", remark)]
        }
        Process::Released { number } => vec![held("releases step", number)],
        _ => Vec::new(),
    }
}

fn note(note: &Note) -> Vec<Held> {
    match note {
        Note::Shown { issued, law, registers, authenticity, remark } => {
            let mut all = vec![held("note", "shown")];
            all.extend(issued.map(|day| held("issued", day)));
            all.extend(law.iter().map(|law| held("law", law)));
            let registers = registers.iter();
            all.extend(
                registers.map(|list| held("registers", names(list, vandel_core::event::Register::name))),
            );
            all.extend(authenticity.map(|how| held("authenticity", how.name())));
            all.extend(remark.iter().map(|remark| held("remark", remark)));
            all
        }
        Note::Exempted { .. } => vec![held("note", "an earlier note is relied on")],
    }
}

fn copy(copy: &Copy) -> Held {
    match copy {
        Copy::Document { media_type, bytes } => {
            held("stored copy", format!("{media_type}, {} bytes; handed out on request", bytes.len()))
        }
        Copy::Paper { place } => held("stored copy", format!("on paper: {place}")),
        Copy::Returned => held("stored copy", "returned or destroyed"),
    }
}

fn assessment(assessment: &Assessment) -> Vec<Held> {
    match assessment {
        Assessment::Findings(findings) => findings
            .iter()
            .map(|one| {
                held("finding", format!("{}; {} years ago; {}", one.offence, one.years_ago, one.relevance))
            })
            .collect(),
        Assessment::Heard(words) => vec![held("the person's own words", words)],
        Assessment::Reviewed { agrees, opinion } => {
            vec![held("reviewer agrees", if *agrees { "yes" } else { "no" }), held("opinion", opinion)]
        }
        Assessment::Reasons(reasons) => vec![
            held("relevance", &reasons.relevance),
            held("time elapsed", &reasons.time_elapsed),
            held("reasons", &reasons.remark),
        ],
    }
}
