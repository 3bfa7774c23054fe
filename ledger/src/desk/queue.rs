//! What waits at a desk: the state that its threads share.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use vandel_core::keyring::Keyring;

use super::{DeskCounts, DeskError, DeskLimits, GroupAnswer};
use crate::refused::RefusedClass;
use crate::sequencer::{Checked, Group, Sequencer};
use crate::submission::{Halt, SubmitError};

/// A question for the writer.
pub(super) type Question = Box<dyn FnOnce(&mut Sequencer) + Send>;
/// How the answers of what was handed in together reach whoever did, in its order.
pub(super) type Reply = Box<dyn FnOnce(Vec<GroupAnswer>) + Send>;

/// The most statements that a checker takes at a time, for each core: so few that the writer never runs dry while they
/// are verified, so many that waking the other cores pays.
const CHECK_EACH: usize = 64;
/// The most statements the writer takes at a time: a few blocks.
const WRITE_MAX: usize = 2_048;
/// How long the rate at which the queue moves is measured before it counts.
const RATE_SPAN: Duration = Duration::from_millis(500);

/// What waiting groups weigh.
#[derive(Clone, Copy, Default)]
struct Weight {
    statements: usize,
    bytes: usize,
}

/// Groups as they were handed in together. Each stands or falls by itself; they travel as one because waking
/// threads for each would cost more than most of what is done with it.
pub(super) struct Handed {
    pub(super) groups: Vec<Group>,
    reply: Reply,
    weight: Weight,
}

impl Handed {
    pub(super) fn new(groups: Vec<Group>, reply: Reply) -> Self {
        let bytes = groups.iter().flatten().map(crate::submission::Submission::weight).sum();
        let weight = Weight { statements: groups.iter().map(Vec::len).sum(), bytes };
        Self { groups, reply, weight }
    }
}

/// Groups that are checked or refused, and wait for the writer.
pub(super) struct Ready {
    pub(super) checked: Vec<Result<Checked, SubmitError>>,
    pub(super) slip: Slip,
}

/// Whom to answer, what to take off the queue's weight then, and the answers that are there so far.
pub(super) struct Slip {
    reply: Reply,
    weight: Weight,
    answers: Vec<Option<GroupAnswer>>,
    unanswered: usize,
}

impl Slip {
    /// Notes the answer of one of the groups; true if it was the last to come.
    pub(super) fn note(&mut self, group: usize, answer: GroupAnswer) -> bool {
        if self.answers[group].replace(answer).is_none() {
            self.unanswered -= 1;
        }
        self.unanswered == 0
    }
}

/// What the writer is to do next.
pub(super) enum Work {
    /// Questions, and groups to commit.
    Round(VecDeque<Question>, Vec<Ready>),
    /// Nothing waits.
    Nothing,
    /// Nothing more will come.
    End,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Handed>,
    checked: VecDeque<Ready>,
    questions: VecDeque<Question>,
    /// Handed in and not yet answered.
    weight: Weight,
    /// What the checkers have taken and not handed on: none while it is not checked.
    taken: VecDeque<Option<Vec<Ready>>>,
    /// How often they have handed on.
    handed_on: usize,
    closed: bool,
    halted: Option<Halt>,
    counts: DeskCounts,
    rate: Rate,
}

/// How fast the queue moves.
#[derive(Default)]
struct Rate {
    since: Option<Instant>,
    answered: usize,
    per_second: f64,
}

impl Rate {
    fn count(&mut self, statements: usize) {
        let since = *self.since.get_or_insert_with(Instant::now);
        self.answered += statements;
        let span = since.elapsed();
        if span >= RATE_SPAN {
            self.per_second = self.answered as f64 / span.as_secs_f64();
            (self.since, self.answered) = (None, 0);
        }
    }

    /// When half of what waits should be done: between a twentieth of a second and five.
    fn retry_after(&self, waiting: usize) -> Duration {
        let seconds = if self.per_second > 0.0 { waiting as f64 / 2.0 / self.per_second } else { 0.25 };
        Duration::from_secs_f64(seconds.clamp(0.05, 5.0))
    }
}

/// What the threads of a desk share.
pub(super) struct Queue {
    limits: DeskLimits,
    /// How many cores there are to verify on.
    cores: usize,
    state: Mutex<State>,
    /// Something waits for a checker, or the desk was closed.
    arrived: Condvar,
    /// Something waits for the writer, or the desk was closed.
    ready: Condvar,
    /// The keys to verify against; replaced after each open statement.
    keyring: Mutex<Arc<Keyring>>,
}

