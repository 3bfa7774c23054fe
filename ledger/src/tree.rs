//! The Merkle tree's nodes on disk, for proofs. Disposable: rebuilt from the log when missing or wrong.
//!
//! The levels lie in three *bands*, each in a file of its own: 0 to 7, 8 to 15, and 16 up. A file holds 32-byte hashes
//! in the order in which the subtrees become complete: after each node of the band's lowest level come those of its
//! other levels that it completes. A node's place follows from its level and index alone.
//!
//! So the siblings that a proof needs of a band lie in one *stretch*, the nodes over 256 of its lowest, of 16 KiB; and
//! the upper bands are small (2.5 MB and 10 KB at ten million records), so that the system soon has them in memory. A proof
//! of a record that nobody has asked for before is one short read ([`TreeReader`]).

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vandel_core::hash::{Hash, node_hash};
use vandel_core::merkle::Nodes;

use crate::disk::{Disk, DiskFile, Open};

const HASH_BYTES: u64 = 32;
/// How many levels a band has, but for the last.
const BAND_LEVELS: u8 = 8;
const BANDS: u8 = 3;
/// Over how many nodes of a band's lowest level a stretch goes.
const STRETCH: u64 = 1 << BAND_LEVELS;

/// The nodes of a growing tree.
pub struct TreeFiles {
    /// From the leaves up.
    bands: Vec<Band>,
    size: u64,
    /// The complete subtrees on the right edge: level and hash, largest first.
    edge: Vec<(u8, Hash)>,
}

/// Some levels of the tree, in one file.
struct Band {
    file: Box<dyn DiskFile>,
    /// Its lowest level.
    bottom: u8,
    levels: u8,
}

impl Band {
    fn open(disk: &dyn Disk, views: &Path, number: u8, open: Open) -> io::Result<Self> {
        let bottom = number * BAND_LEVELS;
        let levels = if number + 1 == BANDS { 64 - bottom } else { BAND_LEVELS };
        Ok(Self { file: disk.open(&band_path(views, number), open)?, bottom, levels })
    }

    /// How many hashes come before the node of the lowest level at `index`: all nodes over those before it.
    fn stored_before(&self, index: u64) -> u64 {
        (0..self.levels).map(|level| index >> level).sum()
    }

    /// How long the file is for a tree of `size` leaves.
    fn bytes(&self, size: u64) -> u64 {
        self.stored_before(size >> self.bottom) * HASH_BYTES
    }

    /// The last node of the lowest level below a node: right after it, and the smaller ones that it completes, the node is
    /// written.
    fn last_below(&self, level: u8, index: u64) -> u64 {
        ((index + 1) << (level - self.bottom)) - 1
    }

    /// Where a stretch begins and ends in the file of a tree of `size` leaves, in hashes.
    fn stretch(&self, number: u64, size: u64) -> (u64, u64) {
        let end = ((number + 1) * STRETCH).min(size >> self.bottom);
        (self.stored_before(number * STRETCH), self.stored_before(end))
    }

    /// The place in the file, in hashes.
    fn place(&self, level: u8, index: u64) -> u64 {
        self.stored_before(self.last_below(level, index)) + u64::from(level - self.bottom)
    }
}

