//! The service: follows the log, folds what came, and publishes.
//!
//! ```text
//! judge and verify ──> tell (case feed) ──> fold and store ──> publish what is due (operational feed)
//! ```
//!
//! Telling comes before storing: a crash between the two tells some records twice, and none never. What is
//! wrong with the ledger stops the service; a connection that is down makes it wait. While records keep coming, they are
//! folded a few times a second, many at once: nobody waits for that, and telling would.

mod error;
mod status;
mod told;

use std::sync::Arc;
use std::time::{Duration, Instant};

use vandel_core::id::LedgerId;
use vandel_core::time::{Day, Second};
use vandel_ledger::disk::Disk;
use vandel_ledger::home::Home;
use vandel_ledger::home_log::HomeLog;
use vandel_ledger::vault::RootCell;

use super::activity::{self, Week};
use super::calendar::{self, Exact};
use super::cloud_event::{Basis, CloudEvent, FeedEvent};
use super::event::{Act, Activity, Erasures, Halt, Heartbeat, Recorded, State, Verification};
use super::outlet::Outlet;
use super::{Scope, subject};
use crate::following::{Following, Judged};
use crate::projector::{ProjectError, Projector, Settings};

pub use error::ServiceError;
pub use status::{Status, status_file};
pub use told::RecordEvent;

/// How often a view may seem wrong before it is taken for so: an erasure may be under way, which the next
/// checkpoint explains.
const STRIKES: u32 = 3;

/// How long records may lie unfolded while others come.
const FOLD_EVERY: Duration = Duration::from_millis(200);

/// Where the service stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Records folded.
    pub position: u64,
    /// Records settled and not folded.
    pub lag: u64,
    /// Whether a newer checkpoint was seen.
    pub advanced: bool,
    /// Operational events published.
    pub operational: u64,
    /// Case events published.
    pub case: u64,
    /// What the retention calendar said, if it was looked at.
    pub calendar: Option<Exact>,
}

/// The service.
pub struct Service<O> {
    disk: Arc<dyn Disk>,
    home: Home,
    following: Following,
    projector: Projector,
    outlet: O,
    interval: Duration,
    /// Records that were judged and not told yet.
    untold: Vec<Judged>,
    status: Status,
    /// The last number given to an operational event.
    sequence: u64,
    strikes: u32,
    folded: Instant,
    said: Said,
}

/// What was said last, so that it is said again only when it has changed.
#[derive(Default)]
struct Said {
    heartbeat: Option<Instant>,
    day: Option<Day>,
    week: Option<Week>,
    erasures: Option<Erasures>,
    verification: Option<Verification>,
}

