//! Results go to stdout; progress, warnings and errors to stderr.
//!
//! With `--json` a command prints one JSON document, or a list as JSON lines that end with one of type
//! `summary`. A reader that closes the pipe has seen enough: that is no error, and the work goes on.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::args::{Color, GlobalArgs};
use crate::error::{CliError, Exit};
use crate::lang::refusals;
use crate::lang::{Lang, Text};

/// Where a command's words go.
#[derive(Clone, Debug)]
pub struct Output {
    json: bool,
    quiet: bool,
    color: bool,
    lang: Lang,
    /// Set once the reader of stdout has gone.
    closed: Arc<AtomicBool>,
}

impl Output {
    /// As the global arguments ask for.
    #[must_use]
    pub fn new(global: &GlobalArgs) -> Self {
        // NO_COLOR counts when it is set and not empty (no-color.org).
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let color = match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => !unwanted && io::stderr().is_terminal(),
        };
        let lang = Lang::choose(global.lang);
        Self { json: global.json, quiet: global.quiet, color, lang, closed: Arc::default() }
    }

    /// Whether JSON was asked for.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// One result: a JSON document, or its text.
    ///
    /// # Errors
    /// If stdout fails otherwise than by its reader having gone.
    pub fn result(&self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), CliError> {
        if self.json {
            self.json_line(value)
        } else {
            let text = text();
            self.write(&if text.is_empty() || text.ends_with('\n') { text } else { text + "\n" })
        }
    }

    /// One line of a list: JSON, or its text. End the list with [`Output::summary`].
    ///
    /// # Errors
    /// As [`Output::result`].
    pub fn line(&self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), CliError> {
        self.result(value, text)
    }

    /// The end of a list: in JSON a line of type `summary` around `value`, else `text` on stderr.
    ///
    /// # Errors
    /// As [`Output::result`].
    pub fn summary(&self, value: &impl Serialize, text: impl Display) -> Result<(), CliError> {
        if self.json {
            self.json_line(&Summary { kind: "summary", value })
        } else {
            self.progress(&text.to_string());
            Ok(())
        }
    }

    /// Whether nobody is told what is going on.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.quiet || self.json
    }

    /// What is going on, for people only.
    pub fn progress(&self, message: &str) {
        if !self.is_quiet() {
            self.to_stderr(message);
        }
    }

    /// What deserves attention, quiet or not.
    pub fn warn(&self, message: &str) {
        if self.json {
            let line = serde_json::json!({ "type": "warning", "message": message });
            self.to_stderr(&line.to_string());
        } else {
            self.to_stderr(&format!("{} {message}", self.paint("33", &Text::Warning.in_lang(self.lang))));
        }
    }

    /// An error: an object in JSON, or what, where, why and what next.
    pub fn error(&self, error: &CliError) {
        if self.json {
            write_json_error(error);
            return;
        }
        let report = error.report();
        let label = |text: Text| text.in_lang(self.lang);
        let mut lines = vec![format!("{} {}", self.paint("31", &label(Text::Error)), report.message)];
        if let Some(swedish) = refusals::in_swedish(&report.code).filter(|_| self.lang == Lang::Swedish) {
            // The exact words are English, with names and numbers; what they mean comes first.
            lines[0] = format!("{} {swedish}", self.paint("31", &label(Text::Error)));
            lines.push(format!("  {} {}", label(Text::ErrorDetail), report.message));
        }
        let mut put = |text: Text, value: Option<&str>| {
            lines.extend(value.map(|value| format!("  {} {value}", label(text))));
        };
        put(Text::ErrorCode, Some(&report.code));
        put(Text::ErrorRecord, report.record.map(|record| record.to_string()).as_deref());
        put(Text::ErrorExpected, report.expected.as_deref());
        put(Text::ErrorFound, report.found.as_deref());
        put(Text::ErrorParagraph, report.paragraph.as_deref());
        put(Text::ErrorNext, report.next.as_deref());
        self.to_stderr(&lines.join("\n"));
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn json_line(&self, value: &impl Serialize) -> Result<(), CliError> {
        let line = serde_json::to_string(value)
            .map_err(|error| CliError::new(Exit::Internal, "json", error.to_string()))?;
        self.write(&(line + "\n"))
    }

    /// Writes to stdout as it is.
    ///
    /// # Errors
    /// As [`Output::result`].
    pub fn write(&self, text: &str) -> Result<(), CliError> {
        if self.closed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed.store(true, Ordering::Relaxed);
                Ok(())
            }
            other => Ok(other?),
        }
    }

    #[allow(clippy::unused_self, reason = "callers need not know that stderr has no state")]
    fn to_stderr(&self, text: &str) {
        // Nobody is left to be told that stderr is gone.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}

#[derive(Serialize)]
struct Summary<'a, T: Serialize> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    value: &'a T,
}

/// An error as a JSON object on stderr.
pub(crate) fn write_json_error(error: &CliError) {
    if let Ok(line) = serde_json::to_string(error.report()) {
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}
