//! Rules about the extract: its age, law, registers and authenticity, and when none is needed.
//!
//! Where the mode keeps what was seen, every audit makes these checks again. Where the law forbids to
//! keep it, they are made once, from what the author states: [`unrepeated`] says which.

use crate::admit::content::subject_of;
use crate::admit::law::law;
use crate::admit::{Attempt, Occasion, Proposal, Refusal, Rule, State};
use crate::event::{Field, Note, Process, Register};
use crate::id::ControllerId;
use crate::policy::{DecidingDay, RolePolicy};
use crate::thread::{Case, Matter};
use crate::time::Day;

/// A check that an audit does not make again: its input was not kept, as the law demands, or has been
/// erased since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unrepeated {
    /// The extract's age.
    ExtractAge,
    /// The law that the extract was issued under.
    ExtractLaw,
    /// The registers that the extract covers.
    ExtractRegisters,
    /// How its authenticity was checked.
    ExtractAuthenticity,
    /// How long before the offer the earlier note was made.
    ExemptionAge,
    /// The earlier case of an exemption: it has been erased since.
    EarlierNote,
    /// The position's assessment: it has been erased since.
    Position,
}

impl Unrepeated {
    /// The rule that the check belongs to.
    #[must_use]
    pub const fn rule(self) -> Rule {
        match self {
            Self::ExtractAge | Self::ExtractLaw | Self::ExtractRegisters | Self::ExtractAuthenticity => {
                Rule::Extract
            }
            Self::ExemptionAge | Self::EarlierNote => Rule::Exemption,
            Self::Position => Rule::Position,
        }
    }

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExtractAge => "extract-age",
            Self::ExtractLaw => "extract-law",
            Self::ExtractRegisters => "extract-registers",
            Self::ExtractAuthenticity => "extract-authenticity",
            Self::ExemptionAge => "exemption-age",
            Self::EarlierNote => "earlier-note",
            Self::Position => "position",
        }
    }
}

/// Which checks of this step an audit passes over, for a report that says how many were not made
/// again. Call it with the state before the step, as [`crate::admit::admit`] is.
#[must_use]
pub fn unrepeated(state: State<'_>, proposal: Proposal<'_>) -> Vec<Unrepeated> {
    // Most steps make none of these checks, and an audit asks for each.
    if proposal.step.note.is_none() && !matches!(proposal.step.process, Some(Process::CaseOpened(_))) {
        return Vec::new();
    }
    let Ok(attempt) = Attempt::new(state, proposal, Occasion::Audit) else { return Vec::new() };
    let Ok(Some(role)) = attempt.policy() else { return Vec::new() };
    match (&proposal.step.note, &proposal.step.process) {
        (Some(Note::Shown { issued, law, registers, authenticity, .. }), _) => {
            let aged = role.extract_age.is_none_or(|limit| {
                let day = deciding_day(&attempt, role, limit.on);
                issued.is_some() && day.is_some()
            });
            [
                (aged, Unrepeated::ExtractAge),
                (law.is_some() || role.law.sfs.is_none(), Unrepeated::ExtractLaw),
                (registers.is_some(), Unrepeated::ExtractRegisters),
                (authenticity.is_some(), Unrepeated::ExtractAuthenticity),
            ]
            .into_iter()
            .filter_map(|(made, check)| (!made).then_some(check))
            .collect()
        }
        (Some(Note::Exempted { thread, .. }), _) => {
            let known = state.threads.case(thread).is_some_and(|earlier| earlier.opening.is_some());
            let day = role.renewal.and_then(|renewal| deciding_day(&attempt, role, renewal.on));
            match (known, day) {
                (false, _) => vec![Unrepeated::EarlierNote],
                (true, None) => vec![Unrepeated::ExemptionAge],
                (true, Some(_)) => vec![],
            }
        }
        (_, Some(Process::CaseOpened(opening))) if role.position.is_some_and(|rules| rules.assessed) => {
            let matter = opening.position.and_then(|id| state.threads.get(&id)).map(|thread| &thread.matter);
            let known = matches!(matter, Some(Matter::Position(Some(_))));
            if known { vec![] } else { vec![Unrepeated::Position] }
        }
        _ => vec![],
    }
}

/// Age, law, registers and authenticity of what was shown. From the note where the mode keeps them,
/// else from what the author states and nobody keeps.
pub(super) fn extract(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let Some(role) = attempt.policy()? else { return Ok(()) };
    let (shown, registers) = match (&attempt.step().note, &attempt.step().process) {
        (Some(shown @ Note::Shown { registers, .. }), _) => (Some(shown), registers.as_ref()),
        (
            _,
            Some(
                Process::InformationGiven(registers)
                | Process::ExtractRequested(registers)
                | Process::AuthorityFetched { registers, .. },
            ),
        ) => (None, Some(registers)),
        _ => return Ok(()),
    };
    let Some(Note::Shown { issued, law: shown_law, authenticity, .. }) = shown else {
        return registers.map_or(Ok(()), |registers| judge_registers(role, registers));
    };
    let evidence = attempt.proposal.evidence;
    let issued = issued.or(evidence.and_then(|seen| seen.issued));
    let shown_law = shown_law.as_ref().or(evidence.and_then(|seen| seen.law.as_ref()));
    let registers = registers.or(evidence.and_then(|seen| seen.registers.as_ref()));
    let authenticity = authenticity.or(evidence.and_then(|seen| seen.authenticity));
    let stated = |what, stated: bool| {
        // Not kept and not stated: refused when new, not re-checked at an audit.
        let passes = stated || !attempt.is_new();
        if passes { Ok(()) } else { Err(Refusal::EvidenceMissing { what, law: law(role) }) }
    };
    stated("the day of issue", issued.is_some() || role.extract_age.is_none())?;
    stated("the law", shown_law.is_some())?;
    stated("the registers", registers.is_some())?;
    stated("the authenticity", authenticity.is_some())?;
    issued.map_or(Ok(()), |issued| judge_age(attempt, role, issued))?;
    if let (Some(expected), Some(found)) = (&role.law.sfs, shown_law)
        && expected != found
    {
        return Err(Refusal::ExtractWrongLaw { expected: expected.clone(), found: found.clone() });
    }
    registers.map_or(Ok(()), |registers| judge_registers(role, registers))
}

