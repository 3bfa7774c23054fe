//! From afar: over NATS, everything sealed to the service of the ledger that the trust file names.

use std::path::Path;

use vandel_core::id::LedgerId;
use vandel_core::statement::Seen;
use vandel_ledger::author::Standpoint;
use vandel_ledger::bus::{Bus, Role};
use vandel_ledger::client::{Client, nothing_seen, seen_in};
use vandel_ledger::inquiry::{Content, Question, Reply, Showing};
use vandel_ledger::refused::Refused;
use vandel_ledger::sequencer::Group;
use vandel_ledger::submission::{Receipt, Submission};

use crate::commands::read_trust;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::ServeText;
use crate::people::Person;

/// A way over NATS.
pub(super) struct Afar<'a> {
    context: &'a Context,
    client: Client,
    /// Where the people of the last question stand, and the checkpoints they had seen.
    last: Option<(Vec<Seen>, Standpoint)>,
}

impl<'a> Afar<'a> {
    pub(super) fn open(
        context: &'a Context,
        trust: &Path,
        pinned: Option<LedgerId>,
    ) -> Result<Self, CliError> {
        let options = context.nats.options(Role::Author).ok_or_else(|| {
            let message = "--trust says which ledger, but not where it is";
            CliError::new(Exit::Usage, "nats-needed", message)
                .next("give --nats URL as well; to work in a home, leave --trust out")
        })?;
        let trust = read_trust(context, trust)?;
        let mut client = Client::new(Bus::connect(&options)?, trust, pinned, context.clock.clone())?;
        client.patience.whole = context.wait;
        let (output, lang) = (context.output.clone(), context.lang);
        client.on_waiting = Some(Box::new(move |why, left| {
            let left = left.as_secs().to_string();
            output.progress(&ServeText::AskedAgain.with(lang, &[("why", why), ("seconds", &left)]));
        }));
        Ok(Self { context, client, last: None })
    }

    /// What somebody has seen of this ledger.
    fn seen(&self, person: &Person) -> Result<Seen, CliError> {
        let Some(seen) = person.seen(self.context)? else { return Ok(nothing_seen()) };
        if seen.origin() != self.client.origin() {
            return Err(person.of_another_ledger(self.client.origin(), seen.origin()));
        }
        Ok(seen_in(&seen))
    }

    fn all_seen(&self, people: &[&Person]) -> Result<Vec<Seen>, CliError> {
        people.iter().map(|person| self.seen(person)).collect()
    }

    pub(super) fn ask(&mut self, people: &[&Person], question: Question) -> Result<Reply, CliError> {
        let first = people.first().ok_or_else(|| {
            CliError::new(Exit::Usage, "key-needed", "from afar, whoever asks signs").next("give --key FILE")
        })?;
        let seen = self.all_seen(people)?;
        let (standpoint, reply) = self.client.ask(&first.key, &seen, question)?;
        self.last = Some((seen, standpoint));
        Ok(reply?)
    }

    pub(super) fn standpoint(&mut self, people: &[&Person]) -> Result<Standpoint, CliError> {
        let seen = self.all_seen(people)?;
        if let Some((of, standpoint)) = &self.last
            && seen.iter().all(|seen| of.contains(seen))
        {
            return Ok(standpoint.clone());
        }
        let key = people.first().map(|first| first.public_key());
        let key = key.unwrap_or(vandel_core::id::PublicKey([0; 32]));
        self.ask(people, Question::Own(key))?;
        match &self.last {
            Some((_, standpoint)) => Ok(standpoint.clone()),
            None => Err(CliError::new(Exit::Internal, "standpoint", "nothing was told")),
        }
    }

    pub(super) fn submit(
        &mut self,
        people: &[&Person],
        groups: &[Group],
    ) -> Result<Vec<Result<Vec<Receipt>, Refused>>, CliError> {
        let seen = people.first().map(|first| self.seen(first)).transpose()?.unwrap_or_else(nothing_seen);
        self.last = None;
        Ok(self.client.submit(seen, groups)?)
    }

    pub(super) fn read(
        &mut self,
        reader: &Person,
        content: Content,
        reading: Submission,
    ) -> Result<(Showing, Receipt), CliError> {
        let seen = self.seen(reader)?;
        self.last = None;
        Ok(self.client.read(&reader.key, seen, content, reading)??)
    }
}
