//! Admission: whether a sealed step may be taken, here and now.
//!
//! [`admit`] is one pure function. The command line calls it before it asks for a signature, the
//! sequencer before it appends, the verifier at every audit that has the openings; a statement made
//! by hand meets the same rules as a typed one. Each rule is in `RULES`, with the paragraph it
//! rests on and whether an audit can make the check again ([`Recheck`]).
//!
//! What is not judged here: signatures (see [`crate::chain`]) and open events (likewise).

mod content;
mod extract;
mod law;
mod order;
mod people;
mod place;
mod refusal;
mod rule;

pub use extract::{Unrepeated, unrepeated};
pub use refusal::{ExitClass, Refusal};
pub use rule::{Recheck, Rule};

use std::cell::OnceCell;

use crate::chain::Chain;
use crate::event::{Authenticity, Kind, Opening, Process, Register, Step};
use crate::id::ActorId;
use crate::keyring::{KeyEntry, KeyRefusal};
use crate::payload::Header;
use crate::policy::RolePolicy;
use crate::statement::Statement;
use crate::thread::{Case, KnownThreads, Thread};
use crate::time::{Day, Second};

/// What admission knows: the chain up to the record before, and the threads folded from its payloads.
#[derive(Clone, Copy, Debug)]
pub struct State<'a> {
    /// The chain.
    pub chain: &'a Chain,
    /// The threads.
    pub threads: &'a dyn KnownThreads,
}

/// A step that somebody wants to take.
#[derive(Clone, Copy, Debug)]
pub struct Proposal<'a> {
    /// The statement that carries its commitment.
    pub statement: &'a Statement,
    /// The payload's header, for the approver's signature.
    pub header: &'a Header,
    /// What the payload holds.
    pub step: &'a Step,
    /// What the author saw and may not keep.
    pub evidence: Option<&'a Evidence>,
    /// When it is recorded.
    pub at: Second,
}

/// What was looked at when a note was made and is not kept: its rules are attested, not replayable.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Evidence {
    /// The extract's day of issue.
    pub issued: Option<Day>,
    /// The law it was issued under, as an SFS number.
    pub law: Option<String>,
    /// The registers it covers.
    pub registers: Option<Vec<Register>>,
    /// How its authenticity was checked.
    pub authenticity: Option<Authenticity>,
    /// The day the post was offered.
    pub offered: Option<Day>,
}

/// Whether the inputs of attested rules are at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A new step: everything is judged.
    New,
    /// An audit of an old one: attested rules are passed over, since their inputs were not kept.
    Audit,
}

/// A proposal and what it refers to, looked up once.
struct Attempt<'a> {
    state: State<'a>,
    proposal: Proposal<'a>,
    occasion: Occasion,
    /// The author's key entry.
    author: &'a KeyEntry,
    /// The step's thread as it stands before the step; none for its first step.
    thread: Option<&'a Thread>,
    /// The case as it stands before the step; none for its first step and for other threads.
    case: Option<&'a Case>,
    /// The role's policy, once a rule has asked for it: half of them do.
    role: OnceCell<Result<Option<&'a RolePolicy>, Refusal>>,
}

/// Judges a step. On success, says who takes it.
///
/// # Errors
/// The first refusal, in the order of [`Refusal`]: a step that is wrong in five ways always gets the
/// same answer.
pub fn admit(state: State<'_>, proposal: Proposal<'_>, occasion: Occasion) -> Result<ActorId, Refusal> {
    proposal.step.check_contents()?;
    if occasion == Occasion::New {
        proposal.step.check_shape()?;
        state.chain.check_seen(&proposal.statement.seen).map_err(Refusal::Seen)?;
    }
    let attempt = Attempt::new(state, proposal, occasion)?;
    for (_, judge) in RULES {
        judge(&attempt)?;
    }
    Ok(attempt.author.actor)
}

type Judge = fn(&Attempt<'_>) -> Result<(), Refusal>;

/// Every rule for sealed steps, in the order in which they are judged.
const RULES: &[(Rule, Judge)] = &[
    (Rule::Thread, place::thread),
    (Rule::Day, place::day),
    (Rule::Closed, place::closed),
    (Rule::Restricted, place::restricted),
    (Rule::ErasureUnderWay, place::erasure_under_way),
    (Rule::Role, people::role),
    (Rule::Approval, people::approval),
    (Rule::Policy, law::policy),
    (Rule::Consent, order::consent),
    (Rule::Recordable, law::recordable),
    (Rule::Occasion, law::occasion),
    (Rule::Subject, content::subject),
    (Rule::Position, law::position),
    (Rule::OneRequest, law::one_request),
    (Rule::Withdrawn, order::withdrawn),
    (Rule::Order, order::order),
    (Rule::Content, content::content),
    (Rule::Extract, extract::extract),
    (Rule::Exemption, extract::exemption),
    (Rule::Separation, people::separation),
    (Rule::Heard, order::heard),
    (Rule::Hold, content::hold),
];

/// Every rule, for reports: what an audit re-checks and what it does not.
pub fn rules() -> impl Iterator<Item = Rule> {
    RULES.iter().map(|(rule, _)| *rule)
}

impl<'a> Attempt<'a> {
    /// Looks up what the step refers to.
    fn new(state: State<'a>, proposal: Proposal<'a>, occasion: Occasion) -> Result<Self, KeyRefusal> {
        let (author, _) = state.chain.keyring.signer(&proposal.statement.author, proposal.at)?;
        let thread = state.threads.get(&proposal.step.spine.thread);
        let case = thread.and_then(Thread::case);
        Ok(Self { state, proposal, occasion, author, thread, case, role: OnceCell::new() })
    }

    fn kind(&self) -> Kind {
        self.proposal.step.spine.kind
    }

    fn step(&self) -> &'a Step {
        self.proposal.step
    }

    fn day(&self) -> Day {
        self.proposal.step.spine.day
    }

    fn is_new(&self) -> bool {
        self.occasion == Occasion::New
    }

    /// The opening that the case rests on: the step's own, or the case's.
    fn opening(&self) -> Option<&'a Opening> {
        match &self.proposal.step.process {
            Some(Process::CaseOpened(opening)) => Some(opening),
            _ => self.case.and_then(|case| case.opening.as_ref()),
        }
    }

    /// The role's policy in force on the day the case was opened. None where the opening has been
    /// erased, or for threads that are no cases.
    fn policy(&self) -> Result<Option<&'a RolePolicy>, Refusal> {
        let find = || {
            let opened = self.case.and_then(Case::opened).unwrap_or(self.day());
            self.opening().map(|opening| self.role_on(opening, opened)).transpose()
        };
        self.role.get_or_init(find).clone()
    }

    /// The same for another case.
    fn policy_of(&self, case: &Case) -> Result<Option<&'a RolePolicy>, Refusal> {
        let known = case.opening.as_ref().zip(case.opened());
        known.map(|(opening, opened)| self.role_on(opening, opened)).transpose()
    }

    fn role_on(&self, opening: &Opening, opened: Day) -> Result<&'a RolePolicy, Refusal> {
        let adopted = self.state.chain.policy_on(opened).ok_or(Refusal::NoPolicy { day: opened })?;
        Ok(adopted.pack.role_on(&opening.role.0, opened)?)
    }
}
