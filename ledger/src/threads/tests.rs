//! Levels, merging and shares, held against all threads in memory.

#![allow(clippy::print_stdout, reason = "deep tests tell how many trials they made")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use vandel_core::event::{
    Compartment, Kind, Occasion as Cause, Opening, Outcome, PositionAssessment, RoleCode,
};
use vandel_core::id::{AssignmentId, ControllerId, SubjectId, UnitId};
use vandel_core::thread::{Case, Mark};
use vandel_core::time::Day;

use super::*;
use crate::disk::RealDisk;
use crate::sealing::{identity_key, thread_key};
use crate::vault::{FileCell, KeyId, VaultConfig};

const LEDGER: LedgerId = LedgerId([9; 32]);
const KEY: KeyId = KeyId([7; 16]);
/// So many threads are changed again and again.
const THREADS: u8 = 60;
const ASSIGNMENTS: u8 = 9;

/// A small generator (Steele and others, SplitMix), so that every run makes the same trials.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % end
    }

    fn once_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

fn day() -> Day {
    Day::from_ymd(2026, 3, 20).expect("a day")
}

fn id(number: u8) -> ThreadId {
    let hash = vandel_core::hash::sha256(&[b"thread", &[number]]);
    ThreadId(*hash.0.first_chunk().expect("long enough"))
}

fn assignment(number: u8) -> AssignmentId {
    AssignmentId([number; 16])
}

/// A thread of the sort that its number has, with arbitrary content.
fn thread(number: u8, random: &mut Random) -> Thread {
    let steps = 1 + random.below(4);
    let matter = match number % 6 {
        0 => Matter::Position(random.once_in(2).then(|| {
            Box::new(PositionAssessment {
                controller: ControllerId([5; 16]),
                unit: UnitId([6; 16]),
                role: RoleCode("SCHOOL".to_owned()),
                title: "Lärare".to_owned(),
                need: String::new(),
                union_reference: String::new(),
                impact_reference: String::new(),
                until: None,
            })
        })),
        1 => Matter::Reader(ActorId([number % 4; 16])),
        _ => Matter::Case(Box::new(case(number, steps, random))),
    };
    Thread {
        records: (0..steps).collect(),
        previous: Hash([u8::try_from(random.below(256)).expect("a byte"); 32]),
        last: day(),
        notices: Vec::new(),
        matter,
    }
}

fn case(number: u8, steps: u64, random: &mut Random) -> Case {
    let mark = |kind| Mark { kind, day: day(), actor: ActorId([3; 16]) };
    let mut case = Case { steps: (1..steps).map(|_| mark(Kind::CaseOpened)).collect(), ..Case::default() };
    let last = if random.once_in(3) { Kind::CaseClosed } else { Kind::InformationGiven };
    case.steps.push(mark(last));
    let opening = Opening {
        subject: SubjectId([number; 16]),
        controller: ControllerId([5; 16]),
        unit: UnitId([6; 16]),
        assignment: assignment(number % ASSIGNMENTS),
        reference: "dnr".to_owned(),
        role: RoleCode("SCHOOL".to_owned()),
        position: None,
        occasion: Cause::NewEmployment,
        offered: None,
    };
    (case.opening, case.outcome) = (Some(opening), random.once_in(2).then_some(Outcome::Fit));
    case.existing.insert(Compartment::Process);
    if random.once_in(2) {
        (case.subject, case.protected) = (Some(SubjectId([number; 16])), random.once_in(2));
        case.identity_step = Some(u32::try_from(random.below(2)).expect("small"));
        case.existing.insert(Compartment::Identity);
    }
    if random.once_in(2) {
        case.noted = Some((Hash([number; 32]), day()));
        case.existing.insert(Compartment::Note);
    }
    if random.once_in(3) {
        case.existing.insert(Compartment::Copy);
    }
    case
}

/// The keys of a thread: the compartment, and the name.
fn keys(id: &ThreadId, thread: &Thread) -> Vec<(Compartment, KeyId)> {
    let mut keys = vec![(Compartment::Spine, thread_key(Compartment::Spine, id))];
    match &thread.matter {
        Matter::Case(case) => keys.extend(case.existing.iter().map(|compartment| match compartment {
            Compartment::Identity => (compartment, identity_key(id, case.identity_step.unwrap_or(0))),
            other => (other, thread_key(other, id)),
        })),
        Matter::Position(Some(_)) => {
            keys.push((Compartment::Process, thread_key(Compartment::Process, id)));
        }
        _ => {}
    }
    keys
}

