//! A ledger to measure, and people who have signed their steps ahead.
//!
//! What a statement costs its author is no cost of the ledger: everything is signed before any clock runs.
//! One case in six is noted only (a school), the others keep a copy (residential care): eight steps a case on
//! average, as over a whole country.

mod kept;

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use vandel_core::admit::Evidence;
use vandel_core::chain::possession_message;
use vandel_core::event::{
    Authenticity, BodySignature, Copy, Grant, Identity, KeyEnrolled, Kind, Note, Occasion, OpenEvent,
    Opening as Opened, Outcome, PolicyAdopted, PositionAssessment, Process, Register, Role, RoleCode, Scope,
    Spine, Step,
};
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::{ActorId, AssignmentId, ControllerId, LedgerId, SubjectId, ThreadId, UnitId};
use vandel_core::person::{IdentityNumber, NoNumberReason};
use vandel_core::signature::{SigningKey, public_key, sign};
use vandel_core::time::{Day, Second};
use vandel_ledger::author::{Standpoint, sign_event, sign_step};
use vandel_ledger::clock::SettableClock;
use vandel_ledger::disk::{Disk, RealDisk};
use vandel_ledger::home::Home;
use vandel_ledger::opening::{self, OpenLedger, Opening};
use vandel_ledger::sequencer::{Founders, Founding, NewStream, found, found_on_stream};
use vandel_ledger::signer;
use vandel_ledger::submission::Submission;

use super::folder::Folder;
use super::server::OwnServer;
use crate::error::{CliError, Exit};
use crate::packs;

/// The second at which everything happens: 2026-03-20.
pub(super) const NOON: Second = Second(1_774_000_000);
/// The assessed position of each role.
const POSITIONS: [ThreadId; 2] = [ThreadId([7; 16]), ThreadId([8; 16])];
/// How many people sign.
const AUTHORS: usize = 64;
const CONTROLLER: ControllerId = ControllerId([5; 16]);
/// The role whose law lets nothing but a note be kept, and the one whose law asks for a copy.
const ROLES: [&str; 2] = ["SCHOOL", "HVB"];

/// A ledger in a folder of its own, which goes when this does.
pub struct World {
    folder: Folder,
    /// The home.
    pub home: Home,
    clock: SettableClock,
    administrators: [SigningKey; 2],
    authors: Vec<SigningKey>,
    positions: [ThreadId; 2],
    server: Option<OwnServer>,
}

/// Where the ledger's log is to lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogPlace {
    /// In segment files.
    File,
    /// On a nats-server of the bench's own.
    OwnServer,
    /// The same, with the deployment's accounts, permissions and keys.
    SecuredServer,
}

/// One person's steps in one case, signed ahead.
pub type SignedCase = Vec<Submission>;

impl World {
    /// Founds a ledger in a new folder below `parent`, with a policy, people and assessed positions.
    ///
    /// # Errors
    /// If the folder can't be made or the ledger refuses.
    pub fn found(parent: &Path, log: LogPlace) -> Result<Self, CliError> {
        let folder = Folder::make(parent)?;
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let mut home = Home::new(folder.path().join("home"));
        let keys = (0..AUTHORS + 2).map(|_| signer::generate()).collect::<Result<Vec<_>, _>>()?;
        let [first, second, authors @ ..] = &keys[..] else {
            return Err(internal(&"no keys"));
        };
        let founders = Founders { first: (first, ActorId([1; 16])), second: (second, ActorId([2; 16])) };
        let founding = Founding { founders, at: NOON, predecessor: None, cell: None };
        let mut server = None;
        match log {
            LogPlace::File => found(&disk, &home, founding),
            LogPlace::OwnServer | LogPlace::SecuredServer => {
                let own = server.insert(match log {
                    LogPlace::SecuredServer => OwnServer::start_secured(folder.path())?,
                    _ => OwnServer::start(folder.path())?,
                });
                home = home.with_nats(own.access());
                let stream = NewStream { replicas: 1, accept_unproven_sync: false, operator: None };
                found_on_stream(&disk, &home, founding, &stream)
            }
        }
        .map_err(|error| internal(&error))?;
        let world = Self {
            folder,
            home,
            clock: SettableClock::at(NOON),
            administrators: [first.clone(), second.clone()],
            authors: authors.to_vec(),
            positions: POSITIONS,
            server,
        };
        world.furnish()?;
        Ok(world)
    }

    /// The folder around the home.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The server's address, where the log lies on one.
    #[must_use]
    pub fn server(&self) -> Option<&str> {
        self.server.as_ref().map(|server| &*server.address)
    }

    /// The server itself.
    ///
    /// # Errors
    /// If the log lies in files.
    pub fn own_server(&self) -> Result<&OwnServer, CliError> {
        self.server.as_ref().ok_or_else(|| internal(&"the log lies in files"))
    }

