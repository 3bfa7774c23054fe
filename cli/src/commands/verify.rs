//! `vandel verify`: the verdict is a result, whatever it says; its exit code says it too.

use std::io;

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
    let (exit, code) = match &error {
        VerifyError::Bus(_) | VerifyError::Stream(_) => (Exit::Io, "nats"),
        VerifyError::Place(_) => (Exit::Usage, "log-place"),
        VerifyError::WhichLedger(_) => (Exit::Usage, "which-ledger"),
        VerifyError::NoLedger(_) => (Exit::NotFound, "no-ledger"),
        VerifyError::NoBlocks(_) => (Exit::NotProven, "no-blocks"),
        VerifyError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            (Exit::NotFound, "file")
        }
        VerifyError::Io { .. } => (Exit::Io, "file"),
        VerifyError::Unreadable(_) => (Exit::Io, "log"),
        VerifyError::Trust { .. } => (Exit::Usage, "trust-file"),
        VerifyError::State { .. } => (Exit::Usage, "state-file"),
        VerifyError::StateInside(_) => (Exit::Usage, "state-inside"),
        VerifyError::Receipt { .. } => (Exit::Usage, "receipt"),
    };
    CliError::new(exit, code, error.to_string()).next(error.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_ends_as_the_auditors_own_binary_does() {
        for kind in [io::ErrorKind::NotFound, io::ErrorKind::PermissionDenied] {
            let error = VerifyError::Io { path: "trust.policy".into(), source: kind.into() };
            let code = error.exit_code();
            assert_eq!(refuse(error).exit() as u8, code, "{kind}");
        }
    }
}
