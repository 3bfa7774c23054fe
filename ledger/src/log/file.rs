//! The log in files: the embedded default.
//!
//! A folder holds segments and nothing else, each named after its first position. A segment is a
//! header and frames (`frame`); a frame is a block with its position and checksum. An append writes
//! one frame and syncs it (`fdatasync`); when a segment is full, a new one is made, header first.
//!
//! What a crash may leave is decided in one place (`read`): a torn last frame, or a torn header of a
//! segment just made. Everything else that is not as written is damage.
//!
//! Not here: a lock ([`crate::lock`]), which is the home's and must lie outside this folder; knowledge
//! of how long the log should be (the memory's). A log cut back at a block's end looks like a shorter log.

mod frame;
mod image;
mod open;
mod places;
mod read;

use std::io;
use std::iter;
use std::path::Path;
use std::sync::Arc;

use vandel_core::id::LedgerId;
use vandel_core::limits::BLOCK_BYTES_MAX;

use self::frame::{HEADER_BYTES, decode_header, encode_frame, encode_header, segment_name};
use self::places::Places;
use self::read::{Folder, FramePlace, Frames, Segment};
use super::{AppendError, Log, PlacedBlock, ReadError, TornTail};
use crate::disk::{Disk, DiskFile, Open};

pub(crate) use self::image::{Image, first_block, first_position};
pub use self::read::{Blocks, Mark};

/// The length at which a segment is full. A segment is longer only if its single frame is.
pub const SEGMENT_BYTES: u64 = 64 * 1024 * 1024;

/// A log in a folder, open for appending.
pub struct FileLog {
    folder: Folder,
    ledger: LedgerId,
    segment_bytes: u64,
    /// The first positions of all segments; never empty.
    segments: Vec<u64>,
    /// Where frames begin, as far as it is known.
    places: Places,
    /// The last segment.
    file: Box<dyn DiskFile>,
    /// Where the next frame begins in the last segment, and its position.
    next: FramePlace,
    state: State,
    /// The frame being written, kept for its capacity.
    scratch: Vec<u8>,
}

/// What stands in the way of an append.
#[derive(Clone, Debug)]
enum State {
    Ready,
    Torn(TornTail),
    Halted { position: u64 },
}

impl FileLog {
    /// Makes an empty log: the folder and the first segment, durably. What an earlier attempt left
    /// when it was killed is completed.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] if the folder holds a segment already, or anything else; any error of the disk.
    pub fn create(disk: &dyn Disk, folder: &Path, ledger: LedgerId) -> io::Result<()> {
        disk.create_directory(folder)?;
        if let Some(parent) = folder.parent() {
            disk.sync_directory(parent)?;
        }
        let first_segment = folder.join(segment_name(0));
        let file = match disk.list(folder)?.as_slice() {
            [] => disk.open(&first_segment, Open::CreateNew)?,
            [name] if *name == segment_name(0) => {
                let file = disk.open(&first_segment, Open::Write)?;
                if has_sound_header(file.as_ref())? {
                    return Err(io::ErrorKind::AlreadyExists.into());
                }
                file
            }
            _ => return Err(io::ErrorKind::AlreadyExists.into()),
        };
        file.write_all_at(&encode_header(ledger, 0), 0)?;
        file.sync()?;
        disk.sync_directory(folder)
    }

    /// Opens a log for appending, and makes durable all that it shows.
    ///
    /// Reads the last segment whole, and of every other one its header and its last frame: enough to
    /// notice a segment that is missing, foreign, too short or too long. Damage in the middle of an
    /// older segment is noticed when it is read, or by [`FileLog::verify`].
    ///
    /// A torn tail is reported, not cut; the log can be read, but not appended to until
    /// [`FileLog::cut_torn_tail`].
    ///
    /// # Errors
    /// [`ReadError::Damaged`] if anything but the tail is unsound; [`ReadError::Unavailable`].
    pub fn open(
        disk: Arc<dyn Disk>,
        folder: &Path,
        ledger: LedgerId,
    ) -> Result<(Self, Option<TornTail>), ReadError> {
        let log = open::open(Folder { disk, path: folder.to_owned(), ledger: Some(ledger) }, ledger)?;
        let torn = log.torn_tail().cloned();
        Ok((log, torn))
    }

    /// Reads a log from its beginning without ever writing: for audits, also of a copy in a read-only
    /// folder. Takes no lock; of a log that is being appended to, the last block may look torn.
    ///
    /// Yields the sound blocks up to the first that isn't, then what is wrong. Without a `ledger` the
    /// one that the first segment names is taken, and all others must agree.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] if a foreign file lies in the folder or the first segment is missing;
    /// [`ReadError::Unavailable`].
    pub fn open_read_only(
        disk: Arc<dyn Disk>,
        folder: &Path,
        ledger: Option<LedgerId>,
    ) -> Result<Blocks, ReadError> {
        let folder = Folder { disk, path: folder.to_owned(), ledger };
        let segments = folder.segments()?;
        Ok(Blocks::new(folder, segments, None))
    }

