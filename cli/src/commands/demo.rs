//! `vandel demo`: two years of an invented municipality.

mod erasure;

use crate::args::{DemoArgs, Story};
use crate::context::Context;
use crate::demo::{DemoError, DemoOptions, render_text, run as play};
use crate::error::{CliError, Exit};

/// Plays a demonstration. The prose is in English; the data are Swedish.
pub(super) fn run(context: &Context, arguments: &DemoArgs) -> Result<Exit, CliError> {
    if arguments.story == Story::Erasure {
        return erasure::run(context);
    }
    let options = DemoOptions {
        home: context.names_a_home().then(|| context.home.root().to_owned()),
        cases: usize::try_from(arguments.cases).unwrap_or(usize::MAX),
        seed: arguments.seed,
        now: context.now(),
        today: context.today(),
        keep: arguments.keep,
    };
    let outcome = play(&options, &mut |message| context.output.progress(message))?;
    context.output.result(&outcome, || render_text(&outcome))?;
    Ok(match (outcome.verification.exit, outcome.tampering.exit) {
        (0, 3) => Exit::Done,
        // Either the ledger is not sound, or the verifier missed what was done to the copy.
        (0, _) => Exit::Internal,
        (4, _) => Exit::NotProven,
        _ => Exit::Integrity,
    })
}

impl From<DemoError> for CliError {
    fn from(error: DemoError) -> Self {
        match error {
            DemoError::NotEmpty(_) => Self::new(Exit::Usage, "not-empty", error.to_string())
                .next("name another folder with --home, or leave it out for a temporary one"),
            DemoError::TooMany { .. } => Self::new(Exit::Usage, "usage", error.to_string()),
            DemoError::Founding(error) => error.into(),
            DemoError::Home(error) => error.into(),
            DemoError::Key(error) => error.into(),
            DemoError::Vault(error) => error.into(),
            DemoError::Threads(error) => error.into(),
            DemoError::Io(error) => error.into(),
            DemoError::Randomness => Self::new(Exit::Io, "randomness", error.to_string()),
            DemoError::Unexpected { .. }
            | DemoError::NoLaw { .. }
            | DemoError::Story(_)
            | DemoError::Views(_)
            | DemoError::Publish(_)
            | DemoError::Verify(_) => Self::new(Exit::Internal, "demo", error.to_string())
                .next("please report this, with the seed and the number of cases"),
        }
    }
}
