//! `vandel verify`: the verdict is a result, whatever it says; its exit code says it too.

use vandel_ledger::home::Home;

use super::dossier;
use crate::args::{Require, VerifyArgs};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::verify::{VerifyError, VerifyOptions, render_text, verify};

/// Verifies.
pub(super) fn run(context: &Context, arguments: VerifyArgs) -> Result<Exit, CliError> {
    if let Some(file) = arguments.path.as_ref().filter(|path| path.is_file()) {
        return dossier::verify(context, file, &arguments);
    }
    let levels = arguments.level.iter().map(|level| (*level).into()).collect();
    let place = arguments.path.clone().unwrap_or_else(|| context.home.root().to_owned());
    let cell = match arguments.open {
        true => context.root_cell_at(&Home::new(&place).root_cell())?,
        false => None,
    };
    let options = VerifyOptions {
        over_nats: context.nats.servers.is_some() && arguments.path.is_none() && !context.names_a_home(),
        nats: context.nats.clone(),
        place,
        memory: context.memory.clone(),
        trust: arguments.trust,
        checkpoint: None,
        kept: arguments.kept,
        since: arguments.since,
        incremental: arguments.incremental,
        receipts: arguments.receipts,
        state: arguments.state,
        ledger: arguments.ledger,
        levels: (!arguments.level.is_empty()).then_some(levels),
        require_witnessed: arguments.require == Some(Require::Witnessed),
        keep_shut: !arguments.open,
        views: arguments.views,
        as_of: Some(context.as_of()),
        overdue_violates: arguments.overdue,
        cell,
    };
    let report = verify(options, &mut |_| {}).map_err(refuse)?;
    if let Some(file) = &arguments.write_digests {
        vandel_verify::dossier::write_digests(&*context.disk, file, &report)?;
    }
    context.output.result(&report, || render_text(&report))?;
    Ok(match report.exit {
        0 => Exit::Done,
        3 => Exit::Integrity,
        _ => Exit::NotProven,
    })
}

pub(super) fn refuse(error: VerifyError) -> CliError {
    let error = match error {
        VerifyError::Bus(error) => return error.into(),
        VerifyError::Stream(error) => return error.into(),
        error => error,
    };
    let code = match &error {
        VerifyError::Bus(_) | VerifyError::Stream(_) => "nats",
        VerifyError::Place(_) => "log-place",
        VerifyError::WhichLedger(_) => "which-ledger",
        VerifyError::NoLedger(_) => "no-ledger",
        VerifyError::NoBlocks(_) => "no-blocks",
        VerifyError::Io { .. } => "file",
        VerifyError::Unreadable(_) => "log",
        VerifyError::Trust { .. } => "trust-file",
        VerifyError::State { .. } => "state-file",
        VerifyError::StateInside(_) => "state-inside",
        VerifyError::Receipt { .. } => "receipt",
    };
    let exit = Exit::of_verifier(error.exit_code());
    CliError::new(exit, code, error.to_string()).next(error.next())
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_not_found_and_one_that_cant_be_read_is_io() {
        let of = |kind: io::ErrorKind| {
            refuse(VerifyError::Io { path: "trust.policy".into(), source: kind.into() }).exit()
        };
        assert_eq!(of(io::ErrorKind::NotFound) as u8, 7);
        assert_eq!(of(io::ErrorKind::PermissionDenied) as u8, 5);
    }
}