fn judge_age(attempt: &Attempt<'_>, role: &RolePolicy, issued: Day) -> Result<(), Refusal> {
    if issued > attempt.day() {
        return Err(Refusal::ExtractFromFuture { issued, day: attempt.day() });
    }
    let Some(limit) = &role.extract_age else { return Ok(()) };
    let earliest = deciding_day(attempt, role, limit.on).map(|day| day.minus(limit.max));
    match earliest {
        Some(earliest) if issued < earliest => {
            Err(Refusal::ExtractTooOld { issued, earliest, law: law(role) })
        }
        _ => Ok(()),
    }
}

/// The day from which an age is counted back; none at an audit where the mode does not keep it.
///
/// A start that lies ahead is not known when the extract is shown, so the day of showing stands in
/// for it. So it does for an offer that nobody states: it can't be later, so the rule only gets
/// stricter. What the author merely states counts only where the mode forbids to record it.
fn deciding_day(attempt: &Attempt<'_>, role: &RolePolicy, on: DecidingDay) -> Option<Day> {
    if on != DecidingDay::Offer {
        return Some(attempt.day());
    }
    let recorded = attempt.opening().and_then(|opening| opening.offered);
    let keeps = role.may_record_field(Field::OfferDay);
    if recorded.is_none() && !keeps && !attempt.is_new() {
        return None;
    }
    let stated = attempt.proposal.evidence.and_then(|seen| seen.offered).filter(|_| !keeps);
    Some(recorded.or(stated).unwrap_or(attempt.day()).min(attempt.day()))
}

/// All registers of the law, no other; a foreign one besides only where the policy supports it.
fn judge_registers(role: &RolePolicy, registers: &[Register]) -> Result<(), Refusal> {
    let foreign = |register: &Register| *register == Register::Foreign;
    let covers = role.registers.iter().all(|register| registers.contains(register));
    let no_other = registers
        .iter()
        .all(|register| role.registers.contains(register) || (foreign(register) && role.foreign_extract));
    if covers && no_other { Ok(()) } else { Err(Refusal::ExtractRegisters { law: law(role) }) }
}

/// A renewed engagement with the same employer relies on an earlier note of the same person, made
/// under the same law and about no fewer registers.
pub(super) fn exemption(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let (Some(Note::Exempted { thread, statement }), Some(role)) = (&attempt.step().note, attempt.policy()?)
    else {
        return Ok(());
    };
    let refuse = |reason| Err(Refusal::NoExemption { reason, law: law(role) });
    let Some(renewal) = &role.renewal else { return refuse("the law has none") };
    if attempt.opening().is_some_and(|opening| opening.occasion != crate::event::Occasion::Renewal) {
        return refuse("the engagement is not a renewed one");
    }
    if *thread == attempt.step().spine.thread {
        return refuse("a case cannot rely on itself");
    }
    let Some(earlier) = attempt.state.threads.case(thread).filter(|earlier| earlier.opening.is_some()) else {
        // At an audit the earlier case may have been erased since; the note lives on in this one.
        return if attempt.is_new() { refuse("there is no such earlier case") } else { Ok(()) };
    };
    if let Err(reason) = same_engagement(attempt, earlier, role) {
        return refuse(reason);
    }
    let Some((hash, noted)) = earlier.noted else { return refuse("nothing was shown in the earlier case") };
    if hash != *statement {
        return refuse("the earlier note is another one");
    }
    match deciding_day(attempt, role, renewal.on) {
        Some(day) if noted < day.minus(renewal.within) => refuse("the earlier note is too old"),
        _ => Ok(()),
    }
}

/// The same person, the same board, the same law, at least the same registers.
fn same_engagement(attempt: &Attempt<'_>, earlier: &Case, role: &RolePolicy) -> Result<(), &'static str> {
    match (attempt.case.and_then(subject_of), subject_of(earlier)) {
        (Some(now), Some(before)) if now == before => {}
        // Both identities may have been erased since.
        (None, _) | (_, None) if !attempt.is_new() => {}
        _ => return Err("the earlier case is about somebody else"),
    }
    let board = |case: &Case| -> Option<ControllerId> { case.place()?.controller };
    if attempt.case.and_then(board) != board(earlier) {
        return Err("the earlier case belongs to another employer");
    }
    let before = attempt.policy_of(earlier).ok().flatten();
    let serves = before.is_some_and(|before| before.law.sfs == role.law.sfs);
    if !serves {
        return Err("the earlier note serves another law");
    }
    let covers = |register: &Register| before.is_some_and(|before| before.registers.contains(register));
    if !role.registers.iter().all(covers) {
        return Err("the earlier note covers fewer registers");
    }
    Ok(())
}
