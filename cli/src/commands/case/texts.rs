//! Text that never comes as an argument: from a file or from standard input, as `name: value` lines
//! or as free text.

use std::io::{IsTerminal, Read};
use std::path::Path;

use vandel_core::limits::TEXT_BYTES_MAX;
use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::{CliError, Exit};

/// The text of a file, or of standard input.
pub(in crate::commands) fn read_text(
    context: &Context,
    from: Option<&Path>,
    what: &str,
) -> Result<Zeroizing<String>, CliError> {
    let mut bytes = Zeroizing::new(Vec::new());
    let limit = TEXT_BYTES_MAX as u64 * 4;
    match from {
        Some(path) => {
            let file = std::fs::File::open(path).map_err(|error| CliError::file(path, &error))?;
            file.take(limit).read_to_end(&mut bytes).map_err(|error| CliError::file(path, &error))?;
        }
        None => {
            if std::io::stdin().is_terminal() {
                context.output.progress(&format!("{what}; end with Ctrl-D:"));
            }
            std::io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
        }
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| CliError::new(Exit::Usage, "not-utf8", format!("{what}: the text is not UTF-8")))?;
    if text.trim().is_empty() {
        let error = CliError::new(Exit::Usage, "empty", format!("{what}: there is no text"));
        return Err(error.next("name a file, or pipe the text to standard input"));
    }
    Ok(Zeroizing::new(text.trim_end().to_owned()))
}

/// The value of a line `name: value`; the name in any case, the first such line.
pub(super) fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim().to_lowercase() == name).then(|| value.trim())
    })
}

/// The value of a line that must be there.
pub(super) fn required<'t>(text: &'t str, names: &[&str]) -> Result<&'t str, CliError> {
    let found = names.iter().find_map(|name| field(text, name)).filter(|value| !value.is_empty());
    found.ok_or_else(|| {
        let message = format!("a line `{}: …` is missing", names[0]);
        CliError::new(Exit::Usage, "line-missing", message)
    })
}
