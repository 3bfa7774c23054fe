//! `vandel serve --standby`: waits beside the instance that serves, and takes over when it ends or hangs.
//!
//! Two signs, neither of which needs a clock that two machines agree on. The home's lock goes when the other process
//! ends, however it ends. And the other writes a counter into the home as long as its writer answers: a process that
//! hangs holds its lock, and its counter stands still. What keeps two writers apart is neither of the two, but the
//! fences of vault, memory and log: a sign that misleads costs an instance, never the ledger.

use std::time::{Duration, Instant};

use vandel_ledger::lock::{HomeLock, LockError};
use vandel_ledger::opening::{self, HomeError, OpenLedger, Opening};
use vandel_ledger::place::StreamPlace;

use crate::args::ServeArgs;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::ServeText;

/// How often a standby looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long it waits after it could not take over, for instance because no majority of witnesses answers.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Opens the home: at once, or, as a standby, when the instance that serves it ends or hangs.
pub(super) fn open(
    context: &Context,
    arguments: &ServeArgs,
    mut opening: Opening,
) -> Result<OpenLedger, CliError> {
    if !arguments.standby {
        return Ok(opening::open(&context.home, opening)?);
    }
    loop {
        let ended = wait(context, Duration::from_secs(arguments.patience))?;
        // Segments have no fence: two writers would spoil them. There only the other's end will do.
        let on_stream = StreamPlace::of(&*context.disk, &context.home).map_err(HomeError::from)?.is_some();
        if !ended && !on_stream {
            context.output.warn(&ServeText::LogInFiles.in_lang(context.lang));
            std::thread::sleep(Duration::from_secs(arguments.patience));
            continue;
        }
        let again = Opening {
            disk: opening.disk.clone(),
            clock: opening.clock.clone(),
            cell: context.root_cell()?,
            passphrase: opening.passphrase.clone(),
            ..opening
        };
        let opened = if ended {
            opening::open(&context.home, opening)
        } else {
            opening::take_over(&context.home, opening)
        };
        let error = match opened {
            Ok(ledger) => return Ok(ledger),
            // Another standby was faster.
            Err(HomeError::Locked(_)) => None,
            Err(error) => Some(CliError::from(error)),
        };
        if let Some(error) = error {
            // What contradicts is not waited for: somebody has to look.
            if error.exit() != Exit::Io && error.exit() != Exit::Conflict {
                return Err(error);
            }
            let values = [("why", &*error.to_string())];
            context.output.warn(&ServeText::NotYet.with(context.lang, &values));
            std::thread::sleep(AGAIN_AFTER);
        }
        opening = again;
    }
}

/// Waits until the other instance ends (true) or gives no sign of life for so long (false).
fn wait(context: &Context, patience: Duration) -> Result<bool, CliError> {
    let sign = || std::fs::read(context.home.alive()).ok();
    let (mut last, mut since, mut has_said) = (sign(), Instant::now(), false);
    let say = |why: String| {
        context.output.progress(&ServeText::TakingOver.with(context.lang, &[("why", &why)]));
    };
    loop {
        match HomeLock::acquire(context.home.root()) {
            Ok(_) => {
                if has_said {
                    say(ServeText::HasEnded.in_lang(context.lang));
                }
                return Ok(true);
            }
            Err(LockError::Held { pid, .. }) if !has_said => {
                let pid = pid.map_or_else(|| "?".to_owned(), |pid| pid.to_string());
                context.output.progress(&ServeText::StandingBy.with(context.lang, &[("pid", &pid)]));
                has_said = true;
            }
            Err(LockError::Held { .. }) => {}
            Err(error) => return Err(HomeError::from(error).into()),
        }
        let now = sign();
        if now != last {
            (last, since) = (now, Instant::now());
        } else if since.elapsed() >= patience {
            let seconds = patience.as_secs().to_string();
            say(ServeText::HasHung.with(context.lang, &[("seconds", &seconds)]));
            return Ok(false);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}
