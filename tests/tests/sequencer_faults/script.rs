//! What a run does, as data, and the run itself: what was sent, and what was promised when.

use std::path::Path;
use std::sync::{Arc, mpsc};

use vandel_core::statement::SignedStatement;
use vandel_ledger::desk::DeskHandle;
use vandel_ledger::home::Home;
use vandel_ledger::opening::HomeError;
use vandel_ledger::sequencer::{Group, Sequencer, Snapshots};
use vandel_ledger::submission::{Receipt, SubmitError};
use vandel_tests::random::Random;
use vandel_tests::recording_disk::RecordingDisk;
use vandel_tests::small_ledger::{SmallLedger, adopt_policy, assess, enrol};

pub(crate) const HOME: &str = "/ledger/home";

/// The small ledger on this disk.
pub(crate) fn ledger_on(disk: &RecordingDisk) -> SmallLedger {
    SmallLedger::at(Arc::new(disk.clone()), Home::new(Path::new(HOME)))
}

/// A ledger with a policy and a decider, opened.
pub(crate) fn prepared() -> (RecordingDisk, Sequencer) {
    let disk = RecordingDisk::default();
    let ledger = ledger_on(&disk);
    ledger.found().unwrap();
    let mut sequencer = ledger.open().unwrap();
    let policy = adopt_policy(&sequencer);
    sequencer.commit_one(policy).unwrap();
    let decider = enrol(&sequencer, 3);
    sequencer.commit_one(decider).unwrap();
    (disk, sequencer)
}

/// Keeps the writer busy until the sender is dropped or used.
pub(crate) fn hold_up(desk: &DeskHandle) -> mpsc::Sender<()> {
    let (release, held) = mpsc::channel();
    let (started, begun) = mpsc::channel();
    desk.ask(move |_| {
        started.send(()).unwrap();
        let _ = held.recv();
    })
    .unwrap();
    begun.recv().unwrap();
    release
}

/// One thing that a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// An open statement: another person is enrolled.
    Enrol(u8),
    /// So many groups at once, each of so many steps on a position of its own.
    Assess { groups: u8, steps: usize },
    /// The last group that was sent is sent again.
    Repeat,
    /// One group is sent twice at the same time.
    Twice,
    /// Two groups claim the same place: one is taken.
    Conflict,
    /// The sequencer ends in order; what comes next starts it again.
    End,
    /// The process is killed; what comes next starts it again.
    Kill,
    /// The clock is set back by a day.
    ClockBack,
}

/// A script from a seed.
pub(crate) fn script(seed: u64, len: usize, large: usize) -> Vec<Operation> {
    let mut random = Random::seeded(seed);
    let mut enrolled = 3;
    let mut operations: Vec<Operation> = (0..len)
        .map(|_| match random.below(10) {
            0 => {
                enrolled += 1;
                Operation::Enrol(enrolled)
            }
            1 => Operation::Repeat,
            2 => Operation::Twice,
            3 => Operation::Conflict,
            4 => Operation::End,
            5 => Operation::Kill,
            6 => Operation::ClockBack,
            _ => Operation::Assess {
                groups: if random.once_in(2) { 1 } else { 3 },
                steps: 1 + random.below(2),
            },
        })
        .collect();
    // One block large enough that the end after it writes a snapshot, and some life after that.
    if large > 0 {
        operations.insert(len / 2, Operation::Assess { groups: 4, steps: large.div_ceil(4) });
        operations.insert(len / 2 + 1, Operation::End);
    }
    operations
}

/// A group that was sent: when, as counted in operations of the disk, and what was promised.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) group: Group,
    pub(crate) begun: usize,
    /// The receipts, and after how many operations they left.
    pub(crate) promised: Option<(usize, Vec<Receipt>)>,
}

/// A run of a script on a disk.
pub(crate) struct Run {
    pub(crate) disk: RecordingDisk,
    pub(crate) ledger: SmallLedger,
    pub(crate) sent: Vec<Sent>,
    /// After how many operations the founding was acknowledged.
    pub(crate) founded: usize,
    /// How often the sequencer stopped and was opened again.
    pub(crate) stops: usize,
    sequencer: Option<Sequencer>,
    /// After how many records snapshots are written, between two blocks.
    snapshots: u64,
}

impl Run {
    /// Founds a ledger and prepares it.
    pub(crate) fn begin() -> Self {
        let disk = RecordingDisk::default();
        let ledger = ledger_on(&disk);
        ledger.found().expect("founded");
        let founded = disk.operations();
        Self::prepared(disk, founded)
    }

    fn prepared(disk: RecordingDisk, founded: usize) -> Self {
        let ledger = ledger_on(&disk);
        let mut run =
            Self { disk, ledger, sent: Vec::new(), founded, stops: 0, sequencer: None, snapshots: u64::MAX };
        let policy = vec![adopt_policy(run.sequencer())];
        run.send(vec![policy]);
        let decider = vec![enrol(run.sequencer(), 3)];
        run.send(vec![decider]);
        run
    }

