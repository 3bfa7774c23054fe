//! Where the story is played: a real ledger, real signatures, real writes, on a clock that is set.

mod fill;

use std::collections::HashMap;
use std::sync::Arc;

use vandel_core::admit::Evidence;
use vandel_core::event::{Kind, OpenEvent, Spine, Step};
use vandel_core::hash::Hash;
use vandel_core::id::{AssignmentId, ControllerId, SubjectId, ThreadId, UnitId};
use vandel_core::time::{Day, Second};
use vandel_ledger::author::{Standpoint, sign_event, sign_step};
use vandel_ledger::clock::SettableClock;
use vandel_ledger::disk::Disk;
use vandel_ledger::handle::new_handle;
use vandel_ledger::home::Home;
use vandel_ledger::opening::{self, OpenLedger, Opening};
use vandel_ledger::sequencer::{Founders, Founding, Sequencer, found};
use vandel_ledger::submission::{Receipt, SubmitError};

use super::act::Part;
use super::cast::{Cast, Member, random_id};
use super::posts::BOARDS;
use super::script::{Scene, Script, approver};
use super::{DemoError, DemoOptions, Places};

const DAY_SECONDS: u64 = 86_400;
/// Nine in the morning, Swedish winter time.
const MORNING_SECONDS: u64 = 8 * 3_600;

/// The random ids of one case, as in life.
#[derive(Clone, Debug)]
pub(super) struct CaseIds {
    pub(super) thread: ThreadId,
    pub(super) subject: SubjectId,
    pub(super) assignment: AssignmentId,
    pub(super) handle: String,
}

/// A ledger with everybody around it.
pub(super) struct Stage<'s> {
    pub(super) script: &'s Script,
    pub(super) cast: Cast,
    pub(super) cases: Vec<CaseIds>,
    pub(super) controllers: Vec<ControllerId>,
    pub(super) units: Vec<UnitId>,
    /// The assessment of each post.
    pub(super) positions: Vec<ThreadId>,
    /// The thread of each reader, by actor.
    readers: HashMap<[u8; 16], ThreadId>,
    ledger: OpenLedger,
    clock: SettableClock,
    now: Second,
    pub(super) today: Day,
}

/// Groups of one block, and where their threads stand after them.
#[derive(Default)]
struct Batch {
    groups: Vec<Vec<vandel_ledger::submission::Submission>>,
    tips: HashMap<ThreadId, (u32, Hash)>,
}

/// The second in which a day's work begins; never after the real present.
fn morning(day: Day, now: Second) -> Second {
    let days = u64::try_from(day.days_since_epoch()).unwrap_or(0);
    Second((days * DAY_SECONDS + MORNING_SECONDS).min(now.0))
}

fn ids(script: &Script) -> Result<Vec<CaseIds>, DemoError> {
    let mut ids: Vec<CaseIds> = Vec::with_capacity(script.cases.len());
    for case in &script.cases {
        let subject = match case.earlier {
            Some(earlier) => ids[earlier].subject,
            None => SubjectId(random_id()?),
        };
        let thread = ThreadId(random_id()?);
        let assignment = AssignmentId(random_id()?);
        ids.push(CaseIds { thread, subject, assignment, handle: new_handle()? });
    }
    Ok(ids)
}

impl<'s> Stage<'s> {
    /// Founds the ledger on the story's first day. No record may pass the present.
    pub(super) fn new(
        script: &'s Script,
        options: &DemoOptions,
        places: &Places,
        disk: &Arc<dyn Disk>,
        home: &Home,
    ) -> Result<Self, DemoError> {
        let cast = Cast::new(options.seed, script.last, places.people.clone())?;
        let first = cast.member(0, Part::FirstAdministrator);
        let second = cast.member(0, Part::SecondAdministrator);
        let founders = Founders { first: (&first.key, first.actor), second: (&second.key, second.actor) };
        let now = options.now;
        let at = morning(script.first, now);
        found(disk, home, Founding { founders, at, predecessor: None, cell: None })?;
        let clock = SettableClock::at(at);
        let ledger = opening::open(
            home,
            Opening {
                disk: disk.clone(),
                clock: Arc::new(clock.clone()),
                cell: None,
                passphrase: None,
                trust_new_memory: false,
                take_over: false,
            },
        )?;
        let random = |_| random_id();
        Ok(Self {
            cast,
            cases: ids(script)?,
            controllers: (0..BOARDS.len())
                .map(random)
                .map(|id| id.map(ControllerId))
                .collect::<Result<_, _>>()?,
            units: (0..script.posts.len()).map(random).map(|id| id.map(UnitId)).collect::<Result<_, _>>()?,
            positions: (0..script.posts.len())
                .map(random)
                .map(|id| id.map(ThreadId))
                .collect::<Result<_, _>>()?,
            readers: HashMap::new(),
            script,
            ledger,
            clock,
            now,
            today: script.first,
        })
    }

    /// The sequencer.
    pub(super) fn sequencer(&mut self) -> &mut Sequencer {
        &mut self.ledger.sequencer
    }

    /// Where the next step of a thread stands.
    pub(super) fn spine(&self, thread: ThreadId, kind: Kind) -> Result<Spine, DemoError> {
        Ok(self.ledger.sequencer.next_spine(thread, kind, self.today)?)
    }

    /// Ends in order.
    pub(super) fn close(self) -> Result<Cast, DemoError> {
        self.ledger.close()?;
        Ok(self.cast)
    }

    /// Turns the calendar.
    pub(super) fn set_day(&mut self, day: Day) {
        self.today = day;
        self.clock.set(morning(day, self.now));
    }

