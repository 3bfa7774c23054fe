//! `vandel case open`.

use std::path::Path;

use vandel_core::event::{Identity, Kind, Opening, Process, RoleCode, Step};
use vandel_core::id::{AssignmentId, ControllerId, SubjectId, ThreadId};
use vandel_core::person::{IdentityNumber, NoNumberReason};
use vandel_core::thread::Matter;
use vandel_core::time::Day;
use vandel_ledger::author::sign_step;
use vandel_ledger::handle::new_handle;
use vandel_ledger::sequencer::Sequencer;
use zeroize::Zeroizing;

use super::texts::{field, read_text, required};
use super::{tell, tell_next};
use crate::args::CaseOpenArgs;
use crate::casework;
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::CaseText;
use crate::names::Names;
use crate::people::Person;
use crate::workbench::Workbench;

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
    pub(super) fn subject(&self, sequencer: &Sequencer) -> Result<SubjectId, CliError> {
        let Some(number) = self.number.number() else { return Ok(SubjectId(random()?)) };
        for (id, thread) in sequencer.threads().iter() {
            if !matches!(thread.matter, Matter::Case(_)) {
                continue;
            }
            let known = casework::identity(sequencer, *id)?;
            if let Some(known) = known.filter(|known| known.number.number() == Some(number)) {
                return Ok(known.subject);
            }
        }
        Ok(SubjectId(random()?))
    }
}

/// The position's assessment that a case of this role under this board relies on: the last current one.
pub(in crate::commands) fn position_for(
    sequencer: &Sequencer,
    controller: ControllerId,
    role: &RoleCode,
    day: Day,
) -> Option<ThreadId> {
    let fits = |matter: &Matter| match matter {
        Matter::Position(Some(position)) => {
            position.controller == controller
                && position.role == *role
                && position.until.is_none_or(|until| day <= until)
        }
        _ => false,
    };
    let positions = sequencer.threads().iter().filter(|(_, thread)| fits(&thread.matter));
    positions.max_by_key(|(_, thread)| thread.records.last().copied()).map(|(id, _)| *id)
}

fn assignment_for(
    sequencer: &Sequencer,
    controller: ControllerId,
    reference: &str,
) -> Result<AssignmentId, CliError> {
    let known = sequencer.threads().iter().find_map(|(_, thread)| match &thread.matter {
        Matter::Case(case) => case
            .opening
            .as_ref()
            .filter(|opening| opening.controller == controller && opening.reference == reference)
            .map(|opening| opening.assignment),
        _ => None,
    });
    known.map_or_else(|| random().map(AssignmentId), Ok)
}

/// Opens a case.
pub(super) fn run(context: &Context, arguments: &CaseOpenArgs) -> Result<Exit, CliError> {
    let author = Person::author(context, &arguments.author)?;
    let day = arguments.day.unwrap_or_else(|| context.today());
    let mut bench = Workbench::open(context)?;
    let role = RoleCode(arguments.role.to_uppercase());
    let stated = read_identity(context, arguments.identity.as_deref(), context.today())?;
    let mut names = Names::read(bench.sequencer().vault())?;
    let controller = names.controller(&arguments.board)?;
    let unit = names.unit_or_add(bench.sequencer_mut().vault_mut(), controller, &arguments.unit)?;
    let sequencer = bench.sequencer();
    let subject = stated.subject(sequencer)?;
    let handle = new_handle()?;
    let thread = ThreadId(random()?);
    let mut step = Step::new(sequencer.next_spine(thread, Kind::CaseOpened, day));
    step.identity = Some(stated.identity(subject, &handle));
    step.process = Some(Process::CaseOpened(Opening {
        subject,
        controller,
        unit,
        assignment: assignment_for(sequencer, controller, &arguments.reference)?,
        reference: arguments.reference.clone(),
        position: position_for(sequencer, controller, &role, day),
        role: role.clone(),
        occasion: arguments.occasion,
        offered: arguments.offered,
    }));
    let signed = sign_step(&bench.standpoint(&author)?, &author.key, None, &step, None)?;
    let receipt = bench.submit(&[&author], signed.submission)?;
    if context.output.is_json() {
        tell(context, &handle, Kind::CaseOpened, 0, &receipt)?;
    } else {
        let record = receipt.record.to_string();
        let values = [("handle", &*handle), ("role", &*role.0), ("record", &*record)];
        context.output.write(&(CaseText::Opened.with(context.lang, &values) + "\n"))?;
    }
    tell_next(context, bench.sequencer(), thread);
    bench.close()?;
    Ok(Exit::Done)
}