impl TreeFiles {
    /// Opens the files in a folder and takes them as a tree of `size` leaves. What lies beyond is cut.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] if one is missing, [`io::ErrorKind::InvalidData`] if one holds fewer leaves. Whether
    /// they are the right ones only the root can tell: compare [`TreeFiles::root`].
    pub fn open(disk: &Arc<dyn Disk>, views: &Path, size: u64) -> io::Result<Self> {
        let bands = (0..BANDS).map(|number| Band::open(&**disk, views, number, Open::Write));
        let bands = bands.collect::<io::Result<Vec<_>>>()?;
        for band in &bands {
            if band.file.len()? < band.bytes(size) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a file of the tree is too short"));
            }
        }
        bands.iter().try_for_each(|band| band.file.set_len(band.bytes(size)))?;
        let mut tree = Self { bands, size, edge: Vec::new() };
        for level in (0..64_u8).rev().filter(|level| size >> level & 1 == 1) {
            let hash = tree.read(level, (size >> level) - 1)?;
            tree.edge.push((level, hash));
        }
        Ok(tree)
    }

    /// An empty tree in new files; old ones are removed, also the single file that earlier versions had.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn create(disk: &Arc<dyn Disk>, views: &Path) -> io::Result<Self> {
        for path in (0..BANDS).map(|number| band_path(views, number)).chain([views.join("tree")]) {
            match disk.remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let bands = (0..BANDS).map(|number| Band::open(&**disk, views, number, Open::CreateNew));
        Ok(Self { bands: bands.collect::<io::Result<_>>()?, size: 0, edge: Vec::new() })
    }

    /// How many leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        let hashes = self.edge.iter().rev().map(|(_, hash)| *hash);
        hashes.reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(vandel_core::merkle::empty_root)
    }

    /// Adds leaves at the right. Not synced: the log is the truth, and no start relies on
    /// nodes that were not synced.
    ///
    /// # Errors
    /// If the disk refuses; the tree must then be opened anew.
    pub fn append(&mut self, leaves: &[Hash]) -> io::Result<()> {
        let mut bytes = vec![Vec::new(); self.bands.len()];
        bytes[0].reserve(leaves.len() * 2 * 32);
        for leaf in leaves {
            let (mut level, mut hash) = (0, *leaf);
            bytes[band_of(level)].extend_from_slice(&hash.0);
            while let Some((_, left)) = self.edge.pop_if(|(left_level, _)| *left_level == level) {
                hash = node_hash(&left, &hash);
                level += 1;
                bytes[band_of(level)].extend_from_slice(&hash.0);
            }
            self.edge.push((level, hash));
        }
        for (band, bytes) in self.bands.iter().zip(bytes).filter(|(_, bytes)| !bytes.is_empty()) {
            band.file.write_all_at(&bytes, band.bytes(self.size))?;
        }
        self.size += leaves.len() as u64;
        Ok(())
    }

    /// Makes all nodes durable.
    ///
    /// # Errors
    /// If the disk refuses; what was not synced before may be lost, and the tree must be made anew.
    pub fn sync(&self) -> io::Result<()> {
        self.bands.iter().try_for_each(|band| band.file.sync())
    }

    /// For a proof or a few whose leaves lie near each other. What it finds must be verified before it leaves.
    #[must_use]
    pub fn reader(&self) -> TreeReader<'_> {
        TreeReader { tree: self, stretches: RefCell::default() }
    }

    /// Has the disk fetch what a proof of this leaf will need, and does not wait for it.
    pub fn will_prove(&self, leaf: u64) {
        for band in &self.bands {
            let (first, end) = band.stretch((leaf >> band.bottom) / STRETCH, self.size);
            band.file.will_need(first * HASH_BYTES, end.saturating_sub(first) * HASH_BYTES);
        }
    }

    fn read(&self, level: u8, index: u64) -> io::Result<Hash> {
        let (band, mut bytes) = (&self.bands[band_of(level)], [0; 32]);
        band.file.read_exact_at(&mut bytes, band.place(level, index) * HASH_BYTES)?;
        Ok(Hash(bytes))
    }
}

/// Reads nodes stretch by stretch: of each band it keeps the last one that it read.
pub struct TreeReader<'a> {
    tree: &'a TreeFiles,
    stretches: RefCell<[Option<Stretch>; BANDS as usize]>,
}

/// The nodes that stand in a band's file from one of the lowest level to the 256th after it.
struct Stretch {
    number: u64,
    /// The place of the first.
    first: u64,
    bytes: Vec<u8>,
}

impl Stretch {
    fn read(band: &Band, number: u64, size: u64) -> io::Result<Self> {
        let (first, end) = band.stretch(number, size);
        let len = usize::try_from((end - first) * HASH_BYTES).map_err(io::Error::other)?;
        let mut bytes = vec![0; len];
        band.file.read_exact_at(&mut bytes, first * HASH_BYTES)?;
        Ok(Self { number, first, bytes })
    }

    fn hash(&self, place: u64) -> Option<Hash> {
        let at = usize::try_from(place.checked_sub(self.first)? * HASH_BYTES).ok()?;
        self.bytes.get(at..)?.first_chunk().copied().map(Hash)
    }
}

impl Nodes for TreeReader<'_> {
    fn node(&self, level: u8, index: u64) -> Option<Hash> {
        let TreeFiles { bands, size, edge } = self.tree;
        let complete = index.checked_add(1)?.checked_shl(level.into())? <= *size;
        if !complete {
            return None;
        }
        if let Some((_, hash)) =
            edge.iter().find(|(on_edge, _)| *on_edge == level && (size >> level) - 1 == index)
        {
            return Some(*hash);
        }
        let (band, number) = (&bands[band_of(level)], band_of(level));
        let wanted = band.last_below(level, index) / STRETCH;
        let slot = &mut self.stretches.borrow_mut()[number];
        if slot.as_ref().is_none_or(|stretch| stretch.number != wanted) {
            *slot = Some(Stretch::read(band, wanted, *size).ok()?);
        }
        slot.as_ref()?.hash(band.place(level, index))
    }
}

/// The number of the band that holds a level.
fn band_of(level: u8) -> usize {
    usize::from((level / BAND_LEVELS).min(BANDS - 1))
}