/// The thread without a compartment: as it would be folded anew.
fn without(thread: &Thread, gone: Compartment) -> Option<Thread> {
    let mut left = thread.clone();
    match (&mut left.matter, gone) {
        (_, Compartment::Spine) => return None,
        (Matter::Position(assessed), _) => *assessed = None,
        (Matter::Case(case), _) => {
            let mut existing = vandel_core::thread::Compartments::default();
            case.existing.iter().filter(|one| *one != gone).for_each(|one| existing.insert(one));
            case.existing = existing;
            match gone {
                Compartment::Identity => {
                    (case.subject, case.protected, case.identity_step) = (None, false, None);
                }
                Compartment::Process => (case.opening, case.outcome) = (None, None),
                Compartment::Note => (case.noted, case.relies_on) = (None, None),
                _ => {}
            }
        }
        (Matter::Reader(_), _) => {}
    }
    Some(left)
}

type Model = BTreeMap<ThreadId, Thread>;

struct World {
    _folder: tempfile::TempDir,
    disk: Arc<dyn Disk>,
    views: PathBuf,
    vault: Vault,
    key: DataKey,
    book: ThreadBook,
    /// What there is, and what there was when the last snapshot was begun, without what was destroyed since.
    now: Model,
    saved: Model,
    heads: Arc<std::sync::Mutex<Vec<LevelHead>>>,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let cell = Box::new(FileCell::new(disk.clone(), &folder.path().join("cell")));
        let vault = folder.path().join("vault");
        let config = VaultConfig { segment_max: 40, ..VaultConfig::default() };
        let mut vault = Vault::create(disk.clone(), &vault, LEDGER, cell, config).expect("a vault");
        vault.ensure_keys(&[KEY]).expect("made");
        let key = vault.key(&KEY).expect("read").expect("there");
        let views = folder.path().join("views");
        disk.create_directory(&views).expect("made");
        let (now, saved, heads) = (Model::new(), Model::new(), Arc::default());
        Self { _folder: folder, disk, views, vault, key, book: ThreadBook::new(LEDGER), now, saved, heads }
    }

    fn change(&mut self, number: u8, random: &mut Random) {
        let (id, thread) = (id(number), thread(number, random));
        let names: Vec<KeyId> = keys(&id, &thread).into_iter().map(|(_, key)| key).collect();
        self.vault.ensure_keys(&names).expect("made");
        self.book.restore(id, Some(thread.clone()));
        self.now.insert(id, thread);
    }

    /// A key is destroyed. The writer folds the thread anew, unless the machine stops before.
    fn destroy(&mut self, number: u8, random: &mut Random) {
        let id = id(number);
        let Some(thread) = self.now.get(&id).cloned() else { return };
        let keys = keys(&id, &thread);
        let at = usize::try_from(random.below(keys.len() as u64)).expect("small");
        let (compartment, key) = keys[at];
        self.vault.erase(&BTreeSet::from([key]), &BTreeSet::new()).expect("destroyed");
        for model in [&mut self.now, &mut self.saved] {
            let holds = |thread: &Thread| super::tests::keys(&id, thread).contains(&(compartment, key));
            if let Some(thread) = model.remove(&id) {
                let left = if holds(&thread) { without(&thread, compartment) } else { Some(thread) };
                model.extend(left.map(|left| (id, left)));
            }
        }
        self.book.restore(id, self.now.get(&id).cloned());
    }

    fn snapshot(&mut self, wait: bool) {
        let heads = self.heads.clone();
        let commit: Commit = Box::new(move |named| {
            *heads.lock().expect("not poisoned") = named;
            Ok(())
        });
        self.book
            .begin_snapshot((&self.disk, &self.views), (&self.vault, self.key.clone()), commit, wait)
            .expect("begun");
        self.saved = self.now.clone();
    }

    fn stored(&self) -> Stored {
        let heads = self.heads.lock().expect("not poisoned").clone();
        Stored::open(&*self.disk, &self.views, (&self.key, LEDGER), &heads).expect("opens")
    }

    /// The process ends and another begins.
    fn again(&mut self) {
        self.book.finish_snapshot(true).expect("written");
        self.book = ThreadBook::over(self.stored());
        self.now = self.saved.clone();
    }

    fn check(&mut self) {
        let expected: Threads = self.now.iter().fold(Threads::default(), |mut threads, (id, thread)| {
            threads.restore(*id, Some(thread.clone()));
            threads
        });
        for number in 0..THREADS + 3 {
            let found = self.book.get(&self.vault, &id(number)).expect("looked up");
            assert_eq!(found.as_deref(), expected.get(&id(number)), "thread {number}");
        }
        for number in 0..ASSIGNMENTS + 1 {
            let asked = Asked { threads: Vec::new(), assignments: vec![assignment(number)] };
            look_up(&self.book.stored, &self.vault, &asked, &mut self.book.at_hand).expect("looked up");
            let open: BTreeSet<_> = self.book.at_hand.threads().open_threads(&assignment(number)).collect();
            assert_eq!(open, expected.open_threads(&assignment(number)).collect(), "assignment {number}");
        }
        for number in 0..4 {
            let found = self.book.readings_of(&self.vault, ActorId([number; 16])).expect("looked up");
            let theirs = |(_, thread): &(&ThreadId, &Thread)| matches!(thread.matter, Matter::Reader(actor) if actor == ActorId([number; 16]));
            let expected: Vec<_> =
                expected.iter().filter(theirs).map(|(id, one)| (*id, one.clone())).collect();
            assert_eq!(found, expected, "reader {number}");
        }
        let beside = ThreadBook::over(self.stored());
        let saved: Model =
            beside.all(&self.vault).expect("read").iter().map(|(a, b)| (*a, b.clone())).collect();
        if self.book.writing.is_none() {
            assert_eq!(saved, self.saved, "what a fresh start would know");
        }
        assert_eq!(self.book.all(&self.vault).expect("read"), &expected);
    }
}

