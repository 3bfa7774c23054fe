//! `vandel demo --story erasure`: the whole way of an erasure, by the very commands that people use, one after the
//! other, on a clock that is set. What is refused is refused by the sequencer; the exit code of each is checked.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Parser;
use serde::Serialize;
use vandel_core::hash::Hash;
use vandel_core::id::ThreadId;
use vandel_ledger::clock::SettableClock;

use crate::args::Arguments;
use crate::casework;
use crate::context::{Context, parse_second};
use crate::error::{CliError, Exit};
use crate::lang::DemoText;
use crate::output::Output;
use crate::workbench::Workbench;

/// A step: when, why, the command, and how it must end.
type Scene = (&'static str, DemoText, &'static str, Exit);

/// The people, the law and one case, which is closed on 20 March 2026. `H`, `K` and what is in braces are filled in.
const BEFORE: &[Scene] = &[
    ("2026-01-12", DemoText::Found, "init --generate-keys {keys} --names Anna Bo", Exit::Done),
    (
        "2026-01-12",
        DemoText::Adopt,
        "policy adopt se-2026 --from 2026-01-01 --confirmed-by Kommunjuristen {two}",
        Exit::Done,
    ),
    ("2026-01-12", DemoText::People, "key new {keys}/handler.pem --no-passphrase", Exit::Done),
    ("2026-01-12", DemoText::People, "key new {keys}/decider.pem --no-passphrase", Exit::Done),
    ("2026-01-12", DemoText::People, "key new {keys}/delegate.pem --no-passphrase", Exit::Done),
    ("2026-01-12", DemoText::People, "key new {keys}/officer.pem --no-passphrase", Exit::Done),
    (
        "2026-01-12",
        DemoText::People,
        "key enroll --new-key {keys}/handler.pem --actor new --role handler {two}",
        Exit::Done,
    ),
    (
        "2026-01-12",
        DemoText::People,
        "key enroll --new-key {keys}/decider.pem --actor new --role decider {two}",
        Exit::Done,
    ),
    (
        "2026-01-12",
        DemoText::People,
        "key enroll --new-key {keys}/delegate.pem --actor new --role controllers-delegate {two}",
        Exit::Done,
    ),
    (
        "2026-01-12",
        DemoText::People,
        "key enroll --new-key {keys}/officer.pem --actor new --role data-protection-officer {two}",
        Exit::Done,
    ),
    (
        "2026-01-12",
        DemoText::Decide,
        "disposal adopt --body Kommunstyrelsen --number KS-7 --decided 2026-01-10 --class note --class case --class identity {two}",
        Exit::Done,
    ),
    (
        "2026-02-02",
        DemoText::Assess,
        "position assess --role SCHOOL --board Barnnämnden --need Elever --union-reference MBL-1 --impact-reference DPIA-1 {decider}",
        Exit::Done,
    ),
    (
        "2026-03-02",
        DemoText::Open,
        "case open --role SCHOOL --board Barnnämnden --reference REK-1 --identity {keys}/identity {decider}",
        Exit::Done,
    ),
    (
        "2026-03-20",
        DemoText::Show,
        "case shown {handle} --issued 2026-03-01 --authenticity control-service {decider}",
        Exit::Done,
    ),
    ("2026-03-20", DemoText::Close, "case close {handle} {decider}", Exit::Done),
    (
        "2026-03-21",
        DemoText::Copy,
        "sink add --kind root-cell-copy --place Kassaskåp-2 --expires 2028-12-31 {decider}",
        Exit::Done,
    ),
];

