//! Where steps are taken: at the ledger's home, or over NATS at its service.
//!
//! A command asks the same questions ([`vandel_ledger::inquiry`]), signs here and hands in, whichever
//! it is. At home a [`Workbench`] opens the ledger for itself; from afar a
//! [`vandel_ledger::client::Client`] seals everything to the service, and the private key never leaves.

mod afar;

use vandel_core::event::{Kind, Reading, Step};
use vandel_core::time::Day;
use vandel_ledger::author::{Standpoint, sign_step};
use vandel_ledger::inquiry::{
    self, Applicant, Asker, CaseBrief, CaseFilter, Content, OpeningBrief, Own, Question, Reply, Showing,
};
use vandel_ledger::refused::Refused;
use vandel_ledger::sequencer::Group;
use vandel_ledger::submission::{Receipt, Submission};

use crate::args::AfarArgs;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::CaseText;
use crate::people::Person;
use crate::workbench::Workbench;

use afar::Afar;

/// Where steps are taken.
pub struct Counter<'a> {
    context: &'a Context,
    way: Way<'a>,
}

enum Way<'a> {
    Home(Box<Workbench<'a>>),
    Afar(Box<Afar<'a>>),
}

impl<'a> Counter<'a> {
    /// Opens the home; or, with a trust file, goes over NATS.
    ///
    /// # Errors
    /// If there is no ledger or somebody else writes; if no server can be reached, or the trust file
    /// cannot be used.
    pub fn open(context: &'a Context, afar: &AfarArgs) -> Result<Self, CliError> {
        let way = match &afar.trust {
            Some(trust) => Way::Afar(Box::new(Afar::open(context, trust, afar.ledger)?)),
            None if context.nats.servers.is_some() && !context.names_a_home() => {
                let message = "--nats alone does not say which ledger is meant";
                return Err(CliError::new(Exit::Usage, "trust-needed", message)
                    .next("give --trust FILE, the ledger's trust file (public/trust.policy in its home)"));
            }
            None => Way::Home(Box::new(Workbench::open(context)?)),
        };
        Ok(Self { context, way })
    }

    /// Asks a question on behalf of who will sign, and of a second person if there is one.
    fn ask(&mut self, people: &[&Person], question: Question) -> Result<Reply, CliError> {
        match &mut self.way {
            Way::Home(bench) => {
                let sequencer = bench.sequencer_mut();
                let entry = people.first().and_then(|first| {
                    let signer = sequencer.chain().keyring.signer(&first.public_key(), sequencer.now());
                    signer.ok().map(|(entry, _)| entry.clone())
                });
                // A list is of what the reader's roles reach, at home too.
                let asker = match (&question, &entry) {
                    (Question::Count(_), Some(entry)) => Asker::Author(entry),
                    _ => Asker::Home,
                };
                Ok(inquiry::answer(sequencer, asker, question)?)
            }
            Way::Afar(afar) => afar.ask(people, question),
        }
    }

    /// Who somebody is here, and where their readings stand.
    ///
    /// # Errors
    /// If the key may not sign.
    pub fn own(&mut self, person: &Person) -> Result<Own, CliError> {
        match self.ask(&[person], Question::Own(person.public_key()))? {
            Reply::Own(own) => Ok(own),
            _ => Err(wrong_reply()),
        }
    }

    /// Where a case stands.
    ///
    /// # Errors
    /// If there is no such case, or the roles of who asks do not reach it.
    pub fn case(&mut self, people: &[&Person], handle: &str) -> Result<CaseBrief, CliError> {
        match self.ask(people, Question::Case { handle: handle.to_owned() })? {
            Reply::Case(case) => Ok(*case),
            _ => Err(wrong_reply()),
        }
    }

    /// What openings of cases say.
    ///
    /// # Errors
    /// If nothing can be asked; each applicant's refusal stands in the list.
    pub fn openings(
        &mut self,
        author: &Person,
        applicants: Vec<Applicant>,
    ) -> Result<Vec<Result<OpeningBrief, Refused>>, CliError> {
        match self.ask(&[author], Question::Openings(applicants))? {
            Reply::Openings(openings) => Ok(openings),
            _ => Err(wrong_reply()),
        }
    }

    /// Answers a question that has one sort of reply, which `take` picks out.
    ///
    /// # Errors
    /// The refusal.
    pub fn reply<T>(
        &mut self,
        person: &Person,
        question: Question,
        take: impl FnOnce(Reply) -> Option<T>,
    ) -> Result<T, CliError> {
        take(self.ask(&[person], question)?).ok_or_else(wrong_reply)
    }

    /// Where these people stand who sign now: at the ledger's newest checkpoint, having made sure that
    /// it contains the ones that they saw last.
    ///
    /// # Errors
    /// If it does not.
    pub fn standpoint(&mut self, people: &[&Person]) -> Result<Standpoint, CliError> {
        match &mut self.way {
            Way::Home(bench) => {
                for person in people {
                    bench.standpoint(person)?;
                }
                Ok(bench.sequencer().standpoint())
            }
            Way::Afar(afar) => afar.standpoint(people),
        }
    }

    /// Hands in what these people have signed, lets them remember the receipt's checkpoint, and gives
    /// the receipt to who keeps receipts.
    ///
    /// # Errors
    /// The refusal. If only remembering fails, that is a warning: the step has been taken.
    pub fn submit(&mut self, people: &[&Person], submission: Submission) -> Result<Receipt, CliError> {
        match &mut self.way {
            Way::Home(bench) => bench.submit(people, submission),
            Way::Afar(_) => {
                let receipt = self.submit_all(people, vec![vec![submission]])?.pop();
                let receipt = receipt.unwrap_or_else(|| Ok(Vec::new()))?.pop();
                receipt.ok_or_else(wrong_reply)
            }
        }
    }

    /// Hands in groups; gives each group's receipts or its refusal.
    ///
    /// # Errors
    /// If nothing can be handed in.
    pub fn submit_all(
        &mut self,
        people: &[&Person],
        groups: Vec<Group>,
    ) -> Result<Vec<Result<Vec<Receipt>, Refused>>, CliError> {
        let answers: Vec<Result<Vec<Receipt>, Refused>> = match &mut self.way {
            Way::Home(bench) => {
                let answers = bench.sequencer_mut().commit(groups);
                answers.into_iter().map(|answer| answer.map_err(Refused::from)).collect()
            }
            Way::Afar(afar) => afar.submit(people, &groups)?,
        };
        let receipts: Vec<&Receipt> = answers.iter().flatten().flatten().collect();
        people.iter().for_each(|person| person.note(self.context, &receipts));
        Ok(answers)
    }

    /// Signs a reading, has it appended, and gives what may be shown after it.
    ///
    /// # Errors
    /// If the reading is refused: then nothing is shown.
    pub fn show(&mut self, reader: &Person, content: Content, reading: Reading) -> Result<Showing, CliError> {
        let purpose = reading.purpose;
        let own = self.own(reader)?;
        let mut step = Step::new(own.readings.spine(Kind::RecordRead, self.context.today()));
        step.reading = Some(reading.clone());
        let signed = sign_step(&self.standpoint(&[reader])?, &reader.key, None, &step, None)?;
        let (showing, receipt) = match &mut self.way {
            Way::Home(bench) => {
                let sequencer = bench.sequencer();
                let signer = sequencer.chain().keyring.signer(&reader.public_key(), sequencer.now());
                let entry = signer.map_err(vandel_core::admit::Refusal::Key)?.0.clone();
                inquiry::covers(sequencer, Asker::Author(&entry), &reading, &content)?;
                let receipt = bench.submit(&[reader], signed.submission)?;
                (inquiry::show(bench.sequencer(), Asker::Author(&entry), &content)?, receipt)
            }
            Way::Afar(afar) => {
                let (showing, receipt) = afar.read(reader, content, signed.submission)?;
                reader.note(self.context, &[&receipt]);
                (showing, receipt)
            }
        };
        let values = [("record", &*receipt.record.to_string()), ("purpose", purpose.name())];
        self.context.output.progress(&CaseText::ReadRecorded.with(self.context.lang, &values));
        Ok(showing)
    }

    /// How many cases a list would show.
    ///
    /// # Errors
    /// If there is no such board.
    pub fn count(&mut self, reader: &Person, filter: CaseFilter) -> Result<u32, CliError> {
        self.reply(reader, Question::Count(filter), |reply| match reply {
            Reply::Count(count) => Some(count),
            _ => None,
        })
    }

    /// What whoever merely has the home may look at; none from afar.
    #[must_use]
    pub fn home(&self) -> Option<&Workbench<'a>> {
        match &self.way {
            Way::Home(bench) => Some(bench),
            Way::Afar(_) => None,
        }
    }

    /// The day it is.
    #[must_use]
    pub fn today(&self) -> Day {
        self.context.today()
    }

    /// Ends in order.
    ///
    /// # Errors
    /// If the end could not be noted; the ledger is whole all the same.
    pub fn close(self) -> Result<(), CliError> {
        match self.way {
            Way::Home(bench) => bench.close(),
            Way::Afar(_) => Ok(()),
        }
    }
}

fn wrong_reply() -> CliError {
    CliError::new(Exit::Internal, "reply", "the reply is of another sort than the question")
}
