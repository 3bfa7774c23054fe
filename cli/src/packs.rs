//! Policy packs by name: those shipped with this program, files, and what the ledger has adopted.

use std::path::Path;

use vandel_ledger::disk::read_all;

use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::reading::Reading;

/// The packs shipped with this program. None of them is confirmed by anybody.
pub const SHIPPED: &[(&str, &str)] = &[
    ("se-2026", include_str!("../../schemas/policy/se-2026.toml")),
    ("se-school-2026-07-15", include_str!("../../schemas/policy/se-school-2026-07-15.toml")),
];

/// The word for the pack that is in force.
const ADOPTED: &str = "adopted";

/// A pack's text by a shipped name, `adopted`, or a file.
///
/// # Errors
/// If there is none.
pub fn text_of(context: &Context, pack: &str) -> Result<String, CliError> {
    if let Some((_, text)) = SHIPPED.iter().find(|(name, _)| *name == pack) {
        return Ok((*text).to_owned());
    }
    if pack == ADOPTED {
        return adopted(context);
    }
    let file = Path::new(pack);
    let bytes = read_all(&*context.disk, file).map_err(|error| {
        let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
        CliError::file(file, &error).next(format!("name a file, or a shipped pack: {}", names.join(", ")))
    })?;
    String::from_utf8(bytes).map_err(|_| CliError::new(Exit::Usage, "policy", format!("{pack} is not UTF-8")))
}

/// The text of the pack in force on the day that the command is about.
fn adopted(context: &Context) -> Result<String, CliError> {
    let reading = Reading::open(context)?;
    let day = context.as_of();
    match reading.chain().policy_on(day) {
        Some(adopted) => Ok(adopted.text.clone()),
        None => Err(CliError::new(Exit::NotFound, "no-policy", format!("no policy applies on {day}"))
            .next("see what is shipped: vandel policy show se-2026; then: vandel policy adopt --help")),
    }
}