/// Two years later.
const AFTER: &[Scene] = &[
    ("2028-03-19", DemoText::Early, "retention due", Exit::Done),
    ("2028-04-03", DemoText::Due, "retention due", Exit::Done),
    ("2028-04-03", DemoText::Why, "retention why {handle} {decider}", Exit::Done),
    (
        "2028-04-03",
        DemoText::Hold,
        "hold place {handle} --ground disclosure-request --review 2028-05-01 {decider}",
        Exit::Done,
    ),
    ("2028-04-03", DemoText::Held, "retention plan --disposal {disposal}", Exit::Done),
    (
        "2028-04-10",
        DemoText::Unhold,
        "hold release {handle} --key {keys}/decider.pem --second {keys}/delegate.pem",
        Exit::Done,
    ),
    ("2028-04-10", DemoText::Plan, "retention plan --disposal {disposal} {decider}", Exit::Done),
    ("2028-04-10", DemoText::Unordered, "retention apply --plan {plan}", Exit::Refused),
    ("2028-04-10", DemoText::Order, "retention order --plan {plan} --key {keys}/handler.pem", Exit::Done),
    (
        "2028-04-10",
        DemoText::Alone,
        "retention approve --plan {plan} --key {keys}/handler.pem",
        Exit::Refused,
    ),
    (
        "2028-04-10",
        DemoText::Approve,
        "retention approve --plan {plan} --key {keys}/delegate.pem",
        Exit::Done,
    ),
    (
        "2028-04-10",
        DemoText::Stop,
        "retention stop --plan {plan} --reason Fråga-till-nämnden {officer}",
        Exit::Done,
    ),
    ("2028-04-10", DemoText::Stopped, "retention apply --plan {plan}", Exit::Refused),
    ("2028-04-11", DemoText::Go, "retention release --plan {plan} --reason Besvarad {officer}", Exit::Done),
    ("2028-04-11", DemoText::Apply, "retention apply --plan {plan}", Exit::Done),
    ("2028-04-11", DemoText::Gone, "case show {handle} {decider}", Exit::NotFound),
    ("2028-04-11", DemoText::Audit, "vault audit", Exit::Done),
    (
        "2028-04-11",
        DemoText::Certify,
        "erasure certificate {plan} 0 --out {keys}/certificate.json",
        Exit::Done,
    ),
    (
        "2028-04-11",
        DemoText::Check,
        "erasure verify {keys}/certificate.json --trust {home}/public/trust.policy",
        Exit::Done,
    ),
    (
        "2028-04-12",
        DemoText::TooSoon,
        "retention complete --plan {plan} --key {keys}/handler.pem --second {keys}/delegate.pem",
        Exit::Refused,
    ),
    (
        "2028-04-12",
        DemoText::Destroy,
        "sink destroyed {sink} --how Strimlad-i-två-personers-närvaro {officer}",
        Exit::Done,
    ),
    (
        "2028-04-12",
        DemoText::Complete,
        "retention complete --plan {plan} --key {keys}/handler.pem --second {keys}/delegate.pem",
        Exit::Done,
    ),
    (
        "2028-04-12",
        DemoText::Certify,
        "erasure certificate {plan} 0 --out {keys}/certificate-completed.json",
        Exit::Done,
    ),
    (
        "2028-04-12",
        DemoText::Check,
        "erasure verify {keys}/certificate-completed.json --trust {home}/public/trust.policy",
        Exit::Done,
    ),
    (
        "2028-04-12",
        DemoText::Verify,
        "verify {home} --trust {home}/public/trust.policy --overdue",
        Exit::Done,
    ),
];

#[derive(Serialize)]
struct Step<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    day: &'static str,
    why: &'a str,
    command: &'a str,
    expected: u8,
}

#[derive(Serialize)]
struct Ending {
    #[serde(rename = "type")]
    kind: &'static str,
    home: PathBuf,
    keys: PathBuf,
    steps: usize,
    refused: usize,
}

/// Where the story plays.
struct Stage<'a> {
    context: &'a Context,
    home: PathBuf,
    keys: PathBuf,
}

/// Plays it.
pub(super) fn run(context: &Context) -> Result<Exit, CliError> {
    let home = match context.names_a_home() {
        true => context.home.root().to_owned(),
        false => std::env::temp_dir().join(format!("vandel-erasure-{}", std::process::id())),
    };
    let mut keys = home.clone().into_os_string();
    keys.push("-people");
    let stage = Stage { context, home, keys: keys.into() };
    for folder in [&stage.home, &stage.keys] {
        if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
            let message =
                format!("{} is not empty; a demonstration begins in an empty folder", folder.display());
            return Err(CliError::new(Exit::Usage, "not-empty", message)
                .next("name another folder with --home, or leave it out for a temporary one"));
        }
    }
    std::fs::create_dir_all(&stage.keys).map_err(|error| CliError::file(&stage.keys, &error))?;
    let identity = "number: 19961010-9945\nsurname: Kanariesson\ngiven name: Göran\n";
    let file = stage.keys.join("identity");
    std::fs::write(&file, identity).map_err(|error| CliError::file(&file, &error))?;
    let mut refused = 0;
    for scene in BEFORE.iter().chain(AFTER) {
        stage.play(scene)?;
        refused += usize::from(scene.3 == Exit::Refused);
    }
    let ending = Ending {
        kind: "erasure_story",
        home: stage.home.clone(),
        keys: stage.keys.clone(),
        steps: BEFORE.len() + AFTER.len(),
        refused,
    };
    context.output.result(&ending, || {
        let (home, keys) = (ending.home.display().to_string(), ending.keys.display().to_string());
        DemoText::Ending.with(context.lang, &[("home", &*home), ("keys", &*keys)])
    })?;
    Ok(Exit::Done)
}

