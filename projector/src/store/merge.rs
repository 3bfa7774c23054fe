//! Files of rows as one: entries are moved in their bytes, a stretch of keys at a time, on all cores.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::store::StoreError;
use crate::store::blocks::Blocks;
use crate::store::entry::{Entry, Front};
use crate::store::sorted::{FullKey, SortedFile};

/// About so many blocks, of all files together, are merged at a time.
const BLOCKS_EACH: usize = 64;

/// The files, and where the keys are cut into stretches.
pub(super) struct Merging<'f> {
    files: &'f [SortedFile],
    cuts: Vec<&'f FullKey>,
}

impl<'f> Merging<'f> {
    /// Of two entries at one key, the one of the later file counts.
    pub(super) fn of(files: &'f [SortedFile]) -> Self {
        let longest = files.iter().map(|file| &file.places).max_by_key(|places| places.len());
        let each = (BLOCKS_EACH / files.len().max(1)).max(1);
        let cuts = longest.into_iter().flatten().step_by(each).skip(1).map(|place| &place.first);
        Self { files, cuts: cuts.collect() }
    }

    /// How many stretches there are.
    pub(super) fn stretches(&self) -> usize {
        self.cuts.len() + 1
    }

    /// The rows of a stretch; what is gone is left out.
    pub(super) fn stretch(&self, number: usize) -> Result<Blocks, StoreError> {
        let from = number.checked_sub(1).map(|before| self.cuts[before].as_slice());
        let until = self.cuts.get(number).map(|cut| cut.as_slice());
        let mut cursors = Vec::with_capacity(self.files.len());
        for file in self.files {
            cursors.extend(Cursor::at(file, from, until)?);
        }
        let heads = cursors.iter().enumerate().map(|(at, cursor)| Reverse((cursor.front, at)));
        let mut heads: BinaryHeap<Reverse<(Front, usize)>> = heads.collect();
        let mut blocks = Blocks::with_room(BLOCKS_EACH * 17 * 1024);
        let (mut alike, mut passed) = (Vec::new(), Vec::new());
        while let Some(Reverse((front, at))) = heads.pop() {
            alike.push(at);
            // Few keys begin alike.
            while heads.peek().is_some_and(|Reverse((other, _))| *other == front) {
                alike.extend(heads.pop().map(|Reverse((_, at))| at));
            }
            let least = least(&cursors, &alike)?;
            let entry = cursors[least].entry()?;
            if entry.value.is_some() {
                blocks.push(&entry)?;
            }
            passed.push(least);
            for at in alike.drain(..).filter(|at| *at != least) {
                match cursors[at].entry()?.cmp_key(&entry) {
                    Ordering::Equal => passed.push(at),
                    _ => heads.push(Reverse((front, at))),
                }
            }
            for at in passed.drain(..) {
                if cursors[at].advance()? {
                    heads.push(Reverse((cursors[at].front, at)));
                }
            }
        }
        blocks.end()
    }
}

/// Which of these cursors has the lowest key; of several with one key, the one in the latest file.
fn least(cursors: &[Cursor<'_>], among: &[usize]) -> Result<usize, StoreError> {
    let mut least = among[0];
    for at in &among[1..] {
        let order = cursors[*at].entry()?.cmp_key(&cursors[least].entry()?);
        if order == Ordering::Less || (order == Ordering::Equal && *at > least) {
            least = *at;
        }
    }
    Ok(least)
}

/// A place in a file.
struct Cursor<'f> {
    file: &'f SortedFile,
    until: Option<&'f [u8]>,
    /// The block after the one at hand.
    next: usize,
    block: Vec<u8>,
    at: usize,
    front: Front,
}

impl<'f> Cursor<'f> {
    /// At the first entry of a stretch; none if the file has nothing there.
    fn at(
        file: &'f SortedFile,
        from: Option<&[u8]>,
        until: Option<&'f [u8]>,
    ) -> Result<Option<Self>, StoreError> {
        let from = from.unwrap_or_default();
        let next = file.places.partition_point(|place| place.first.as_slice() <= from).saturating_sub(1);
        let mut cursor = Self { file, until, next, block: Vec::new(), at: 0, front: (0, 0) };
        let mut is_there = cursor.settle()?;
        while is_there && cursor.entry()?.cmp_full(from) == Ordering::Less {
            is_there = cursor.advance()?;
        }
        Ok(is_there.then_some(cursor))
    }

    fn entry(&self) -> Result<Entry<'_>, StoreError> {
        Entry::next(&mut &self.block[self.at..])
    }

    /// Goes on to the next entry; false if the stretch has ended.
    fn advance(&mut self) -> Result<bool, StoreError> {
        self.at += self.entry()?.bytes.len();
        self.settle()
    }

    fn settle(&mut self) -> Result<bool, StoreError> {
        while self.at == self.block.len() {
            let Some(place) = self.file.places.get(self.next) else { return Ok(false) };
            self.file.read_block(place, &mut self.block)?;
            (self.at, self.next) = (0, self.next + 1);
        }
        let entry = self.entry()?;
        let front = entry.front();
        let is_within = self.until.is_none_or(|until| entry.cmp_full(until) == Ordering::Less);
        self.front = front;
        Ok(is_within)
    }
}