    /// From now on a snapshot of admission is written after so many records.
    pub(crate) fn with_snapshots(mut self, every: u64) -> Self {
        self.snapshots = every;
        self.sequencer = None;
        self
    }

    /// The same, on another disk with the same content, as a fresh process.
    pub(crate) fn fork(&self) -> Self {
        let disk = self.disk.copy();
        Self {
            ledger: ledger_on(&disk),
            disk,
            sent: self.sent.clone(),
            founded: 0,
            stops: 0,
            sequencer: None,
            snapshots: self.snapshots,
        }
    }

    /// The sequencer, opened if there is none. A failing disk is tried again until it works.
    pub(crate) fn sequencer(&mut self) -> &mut Sequencer {
        let mut tries = 0;
        while self.sequencer.is_none() {
            match self.ledger.open() {
                Ok(mut sequencer) => {
                    sequencer.set_snapshots(Snapshots { every: self.snapshots, wait: true });
                    self.sequencer = Some(sequencer);
                }
                Err(error) => {
                    tries += 1;
                    assert!(tries < 3, "does not open again: {error}");
                    assert_plain(&error);
                    self.stops += 1;
                }
            }
        }
        self.sequencer.as_mut().expect("opened")
    }

    pub(crate) fn run(&mut self, script: &[Operation]) {
        script.iter().for_each(|operation| self.perform(*operation));
    }

    fn perform(&mut self, operation: Operation) {
        match operation {
            Operation::Enrol(number) => {
                let group = vec![enrol(self.sequencer(), number)];
                self.send(vec![group]);
            }
            Operation::Assess { groups, steps } => {
                let sequencer = self.sequencer();
                let groups = (0..groups).map(|thread| assess(sequencer, 100 + thread, steps));
                let groups = groups.collect();
                self.send(groups);
            }
            Operation::Repeat => {
                let last = self.sent.last().expect("something was sent").group.clone();
                self.send(vec![last]);
            }
            Operation::Twice => {
                let group = assess(self.sequencer(), 100, 1);
                self.send(vec![group.clone(), group]);
            }
            Operation::Conflict => self.conflict(),
            Operation::End => {
                self.sequencer();
                if let Some(sequencer) = self.sequencer.take() {
                    // A disk that fails here costs a start in order and nothing else.
                    let _ = sequencer.close();
                }
            }
            Operation::Kill => self.sequencer = None,
            Operation::ClockBack => {
                let now = self.sequencer().now();
                self.ledger.clock.set(vandel_core::time::Second(now.0 - 86_400));
            }
        }
    }

    fn conflict(&mut self) {
        let sequencer = self.sequencer();
        let groups = vec![assess(sequencer, 100, 1), assess(sequencer, 100, 1)];
        let answers = sequencer.commit(groups);
        match &answers[..] {
            [Ok(_), Err(SubmitError::Refused(_))] => {}
            [Err(SubmitError::Halted { .. }), Err(_)] => {
                self.stops += 1;
                self.sequencer = None;
            }
            other => panic!("two groups for one place: {other:?}"),
        }
    }

    /// Sends groups until all are answered: after a stop to a sequencer that was opened again.
    pub(crate) fn send(&mut self, groups: Vec<Group>) {
        let begun = self.disk.operations();
        let first = self.sent.len();
        self.sent.extend(groups.into_iter().map(|group| Sent { group, begun, promised: None }));
        for tries in 0.. {
            assert!(tries < 4, "no answer after a stop");
            let open: Vec<usize> =
                (first..self.sent.len()).filter(|index| self.sent[*index].promised.is_none()).collect();
            if open.is_empty() {
                return;
            }
            let groups = open.iter().map(|index| self.sent[*index].group.clone()).collect();
            let answers = self.sequencer().commit(groups);
            let after = self.disk.operations();
            for (index, answer) in open.into_iter().zip(answers) {
                match answer {
                    Ok(receipts) => self.sent[index].promised = Some((after, receipts)),
                    Err(SubmitError::Halted { .. }) => {
                        self.stops += 1;
                        self.sequencer = None;
                    }
                    Err(error) => panic!("refused: {error}"),
                }
            }
        }
    }

    /// Ends the process without a word.
    pub(crate) fn kill(&mut self) {
        self.sequencer = None;
    }
}

/// An error at opening is one of the disk's, not a verdict over the ledger.
fn assert_plain(error: &HomeError) {
    let text = format!("{error:?}");
    let of_disk = ["code: 5,", "code: 28,", "code: 30,", "Full", "ReadOnly", "Start("];
    assert!(of_disk.iter().any(|kind| text.contains(kind)), "{text}");
}

/// The hash of the only statement, or of each.
pub(crate) fn hashes(group: &Group) -> Vec<vandel_core::hash::Hash> {
    let decode = |bytes: &[u8]| SignedStatement::decode(bytes).expect("our own").hash();
    group.iter().map(|submission| decode(&submission.statement)).collect()
}