    /// Opens it for writing.
    ///
    /// # Errors
    /// If it can't be opened.
    pub fn open(&self) -> Result<OpenLedger, CliError> {
        let clock = Arc::new(self.clock.clone());
        let opening = Opening {
            disk: Arc::new(RealDisk),
            clock,
            cell: None,
            passphrase: None,
            trust_new_memory: false,
            take_over: false,
        };
        Ok(opening::open(&self.home, opening)?)
    }

    fn furnish(&self) -> Result<(), CliError> {
        let mut open = self.open()?;
        let [first, second] = &self.administrators;
        let day = NOON.latest_day_in_sweden();
        let from = Day::from_ymd(2026, 1, 1).ok_or_else(|| internal(&"no such day"))?;
        let shipped = packs::SHIPPED.iter().find(|(name, _)| *name == "se-2026");
        let (_, pack) = shipped.ok_or_else(|| internal(&"no shipped pack"))?;
        let policy =
            PolicyAdopted { pack: (*pack).to_owned(), from, confirmed_by: "Kommunjuristen".to_owned() };
        let mut events = vec![OpenEvent::PolicyAdopted(policy)];
        let ledger = open.sequencer.chain().ledger;
        let people = self.authors.iter().enumerate();
        events.extend(people.map(|(number, author)| enrolment(&ledger, id(3, number as u64), author, from)));
        for event in events {
            let submission = sign_event(&open.sequencer.standpoint(), first, Some(second), event);
            open.sequencer.commit_one(submission)?;
        }
        for (role, position) in ROLES.into_iter().zip(self.positions) {
            let mut step = Step::new(open.sequencer.next_spine(position, Kind::PositionAssessed, day)?);
            step.process = Some(Process::PositionAssessed(assessment(role)));
            let signed = sign_step(&open.sequencer.standpoint(), &self.authors[0], None, &step, None)?;
            open.sequencer.commit_one(signed.submission)?;
        }
        Ok(open.close()?)
    }

    /// Signs whole cases ahead, on all cores. `first` is the number of the first: ids follow from it.
    ///
    /// # Errors
    /// If the operating system gives no randomness.
    pub fn sign_cases(
        &self,
        standpoint: &Standpoint,
        first: u64,
        count: u64,
    ) -> Result<Vec<SignedCase>, CliError> {
        let cases = (first..first + count).into_par_iter();
        let signed = cases.map(|number| self.sign_case(standpoint, number));
        Ok(signed.collect::<std::io::Result<_>>()?)
    }

    /// Signs public acts ahead: a new person's key each. `first` is the number of the first.
    ///
    /// # Errors
    /// If the operating system gives no randomness.
    pub fn sign_acts(&self, standpoint: &Standpoint, first: u64, count: u64) -> Result<SignedCase, CliError> {
        let [administrator, second] = &self.administrators;
        let from = NOON.latest_day_in_sweden();
        let sign = |number| -> std::io::Result<Submission> {
            let event = enrolment(&standpoint.ledger, id(5, number), &signer::generate()?, from);
            Ok(Submission { seen: None, ..sign_event(standpoint, administrator, Some(second), event) })
        };
        Ok((first..first + count).map(sign).collect::<Result<_, _>>()?)
    }

    fn sign_case(&self, standpoint: &Standpoint, number: u64) -> std::io::Result<SignedCase> {
        let author = &self.authors[usize::try_from(number).unwrap_or(0) % AUTHORS];
        let with_copy = usize::from(!number.is_multiple_of(6));
        let day = NOON.latest_day_in_sweden();
        let spine = Spine {
            thread: case_thread(number),
            number: 0,
            previous: Hash::ZERO,
            kind: Kind::CaseOpened,
            day,
        };
        let mut course = Course { standpoint, author, spine, signed: Vec::new() };
        let opened = opening(number, ROLES[with_copy], self.positions[with_copy], day);
        course.take(Kind::CaseOpened, None, |step| {
            step.identity = Some(identity(number));
            step.process = Some(Process::CaseOpened(opened));
        })?;
        if with_copy == 0 {
            course.noted_only()?
        } else {
            course.with_copy(day)?
        }
        Ok(course.signed)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Before its folder, in which it writes.
        drop(self.server.take());
    }
}

/// The steps of one case, each naming the one before.
struct Course<'a> {
    standpoint: &'a Standpoint,
    author: &'a SigningKey,
    spine: Spine,
    signed: SignedCase,
}