impl<O: Outlet> Service<O> {
    /// Opens a ledger and its views, from where they stood.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub fn open(
        disk: Arc<dyn Disk>,
        home: &Home,
        cell: Arc<dyn RootCell>,
        log: HomeLog,
        outlet: O,
        interval: Duration,
        now: Second,
    ) -> Result<Self, ServiceError> {
        let status = Status::read(&*disk, home);
        // A ledger followed for the first time is not told from its beginning.
        let told = status.as_ref().map(|status| status.told);
        let mut untold = Vec::new();
        let following = Following::open(disk.clone(), home, cell, log, |judged| {
            if told.is_some_and(|told| judged.record >= told) {
                untold.push(judged);
            }
        })?;
        let size = following.source().chain.size();
        let status = Status { told: told.unwrap_or(size), halted: None, ..status.unwrap_or_default() };
        let folder = status::folder(home);
        let projector = Projector::open_in(&folder, &following.source(), Settings::default())?;
        let mut service = Self {
            disk,
            home: home.clone(),
            following,
            projector,
            outlet,
            interval,
            untold,
            status,
            sequence: 0,
            strikes: 0,
            folded: Instant::now(),
            said: Said::default(),
        };
        service.resume(now)?;
        Ok(service)
    }

    /// Goes on where an earlier service stopped: numbers only grow, and a week is told once.
    fn resume(&mut self, now: Second) -> Result<(), ServiceError> {
        let kept = self.kept::<Heartbeat>()?;
        let last = kept.and_then(|event: CloudEvent<serde_json::Value>| event.sequence.parse().ok());
        // A number that grows even if the stream that kept the last one is gone.
        self.sequence = last.unwrap_or(0).max(now.0);
        let week = Week::before(now);
        let kept = self.kept::<Activity>()?;
        if kept.is_some_and(|event| event.data["from"] == week.from.to_string()) {
            self.said.week = Some(week);
        }
        Ok(())
    }

    fn kept<D: FeedEvent>(&mut self) -> Result<Option<CloudEvent<serde_json::Value>>, ServiceError> {
        let subject = self.subject::<D>();
        let kept = self.outlet.kept(&subject)?;
        Ok(kept.and_then(|event| serde_json::from_slice(&event).ok()))
    }

    fn subject<D: FeedEvent>(&self) -> String {
        subject(&self.following.source().chain.ledger, D::SCOPE, D::NAME)
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> LedgerId {
        self.following.source().chain.ledger
    }

    /// How many records are folded, and how many settled ones are not.
    #[must_use]
    pub fn standing(&self) -> (u64, u64) {
        let position = self.projector.position().records;
        (position, self.following.source().chain.size().saturating_sub(position))
    }

    /// Takes in what came, and publishes what is due. `queue` is what waits at the sequencer, if known;
    /// `verification` what the last verification found, if known.
    ///
    /// # Errors
    /// [`ServiceError`]. After one that is passing, call again; after any other call [`Service::halt`].
    pub fn tick(
        &mut self,
        now: Second,
        today: Day,
        queue: Option<u64>,
        verification: Option<&Verification>,
    ) -> Result<Progress, ServiceError> {
        let untold = &mut self.untold;
        let advanced = self.following.advance(|judged| untold.push(judged))?;
        self.following.forget_old_caches();
        let mut progress = Progress { advanced, ..Progress::default() };
        self.tell(&mut progress)?;
        let due = self.said.heartbeat.is_none_or(|last| last.elapsed() >= self.interval);
        // Figures that follow from cases are counted once: not before all that is settled has been folded.
        let counting = self.said.day != Some(today) || self.said.week != Some(Week::before(now));
        if due || counting || !advanced || self.folded.elapsed() >= FOLD_EVERY {
            if advanced || self.standing().1 > 0 {
                self.catch_up()?;
            }
            self.folded = Instant::now();
        }
        (progress.position, progress.lag) = self.standing();
        self.publish_figures(now, today, verification, &mut progress)?;
        if due {
            let state = if progress.lag == 0 { State::Following } else { State::CatchingUp };
            self.beat(now, state, None, queue)?;
            progress.operational += 1;
            self.write_status(now)?;
        }
        Ok(progress)
    }

    /// Tells of each record, in order: of a sealed one that it came, of a public act which.
    fn tell(&mut self, progress: &mut Progress) -> Result<(), ServiceError> {
        let ledger = self.following.source().chain.ledger;
        let (recorded, act) = (self.subject::<Recorded>(), self.subject::<Act>());
        let mut told = 0;
        let mut carried = Ok(());
        for judged in &self.untold {
            carried = match judged.event(&ledger) {
                RecordEvent::Sealed(event) => {
                    progress.case += 1;
                    self.outlet.tell(&recorded, json(&event))
                }
                RecordEvent::Open(event) => {
                    progress.operational += 1;
                    self.outlet.keep(&act, json(&event))
                }
            };
            if carried.is_err() {
                break;
            }
            told += 1;
            self.status.told = judged.record + 1;
        }
        self.untold.drain(..told);
        Ok(carried?)
    }

    fn catch_up(&mut self) -> Result<(), ServiceError> {
        match self.projector.catch_up(&self.following.source()) {
            Ok(()) => self.strikes = 0,
            Err(error @ (ProjectError::PayloadDamaged { .. } | ProjectError::PayloadMissing { .. }))
                if self.strikes < STRIKES =>
            {
                self.strikes += 1;
                return Err(ServiceError::Unsettled(error));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Publishes those figures that have changed, or whose time has come.
    fn publish_figures(
        &mut self,
        now: Second,
        today: Day,
        verification: Option<&Verification>,
        progress: &mut Progress,
    ) -> Result<(), ServiceError> {
        let erasures = erasures(self.following.source().chain);
        if self.said.erasures != Some(erasures) {
            self.publish(now, erasures)?;
            self.said.erasures = Some(erasures);
            progress.operational += 1;
        }
        if self.said.day != Some(today) {
            let exact =
                self.projector.ask(&self.following.source(), |views| calendar::of_day(views, today))?;
            self.publish(now, exact.coarse(today))?;
            self.said.day = Some(today);
            progress.calendar = Some(exact);
            progress.operational += 1;
        }
        let week = Week::before(now);
        if self.said.week != Some(week) {
            let activity = self.activity(week)?;
            self.publish(now, activity)?;
            self.said.week = Some(week);
            progress.operational += 1;
        }
        if verification.is_some() && verification != self.said.verification.as_ref() {
            self.said.verification = verification.cloned();
            if let Some(verification) = verification {
                self.publish(now, verification.clone())?;
                progress.operational += 1;
            }
        }
        Ok(())
    }

    /// A week is counted once. Were it counted again after an erasure, the difference would tell of it.
    fn activity(&mut self, week: Week) -> Result<Activity, ServiceError> {
        if let Some(known) = self.status.activity.as_ref().filter(|known| known.from == week.from.to_string())
        {
            return Ok(known.clone());
        }
        let counted = self.projector.ask(&self.following.source(), |views| activity::of_week(views, week))?;
        self.status.activity = Some(counted.clone());
        Ok(counted)
    }

    fn publish<D: FeedEvent>(&mut self, now: Second, data: D) -> Result<(), ServiceError> {
        debug_assert_eq!(D::SCOPE, Scope::Operational);
        let chain = self.following.source().chain;
        let basis = Basis { time: chain.time, hash: chain.head };
        let event = CloudEvent::new(&chain.ledger, self.sequence + 1, now, basis, data);
        let subject = self.subject::<D>();
        self.outlet.keep(&subject, json(&event))?;
        self.sequence += 1;
        Ok(())
    }

    fn beat(
        &mut self,
        now: Second,
        state: State,
        halted: Option<Halt>,
        queue: Option<u64>,
    ) -> Result<(), ServiceError> {
        let (position, lag) = self.standing();
        let interval_seconds = u32::try_from(self.interval.as_secs()).unwrap_or(u32::MAX);
        let checkpoint = self.following.note().to_owned();
        self.publish(now, Heartbeat { interval_seconds, state, halted, position, lag, checkpoint, queue })?;
        self.said.heartbeat = Some(Instant::now());
        Ok(())
    }

    /// Says that it can't go on and why: to dashboards, if they can be reached, and to `doctor`.
    ///
    /// # Errors
    /// If the status can't be written.
    pub fn halt(&mut self, now: Second, halt: &Halt) -> Result<(), ServiceError> {
        self.status.halted = Some(halt.clone());
        self.write_status(now)?;
        // Whoever can't be reached sees the silence.
        let _ = self.beat(now, State::Halted, Some(halt.clone()), None);
        Ok(())
    }

    /// Notes where it stands, for the next start.
    ///
    /// # Errors
    /// If that can't be written.
    pub fn write_status(&mut self, now: Second) -> Result<(), ServiceError> {
        self.status.position = self.projector.position().records;
        self.status.at = now.0;
        self.status.write(&*self.disk, &self.home).map_err(ServiceError::Status)
    }
}

fn json(event: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(event).unwrap_or_else(|_| unreachable!("text, numbers and maps with text for keys"))
}

fn erasures(chain: &vandel_core::chain::Chain) -> Erasures {
    let mut sum = Erasures::default();
    for erasure in chain.erasures.values() {
        match (erasure.executed, erasure.completed) {
            (_, Some(_)) => sum.completed += 1,
            (Some(_), None) => sum.executed += 1,
            (None, None) => sum.under_way += 1,
        }
    }
    sum
}
