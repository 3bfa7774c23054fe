//! The desk: many hand in at once, some of it wrong, some of it twice; the disk fails in the middle, or
//! the desk is closed in the middle. What was acknowledged is there exactly once, and nothing else is.

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use vandel_core::admit::Refusal;
use vandel_core::event::{KeyRevoked, OpenEvent, Revocation};
use vandel_core::hash::{Domain, Hash};
use vandel_core::keyring::KeyRefusal;
use vandel_core::signature::{SigningKey, public_key, sign};
use vandel_core::statement::{SignedStatement, assemble};
use vandel_ledger::author::sign_event;
use vandel_ledger::desk::{Desk, DeskError, DeskHandle, DeskLimits, GroupAnswer};
use vandel_ledger::sequencer::{Group, Sequencer};
use vandel_ledger::submission::{Submission, SubmitError};
use vandel_tests::random::Random;
use vandel_tests::recording_disk::Trouble;
use vandel_tests::small_ledger::{assess, decider, enrol};

use crate::check::check;
use crate::deep;
use crate::script::{Sent, hashes, hold_up, ledger_on, prepared};

/// What one client will hand in, signed ahead: groups of one to three steps, each on the one before.
fn client(sequencer: &Sequencer, thread: u8, steps: usize, random: &mut Random) -> Vec<Group> {
    let mut rest = assess(sequencer, thread, steps);
    let mut groups = Vec::new();
    while !rest.is_empty() {
        let later = rest.split_off((1 + random.below(3)).min(rest.len()));
        groups.push(std::mem::replace(&mut rest, later));
    }
    groups
}

/// What became of the groups that clients handed in, each client's in order.
#[derive(Default)]
struct Outcome {
    sent: Vec<Sent>,
    acknowledged: usize,
    refused: usize,
    turned_away: usize,
    finished: u8,
}

/// Hands one client's groups in, one after the other, as a client does that waits for its receipts;
/// now and then one twice, now and then one that claims a place already taken.
fn hand_in(
    desk: &DeskHandle,
    groups: Vec<Group>,
    wrong: Group,
    mut random: Random,
    outcome: &Mutex<Outcome>,
) {
    let mut last: Option<(Group, GroupAnswer)> = None;
    for group in groups {
        if random.once_in(6)
            && let Some((group, Ok(first))) = &last
            && let Ok(Ok(again)) = desk.submit_and_wait(group.clone())
        {
            assert_eq!(again[0].record, first[0].record, "a repeat gets the first receipt");
        }
        if random.once_in(5) && last.is_some() {
            let answer = desk.submit_and_wait(wrong.clone());
            match answer {
                Ok(Err(SubmitError::Refused(Refusal::Conflict { .. }))) => {
                    outcome.lock().unwrap().refused += 1
                }
                Ok(Err(SubmitError::Halted { .. })) | Err(_) => {}
                other => panic!("{other:?}"),
            }
        }
        let answer = desk.submit_and_wait(group.clone());
        let mut outcome = outcome.lock().unwrap();
        let promised = match &answer {
            Ok(Ok(receipts)) => Some((0, receipts.clone())),
            _ => None,
        };
        outcome.acknowledged += usize::from(promised.is_some());
        outcome.turned_away += usize::from(answer.is_err());
        let stop = promised.is_none();
        outcome.sent.push(Sent { group: group.clone(), begun: 0, promised });
        last = answer.ok().map(|answer| (group, answer));
        if stop {
            // What this client handed in next would only be refused for following on nothing.
            return;
        }
    }
}

/// Runs `clients` at once against a desk; `meanwhile` happens in the middle.
fn run(
    sequencer: Sequencer,
    clients: u8,
    steps: usize,
    seed: u64,
    meanwhile: impl FnOnce(Desk, &Mutex<Outcome>) -> Option<Sequencer>,
) -> (Outcome, Option<Sequencer>, usize) {
    let mut random = Random::seeded(seed);
    let halts = Arc::new(Mutex::new(0));
    let work: Vec<_> = (0..clients)
        .map(|number| {
            let groups = client(&sequencer, 10 + number, steps, &mut random);
            (groups, assess(&sequencer, 10 + number, 1), Random::seeded(random.bits()))
        })
        .collect();
    let noted = Arc::clone(&halts);
    let desk = Desk::open(sequencer, DeskLimits::default(), move |_| *noted.lock().unwrap() += 1).unwrap();
    let outcome = Mutex::new(Outcome::default());
    let ended = thread::scope(|scope| {
        for (groups, wrong, random) in work {
            let (handle, outcome) = (desk.handle(), &outcome);
            scope.spawn(move || {
                hand_in(&handle, groups, wrong, random, outcome);
                outcome.lock().unwrap().finished += 1;
            });
        }
        meanwhile(desk, &outcome)
    });
    let halts = *halts.lock().unwrap();
    (outcome.into_inner().unwrap(), ended, halts)
}

