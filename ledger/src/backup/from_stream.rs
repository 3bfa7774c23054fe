//! The copy of a log that lies on JetStream: the segments that a log in files would have.
//!
//! So a generation is one thing, wherever its ledger's log lies: it is verified where it lies, and restored into
//! files or onto a stream. Segments that were full when an earlier generation was made are not read again: the first block
//! after them must be the one that follows them in that generation, and a block names its predecessor's hash.

use vandel_core::hash::{Hash, Hasher};

use super::BackupError;
use super::copying::Copying;
use super::files::{CHUNK_BYTES, FileEntry};
use super::folder::Folder;
use super::label::{Half, Label};
use crate::log::file::{Image, first_block, first_position};

impl Copying<'_> {
    /// Copies the stream, from where the newest generation's last segment begins.
    pub(super) fn stream(&mut self, folder: &mut Folder) -> Result<Vec<FileEntry>, BackupError> {
        let (mut files, from) = self.full_segments(folder)?;
        let mut image = Image::new(self.log.ledger());
        let mut segment: Option<Segment> = None;
        for placed in self.log.blocks_from(from)? {
            let placed = placed?;
            let (begins, frame) = image.add(placed.position, &placed.bytes);
            if let Some((name, header)) = begins
                && let Some(full) = segment.replace(Segment::new(name, &header))
            {
                files.push(full.end(self, folder)?);
            }
            if let Some(segment) = &mut segment {
                segment.write(self, folder, frame)?;
            }
        }
        if let Some(last) = segment {
            files.push(last.end(self, folder)?);
        }
        Ok(files)
    }

    /// The full segments of the newest generation of this ledger that is whole, and the position after them.
    fn full_segments(&mut self, folder: &mut Folder) -> Result<(Vec<FileEntry>, u64), BackupError> {
        let from_the_start = Ok((Vec::new(), 0));
        let Some(label) = self.newest_label(folder)? else { return from_the_start };
        // A damaged generation is nothing to build upon, and no reason to make no other.
        let Ok(mut files) = folder.files(&label) else { return from_the_start };
        files.retain(|file| file.path.starts_with("log/"));
        let Some(last) = files.pop() else { return from_the_start };
        let Some(from) = last.path.strip_prefix("log/").and_then(first_position) else {
            return from_the_start;
        };
        let all_there = files.iter().flat_map(|file| &file.chunks).all(|chunk| folder.has(chunk));
        if from == 0 || !all_there {
            return from_the_start;
        }
        let Some(follows) = first_block_of(folder, &last)? else { return from_the_start };
        let there = self.log.blocks_from(from)?.next().transpose()?;
        if there.is_none_or(|placed| placed.bytes != follows) {
            return Err(BackupError::OtherHistory(from));
        }
        for file in &files {
            file.chunks.iter().for_each(|chunk| folder.rely_on(chunk));
            self.told.files += 1;
        }
        Ok((files, from))
    }

    fn newest_label(&self, folder: &Folder) -> Result<Option<Label>, BackupError> {
        let ours = |label: &Label| label.ledger == self.log.ledger() && label.service == self.service;
        for (generation, half) in folder.generations()?.into_iter().rev() {
            if half == Half::Data {
                let label = folder.expect(generation, half)?;
                if ours(&label) {
                    return Ok(Some(label));
                }
            }
        }
        Ok(None)
    }
}

/// The first block of a segment in the folder; none if it is not there.
fn first_block_of(folder: &Folder, segment: &FileEntry) -> Result<Option<Vec<u8>>, BackupError> {
    let mut bytes = Vec::new();
    for chunk in &segment.chunks {
        let Some(piece) = folder.get(chunk)? else { return Ok(None) };
        bytes.extend_from_slice(&piece);
        if let Some(block) = first_block(&bytes) {
            return Ok(Some(block.to_vec()));
        }
    }
    Ok(None)
}

/// A segment that is being written, piece by piece.
struct Segment {
    path: String,
    len: u64,
    whole: Hasher,
    chunks: Vec<Hash>,
    /// What is not yet a whole piece.
    rest: Vec<u8>,
}

impl Segment {
    fn new(name: String, header: &[u8]) -> Self {
        Self {
            path: format!("log/{name}"),
            len: 0,
            whole: Hasher::new(),
            chunks: Vec::new(),
            rest: header.to_vec(),
        }
    }

    fn write(
        &mut self,
        copying: &mut Copying<'_>,
        folder: &mut Folder,
        frame: &[u8],
    ) -> Result<(), BackupError> {
        self.rest.extend_from_slice(frame);
        while self.rest.len() >= CHUNK_BYTES {
            let rest = self.rest.split_off(CHUNK_BYTES);
            let piece = std::mem::replace(&mut self.rest, rest);
            self.piece(copying, folder, &piece)?;
        }
        Ok(())
    }

    fn piece(
        &mut self,
        copying: &mut Copying<'_>,
        folder: &mut Folder,
        piece: &[u8],
    ) -> Result<(), BackupError> {
        self.whole.update(piece);
        self.len += piece.len() as u64;
        self.chunks.push(copying.piece(folder, piece)?);
        Ok(())
    }

    fn end(mut self, copying: &mut Copying<'_>, folder: &mut Folder) -> Result<FileEntry, BackupError> {
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() {
            self.piece(copying, folder, &rest)?;
        }
        copying.told.files += 1;
        Ok(FileEntry { path: self.path, len: self.len, hash: self.whole.finish(), chunks: self.chunks })
    }
}
