//! `vandel audit`: what those who audit an employer ask, answered from log and openings.
//!
//! On a live ledger the auditor's reading is recorded before anything is shown; on a copy nothing is
//! written, and the report says so. Only cases that a role of the auditor's key reaches are shown.

mod conduct;
mod page;
mod reconcile;
mod sample;

use vandel_core::block::Block;
use vandel_core::chain::Chain;
use vandel_core::checkpoint::Checkpoint;
use vandel_core::conduct::Conduct;
use vandel_core::event::{Compartment, Purpose, Reading as ReadEvent};
use vandel_core::id::ThreadId;
use vandel_core::keyring::KeyEntry;
use vandel_core::thread::Matter;
use vandel_ledger::refused_counts::RefusedCounts;
use vandel_projector::source::Source;
use vandel_projector::view::DueAnswer;
use vandel_projector::{Projector, Settings};

use crate::args::{AuditCommand, AuditorArgs};
use crate::casework;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::AuditText;
use crate::names::Names;
use crate::people::Person;
use crate::reading::{Reading, parse_checkpoint};
use crate::workbench::Workbench;

use super::case::record_reading;

/// Runs a command about auditing conduct.
pub(super) fn run(context: &Context, command: AuditCommand) -> Result<Exit, CliError> {
    match command {
        AuditCommand::Conduct(arguments) => conduct::run(context, &arguments),
        AuditCommand::Reconcile(arguments) => reconcile::run(context, &arguments),
        AuditCommand::Sample(arguments) => sample::run(context, &arguments),
    }
}

/// A ledger that has been folded for an auditor.
struct Session<'a> {
    place: Place<'a>,
    chain: Chain,
    conduct: Conduct,
    names: Names,
    /// The auditor's grants; none on a copy, whose holder holds the root key too.
    reader: Option<KeyEntry>,
    overdue: Vec<DueAnswer>,
    refused: RefusedCounts,
}

enum Place<'a> {
    Live(Box<Workbench<'a>>, Box<Person>),
    Copy(Box<Reading<'a>>),
}

impl<'a> Session<'a> {
    /// Opens the home and folds it.
    fn open(context: &'a Context, auditor: &AuditorArgs) -> Result<Self, CliError> {
        let place = match &auditor.key {
            Some(key) if !auditor.copy => {
                let person = Person::read(context, key, auditor.passphrase_file.as_deref())?;
                Place::Live(Box::new(Workbench::open(context)?), Box::new(person))
            }
            _ => Place::Copy(Box::new(Reading::open(context)?)),
        };
        let (chain, conduct, overdue, names, reader) = {
            let source = place.source();
            let (chain, conduct) = fold(&source)?;
            let mut projector = Projector::in_memory(&source, Settings::default())?;
            let overdue = projector.ask(&source, |views| views.overdue(context.as_of()))?;
            let reader = match &place {
                Place::Live(_, person) => {
                    let signer = chain.keyring.signer(&person.public_key(), context.now());
                    Some(signer.map_err(vandel_core::admit::Refusal::Key)?.0.clone())
                }
                Place::Copy(_) => None,
            };
            (chain, conduct, overdue, Names::read(source.vault)?, reader)
        };
        let refused = RefusedCounts::read(&*context.disk, context.home.root())
            .map_err(|error| CliError::file(&RefusedCounts::path(context.home.root()), &error))?;
        Ok(Self { place, chain, conduct, names, reader, overdue, refused })
    }

    /// Records the reading; nothing on a copy.
    fn record(&mut self, context: &Context, count: usize, remark: String) -> Result<Option<u64>, CliError> {
        let Place::Live(bench, person) = &mut self.place else { return Ok(None) };
        let reading = ReadEvent {
            thread: None,
            purpose: Purpose::Audit,
            remark,
            compartments: vec![Compartment::Spine, Compartment::Process, Compartment::Note],
            count: u32::try_from(count).unwrap_or(u32::MAX),
        };
        record_reading(context, bench, person, reading).map(Some)
    }

    /// Ends in order.
    fn close(self) -> Result<(), CliError> {
        match self.place {
            Place::Live(bench, _) => bench.close(),
            Place::Copy(_) => Ok(()),
        }
    }

    /// Whether the auditor may be shown a case: there is secrecy between boards.
    fn reaches(&self, context: &Context, thread: &ThreadId) -> bool {
        let Some(reader) = &self.reader else { return true };
        let place = self.conduct.threads.case(thread).and_then(vandel_core::thread::Case::place);
        casework::may_read(reader, &place.unwrap_or_default(), context.today())
    }

    /// The cases that exist, and how many of them the auditor is not shown.
    fn cases(&self, context: &Context) -> (Vec<ThreadId>, usize) {
        let cases = self.conduct.threads.iter();
        let cases = cases.filter(|(_, thread)| matches!(thread.matter, Matter::Case(_))).map(|(id, _)| *id);
        let (shown, hidden): (Vec<_>, Vec<_>) = cases.partition(|id| self.reaches(context, id));
        (shown, hidden.len())
    }

    /// A case's handle. A protected identity is named to nobody by a report.
    fn handle(&self, context: &Context, thread: &ThreadId) -> String {
        match self.conduct.people.get(thread) {
            Some(person) if person.protected => AuditText::ProtectedHandle.in_lang(context.lang),
            Some(person) => person.handle.clone(),
            None => AuditText::ErasedHandle.in_lang(context.lang),
        }
    }

    /// The signed checkpoint that a draw or a report names.
    fn checkpoint(&self, context: &Context, file: Option<&std::path::Path>) -> Result<Checkpoint, CliError> {
        let default = context.home.checkpoint();
        let file = file.unwrap_or(&default);
        let bytes = vandel_ledger::disk::read_all(&*context.disk, file)
            .map_err(|error| CliError::file(file, &error))?;
        let checkpoint = parse_checkpoint(&bytes)
            .map_err(|why| CliError::new(Exit::Usage, "checkpoint", format!("{}: {why}", file.display())))?
            .1;
        let found = self.chain.root_at(checkpoint.size());
        if checkpoint.origin() != self.chain.origin || found != Some(checkpoint.root()) {
            let message = format!("{} is not a checkpoint of this log", file.display());
            return Err(
                CliError::new(Exit::Integrity, "fork", message).next("run: vandel verify HOME --trust FILE")
            );
        }
        Ok(checkpoint)
    }
}

impl Place<'_> {
    fn source(&self) -> Source<'_> {
        match self {
            Self::Live(bench, _) => Source::of(bench.sequencer()),
            Self::Copy(reading) => reading.source(),
        }
    }
}

/// Folds a log anew, with its openings.
fn fold(source: &Source<'_>) -> Result<(Chain, Conduct), CliError> {
    let (mut chain, mut conduct) = (Chain::before_opening(), Conduct::default());
    let mut openings = source.vault;
    for placed in source.blocks_from(0)? {
        if chain.size() >= source.chain.size() {
            break;
        }
        let placed = placed?;
        let broken = |what: String| CliError::new(Exit::Integrity, "log", what).next("run: vandel verify");
        let block = Block::decode(&placed.bytes).map_err(|error| broken(error.to_string()))?;
        let taken =
            chain.take(&block, &mut Vec::new(), |chain, record| conduct.visit(chain, record, &mut openings));
        taken.map_err(|fault| broken(fault.to_string()))?;
    }
    conduct.finish(&chain);
    Ok((chain, conduct))
}