    /// An open event of the first administrator, signed by a second person where it needs one.
    pub(super) fn say(&mut self, event: OpenEvent, second: (usize, Part)) -> Result<Receipt, DemoError> {
        let needs_second = event.needs_second_signature();
        let kind = event.kind().name();
        let first = &self.cast.member(0, Part::FirstAdministrator).key;
        let second = needs_second.then(|| &self.cast.member(second.0, second.1).key);
        let submission = sign_event(&self.ledger.sequencer.standpoint(), first, second, event);
        let taken = self.ledger.sequencer.commit_one(submission);
        taken.map_err(|error| DemoError::Unexpected { what: kind.to_owned(), error })
    }

    /// All that happens on a day, in one block.
    pub(super) fn play(&mut self, scenes: &[Scene]) -> Result<usize, DemoError> {
        let mut batch = Batch::default();
        let standpoint = self.ledger.sequencer.standpoint();
        for scene in scenes {
            match scene {
                Scene::Public(_) => {}
                Scene::Audit => self.audit(&mut batch, &standpoint)?,
                Scene::Step(case, index) => self.act(&mut batch, &standpoint, *case, *index)?,
            }
        }
        self.commit(batch)
    }

    /// Assesses every post of a role that the law lets the municipality check.
    pub(super) fn assess_posts(&mut self) -> Result<usize, DemoError> {
        let mut batch = Batch::default();
        let standpoint = self.ledger.sequencer.standpoint();
        for (index, post) in self.script.posts.iter().enumerate() {
            if matches!(post.role, "NONE" | "LSS_CHILD" | "LEADING") {
                continue;
            }
            let thread = self.positions[index];
            let step = self.fill_position(index, self.spine(thread, Kind::PositionAssessed)?);
            let decider = self.cast.member(post.board, Part::Decider);
            self.sign(&mut batch, &standpoint, decider, None, &step, None)?;
        }
        self.commit(batch)
    }

    /// One step on its own, which may be refused.
    pub(super) fn attempt(
        &mut self,
        author: (usize, Part),
        approver: Option<(usize, Part)>,
        step: &Step,
        evidence: Option<Evidence>,
    ) -> Result<Result<Receipt, SubmitError>, DemoError> {
        let author = &self.cast.member(author.0, author.1).key;
        let approver = approver.map(|(board, part)| &self.cast.member(board, part).key);
        let standpoint = self.ledger.sequencer.standpoint();
        let signed = sign_step(&standpoint, author, approver, step, evidence)?;
        Ok(self.ledger.sequencer.commit_one(signed.submission))
    }

    fn commit(&mut self, batch: Batch) -> Result<usize, DemoError> {
        let count = batch.groups.len();
        if count == 0 {
            return Ok(0);
        }
        for answer in self.ledger.sequencer.commit(batch.groups) {
            answer.map_err(|error| DemoError::Unexpected {
                what: format!("a step on {}", self.today),
                error,
            })?;
        }
        Ok(count)
    }

    fn sign(
        &self,
        batch: &mut Batch,
        standpoint: &Standpoint,
        author: &Member,
        approver: Option<&Member>,
        step: &Step,
        evidence: Option<Evidence>,
    ) -> Result<(), DemoError> {
        let approver = approver.map(|member| &member.key);
        let signed = sign_step(standpoint, &author.key, approver, step, evidence)?;
        batch.tips.insert(step.spine.thread, (step.spine.number + 1, signed.hash));
        batch.groups.push(vec![signed.submission]);
        Ok(())
    }

    fn act(
        &mut self,
        batch: &mut Batch,
        standpoint: &Standpoint,
        case: usize,
        index: usize,
    ) -> Result<(), DemoError> {
        let script = self.script;
        let planned = &script.cases[case].steps[index];
        let board = script.posts[script.cases[case].post].board;
        let kind = planned.act.kind();
        let thread = if kind == Kind::RecordRead {
            self.reader_thread(board, planned.by)?
        } else {
            self.cases[case].thread
        };
        let spine = self.next(batch, thread, kind)?;
        let (step, evidence) = self.fill(case, &planned.act, spine)?;
        let author = self.cast.member(board, planned.by);
        let approver = approver(&planned.act).map(|part| self.cast.member(board, part));
        self.sign(batch, standpoint, author, approver, &step, evidence)
    }

    fn audit(&mut self, batch: &mut Batch, standpoint: &Standpoint) -> Result<(), DemoError> {
        let thread = self.reader_thread(0, Part::Auditor)?;
        let spine = self.next(batch, thread, Kind::RecordRead)?;
        let step = self.fill_overview(spine)?;
        self.sign(batch, standpoint, self.cast.member(0, Part::Auditor), None, &step, None)
    }

    fn next(&self, batch: &Batch, thread: ThreadId, kind: Kind) -> Result<Spine, DemoError> {
        let mut spine = self.ledger.sequencer.next_spine(thread, kind, self.today)?;
        if let Some((number, previous)) = batch.tips.get(&thread) {
            (spine.number, spine.previous) = (*number, *previous);
        }
        Ok(spine)
    }

    fn reader_thread(&mut self, board: usize, part: Part) -> Result<ThreadId, DemoError> {
        let actor = self.cast.member(board, part).actor;
        if let Some(thread) = self.readers.get(&actor.0) {
            return Ok(*thread);
        }
        let thread = ThreadId(random_id()?);
        self.readers.insert(actor.0, thread);
        Ok(thread)
    }
}