fn band_path(views: &Path, number: u8) -> PathBuf {
    views.join(format!("tree-{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::RealDisk;
    use vandel_core::hash::leaf_hash;
    use vandel_core::merkle::{NodeMemory, inclusion_proof};

    fn leaves(numbers: std::ops::Range<u64>) -> Vec<Hash> {
        numbers.map(|leaf| leaf_hash(&leaf.to_be_bytes())).collect()
    }

    struct Both {
        _folder: tempfile::TempDir,
        views: PathBuf,
        disk: Arc<dyn Disk>,
        tree: TreeFiles,
        memory: NodeMemory,
    }

    impl Both {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let (views, disk): (_, Arc<dyn Disk>) = (folder.path().to_owned(), Arc::new(RealDisk));
            let tree = TreeFiles::create(&disk, &views).expect("created");
            Self { _folder: folder, views, disk, tree, memory: NodeMemory::default() }
        }

        fn grow(&mut self, size: u64) {
            let leaves = leaves(self.tree.size()..size);
            self.tree.append(&leaves).expect("appended");
            leaves.into_iter().for_each(|leaf| self.memory.append(leaf));
        }

        fn open(&self, size: u64) -> io::Result<TreeFiles> {
            TreeFiles::open(&self.disk, &self.views, size)
        }

        fn same_node(&self, tree: &TreeFiles, level: u8, index: u64) {
            let (found, expected) = (tree.reader().node(level, index), self.memory.node(level, index));
            assert_eq!(found, expected, "{level} {index} of {}", tree.size());
        }
    }

    #[test]
    fn every_node_reads_back_as_the_tree_in_memory_has_it() {
        let mut both = Both::new();
        for size in 1..=600 {
            both.grow(size);
            for level in 0..11 {
                let count = size >> level;
                for index in [0, count / 3, count.saturating_sub(2), count.saturating_sub(1), count] {
                    both.same_node(&both.tree, level, index);
                }
            }
        }
        let root = both.tree.root();
        assert_eq!(both.open(600).expect("opened").root(), root);
        assert!(both.open(601).is_err());
        assert_ne!(both.open(599).expect("cut").root(), root);
        assert!(both.open(600).is_err(), "what was cut is gone");
    }

    #[test]
    fn the_bands_meet_where_they_end() {
        let mut both = Both::new();
        for edge in [256, 512, 65_536, 131_072_u64] {
            for size in edge - 1..=edge + 1 {
                both.grow(size);
                let reopened = both.open(size).expect("opened");
                assert_eq!(reopened.root(), both.tree.root());
                for index in
                    [0, 1, 254, 255, 256, 257, size / 2, edge / 2, edge - 2, edge - 1, edge, edge + 1]
                {
                    let expected = inclusion_proof(&both.memory, index, size);
                    assert_eq!(
                        inclusion_proof(&reopened.reader(), index, size),
                        expected,
                        "{index} of {size}"
                    );
                }
                for level in 0..18 {
                    (0..3).for_each(|back| {
                        both.same_node(&reopened, level, (size >> level).saturating_sub(back))
                    });
                }
            }
        }
    }

    #[test]
    fn a_proof_reads_a_stretch_of_each_band_and_no_more() {
        let mut both = Both::new();
        both.grow(70_000);
        for band in &both.tree.bands {
            for number in 0..(70_000_u64 >> band.bottom).div_ceil(STRETCH) {
                let stretch = Stretch::read(band, number, 70_000).expect("read");
                assert!(stretch.bytes.len() <= 16 * 1024, "{} bytes", stretch.bytes.len());
            }
        }
    }

    #[test]
    fn a_band_that_is_missing_or_too_short_is_refused_and_nothing_is_cut() {
        for number in 0..BANDS {
            let mut both = Both::new();
            both.grow(65_800);
            let path = band_path(&both.views, number);
            let whole: Vec<Vec<u8>> = (0..BANDS)
                .map(|number| std::fs::read(band_path(&both.views, number)).expect("read"))
                .collect();
            let short = &whole[usize::from(number)][..whole[usize::from(number)].len() - 1];
            std::fs::write(&path, short).expect("written");
            assert!(both.open(65_800).is_err(), "band {number} is too short");
            let others = (0..BANDS).filter(|other| *other != number);
            for other in others {
                let now = std::fs::read(band_path(&both.views, other)).expect("read");
                assert_eq!(now, whole[usize::from(other)]);
            }
            std::fs::remove_file(&path).expect("removed");
            assert!(both.open(65_800).is_err(), "band {number} is missing");
        }
    }

    #[test]
    fn a_band_that_is_longer_is_cut_and_written_on() {
        let mut both = Both::new();
        both.grow(65_800);
        let mut again = both.open(65_500).expect("cut");
        again.append(&leaves(65_500..65_800)).expect("appended");
        assert_eq!(again.root(), both.tree.root());
        both.same_node(&again, 16, 0);
        both.same_node(&again, 8, 255);
        let lens = again.bands.iter().map(|band| band.file.len().expect("a length"));
        assert!(lens.eq(again.bands.iter().map(|band| band.bytes(65_800))));
    }

    #[test]
    fn new_files_take_the_place_of_old_ones_and_of_the_single_one() {
        let mut both = Both::new();
        both.grow(300);
        std::fs::write(both.views.join("tree"), b"of an earlier version").expect("written");
        let tree = TreeFiles::create(&both.disk, &both.views).expect("created");
        assert_eq!(tree.size(), 0);
        let mut names: Vec<_> = both.disk.list(&both.views).expect("listed");
        names.sort();
        assert_eq!(names, ["tree-0", "tree-1", "tree-2"]);
        assert!(tree.bands.iter().all(|band| band.file.len().expect("a length") == 0));
    }
}
