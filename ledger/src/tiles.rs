//! Tiles in a folder: written from a log, read again as one.
//!
//! Writing again only adds: full tiles never change, a partial tile has its width in its name, and the
//! checkpoint is replaced last, when all that it covers is there.

mod read;

use std::io;
use std::path::{Path, PathBuf};

pub use read::{TilesEnd, TilesLog, is_tiles};

use vandel_core::block::{Block, BlockDecodeError};
use vandel_core::chain::Chain;
use vandel_core::checkpoint::Checkpoint;
use vandel_core::merkle::NodeMemory;
use vandel_core::note::Note;
use vandel_core::tiles::{Series, TILE_WIDTH, Tile, block_frame, encode_entries};

use crate::disk::{Disk, create_durably, read_all, replace_atomically};
use crate::log::{PlacedBlock, ReadError};

/// Why tiles were not written.
#[derive(Debug, thiserror::Error)]
pub enum TilesError {
    /// The log.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// A block is damaged.
    #[error("block {block}: {error}")]
    Decode {
        /// The block.
        block: u64,
        /// Why.
        error: BlockDecodeError,
    },
    /// The checkpoint's size is not that of the log's records.
    #[error("the checkpoint is of {size} records; the log has {found} of them")]
    Size {
        /// The checkpoint's size.
        size: u64,
        /// How many were found.
        found: u64,
    },
    /// What lies in the folder is of another history.
    #[error("{} holds a checkpoint of {size} records that is not one of this log's", path.display())]
    OtherHistory {
        /// The folder.
        path: PathBuf,
        /// The size of the checkpoint there.
        size: u64,
    },
    /// The folder holds something else.
    #[error("{} is not empty and no tiles folder: it has no checkpoint", .0.display())]
    NotTiles(PathBuf),
    /// A file.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Written {
    /// The tree's size.
    pub size: u64,
    /// How many files are new.
    pub added: u64,
    /// How many were there.
    pub known: u64,
    /// Bundles that the specification cannot hold, by index.
    pub long_bundles: Vec<u64>,
}

/// Writes the tiles of a log, up to a signed checkpoint of it.
pub struct TilesWriter<'a> {
    disk: &'a dyn Disk,
    folder: PathBuf,
    written: Written,
    nodes: NodeMemory,
    records: Vec<Vec<u8>>,
    frames: Vec<u8>,
    blocks: u64,
}

impl<'a> TilesWriter<'a> {
    /// Begins, or goes on with a folder of the same log.
    ///
    /// # Errors
    /// If the folder holds anything else.
    pub fn open(disk: &'a dyn Disk, folder: &Path, chain: &Chain) -> Result<Self, TilesError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| TilesError::Io { path, source }
        };
        create_durably(disk, folder).map_err(io(folder))?;
        let checkpoint = folder.join("checkpoint");
        match read_all(disk, &checkpoint) {
            Ok(bytes) => {
                let known: Option<Checkpoint> =
                    Note::parse(&bytes).ok().and_then(|note| note.text().parse().ok());
                let ours = known.as_ref().is_some_and(|known| {
                    known.origin() == chain.origin && chain.root_at(known.size()) == Some(known.root())
                });
                if !ours {
                    let size = known.map_or(0, |known| known.size());
                    return Err(TilesError::OtherHistory { path: folder.to_owned(), size });
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // An export that was stopped before its first checkpoint left nothing but tiles.
                let names = disk.list(folder).map_err(io(folder))?;
                if names.iter().any(|name| !["tile", "vandel", "checkpoint.new"].contains(&name.as_str())) {
                    return Err(TilesError::NotTiles(folder.to_owned()));
                }
            }
            Err(source) => return Err(TilesError::Io { path: checkpoint, source }),
        }
        Ok(Self {
            disk,
            folder: folder.to_owned(),
            written: Written::default(),
            nodes: NodeMemory::new(),
            records: Vec::new(),
            frames: Vec::new(),
            blocks: 0,
        })
    }

    /// Takes in the next block.
    ///
    /// # Errors
    /// If it does not decode, or a file cannot be written.
    pub fn block(&mut self, placed: &PlacedBlock) -> Result<(), TilesError> {
        let decode = |error| TilesError::Decode { block: placed.position, error };
        let block = Block::decode(&placed.bytes).map_err(decode)?;
        for record in &block.records {
            self.nodes.append(record.hash());
            self.records.push(record.bytes.to_vec());
            if self.records.len() as u64 == TILE_WIDTH {
                self.flush_records()?;
            }
        }
        self.frames.extend_from_slice(&block_frame(&placed.bytes).unwrap_or([0; 182]));
        self.blocks += 1;
        if self.blocks.is_multiple_of(TILE_WIDTH) {
            self.flush_frames()?;
        }
        Ok(())
    }

    /// Ends: the partial tiles, the hash tiles, and at last the checkpoint, which covers exactly what was
    /// taken in.
    ///
    /// # Errors
    /// If a file cannot be written, or the checkpoint is of another size.
    pub fn finish(mut self, note: &str, checkpoint: &Checkpoint) -> Result<Written, TilesError> {
        let (size, found) = (checkpoint.size(), self.nodes.size());
        if size != found {
            return Err(TilesError::Size { size, found });
        }
        self.flush_records()?;
        self.flush_frames()?;
        for tile in Tile::of_tree(size) {
            let bytes = tile.hashes(&self.nodes).ok_or(TilesError::Size { size, found })?;
            self.put(tile, &bytes)?;
        }
        self.written.size = size;
        let path = self.folder.join("checkpoint");
        replace_atomically(self.disk, &path, note.as_bytes())
            .map_err(|source| TilesError::Io { path, source })?;
        Ok(self.written)
    }

    fn flush_records(&mut self) -> Result<(), TilesError> {
        if self.records.is_empty() {
            return Ok(());
        }
        let records = std::mem::take(&mut self.records);
        let width = records.len() as u64;
        let index = (self.nodes.size() - 1) / TILE_WIDTH;
        let (series, bytes) = encode_entries(&records);
        if series == Series::LongEntries {
            self.written.long_bundles.push(index);
        }
        self.put(Tile { series, index, width }, &bytes)
    }

    fn flush_frames(&mut self) -> Result<(), TilesError> {
        if self.frames.is_empty() {
            return Ok(());
        }
        let frames = std::mem::take(&mut self.frames);
        let index = (self.blocks - 1) / TILE_WIDTH;
        let width = self.blocks - index * TILE_WIDTH;
        self.put(Tile { series: Series::Blocks, index, width }, &frames)
    }

    /// Writes a tile that is not there yet, or is there cut short.
    fn put(&mut self, tile: Tile, bytes: &[u8]) -> Result<(), TilesError> {
        let path = self.folder.join(tile.path());
        if read_all(self.disk, &path).is_ok_and(|known| known == bytes) {
            self.written.known += 1;
            return Ok(());
        }
        let folder = path.parent().unwrap_or(&self.folder);
        let written =
            create_durably(self.disk, folder).and_then(|()| replace_atomically(self.disk, &path, bytes));
        written.map_err(|source| TilesError::Io { path, source })?;
        self.written.added += 1;
        Ok(())
    }
}
