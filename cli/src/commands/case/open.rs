//! `vandel case open`.

use std::path::Path;

use vandel_core::event::{Identity, Kind, Opening, Process, RoleCode, Step};
use vandel_core::id::{SubjectId, ThreadId};
use vandel_core::person::{IdentityNumber, NoNumberReason};
use vandel_core::time::Day;
use vandel_ledger::author::sign_step;
use vandel_ledger::handle::new_handle;
use vandel_ledger::inquiry::{Applicant, Question, Reply, ThreadHead};
use zeroize::Zeroizing;

use super::texts::{field, read_text, required};
use super::{tell, tell_next};
use crate::args::CaseOpenArgs;
use crate::context::Context;
use crate::counter::Counter;
use crate::error::{CliError, Exit};
use crate::lang::CaseText;
use crate::people::Person;

/// Sixteen random bytes.
pub(in crate::commands) fn random() -> Result<[u8; 16], CliError> {
    let mut bytes = [0; 16];
    let error = |_| CliError::new(Exit::Internal, "randomness", "the operating system gives no randomness");
    getrandom::fill(&mut bytes).map_err(error)?;
    Ok(bytes)
}

/// A person as stated in a file or on standard input.
pub(super) struct Stated {
    number: IdentityNumber,
    surname: Zeroizing<String>,
    given_name: Zeroizing<String>,
    protected: bool,
}

/// Reads an identity; says what is wrong with it, never what it is.
pub(super) fn read_identity(context: &Context, from: Option<&Path>, today: Day) -> Result<Stated, CliError> {
    let text = read_text(context, from, "number, surname, given name and protected, a line each")?;
    let number = required(&text, &["number", "personnummer"])?;
    let number = match number {
        "not-yet-assigned" => IdentityNumber::None { reason: NoNumberReason::NotYetAssigned },
        "not-resident" => IdentityNumber::None { reason: NoNumberReason::NotResident },
        digits => IdentityNumber::parse(digits, today).map_err(|error| {
            CliError::new(Exit::Usage, "identity-number", format!("the number is refused: {error}"))
                .next("give number: YYYYMMDD-NNNN, or number: not-yet-assigned, or number: not-resident")
        })?,
    };
    let name = |names: &[&str]| required(&text, names).map(|name| Zeroizing::new(name.to_owned()));
    let protected = field(&text, "protected").or_else(|| field(&text, "skyddade personuppgifter"));
    Ok(Stated {
        number,
        surname: name(&["surname", "efternamn"])?,
        given_name: name(&["given name", "förnamn"])?,
        protected: matches!(protected, Some("yes" | "ja" | "true")),
    })
}

impl Stated {
    /// As the identity of a case.
    pub(super) fn identity(&self, subject: SubjectId, handle: &str) -> Identity {
        Identity {
            subject,
            handle: handle.to_owned(),
            number: self.number.clone(),
            surname: self.surname.to_string(),
            given_name: self.given_name.to_string(),
            protected: self.protected,
        }
    }

    /// The person's id in earlier cases, recognised by the number; a new one for who has no number.
    pub(super) fn subject(&self, counter: &mut Counter<'_>, author: &Person) -> Result<SubjectId, CliError> {
        counter.reply(author, Question::Subject(self.number.clone()), |reply| match reply {
            Reply::Subject(subject) => Some(subject),
            _ => None,
        })
    }

    /// As somebody for whom a case is to be opened.
    fn applicant(&self, arguments: &CaseOpenArgs, day: Day) -> Applicant {
        Applicant {
            number: self.number.clone(),
            surname: self.surname.to_string(),
            given_name: self.given_name.to_string(),
            board: arguments.board.clone(),
            unit: arguments.unit.clone(),
            role: arguments.role.to_uppercase(),
            reference: arguments.reference.clone(),
            day,
            engaged: None,
        }
    }
}

/// Opens a case.
pub(super) fn run(context: &Context, arguments: &CaseOpenArgs) -> Result<Exit, CliError> {
    let author = Person::author(context, &arguments.author)?;
    let day = arguments.day.unwrap_or_else(|| context.today());
    let mut counter = Counter::open(context, &arguments.afar)?;
    let stated = read_identity(context, arguments.identity.as_deref(), context.today())?;
    let opening = counter.openings(&author, vec![stated.applicant(arguments, day)])?.pop();
    let opening = opening.ok_or_else(|| CliError::new(Exit::Internal, "opening", "no answer"))??;
    let role = RoleCode(arguments.role.to_uppercase());
    let handle = new_handle()?;
    let mut step = Step::new(ThreadHead::new(ThreadId(random()?)).spine(Kind::CaseOpened, day));
    step.identity = Some(stated.identity(opening.subject, &handle));
    step.process = Some(Process::CaseOpened(Opening {
        subject: opening.subject,
        controller: opening.controller,
        unit: opening.unit,
        assignment: opening.assignment,
        reference: arguments.reference.clone(),
        position: opening.position,
        role: role.clone(),
        occasion: arguments.occasion,
        offered: arguments.offered,
    }));
    let signed = sign_step(&counter.standpoint(&[&author])?, &author.key, None, &step, None)?;
    let receipt = counter.submit(&[&author], signed.submission)?;
    if context.output.is_json() {
        tell(context, &handle, Kind::CaseOpened, 0, &receipt)?;
    } else {
        let record = receipt.record.to_string();
        let values = [("handle", &*handle), ("role", &*role.0), ("record", &*record)];
        context.output.write(&(CaseText::Opened.with(context.lang, &values) + "\n"))?;
    }
    tell_next(context, &mut counter, &author, &handle);
    counter.close()?;
    Ok(Exit::Done)
}