    /// As [`FileLog::open_read_only`], from the block at a position on. Segments before it are not looked at, nor what
    /// lies before `mark`, which an earlier reading left: whoever reads on so must know the block before, and that the
    /// next one names it.
    ///
    /// # Errors
    /// As [`FileLog::open_read_only`]; also if what lies between the mark and the position is damaged.
    pub fn open_read_only_from(
        disk: Arc<dyn Disk>,
        folder: &Path,
        ledger: LedgerId,
        position: u64,
        mark: Option<Mark>,
    ) -> Result<Blocks, ReadError> {
        let mut folder = Folder { disk, path: folder.to_owned(), ledger: Some(ledger) };
        let mut segments = folder.segments()?;
        let after = segments.partition_point(|first| *first <= position);
        let later = segments.split_off(after);
        let first = segments.last().copied().unwrap_or(0);
        let Some(segment) = folder.open_segment(first, Open::Read)? else {
            // Torn or damaged: the iterator says which.
            return Ok(Blocks::new(folder, std::iter::once(first).chain(later).collect(), None));
        };
        let mut frames = match mark.and_then(|mark| mark.in_segment(&segment, position)) {
            Some(place) => Frames::from(segment, place),
            None => Frames::of(segment),
        };
        while frames.place.position < position {
            let next =
                frames.next(later.is_empty()).map_err(|source| folder.unavailable(Some(first), source))?;
            if next?.is_none() {
                break;
            }
        }
        Ok(Blocks::new(folder, later, None).starting_in(frames))
    }

    /// Sets the length at which a segment is full, [`SEGMENT_BYTES`] unless set. It holds for this
    /// handle only: segments of any length can be read together.
    #[must_use]
    pub fn with_segment_bytes(mut self, segment_bytes: u64) -> Self {
        self.segment_bytes = segment_bytes;
        self
    }

    /// Keeps in this file where each block begins, so that a log that was just opened finds an old one at once. It is
    /// disposable, and must not lie in the log's folder.
    #[must_use]
    pub fn with_places(mut self, file: &Path) -> Self {
        self.places.move_to(&*self.folder.disk, file);
        self
    }

    /// The torn tail, while it stands.
    #[must_use]
    pub fn torn_tail(&self) -> Option<&TornTail> {
        match &self.state {
            State::Torn(tail) => Some(tail),
            _ => None,
        }
    }

    /// Cuts the torn tail, durably. The caller has made sure that the memory holds no checkpoint
    /// beyond [`TornTail::position`]. Without a torn tail, nothing happens.
    ///
    /// # Errors
    /// Any error of the disk; the tail then still stands for this handle, and cutting may be tried
    /// again through a new one.
    pub fn cut_torn_tail(&mut self) -> io::Result<()> {
        let State::Torn(tail) = &self.state else {
            return Ok(());
        };
        self.file.set_len(tail.offset)?;
        if tail.offset == 0 {
            // The segment was being made. It is made again, so that its name stays true.
            self.file.write_all_at(&encode_header(self.ledger, tail.position), 0)?;
        }
        self.file.sync()?;
        self.folder.disk.sync_directory(&self.folder.path)?;
        self.state = State::Ready;
        Ok(())
    }

    /// Reads every byte of every segment. Returns the number of blocks.
    ///
    /// # Errors
    /// [`ReadError`], with the first place that isn't sound.
    pub fn verify(&self) -> Result<u64, ReadError> {
        let segments = self.folder.segments()?;
        let mut count = 0;
        for block in Blocks::new(self.folder.clone(), segments, None) {
            count = block?.position + 1;
        }
        Ok(count)
    }

    /// Refuses what can't be appended. `Ok(true)` if exactly this block stands there already.
    fn admit(&self, position: u64, block: &[u8]) -> Result<bool, AppendError> {
        let next = self.next.position;
        match &self.state {
            State::Halted { position } => return Err(AppendError::Halted { position: *position }),
            State::Torn(tail) => return Err(AppendError::Torn(tail.clone())),
            State::Ready if block.len() > BLOCK_BYTES_MAX => {
                return Err(AppendError::TooLarge { bytes: block.len() });
            }
            State::Ready if position > next => return Err(AppendError::Hole { position, next }),
            State::Ready if position == next => return Ok(false),
            State::Ready => {}
        }
        // Unreadable counts as taken: whatever stands there, it isn't known to be this block.
        match self.read(position) {
            Ok(Some(stored)) if stored == block => Ok(true),
            _ => Err(AppendError::Taken { position, next }),
        }
    }

    /// The home's lock keeps a second writer out. Should one have come in all the same, its blocks must
    /// be neither overwritten nor overlapped by a new segment.
    fn refuse_second_writer(&mut self) -> Result<(), AppendError> {
        let len = self.file.len().map_err(|error| self.halt(error))?;
        if len == self.next.offset {
            return Ok(());
        }
        Err(self.halt(io::Error::other("another writer has changed the segment")))
    }

