//! An opened home to work in: the one writer, the people who sign, and the end in order.
//!
//! Opening takes the home's lock, runs recovery and appends the start of this instance. A command that
//! only looks opens a [`crate::reading::Reading`] instead, which changes nothing.

use vandel_core::event::OpenEvent;
use vandel_ledger::author::{Standpoint, sign_event};
use vandel_ledger::opening::{self, HomeError, OpenLedger, Opening};
use vandel_ledger::sequencer::Sequencer;
use vandel_ledger::submission::{Receipt, Submission};

use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::people::Person;

/// A home that is open for writing.
pub struct Workbench<'a> {
    context: &'a Context,
    ledger: OpenLedger,
}

impl<'a> Workbench<'a> {
    /// Opens the home.
    ///
    /// # Errors
    /// If there is no ledger, somebody else writes, or log, memory and vault do not agree.
    pub fn open(context: &'a Context) -> Result<Self, CliError> {
        let opening = Opening {
            disk: context.disk.clone(),
            clock: context.clock.clone(),
            cell: context.root_cell()?,
            passphrase: None,
            trust_new_memory: context.trust_new_memory,
            take_over: false,
        };
        match opening::open(&context.home, opening) {
            Ok(ledger) => Ok(Self { context, ledger }),
            Err(HomeError::NoLedger(_)) if context.nats.servers.is_some() && !context.names_a_home() => {
                let message =
                    "this is done in the ledger's home; over NATS there are cases, positions and holds";
                Err(CliError::new(Exit::Usage, "home-only", message)
                    .next("name the home with --home DIR; for cases, positions and holds give --trust FILE"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The sequencer.
    #[must_use]
    pub fn sequencer(&self) -> &Sequencer {
        &self.ledger.sequencer
    }

    /// The sequencer, to submit and to name.
    pub fn sequencer_mut(&mut self) -> &mut Sequencer {
        &mut self.ledger.sequencer
    }

    /// Where a person stands who signs now: at the ledger's newest checkpoint, having made sure that it
    /// contains the one that the person saw last.
    ///
    /// # Errors
    /// If it does not; see [`Person::check_seen`].
    pub fn standpoint(&self, person: &Person) -> Result<Standpoint, CliError> {
        person.check_seen(self.context, self.sequencer().chain())?;
        Ok(self.sequencer().standpoint())
    }

    /// Submits what these people have signed, and lets them remember the checkpoint of the receipt.
    /// Who keeps receipts gets it.
    ///
    /// # Errors
    /// The refusal. If only remembering fails, that is a warning: the step has been taken.
    pub fn submit(&mut self, people: &[&Person], submission: Submission) -> Result<Receipt, CliError> {
        let receipt = self.sequencer_mut().commit_one(submission)?;
        people.iter().for_each(|person| person.note(self.context, &[&receipt]));
        Ok(receipt)
    }

    /// Signs an open event by both people and submits it.
    ///
    /// # Errors
    /// The refusal.
    pub fn say(&mut self, people: (&Person, &Person), event: OpenEvent) -> Result<Receipt, CliError> {
        let (first, second) = people;
        second.check_seen(self.context, self.sequencer().chain())?;
        let standpoint = self.standpoint(first)?;
        let submission = sign_event(&standpoint, &first.key, Some(&second.key), event);
        self.submit(&[first, second], submission)
    }

    /// Ends in order.
    ///
    /// # Errors
    /// If the end could not be noted; the ledger is whole all the same.
    pub fn close(self) -> Result<(), CliError> {
        for remark in self.sequencer().memory_remarks() {
            self.context.output.warn(&remark);
        }
        Ok(self.ledger.close()?)
    }
}
