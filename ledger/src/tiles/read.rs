//! A tiles folder as a log: blocks put together again, and every hash tile held against them.

use std::io;
use std::path::{Path, PathBuf};

use vandel_core::checkpoint::Checkpoint;
use vandel_core::hash::leaf_hash;
use vandel_core::merkle::NodeMemory;
use vandel_core::note::Note;
use vandel_core::tiles::{
    BLOCK_FRAME_BYTES, Series, TILE_WIDTH, Tile, TilesFault, assemble_block, decode_entries, frame_count,
};

use crate::disk::{Disk, read_all};

/// Whether a folder holds tiles.
#[must_use]
pub fn is_tiles(disk: &dyn Disk, folder: &Path) -> bool {
    disk.list(&folder.join("tile")).is_ok()
}

/// How the reading of a tiles folder ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TilesEnd {
    /// All blocks were read, and the hash tiles are those of their records.
    Whole,
    /// A tile is missing, cut, or not the one of these records.
    Damaged(TilesFault),
    /// The folder has no blocks: it was made by another program, or its extension was left out.
    NoBlocks,
}

/// Reads blocks from tiles, in order, up to the checkpoint that lies with them.
pub struct TilesLog<'a> {
    disk: &'a dyn Disk,
    folder: PathBuf,
    size: u64,
    nodes: NodeMemory,
    entries: Vec<Vec<u8>>,
    next_bundle: u64,
    frames: Vec<[u8; BLOCK_FRAME_BYTES]>,
    next_frames: u64,
    end: Option<TilesEnd>,
}

impl<'a> TilesLog<'a> {
    /// Opens a folder.
    #[must_use]
    pub fn open(disk: &'a dyn Disk, folder: &Path) -> Self {
        let note = read_all(disk, &folder.join("checkpoint")).ok();
        let checkpoint: Option<Checkpoint> =
            note.and_then(|note| Note::parse(&note).ok()).and_then(|note| note.text().parse().ok());
        let mut log = Self {
            disk,
            folder: folder.to_owned(),
            size: checkpoint.as_ref().map_or(0, Checkpoint::size),
            nodes: NodeMemory::new(),
            entries: Vec::new(),
            next_bundle: 0,
            frames: Vec::new(),
            next_frames: 0,
            end: None,
        };
        if checkpoint.is_none() {
            log.end = Some(TilesEnd::Damaged(TilesFault::Checkpoint));
        } else if disk.list(&folder.join("vandel").join("blocks")).is_err() {
            log.end = Some(TilesEnd::NoBlocks);
        }
        log
    }

    /// The next block's bytes; none at the end, which [`TilesLog::end`] tells.
    ///
    /// # Errors
    /// If a file is there and cannot be read.
    pub fn next_block(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.end.is_some() {
            return Ok(None);
        }
        if self.nodes.size() >= self.size {
            self.end = Some(self.check_tiles()?);
            return Ok(None);
        }
        let Some(frame) = self.next_frame()? else { return Ok(None) };
        let count = frame_count(&frame) as usize;
        while self.entries.len() < count {
            if !self.read_bundle()? {
                return Ok(None);
            }
        }
        let records: Vec<Vec<u8>> = self.entries.drain(..count).collect();
        records.iter().for_each(|record| self.nodes.append(leaf_hash(record)));
        let records: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        Ok(Some(assemble_block(&frame, &records)))
    }

    /// How it ended, once there is no next block.
    #[must_use]
    pub fn end(self) -> TilesEnd {
        self.end.unwrap_or(TilesEnd::Whole)
    }

    fn damaged(&mut self, fault: TilesFault) {
        self.end.get_or_insert(TilesEnd::Damaged(fault));
    }

    fn next_frame(&mut self) -> io::Result<Option<[u8; BLOCK_FRAME_BYTES]>> {
        if self.frames.is_empty() {
            let Some((tile, bytes)) = self.widest(Series::Blocks, self.next_frames)? else {
                self.damaged(TilesFault::BlocksEnd { found: self.nodes.size(), size: self.size });
                return Ok(None);
            };
            let (frames, rest) = bytes.as_chunks::<BLOCK_FRAME_BYTES>();
            if !rest.is_empty() || frames.len() as u64 != tile.width {
                self.damaged(TilesFault::Blocks { path: tile.path(), width: tile.width });
                return Ok(None);
            }
            self.frames = frames.to_vec();
            self.frames.reverse();
            self.next_frames += 1;
        }
        Ok(self.frames.pop())
    }

    /// The next bundle of records; false if it is not there or not whole.
    fn read_bundle(&mut self) -> io::Result<bool> {
        let (index, first) = (self.next_bundle, self.next_bundle * TILE_WIDTH);
        if first >= self.size {
            self.damaged(TilesFault::BlocksBeyond { size: self.size });
            return Ok(false);
        }
        let width = (self.size - first).min(TILE_WIDTH);
        for series in [Series::Entries, Series::LongEntries] {
            let tile = Tile { series, index, width };
            let Some(bytes) = self.file(&tile)? else { continue };
            match decode_entries(series, &bytes, width) {
                Some(entries) => {
                    self.entries.extend(entries.into_iter().map(<[u8]>::to_vec));
                    self.next_bundle += 1;
                    return Ok(true);
                }
                None => {
                    self.damaged(TilesFault::Entries { path: tile.path(), width });
                    return Ok(false);
                }
            }
        }
        let tile = Tile { series: Series::Entries, index, width };
        self.damaged(TilesFault::Missing { path: tile.path() });
        Ok(false)
    }

    /// The widest tile at a place of a series whose length is not known beforehand.
    fn widest(&self, series: Series, index: u64) -> io::Result<Option<(Tile, Vec<u8>)>> {
        let full = Tile { series, index, width: TILE_WIDTH };
        if let Some(bytes) = self.file(&full)? {
            return Ok(Some((full, bytes)));
        }
        let partial = self.folder.join(format!("{}.p", full.path()));
        let names = self.disk.list(&partial).unwrap_or_default();
        let Some(width) = (1..TILE_WIDTH).rfind(|width| names.contains(&width.to_string())) else {
            return Ok(None);
        };
        let tile = Tile { series, index, width };
        Ok(self.file(&tile)?.map(|bytes| (tile, bytes)))
    }

    fn file(&self, tile: &Tile) -> io::Result<Option<Vec<u8>>> {
        match read_all(self.disk, &self.folder.join(tile.path())) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn check_tiles(&self) -> io::Result<TilesEnd> {
        for tile in Tile::of_tree(self.size) {
            let path = tile.path();
            match self.file(&tile)? {
                None => return Ok(TilesEnd::Damaged(TilesFault::Missing { path })),
                found if found != tile.hashes(&self.nodes) => {
                    return Ok(TilesEnd::Damaged(TilesFault::Hashes { path }));
                }
                Some(_) => {}
            }
        }
        Ok(TilesEnd::Whole)
    }
}