impl Queue {
    pub(super) fn new(limits: DeskLimits, keyring: Keyring) -> Self {
        Self {
            limits,
            cores: rayon::current_num_threads(),
            state: Mutex::default(),
            arrived: Condvar::new(),
            ready: Condvar::new(),
            keyring: Mutex::new(Arc::new(keyring)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs while it is held: replies and questions are called outside.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes groups, all or none, if there is room.
    pub(super) fn hand_in(&self, handed: Handed) -> Result<(), DeskError> {
        let mut state = self.state();
        state.check_open()?;
        let (weight, limits) = (handed.weight, &self.limits);
        // What is larger than the limits still gets its turn at an empty desk.
        let fits = state.weight.statements == 0
            || (state.weight.statements + weight.statements <= limits.statements
                && state.weight.bytes + weight.bytes <= limits.bytes);
        if !fits {
            state.counts.busy += handed.groups.len() as u64;
            return Err(DeskError::Busy { retry_after: state.rate.retry_after(state.weight.statements) });
        }
        state.weight.statements += weight.statements;
        state.weight.bytes += weight.bytes;
        state.waiting.push_back(handed);
        self.arrived.notify_one();
        Ok(())
    }

    /// Takes a question, if there is room.
    pub(super) fn ask(&self, question: Question) -> Result<(), DeskError> {
        let mut state = self.state();
        state.check_open()?;
        if state.questions.len() >= self.limits.questions {
            state.counts.busy += 1;
            return Err(DeskError::Busy { retry_after: state.rate.retry_after(state.questions.len()) });
        }
        state.questions.push_back(question);
        self.ready.notify_one();
        Ok(())
    }

    /// A checker's next groups, with its turn to hand them on; none when the desk is closed and nothing waits.
    pub(super) fn next_to_check(&self) -> Option<(usize, Vec<Handed>)> {
        let mut state = self.state();
        while state.waiting.is_empty() {
            if state.closed {
                return None;
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let (mut groups, mut statements) = (Vec::new(), 0);
        while let Some(handed) = state.waiting.pop_front() {
            statements += handed.weight.statements;
            groups.push(handed);
            if statements >= CHECK_EACH * self.cores {
                break;
            }
        }
        let turn = state.handed_on + state.taken.len();
        state.taken.push_back(None);
        Some((turn, groups))
    }

    /// Hands checked groups on to the writer, in the order in which they were taken: what was taken before and is
    /// not checked yet holds them back.
    pub(super) fn hand_on(&self, turn: usize, ready: Vec<Ready>) {
        let mut state = self.state();
        let place = turn - state.handed_on;
        // A thread that died has cleared the places.
        let Some(taken) = state.taken.get_mut(place) else { return };
        *taken = Some(ready);
        while let Some(first) = state.taken.front_mut().and_then(Option::take) {
            state.taken.pop_front();
            state.handed_on += 1;
            state.checked.extend(first);
        }
        self.ready.notify_one();
    }

    /// The writer's next work. Where it may not wait, or has waited for as long as an idle desk does, there is none.
    pub(super) fn next_to_write(&self, may_wait: bool) -> Work {
        let mut state = self.state();
        while state.checked.is_empty() && state.questions.is_empty() {
            if state.closed && state.waiting.is_empty() && state.taken.is_empty() {
                return Work::End;
            }
            if !may_wait {
                return Work::Nothing;
            }
            let every = self.limits.forget_every;
            let (woken, waited) =
                self.ready.wait_timeout(state, every).unwrap_or_else(PoisonError::into_inner);
            if waited.timed_out() {
                return Work::Nothing;
            }
            state = woken;
        }
        let (mut groups, mut statements) = (Vec::new(), 0);
        while let Some(ready) = state.checked.pop_front() {
            statements += ready.slip.weight.statements;
            groups.push(ready);
            if statements >= WRITE_MAX {
                break;
            }
        }
        state.counts.rounds += u64::from(!groups.is_empty());
        Work::Round(std::mem::take(&mut state.questions), groups)
    }

    /// Takes groups off the queue and answers them. All have been answered.
    pub(super) fn answer(&self, slip: Slip) {
        let answers: Vec<GroupAnswer> = slip.answers.into_iter().flatten().collect();
        {
            let mut state = self.state();
            state.weight.statements -= slip.weight.statements;
            state.weight.bytes -= slip.weight.bytes;
            state.rate.count(slip.weight.statements);
            for answer in &answers {
                match answer {
                    Ok(receipts) => state.counts.taken += receipts.len() as u64,
                    Err(_) => state.counts.refused += 1,
                }
            }
        }
        (slip.reply)(answers);
    }

    pub(super) fn keyring(&self) -> Arc<Keyring> {
        self.keyring.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_keyring(&self, keyring: Keyring) {
        *self.keyring.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(keyring);
    }

    /// Takes nothing more.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.arrived.notify_all();
        self.ready.notify_all();
    }

    /// Notes why the sequencer stopped. True the first time.
    pub(super) fn halt(&self, halt: &Halt) -> bool {
        let mut state = self.state();
        let first = state.halted.is_none();
        state.halted.get_or_insert_with(|| halt.clone());
        first
    }

    /// A thread has died: nothing that waits will be answered, so whoever waits must learn it from the
    /// replies being dropped.
    pub(super) fn abandon(&self, reason: &str) {
        self.halt(&Halt { reason: reason.to_owned(), class: RefusedClass::Internal });
        let (waiting, checked, questions) = {
            let mut state = self.state();
            state.closed = true;
            state.taken.clear();
            let waiting = std::mem::take(&mut state.waiting);
            (waiting, std::mem::take(&mut state.checked), std::mem::take(&mut state.questions))
        };
        drop((waiting, checked, questions));
        self.arrived.notify_all();
        self.ready.notify_all();
    }

    pub(super) fn halted(&self) -> Option<Halt> {
        self.state().halted.clone()
    }

    pub(super) fn counts(&self) -> DeskCounts {
        let state = self.state();
        DeskCounts { waiting: state.weight.statements as u64, ..state.counts }
    }
}

impl State {
    fn check_open(&self) -> Result<(), DeskError> {
        match &self.halted {
            Some(halt) => Err(DeskError::Halted(halt.clone())),
            None if self.closed => Err(DeskError::Closing),
            None => Ok(()),
        }
    }
}

/// Parts what is to be checked from whom to answer.
pub(super) fn part(handed: Vec<Handed>) -> (Vec<Group>, Vec<Slip>) {
    let mut groups = Vec::with_capacity(handed.iter().map(|handed| handed.groups.len()).sum());
    let slip = |handed: Handed| {
        let unanswered = handed.groups.len();
        groups.extend(handed.groups);
        let answers = (0..unanswered).map(|_| None).collect();
        Slip { reply: handed.reply, weight: handed.weight, answers, unanswered }
    };
    let slips = handed.into_iter().map(slip).collect();
    (groups, slips)
}

/// Joins what was checked with whom to answer: the other way from [`part`].
pub(super) fn join(checked: Vec<Result<Checked, SubmitError>>, slips: Vec<Slip>) -> Vec<Ready> {
    let mut checked = checked.into_iter();
    let ready = |slip: Slip| Ready { checked: checked.by_ref().take(slip.answers.len()).collect(), slip };
    slips.into_iter().map(ready).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submission::Submission;

    #[test]
    fn lots_reach_the_writer_in_the_order_in_which_they_were_taken() {
        let queue = Queue::new(DeskLimits::default(), Keyring::default());
        let submission = Submission { statement: Vec::new(), payload: None, evidence: None, seen: None };
        let lot = CHECK_EACH * queue.cores;
        for _ in 0..3 {
            let handed = Handed::new(vec![vec![submission.clone(); lot]], Box::new(drop));
            queue.hand_in(handed).expect("there is room");
        }
        let mut taken: Vec<_> = (0..3).map(|_| queue.next_to_check().expect("a lot")).collect();
        queue.close();
        let mut hand_on = |index: usize, weight: usize| {
            let (turn, handed) = taken.remove(index);
            let (groups, mut slips) = part(handed);
            // Whose it is shows by its weight.
            slips.iter_mut().for_each(|slip| slip.weight.bytes = weight);
            let refused = groups.into_iter().map(|_| Err(SubmitError::Group { max: 0 })).collect();
            queue.hand_on(turn, join(refused, slips));
        };
        let waiting = |queue: &Queue| -> Vec<usize> {
            queue.state().checked.iter().map(|ready| ready.slip.weight.bytes).collect()
        };
        hand_on(1, 1);
        assert!(waiting(&queue).is_empty(), "the first is not checked yet");
        hand_on(0, 0);
        assert_eq!(waiting(&queue), [0, 1]);
        assert!(!matches!(queue.next_to_write(true), Work::End), "the third is not there yet");
        hand_on(0, 2);
        assert_eq!(waiting(&queue), [2]);
        assert!(matches!(queue.next_to_write(true), Work::Round(..)));
        assert!(matches!(queue.next_to_write(true), Work::End));
    }
}