/// The statements that stand in the log.
fn standing(sequencer: &Sequencer) -> BTreeSet<Hash> {
    let mut found = BTreeSet::new();
    for placed in sequencer.log().blocks_from(0) {
        let bytes = placed.unwrap().bytes;
        let block = vandel_core::block::Block::decode(&bytes).unwrap();
        for record in &block.records {
            assert!(found.insert(record.statement.hash()), "record {} stands twice", record.number);
        }
    }
    found
}

#[test]
fn what_many_hand_in_at_once_stands_exactly_once_and_nothing_else_does() {
    let (mut acknowledged, mut refused) = (0, 0);
    let trials = deep(3, 20);
    for seed in 0..trials as u64 {
        let (disk, sequencer) = prepared();
        let before = standing(&sequencer).len();
        let (outcome, ended, halts) = run(sequencer, 8, deep(12, 40), seed, |desk, outcome| {
            while outcome.lock().unwrap().finished < 8 {
                thread::sleep(Duration::from_millis(1));
            }
            desk.end()
        });
        let sequencer = ended.expect("both threads ended");
        let promised: BTreeSet<Hash> = outcome.sent.iter().flat_map(|sent| hashes(&sent.group)).collect();
        let stands = standing(&sequencer);
        assert!(promised.is_subset(&stands));
        assert_eq!(stands.len(), before + promised.len(), "and nothing else");
        assert_eq!(halts, 0);
        sequencer.close().unwrap();
        check(&disk, &outcome.sent, usize::MAX);
        acknowledged += outcome.acknowledged;
        refused += outcome.refused;
    }
    println!(
        "deep: {trials} runs of 8 clients at once, {acknowledged} groups acknowledged, {refused} refused"
    );
    assert!(acknowledged > 0 && refused > 0);
}

#[test]
fn a_halt_in_the_middle_loses_no_promise_and_is_told_to_everybody() {
    let (mut trials, mut acknowledged, mut stops) = (0, 0, 0);
    for trouble in [Trouble::Lost, Trouble::DoneAll, Trouble::Full] {
        for seed in 0..deep(5, 60) as u64 {
            let (disk, sequencer) = prepared();
            disk.fail_after(Random::seeded(seed).below(90), trouble);
            let (outcome, _, halts) = run(sequencer, 6, 10, seed, |desk, _| {
                let handle = desk.handle();
                while handle.counts().taken < 60 && handle.halted().is_none() {
                    thread::yield_now();
                }
                desk.end()
            });
            if disk.stop_failing() {
                continue; // It would have failed later than anything was done.
            }
            assert!(halts <= 1, "told once");
            stops += halts;
            acknowledged += outcome.acknowledged;
            check(&disk, &outcome.sent, usize::MAX);
            trials += 1;
        }
    }
    println!("deep: {trials} failing disks under a desk, {stops} halts, {acknowledged} groups acknowledged");
    assert!(stops > 0 && acknowledged > 0);
}

#[test]
fn a_desk_that_is_closed_in_the_middle_finishes_what_it_took() {
    let (mut acknowledged, mut turned_away) = (0, 0);
    let trials = deep(6, 60);
    for seed in 0..trials as u64 {
        let (disk, sequencer) = prepared();
        let before = standing(&sequencer).len();
        let (outcome, ended, _) = run(sequencer, 6, 30, seed, |desk, _| {
            let handle = desk.handle();
            while handle.counts().taken < 10 + 5 * seed {
                thread::yield_now();
            }
            desk.end()
        });
        let sequencer = ended.expect("both threads ended");
        let promised: BTreeSet<Hash> = outcome
            .sent
            .iter()
            .filter(|sent| sent.promised.is_some())
            .flat_map(|sent| hashes(&sent.group))
            .collect();
        // Whoever was turned away was told so before anything was taken: no group is in doubt.
        assert_eq!(standing(&sequencer).len(), before + promised.len());
        sequencer.close().unwrap();
        let size = ledger_on(&disk).open().unwrap().chain().size();
        assert_eq!(size, (before + promised.len()) as u64, "an end in order needs no new start");
        acknowledged += outcome.acknowledged;
        turned_away += outcome.turned_away;
    }
    println!(
        "deep: {trials} desks closed under load, {acknowledged} acknowledged, {turned_away} turned away"
    );
    assert!(turned_away > 0);
}