    /// Writes the frame in `scratch` and syncs it.
    fn write_frame(&mut self) -> Result<(), AppendError> {
        if let Err(error) = self.file.write_all_at(&self.scratch, self.next.offset) {
            let cut_back = || {
                if self.file.len()? > self.next.offset {
                    self.file.set_len(self.next.offset)?;
                    self.file.sync()?;
                }
                Ok(())
            };
            let undone = cut_back();
            return Err(self.give_back(error, undone));
        }
        // A crash before the sync leaves the frame whole, torn or not at all. It isn't acknowledged,
        // so each is right; opening tells which.
        self.file.sync().map_err(|error| self.halt(error))
    }

    /// Makes the next segment, durably, and goes on in it. The one before is synced to its last byte.
    fn roll_over(&mut self) -> Result<(), AppendError> {
        let (disk, first) = (Arc::clone(&self.folder.disk), self.next.position);
        let path = self.folder.path.join(segment_name(first));
        let file = match disk.open(&path, Open::CreateNew) {
            Ok(file) => file,
            Err(error) => return Err(self.give_back(error, Ok(()))),
        };
        // A crash from here on leaves no segment, or a torn header, until both syncs are done.
        if let Err(error) = file.write_all_at(&encode_header(self.ledger, first), 0) {
            let undone = disk.remove(&path).and_then(|()| disk.sync_directory(&self.folder.path));
            return Err(self.give_back(error, undone));
        }
        file.sync().map_err(|error| self.halt(error))?;
        disk.sync_directory(&self.folder.path).map_err(|error| self.halt(error))?;
        self.file = file;
        self.segments.push(first);
        self.next.offset = HEADER_BYTES as u64;
        Ok(())
    }

    /// A write failed. If its kind says that the disk refused, and what was written is undone, the
    /// handle goes on working; otherwise it halts.
    fn give_back(&mut self, error: io::Error, undone: io::Result<()>) -> AppendError {
        match (error.kind(), undone) {
            (io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded, Ok(())) => {
                AppendError::Full { position: self.next.position }
            }
            (io::ErrorKind::ReadOnlyFilesystem, Ok(())) => AppendError::ReadOnly,
            (io::ErrorKind::PermissionDenied, Ok(())) => AppendError::PermissionDenied,
            _ => self.halt(error),
        }
    }

    fn halt(&mut self, source: io::Error) -> AppendError {
        let position = self.next.position;
        self.state = State::Halted { position };
        AppendError::Uncertain { position, source }
    }

    fn segment(&self, first: u64) -> Result<Segment, ReadError> {
        open::whole_segment(&mut self.folder.clone(), first)
    }

    /// The blocks from `position`, which is less than the next, to the end as this handle knows it.
    fn scan_from(&self, position: u64) -> Result<Blocks, ReadError> {
        let after = self.segments.partition_point(|&first| first <= position);
        let segment = self.segment(self.segments[after - 1])?;
        let frames = open::frames_at(&self.folder, segment, &self.places, position)?;
        let later = self.segments[after..].to_vec();
        Ok(Blocks::new(self.folder.clone(), later, Some(self.next.position)).starting_in(frames))
    }
}

/// Whether a first segment is more than a crash during [`FileLog::create`] may leave.
fn has_sound_header(file: &dyn DiskFile) -> io::Result<bool> {
    match file.len()?.cmp(&(HEADER_BYTES as u64)) {
        std::cmp::Ordering::Less => Ok(false),
        std::cmp::Ordering::Greater => Ok(true),
        std::cmp::Ordering::Equal => {
            let mut header = [0; HEADER_BYTES];
            file.read_exact_at(&mut header, 0)?;
            Ok(decode_header(&header).is_ok())
        }
    }
}

impl Log for FileLog {
    fn next_position(&self) -> u64 {
        self.next.position
    }

    fn append(&mut self, position: u64, block: &[u8]) -> Result<(), AppendError> {
        if self.admit(position, block)? {
            return Ok(());
        }
        encode_frame(position, block, &mut self.scratch);
        let frame_bytes = self.scratch.len() as u64;
        self.refuse_second_writer()?;
        let has_frames = self.next.offset > HEADER_BYTES as u64;
        if has_frames && self.next.offset + frame_bytes > self.segment_bytes {
            self.roll_over()?;
        }
        self.write_frame()?;
        self.places.note(position, &[self.next.offset]);
        self.next = FramePlace { position: position + 1, offset: self.next.offset + frame_bytes };
        Ok(())
    }

    fn read(&self, position: u64) -> Result<Option<Vec<u8>>, ReadError> {
        let block = self.blocks_from(position).next().transpose()?;
        Ok(block.map(|block| block.bytes))
    }

    fn blocks_from(&self, position: u64) -> Box<dyn Iterator<Item = Result<PlacedBlock, ReadError>> + '_> {
        if position >= self.next.position {
            return Box::new(iter::empty());
        }
        match self.scan_from(position) {
            Ok(blocks) => Box::new(blocks),
            Err(error) => Box::new(iter::once(Err(error))),
        }
    }
}
