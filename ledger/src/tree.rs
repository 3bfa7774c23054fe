//! The Merkle tree's nodes on disk, for proofs. Disposable: rebuilt from the log when missing or wrong.
//!
//! One file of 32-byte hashes in the order in which the subtrees become complete: after each leaf come
//! the inner nodes that it completes. A node's place follows from its level and index alone, so a
//! proof is a handful of short reads however large the tree is.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vandel_core::hash::{Hash, node_hash};
use vandel_core::merkle::Nodes;

use crate::disk::{Disk, DiskFile, Open};

const HASH_BYTES: u64 = 32;

/// The nodes of a growing tree.
pub struct TreeFile {
    file: Box<dyn DiskFile>,
    size: u64,
    /// The complete subtrees on the right edge: level and hash, largest first.
    edge: Vec<(u8, Hash)>,
}

/// The place in the file of the node at `level` and `index`: every hash written before it.
fn place(level: u8, index: u64) -> u64 {
    // The node is written right after its last leaf and the smaller nodes that leaf completes.
    let last_leaf = ((index + 1) << level) - 1;
    stored_before(last_leaf) + u64::from(level)
}

/// How many hashes stand in the file before leaf number `leaves`: all nodes of the trees below it.
fn stored_before(leaves: u64) -> u64 {
    2 * leaves - u64::from(leaves.count_ones())
}

impl TreeFile {
    /// Opens the file and takes it as a tree of `size` leaves. What lies beyond is cut.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if it holds fewer leaves. Whether they are the right ones only
    /// the root can tell: compare [`TreeFile::root`].
    pub fn open(disk: &Arc<dyn Disk>, path: &Path, size: u64) -> io::Result<Self> {
        let file = match disk.open(path, Open::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => disk.open(path, Open::CreateNew)?,
            other => other?,
        };
        let bytes = stored_before(size) * HASH_BYTES;
        if file.len()? < bytes {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the tree file is too short"));
        }
        file.set_len(bytes)?;
        let mut tree = Self { file, size, edge: Vec::new() };
        let mut index = 0_u64;
        for level in (0..64_u8).rev().filter(|level| size >> level & 1 == 1) {
            let hash = tree.read(level, index >> level)?;
            tree.edge.push((level, hash));
            index += 1 << level;
        }
        Ok(tree)
    }

    /// An empty tree in a new file; an old one of this name is removed.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn create(disk: &Arc<dyn Disk>, path: &Path) -> io::Result<Self> {
        match disk.remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = disk.open(path, Open::CreateNew)?;
        Ok(Self { file, size: 0, edge: Vec::new() })
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
        let offset = stored_before(self.size) * HASH_BYTES;
        let mut bytes = Vec::with_capacity(leaves.len() * 2 * 32);
        for leaf in leaves {
            let (mut level, mut hash) = (0, *leaf);
            bytes.extend_from_slice(&hash.0);
            while let Some((_, left)) = self.edge.pop_if(|(left_level, _)| *left_level == level) {
                hash = node_hash(&left, &hash);
                level += 1;
                bytes.extend_from_slice(&hash.0);
            }
            self.edge.push((level, hash));
        }
        self.file.write_all_at(&bytes, offset)?;
        self.size += leaves.len() as u64;
        Ok(())
    }

    /// Makes all nodes durable.
    ///
    /// # Errors
    /// If the disk refuses; what was not synced before may be lost, and the tree must be made anew.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }

    fn read(&self, level: u8, index: u64) -> io::Result<Hash> {
        let mut bytes = [0; 32];
        self.file.read_exact_at(&mut bytes, place(level, index) * HASH_BYTES)?;
        Ok(Hash(bytes))
    }
}

impl Nodes for TreeFile {
    fn node(&self, level: u8, index: u64) -> Option<Hash> {
        let complete = index.checked_add(1)?.checked_shl(level.into())? <= self.size;
        if complete { self.read(level, index).ok() } else { None }
    }
}

/// Where the tree file lies in a home.
#[must_use]
pub fn tree_path(views: &Path) -> PathBuf {
    views.join("tree")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::RealDisk;
    use vandel_core::hash::leaf_hash;
    use vandel_core::merkle::NodeMemory;

    #[test]
    fn every_node_reads_back_as_the_tree_in_memory_has_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let path = tree_path(folder.path());
        let mut tree = TreeFile::create(&disk, &path).expect("created");
        let mut memory = NodeMemory::default();
        for leaf in 0..200_u64 {
            let hash = leaf_hash(&leaf.to_be_bytes());
            tree.append(&[hash]).expect("appended");
            memory.append(hash);
            for level in 0..8 {
                for index in 0..=leaf >> level {
                    assert_eq!(
                        tree.node(level, index),
                        memory.node(level, index),
                        "{level} {index} of {leaf}"
                    );
                }
            }
        }
        let root = tree.root();
        drop(tree);
        assert_eq!(TreeFile::open(&disk, &path, 200).expect("opened").root(), root);
        assert_ne!(TreeFile::open(&disk, &path, 199).expect("cut").root(), root);
        assert!(TreeFile::open(&disk, &path, 201).is_err());
    }
}