impl Course<'_> {
    fn take(
        &mut self,
        kind: Kind,
        evidence: Option<Evidence>,
        fill: impl FnOnce(&mut Step),
    ) -> std::io::Result<()> {
        let mut step = Step::new(Spine { kind, ..self.spine });
        fill(&mut step);
        let mut signed = sign_step(self.standpoint, self.author, None, &step, evidence)?;
        // Only who has been answered carries a checkpoint along; these have not.
        signed.submission.seen = None;
        self.spine.number += 1;
        self.spine.previous = signed.hash;
        self.signed.push(signed.submission);
        Ok(())
    }

    fn process(&mut self, kind: Kind, process: Process) -> std::io::Result<()> {
        self.take(kind, None, |step| step.process = Some(process))
    }

    fn noted_only(&mut self) -> std::io::Result<()> {
        let evidence = Evidence {
            issued: Day::from_ymd(2026, 2, 1),
            law: Some("2010:800".to_owned()),
            registers: Some(vec![Register::CriminalRecords]),
            authenticity: Some(Authenticity::ControlService),
            offered: None,
        };
        let note = Note::Shown { issued: None, law: None, registers: None, authenticity: None, remark: None };
        self.take(Kind::ExtractShown, Some(evidence), |step| step.note = Some(note))?;
        self.process(Kind::CaseClosed, Process::CaseClosed)
    }

    fn with_copy(&mut self, day: Day) -> std::io::Result<()> {
        let registers = || vec![Register::CriminalRecords, Register::Suspicions];
        self.process(Kind::InformationGiven, Process::InformationGiven(registers()))?;
        self.process(Kind::InformationAcknowledged, Process::InformationAcknowledged)?;
        self.process(Kind::ExtractRequested, Process::ExtractRequested(registers()))?;
        let note = Note::Shown {
            issued: Some(day),
            law: Some("2007:171".to_owned()),
            registers: Some(registers()),
            authenticity: Some(Authenticity::PaperOriginal),
            remark: None,
        };
        self.take(Kind::ExtractShown, None, |step| step.note = Some(note))?;
        let copy = Copy::Paper { place: "Närarkivet, skåp 3".to_owned() };
        self.take(Kind::CopyStored, None, |step| step.copy = Some(copy))?;
        let decision = Process::DecisionMade {
            outcome: Outcome::Fit,
            delegation: "Delegationsordningen punkt 4.2".to_owned(),
            follow_up: None,
            support: None,
        };
        self.process(Kind::DecisionMade, decision)?;
        self.process(Kind::LegalForceGained, Process::LegalForceGained)?;
        self.process(Kind::EmploymentStarted, Process::EmploymentStarted)
    }
}

/// That a person's key is enrolled, who may handle and decide.
fn enrolment(ledger: &LedgerId, person: [u8; 16], author: &SigningKey, from: Day) -> OpenEvent {
    let (actor, key) = (ActorId(person), public_key(author));
    let message = possession_message(ledger, &actor, &key);
    let possession = BodySignature::from_bytes(&sign(author, Domain::Possession, &[&message]));
    let grant = |role| Grant { role, scope: Scope::default(), from, until: None };
    let grants = vec![grant(Role::Handler), grant(Role::Decider)];
    OpenEvent::KeyEnrolled(KeyEnrolled { actor, key, grants, expires: None, possession })
}

fn assessment(role: &str) -> PositionAssessment {
    PositionAssessment {
        controller: CONTROLLER,
        unit: UnitId([6; 16]),
        role: RoleCode(role.to_owned()),
        title: "Befattning".to_owned(),
        need: "Arbete med barn".to_owned(),
        union_reference: "MBL 2026/1".to_owned(),
        impact_reference: "DPIA 2026/1".to_owned(),
        until: None,
    }
}

/// The thread of the case with this number.
pub(super) fn case_thread(number: u64) -> ThreadId {
    ThreadId(id(4, number))
}

fn identity(number: u64) -> Identity {
    Identity {
        subject: SubjectId(id(1, number)),
        handle: format!("K-BENCH-{number}"),
        number: IdentityNumber::None { reason: NoNumberReason::NotYetAssigned },
        surname: "Mätsson".to_owned(),
        given_name: "Måns".to_owned(),
        protected: false,
    }
}

fn opening(number: u64, role: &str, position: ThreadId, day: Day) -> Opened {
    Opened {
        subject: SubjectId(id(1, number)),
        controller: CONTROLLER,
        unit: UnitId([6; 16]),
        assignment: AssignmentId(id(2, number)),
        reference: format!("REK-2026/{number}"),
        role: RoleCode(role.to_owned()),
        position: Some(position),
        occasion: Occasion::NewEmployment,
        offered: (role == "HVB").then_some(day),
    }
}

/// Spread like random ids, so that maps and views are not spared anything, and the same in every run.
pub(super) fn id(sort: u8, number: u64) -> [u8; 16] {
    let hash = vandel_core::hash::sha256(&[b"vandel bench", &[sort], &number.to_be_bytes()]);
    hash.0.first_chunk().copied().unwrap_or_default()
}

pub(crate) fn internal(error: &dyn std::fmt::Display) -> CliError {
    CliError::new(Exit::Internal, "bench", error.to_string())
}
