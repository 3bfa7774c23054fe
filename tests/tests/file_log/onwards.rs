//! Reading on from where an earlier reading stopped, as whoever follows a ledger does.

use vandel_ledger::log::file::{Blocks, Mark};

use super::*;

fn read_from(disk: &RecordingDisk, position: u64, mark: Option<Mark>) -> Result<Blocks, ReadError> {
    FileLog::open_read_only_from(Arc::new(disk.clone()), Path::new(FOLDER), LEDGER, position, mark)
}

fn all(blocks: Blocks) -> Vec<(u64, Vec<u8>)> {
    blocks.map(|block| block.unwrap()).map(|block| (block.position, block.bytes)).collect()
}

#[test]
fn from_every_position_with_every_mark_the_same_blocks_come() {
    let (disk, sent) = filled(40, 300, 2_000, 5);
    let mut read = read_from(&disk, 0, None).unwrap();
    let mut marks = vec![read.mark()];
    while read.next().is_some() {
        marks.push(read.mark());
    }
    let mut trials = 0;
    for position in 0..=sent.len() as u64 + 1 {
        let expected: Vec<(u64, Vec<u8>)> =
            (0..).zip(sent.clone()).filter(|(at, _)| *at >= position).collect();
        for mark in &marks {
            assert_eq!(
                all(read_from(&disk, position, *mark).unwrap()),
                expected,
                "from {position}, {mark:?}"
            );
            trials += 1;
        }
    }
    println!("{trials} readings");
}

#[test]
fn what_was_appended_meanwhile_comes_and_what_was_cut_meanwhile_is_noticed() {
    let (disk, sent) = filled(12, 300, 1_500, 6);
    let mut read = read_from(&disk, 0, None).unwrap();
    assert_eq!(read.by_ref().count(), sent.len());
    let mark = read.mark();
    assert_eq!(all(read_from(&disk, 12, mark).unwrap()), []);
    let (mut log, _) = open(&disk, 1_500).unwrap();
    for number in 0..9 {
        log.append(12 + number, &[7; 400]).unwrap();
    }
    assert_eq!(all(read_from(&disk, 12, mark).unwrap()).len(), 9);

    // The last segment loses its end, and with it the place where the mark stands.
    let mut read = read_from(&disk, 12, mark).unwrap();
    assert_eq!(read.by_ref().count(), 9);
    let mark = read.mark();
    let last = disk.list(Path::new(FOLDER)).unwrap().pop().unwrap();
    let path = Path::new(FOLDER).join(last);
    let bytes = disk.bytes(&path).unwrap();
    disk.put(&path, &bytes[..bytes.len() - 30]);
    let torn = read_from(&disk, 21, mark).and_then(|mut read| read.next().transpose());
    assert!(matches!(torn, Err(ReadError::Torn(_))), "{torn:?}");
}
