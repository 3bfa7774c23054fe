//! A small ledger for the suites: two administrators, a decider, and steps on positions without end.
//!
//! The people's keys are fixed, so that a process that was killed is followed by one that can sign
//! for the same people. They are worth nothing outside the tests.

use std::sync::Arc;

use vandel_core::event::{
    BodySignature, Grant, KeyEnrolled, Kind, OpenEvent, PolicyAdopted, PositionAssessment, Process, Role,
    RoleCode, Scope, Step,
};
use vandel_core::hash::Domain;
use vandel_core::id::{ActorId, ControllerId, LedgerId, ThreadId, UnitId};
use vandel_core::signature::{SigningKey, public_key, sign};
use vandel_core::time::Second;
use vandel_ledger::author::{sign_event, sign_step};
use vandel_ledger::clock::{Clock, SettableClock};
use vandel_ledger::disk::Disk;
use vandel_ledger::home::Home;
use vandel_ledger::opening::{HomeError, Opening, open_unlocked};
use vandel_ledger::sequencer::{
    Founders, Founding, FoundingError, Group, NewStream, Sequencer, found, found_on_stream,
};
use vandel_ledger::submission::{Receipt, Submission, SubmitError};

/// Noon of 2026-03-20, when all of it begins.
pub const NOON: Second = Second(1_774_000_000);
const PACK: &str = include_str!("../../schemas/policy/se-2026.toml");

/// One answer of the sequencer.
pub type Answer = Result<Vec<Receipt>, SubmitError>;

/// The people, and where their ledger lies.
#[derive(Clone)]
pub struct SmallLedger {
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The home.
    pub home: Home,
    /// The clock.
    pub clock: SettableClock,
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

/// The decider, who signs the steps.
#[must_use]
pub fn decider() -> SigningKey {
    key(3)
}

impl SmallLedger {
    /// The people at a home; nothing is founded yet.
    #[must_use]
    pub fn at(disk: Arc<dyn Disk>, home: Home) -> Self {
        Self { disk, home, clock: SettableClock::at(NOON) }
    }

    /// Founds it.
    ///
    /// # Errors
    /// As [`found`].
    pub fn found(&self) -> Result<LedgerId, FoundingError> {
        let (first, second) = (key(1), key(2));
        let founders = Founders { first: (&first, ActorId([1; 16])), second: (&second, ActorId([2; 16])) };
        found(&self.disk, &self.home, Founding { founders, at: NOON, predecessor: None, cell: None })
    }

    /// Founds it with its log on the NATS servers that the home names.
    ///
    /// # Errors
    /// As [`found_on_stream`].
    pub fn found_on_stream(&self, stream: &NewStream) -> Result<LedgerId, FoundingError> {
        let (first, second) = (key(1), key(2));
        let founders = Founders { first: (&first, ActorId([1; 16])), second: (&second, ActorId([2; 16])) };
        let founding = Founding { founders, at: NOON, predecessor: None, cell: None };
        found_on_stream(&self.disk, &self.home, founding, stream)
    }

    /// How it is opened, with the clock given.
    #[must_use]
    pub fn opening(&self) -> Opening {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        Opening {
            disk: self.disk.clone(),
            clock,
            cell: None,
            passphrase: None,
            trust_new_memory: false,
            take_over: false,
        }
    }

    /// Opens it without its lock, as a fresh process would.
    ///
    /// # Errors
    /// As [`open_unlocked`].
    pub fn open(&self) -> Result<Sequencer, HomeError> {
        open_unlocked(&self.home, self.opening())
    }
}

/// The adoption of the policy.
///
/// # Panics
/// If the day is not one, which it is.
#[must_use]
pub fn adopt_policy(sequencer: &Sequencer) -> Submission {
    let policy = PolicyAdopted {
        pack: PACK.to_owned(),
        from: "2026-01-01".parse().expect("a day"),
        confirmed_by: "Kommunjuristen, dnr 1".to_owned(),
    };
    sign_event(&sequencer.standpoint(), &key(1), Some(&key(2)), OpenEvent::PolicyAdopted(policy))
}

/// An enrolment: of the decider with number 3, of some other decider with any number above.
///
/// # Panics
/// If the day is not one, which it is.
#[must_use]
pub fn enrol(sequencer: &Sequencer, number: u8) -> Submission {
    let (holder, actor) = (key(number), ActorId([number; 16]));
    let message =
        vandel_core::chain::possession_message(&sequencer.chain().ledger, &actor, &public_key(&holder));
    let possession = BodySignature::from_bytes(&sign(&holder, Domain::Possession, &[&message]));
    let from = "2026-01-01".parse().expect("a day");
    let grant = Grant { role: Role::Decider, scope: Scope::default(), from, until: None };
    let enrolled =
        KeyEnrolled { actor, key: public_key(&holder), grants: vec![grant], expires: None, possession };
    sign_event(&sequencer.standpoint(), &key(1), Some(&key(2)), OpenEvent::KeyEnrolled(enrolled))
}

/// `steps` assessments of one position, each on the one before, as one group.
///
/// # Panics
/// If the operating system gives no randomness.
#[must_use]
pub fn assess(sequencer: &Sequencer, thread: u8, steps: usize) -> Group {
    let standpoint = sequencer.standpoint();
    let day = sequencer.now().latest_day_in_sweden();
    let mut spine =
        sequencer.next_spine(ThreadId([thread; 16]), Kind::PositionAssessed, day).expect("the threads");
    let mut group = Group::new();
    for _ in 0..steps {
        let mut step = Step::new(spine);
        step.process = Some(Process::PositionAssessed(PositionAssessment {
            controller: ControllerId([5; 16]),
            unit: UnitId([6; 16]),
            role: RoleCode("SCHOOL".to_owned()),
            title: "Lärare".to_owned(),
            need: "Arbete med barn".to_owned(),
            union_reference: "MBL 2026-1".to_owned(),
            impact_reference: "DPIA 2026-1".to_owned(),
            until: None,
        }));
        let signed = sign_step(&standpoint, &decider(), None, &step, None).expect("randomness");
        (spine.number, spine.previous) = (spine.number + 1, signed.hash);
        group.push(signed.submission);
    }
    group
}
