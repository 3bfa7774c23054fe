//! Where frames begin, so that a block is read without reading those before it.
//!
//! Eight bytes for each block, in the order of the blocks: the offset of its frame in its segment. They are hints and no
//! more. Nothing syncs or cuts them, and a crash may leave none of them, old ones or anything at all: whoever goes by
//! one sees at the frame's own fields whether it was right, and otherwise reads the segment from its beginning, which
//! notes all of them again.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::frame::HEADER_BYTES;
use crate::disk::{Disk, DiskFile, Open};

/// The places, as far as they are known.
pub(super) enum Places {
    /// By position: for a log that has no file for them.
    Memory(RefCell<BTreeMap<u64, u64>>),
    File(Box<dyn DiskFile>),
}

impl Places {
    pub(super) fn in_memory() -> Self {
        Self::Memory(RefCell::default())
    }

    /// Keeps them in a file from now on; in memory if the disk gives none.
    pub(super) fn move_to(&mut self, disk: &dyn Disk, path: &Path) {
        let file = match disk.open(path, Open::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => disk.open(path, Open::CreateNew),
            other => other,
        };
        let (Ok(file), Self::Memory(known)) = (file, &*self) else { return };
        let (moved, known) = (Self::File(file), known.take());
        // Those of one segment, the last. If its last one is there, the others are, but for a crash.
        if let Some((first, _)) = known.first_key_value()
            && let Some((last, offset)) = known.last_key_value()
            && moved.get(*last) != Some(*offset)
        {
            moved.note(*first, &known.values().copied().collect::<Vec<_>>());
        }
        *self = moved;
    }

    /// Where the frame of this block may begin.
    pub(super) fn get(&self, position: u64) -> Option<u64> {
        let offset = match self {
            Self::Memory(known) => known.borrow().get(&position).copied()?,
            Self::File(file) => {
                let mut bytes = [0; 8];
                file.read_exact_at(&mut bytes, position.checked_mul(8)?).ok()?;
                u64::from_be_bytes(bytes)
            }
        };
        (offset >= HEADER_BYTES as u64).then_some(offset)
    }

    /// Notes where the frames begin of the blocks from `first` on. What the disk refuses stays unknown.
    pub(super) fn note(&self, first: u64, offsets: &[u64]) {
        match self {
            Self::Memory(known) => known.borrow_mut().extend((first..).zip(offsets.iter().copied())),
            Self::File(file) => {
                let bytes: Vec<u8> = offsets.iter().flat_map(|offset| offset.to_be_bytes()).collect();
                let _ = file.write_all_at(&bytes, first * 8);
            }
        }
    }
}