#[test]
fn a_full_desk_says_busy_and_when_to_come_back() {
    let (_, sequencer) = prepared();
    let groups: Vec<Group> = assess(&sequencer, 10, 12).into_iter().map(|one| vec![one]).collect();
    let (bytes, large) = (groups[0][0].weight(), assess(&sequencer, 11, 9));
    let limits =
        DeskLimits { statements: 8, bytes: 6 * bytes + bytes / 2, questions: 2, ..DeskLimits::default() };
    let desk = Desk::open(sequencer, limits, |_| ()).unwrap();
    let handle = desk.handle();
    let release = hold_up(&handle);
    let (sender, answers) = mpsc::channel();
    let mut taken = 0;
    for group in groups {
        let sender = sender.clone();
        match handle.submit(vec![group], move |mut answers| sender.send(answers.remove(0)).unwrap()) {
            Ok(()) => taken += 1,
            Err(DeskError::Busy { retry_after }) => {
                assert!((50..=5_000).contains(&retry_after.as_millis()), "{retry_after:?}");
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(taken, 6, "the seventh has no room in bytes");
    assert!(matches!(handle.submit(vec![large.clone()], |_| ()), Err(DeskError::Busy { .. })));
    for _ in 0..2 {
        handle.ask(|_| ()).unwrap();
    }
    assert!(matches!(handle.ask(|_| ()), Err(DeskError::Busy { .. })));
    drop(release);
    for _ in 0..taken {
        answers.recv().unwrap().unwrap();
    }
    // Larger than the limits, it has its turn at an empty desk.
    while handle.counts().waiting > 0 {
        thread::yield_now();
    }
    assert_eq!(handle.submit_and_wait(large).unwrap().unwrap().len(), 9);
    let counts = handle.counts();
    assert_eq!((counts.taken, counts.busy), (15, 8));
    drop(desk.end());
}

/// Hands in together and waits.
fn together(desk: &DeskHandle, groups: Vec<Group>) -> Result<Vec<GroupAnswer>, DeskError> {
    let (sender, answers) = mpsc::channel();
    desk.submit(groups, move |answers| sender.send(answers).unwrap())?;
    Ok(answers.recv().unwrap())
}

#[test]
fn groups_handed_in_together_are_taken_or_turned_away_together_and_judged_each_by_itself() {
    let (_, sequencer) = prepared();
    let first: Vec<Group> = assess(&sequencer, 10, 4).into_iter().map(|one| vec![one]).collect();
    let second: Vec<Group> = assess(&sequencer, 11, 3).into_iter().map(|one| vec![one]).collect();
    let stranger = vec![by(&sequencer, 12, 9)];
    // More than fit into one round of anything, larger than the desk: its turn comes at an empty desk.
    let many = (20..60).map(|thread| assess(&sequencer, thread, 1)).collect::<Vec<Group>>();
    let limits = DeskLimits { statements: 8, ..DeskLimits::default() };
    let desk = Desk::open(sequencer, limits, |_| ()).unwrap();
    let handle = desk.handle();

    assert_eq!(together(&handle, Vec::new()).unwrap(), Vec::new());
    // The third one follows on a refused one, which stands or falls by itself; the last is the first again.
    let groups = [&first[..2], &[stranger], &second[1..2], &first[2..3], &first[..1]].concat();
    let answers = together(&handle, groups).unwrap();
    let refused = |answer: &GroupAnswer| matches!(answer, Err(SubmitError::Refused(_)));
    assert!(answers.len() == 6 && refused(&answers[2]) && refused(&answers[3]), "{answers:?}");
    let record = |number: usize| answers[number].as_ref().unwrap()[0].record;
    assert_eq!([record(1), record(4), record(5)], [record(0) + 1, record(0) + 2, record(0)]);

    let release = hold_up(&handle);
    handle.submit(second.clone(), |_| ()).unwrap();
    let busy = together(&handle, [&first[3..], &many[..6]].concat());
    assert!(matches!(busy, Err(DeskError::Busy { .. })), "ten have no room, so none of them is taken");
    drop(release);
    while handle.counts().waiting > 0 {
        thread::yield_now();
    }
    assert!(together(&handle, many).unwrap().iter().all(Result::is_ok));
    let counts = handle.counts();
    assert_eq!((counts.taken, counts.refused, counts.busy), (4 + 3 + 40, 2, 7));
    drop(desk.end());
}

/// A step by somebody else than the decider.
fn by(sequencer: &Sequencer, thread: u8, number: u8) -> Submission {
    let key = SigningKey::from_bytes(&[number; 32]);
    let mut submission = assess(sequencer, thread, 1).remove(0);
    let mut statement = SignedStatement::decode(&submission.statement).unwrap().statement;
    statement.author = public_key(&key);
    let bytes = statement.encode();
    submission.statement = assemble(&bytes, &sign(&key, Domain::Statement, &[&bytes]), None);
    submission
}

#[test]
fn what_was_verified_ahead_is_judged_by_the_keys_of_its_place() {
    let (_, sequencer) = prepared();
    let standpoint = sequencer.standpoint();
    let revoked = OpenEvent::KeyRevoked(KeyRevoked {
        key: public_key(&decider()),
        reason: Revocation::DutiesEnded,
        suspect_since: None,
    });
    let administrators = [1, 2].map(|number| SigningKey::from_bytes(&[number; 32]));
    let revoke = sign_event(&standpoint, &administrators[0], Some(&administrators[1]), revoked);
    let (before, after) = (assess(&sequencer, 10, 1), assess(&sequencer, 11, 1));
    // By somebody who is enrolled while the statement waits; once as signed, once forged.
    let enrolment = enrol(&sequencer, 7);
    let (welcome, mut forged, stranger) =
        (by(&sequencer, 12, 7), by(&sequencer, 13, 7), by(&sequencer, 14, 8));
    let at = forged.statement.len() - 10;
    forged.statement[at] ^= 1;

    let desk = Desk::open(sequencer, DeskLimits::default(), |_| ()).unwrap();
    let handle = desk.handle();
    let release = hold_up(&handle);
    let (sender, answers) = mpsc::channel();
    let groups = [before, vec![revoke], after, vec![enrolment], vec![welcome], vec![forged], vec![stranger]];
    for (number, group) in groups.into_iter().enumerate() {
        let sender = sender.clone();
        handle
            .submit(vec![group], move |mut answers| sender.send((number, answers.remove(0))).unwrap())
            .unwrap();
    }
    // The checker has had its turn before any of it is placed.
    thread::sleep(Duration::from_millis(100));
    drop(release);
    let mut answered: Vec<_> = (0..7).map(|_| answers.recv().unwrap()).collect();
    answered.sort_by_key(|(number, _)| *number);
    let [before, revoke, after, enrolment, welcome, forged, stranger] =
        <[_; 7]>::try_from(answered.into_iter().map(|(_, answer)| answer).collect::<Vec<_>>()).unwrap();
    assert!(before.is_ok() && revoke.is_ok() && enrolment.is_ok(), "{before:?} {revoke:?} {enrolment:?}");
    let refused = |answer: &GroupAnswer| match answer {
        Err(SubmitError::Refused(Refusal::Key(refusal))) => Some(*refusal),
        _ => None,
    };
    assert!(matches!(refused(&after), Some(KeyRefusal::Ended { .. })), "{after:?}");
    assert!(welcome.is_ok(), "{welcome:?}");
    assert!(matches!(forged, Err(SubmitError::Signature(_))), "{forged:?}");
    assert!(matches!(refused(&stranger), Some(KeyRefusal::Unknown(_))), "{stranger:?}");
    drop(desk.end());
}

#[test]
fn an_idle_desk_clears_the_vaults_keys_when_they_have_lived_their_time() {
    let (_, mut sequencer) = prepared();
    let group = assess(&sequencer, 10, 1);
    let record = sequencer.commit(vec![group]).remove(0).unwrap()[0].record;
    // From a page that is read again, not from what has just been added.
    sequencer.vault_mut().fold().unwrap();
    let limits = DeskLimits { forget_every: Duration::from_millis(20), ..DeskLimits::default() };
    let desk = Desk::open(sequencer, limits, |_| ()).unwrap();
    let handle = desk.handle();
    let read = move |sequencer: &mut Sequencer| {
        sequencer.vault().get(record).unwrap().unwrap();
        sequencer.vault().cached_pages()
    };
    let pages = handle.ask_and_wait(read).unwrap();
    assert!(pages >= 2, "a page of keys and one of the index");
    thread::sleep(Duration::from_millis(200));
    assert_eq!(handle.ask_and_wait(|sequencer| sequencer.vault().cached_pages()).unwrap(), pages, "young");
    let old = |sequencer: &mut Sequencer| sequencer.vault_mut().set_cache_lifetime(Duration::ZERO);
    handle.ask_and_wait(old).unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while handle.ask_and_wait(|sequencer| sequencer.vault().cached_pages()).unwrap() > 0 {
        assert!(std::time::Instant::now() < deadline, "an idle desk keeps old keys");
        thread::sleep(Duration::from_millis(50));
    }
    drop(desk.end());
}