impl Stage<'_> {
    fn play(&self, scene: &Scene) -> Result<(), CliError> {
        let (day, why, template, expected) = *scene;
        let command = self.fill(day, template)?;
        let why = why.in_lang(self.context.lang);
        let step = Step { kind: "step", day, why: &why, command: &command, expected: expected as u8 };
        self.context.output.line(&step, || format!("\n{day}  {why}\n$ vandel {command}"))?;
        let exit = self.run(day, &command)?;
        if exit == expected {
            return Ok(());
        }
        let message = format!("vandel {command} ended otherwise than the story has it");
        Err(CliError::new(Exit::Internal, "demo", message).expected(expected as u8, exit as u8))
    }

    /// Runs a command line as [`crate::run`] does, on the story's own clock.
    fn run(&self, day: &str, command: &str) -> Result<Exit, CliError> {
        let mut arguments: Vec<OsString> = vec!["vandel".into(), "--home".into(), self.home.clone().into()];
        if self.context.output.is_json() {
            arguments.push("--json".into());
        }
        arguments.extend(["--quiet".into(), "--lang".into(), self.context.lang.code().into()]);
        arguments.extend(command.split(' ').map(OsString::from));
        let parsed = Arguments::try_parse_from(arguments)
            .map_err(|error| CliError::new(Exit::Internal, "demo", error.to_string()))?;
        let output = Output::new(&parsed.global);
        let context = self.context_on(day, &parsed, output.clone())?;
        match crate::commands::run(&context, parsed.command) {
            Ok(exit) => Ok(exit),
            Err(error) => {
                output.error(&error);
                Ok(error.exit())
            }
        }
    }

    fn context_on(&self, day: &str, parsed: &Arguments, output: Output) -> Result<Context, CliError> {
        let noon = parse_second(day).ok_or_else(|| CliError::new(Exit::Internal, "demo", "no such day"))?;
        Ok(Context::with_clock(&parsed.global, output, Arc::new(SettableClock::at(noon))))
    }

    /// Puts in what only the ledger knows by now.
    fn fill(&self, day: &str, template: &str) -> Result<String, CliError> {
        let keys = self.keys.display().to_string();
        let mut command = template
            .replace("{two}", "--key {keys}/administrator-1.pem --second {keys}/administrator-2.pem")
            .replace("{decider}", "--key {keys}/decider.pem")
            .replace("{officer}", "--key {keys}/officer.pem")
            .replace("{keys}", &keys)
            .replace("{home}", &self.home.display().to_string());
        if !command.contains('{') {
            return Ok(command);
        }
        let parsed = Arguments::try_parse_from([
            "vandel",
            "--quiet",
            "--home",
            &*self.home.display().to_string(),
            "doctor",
        ])
        .map_err(|error| CliError::new(Exit::Internal, "demo", error.to_string()))?;
        let context = self.context_on(day, &parsed, Output::new(&parsed.global))?;
        let bench = Workbench::open(&context)?;
        let sequencer = bench.sequencer();
        if command.contains("{handle}") {
            // The handle is dead once the case is erased; the story remembers it then.
            let file = self.keys.join("handle");
            let known = std::fs::read_to_string(&file).ok();
            let handle = match known {
                Some(handle) => handle,
                None => {
                    let cases: Vec<ThreadId> = sequencer.threads()?.iter().map(|(id, _)| *id).collect();
                    let mut found = String::new();
                    for case in cases {
                        found =
                            casework::identity(sequencer, case)?.map_or(found, |identity| identity.handle);
                    }
                    std::fs::write(&file, &found).map_err(|error| CliError::file(&file, &error))?;
                    found
                }
            };
            command = command.replace("{handle}", &handle);
        }
        if let Some(disposal) = sequencer.chain().disposals.keys().next() {
            command = command.replace("{disposal}", &disposal.to_string());
        }
        if let Some(plan) = newest_plan(&context.home.plans()) {
            command = command.replace("{plan}", &format!("sha256:{plan}"));
        }
        if let Some(sink) = sequencer.sinks()?.states().first() {
            command = command.replace("{sink}", &sink.made.sink.to_string());
        }
        bench.close()?;
        Ok(command)
    }
}

/// The one plan of the story.
fn newest_plan(folder: &Path) -> Option<Hash> {
    let names =
        std::fs::read_dir(folder).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter_map(|name| Hash::from_hex(name.strip_suffix(".plan")?)).next()
}
