//! `vandel case import`: cases from an HR export, good rows taken, bad rows reported by line and code.

use serde::Serialize;
use vandel_ledger::disk::read_all;

use crate::args::CaseImportArgs;
use crate::context::Context;
use crate::counter::Counter;
use crate::error::{CliError, Exit};
use crate::import::{self, Opened, RejectCode, Taken, refused_lines};
use crate::lang::{CaseText, Lang, refusals};
use crate::people::Person;

#[derive(Serialize)]
struct Acknowledged<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    opened: &'a Opened,
}

#[derive(Serialize)]
struct Refused<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    line: usize,
    code: &'a str,
}

#[derive(Serialize)]
struct Summary {
    rows: usize,
    opened: usize,
    known: usize,
    refused: usize,
    dry_run: bool,
}

/// Imports a file. Refused rows are no failure of the command: they are its result.
pub(super) fn run(context: &Context, arguments: &CaseImportArgs) -> Result<Exit, CliError> {
    let bytes = read_all(&*context.disk, &arguments.file)
        .map(zeroize::Zeroizing::new)
        .map_err(|error| CliError::file(&arguments.file, &error))?;
    let read = import::read(&bytes, context.today())
        .map_err(|error| CliError::new(Exit::Usage, "import", error.to_string()))?;
    let (rows, rejected) = (read.rows.len() + read.rejected.len(), read.rejected.len());
    let values = [
        ("rows", &*rows.to_string()),
        ("encoding", read.encoding.name()),
        ("rejected", &*rejected.to_string()),
    ];
    context.output.progress(&CaseText::ImportRead.with(context.lang, &values));
    let taken = if arguments.dry_run {
        context.output.progress(&CaseText::ImportDryRun.in_lang(context.lang));
        Taken::default()
    } else {
        let author = Person::author(context, &arguments.author)?;
        let mut counter = Counter::open(context, &arguments.afar)?;
        counter.standpoint(&[&author])?;
        let all = read.rows.len().to_string();
        let progress = |done: usize, opened: &[Opened]| {
            if context.output.is_json() {
                // Told as soon as the ledger has acknowledged them, so that a reader of the pipe knows
                // what stands even if this process is killed.
                for opened in opened {
                    let line = Acknowledged { kind: "opened", opened };
                    context.output.line(&line, String::new).map_err(std::io::Error::other)?;
                }
            }
            let values = [("done", &*done.to_string()), ("all", &*all)];
            context.output.progress(&CaseText::ImportProgress.with(context.lang, &values));
            Ok(())
        };
        let taken = import::take(&mut counter, &author, read.rows, progress)?;
        counter.close()?;
        taken
    };
    let refused = refused_lines(&read.rejected, &taken);
    report(context, &refused)?;
    let summary = Summary {
        rows,
        opened: taken.opened.len(),
        known: taken.known.len(),
        refused: refused.len(),
        dry_run: arguments.dry_run,
    };
    let counts = [summary.opened, summary.known, summary.refused].map(|count| count.to_string());
    let values = [("opened", &*counts[0]), ("known", &*counts[1]), ("refused", &*counts[2])];
    let text = CaseText::ImportDone.with(context.lang, &values);
    if context.output.is_json() {
        context.output.summary(&summary, text)?;
    } else {
        context.output.write(&(text + "\n"))?;
    }
    Ok(Exit::Done)
}

fn report(context: &Context, refused: &[(usize, String)]) -> Result<(), CliError> {
    for (line, code) in refused {
        let refused = Refused { kind: "refused", line: *line, code };
        context.output.line(&refused, || {
            let text = explain(context.lang, code);
            let values = [("line", &*line.to_string()), ("code", &**code), ("text", &*text)];
            CaseText::ImportRefused.with(context.lang, &values)
        })?;
    }
    Ok(())
}

/// What a code means: the reader's own words, or the ledger's.
fn explain(lang: Lang, code: &str) -> String {
    let read = RejectCode::ALL.iter().find(|known| known.code() == code);
    let text = match (read, lang) {
        (Some(known), Lang::Swedish) => Some(known.swedish()),
        (Some(known), Lang::English) => Some(known.english()),
        (None, Lang::Swedish) => refusals::in_swedish(code),
        (None, Lang::English) => in_english(code),
    };
    text.map_or_else(|| CaseText::RefusedByLedger.in_lang(lang), str::to_owned)
}

/// The ledger's codes that rows commonly meet.
fn in_english(code: &str) -> Option<&'static str> {
    Some(match code {
        "unknown-role" => "The policy has no such role.",
        "check-forbidden" => "No law supports a check for this role; nothing was stored.",
        "check-elsewhere" => "This check is made outside this ledger; nothing was stored.",
        "policy-incomplete" => "A jurist must complete the policy for this role first; nothing was stored.",
        "role-not-in-force" => "The role's law is not in force today; nothing was stored.",
        "no-policy" => "No policy has been adopted; run: vandel policy adopt --help",
        "position-not-assessed" => "Assess the position first: vandel position assess --help",
        "board-unknown" => "No position of this board has been assessed: vandel position assess --help",
        "another-case-open" => "Another candidate of this recruitment has an open case.",
        "retention-passed" => "All of it would have to be erased at once; it was not taken in.",
        "role" => "You do not hold the role that this asks for here.",
        _ => return None,
    })
}