#[test]
fn what_is_looked_up_is_what_was_folded_whatever_was_destroyed_in_between() {
    let far = std::env::var_os("VANDEL_DEEP").is_some();
    let (mut operations, mut starts, mut most_files) = (0, 0, 0);
    for seed in 0..if far { 24 } else { 2 } {
        let (mut world, mut random) = (World::new(), Random(seed));
        for _ in 0..if far { 600 } else { 160 } {
            let number = u8::try_from(random.below(u64::from(THREADS))).expect("a byte");
            match random.below(14) {
                0 => world.again(),
                1 => world.snapshot(true),
                2 => world.snapshot(false),
                3 => world.book.finish_snapshot(true).expect("written"),
                4 | 5 => world.destroy(number, &mut random),
                6 => {
                    // Room is made: what has not changed leaves memory.
                    world.book.finish_snapshot(true).expect("written");
                    world.book.begin_change();
                    let changed = world.book.changed.clone();
                    world.book.at_hand.keep(|id| changed.contains(id));
                }
                7 => world.check(),
                _ => world.change(number, &mut random),
            }
            operations += 1;
            most_files = most_files.max(world.book.stored.levels.len());
        }
        world.again();
        starts += 1;
        world.check();
        let files = std::fs::read_dir(&world.views).expect("listed").count();
        assert_eq!(files, world.book.stored.levels.len(), "files that were merged are gone");
    }
    println!("deep: {operations} operations on threads, {starts} last starts, at most {most_files} files");
    assert!(most_files > 1, "more than one file at a time");
}

#[test]
fn files_are_merged_so_that_there_are_few_and_each_row_is_written_few_times() {
    let (mut world, mut random) = (World::new(), Random(1));
    let (mut most, mut bytes) = (0, 0);
    for round in 0..48_u8 {
        (0..4).for_each(|one| world.change((round % 16) * 4 + one, &mut random));
        world.snapshot(true);
        most = most.max(world.book.stored.levels.len());
        bytes += world.book.stored.levels[0].head().rows();
    }
    assert!(most <= 5, "{most} files");
    assert!(bytes < 48 * 16 * 8, "{bytes} rows written");
    assert_eq!(world.book.all(&world.vault).expect("read").len(), world.now.len());
}

#[test]
fn a_file_that_is_not_what_was_written_is_damage_and_never_an_absent_thread() {
    let (mut world, mut random) = (World::new(), Random(5));
    (0..THREADS).for_each(|number| world.change(number, &mut random));
    world.snapshot(true);
    let head = world.book.stored.heads()[0];
    let path = world.views.join(head.file_name());
    let sound = std::fs::read(&path).expect("read");
    let mut trials = 0;
    for at in (0..sound.len()).step_by(7) {
        let mut damaged = sound.clone();
        damaged[at] ^= 0x40;
        std::fs::write(&path, &damaged).expect("written");
        let opened = Stored::open(&*world.disk, &world.views, (&world.key, LEDGER), &[head]);
        let opened = opened.and_then(|stored| stored.all(&world.vault, |_| false));
        assert!(matches!(opened, Err(ThreadsError::Damaged)), "byte {at}");
        trials += 1;
    }
    std::fs::write(&path, &sound[..sound.len() - 1]).expect("written");
    assert!(Stored::open(&*world.disk, &world.views, (&world.key, LEDGER), &[head]).is_err());
    println!("deep: {trials} damaged files");
}
