//! The disk refuses: one operation fails, stored or not; the disk is full; it is read-only.

use vandel_ledger::submission::{Halt, SubmitError};
use vandel_tests::recording_disk::Trouble;
use vandel_tests::small_ledger::assess;

use crate::check::check;
use crate::deep;
use crate::script::{Operation, Run, ledger_on};

/// What each run does while the disk fails once: every path of the commit order and of recovery.
const SCRIPT: [Operation; 8] = [
    Operation::Assess { groups: 2, steps: 1 },
    Operation::Enrol(40),
    Operation::Twice,
    Operation::End,
    Operation::Assess { groups: 1, steps: 2 },
    Operation::Repeat,
    Operation::Kill,
    Operation::Enrol(41),
];

#[test]
fn an_error_at_any_operation_is_answered_and_resolved_by_opening_again() {
    let mut prepared = Run::begin();
    prepared.run(&[Operation::Assess { groups: 1, steps: 1 }]);
    prepared.kill();
    let (mut trials, mut stops) = (0, 0);
    for trouble in [Trouble::Lost, Trouble::DoneAll, Trouble::Full, Trouble::ReadOnly] {
        for after in (0..).step_by(deep(3, 1)) {
            let mut run = prepared.fork();
            run.disk.fail_after(after, trouble);
            run.run(&SCRIPT);
            if run.disk.stop_failing() {
                break; // The script needs no more operations than this.
            }
            run.kill();
            stops += run.stops;
            let at = format!("{trouble:?} at operation {after}");
            let checked = std::panic::catch_unwind(|| check(&run.disk, &run.sent, usize::MAX));
            assert!(checked.is_ok(), "failed at {at}");
            trials += 1;
        }
    }
    println!("deep: {trials} failing operations, {stops} times the sequencer stopped and was opened again");
    assert!(trials > 100 && stops > 100);
}

#[test]
fn a_full_disk_says_so_loses_nothing_and_the_ledger_goes_on_when_there_is_space() {
    let mut prepared = Run::begin();
    prepared.run(&SCRIPT);
    prepared.kill();
    let (mut trials, mut full) = (0, 0);
    for space in (0..60_000).step_by(deep(1_500, 150)) {
        let mut run = prepared.fork();
        let mut sequencer = ledger_on(&run.disk).open().unwrap();
        let standing = sequencer.chain().tip();
        run.disk.limit_space(Some(space));
        let mut stopped = false;
        for _ in 0..6 {
            let group = assess(&sequencer, 100, 3);
            match sequencer.commit(vec![group]).remove(0) {
                Ok(_) => {}
                Err(SubmitError::Halted(Halt { reason, .. })) => {
                    assert!(reason.contains("space") || reason.contains("full"), "{reason}");
                    stopped = true;
                    break;
                }
                Err(error) => panic!("{error}"),
            }
        }
        assert!(sequencer.chain().root_at(standing.size) == Some(standing.root));
        drop(sequencer);
        if stopped {
            full += 1;
            // No room to open either, or just enough: no harm in trying.
            drop(ledger_on(&run.disk).open());
        }
        run.disk.limit_space(None);
        check(&run.disk, &run.sent, usize::MAX);
        run.kill();
        trials += 1;
    }
    println!("deep: {trials} disks of different room, {full} of them full");
    assert!(full > 10 && full < trials);
}

#[test]
fn a_read_only_disk_is_refused_without_a_change() {
    let mut run = Run::begin();
    run.run(&SCRIPT);
    let group = assess(run.sequencer(), 100, 1);
    run.disk.set_read_only(true);
    let answer = run.sequencer().commit(vec![group]).remove(0);
    let Err(SubmitError::Halted(Halt { reason, .. })) = answer else { panic!("{answer:?}") };
    assert!(reason.contains("ead-only"), "{reason}");
    run.kill();
    assert!(ledger_on(&run.disk).open().is_err());
    run.disk.set_read_only(false);
    check(&run.disk, &run.sent, usize::MAX);
}
