//! The disk as the ledger uses it: the one seam between the write side and a file system.
//!
//! Everything durable goes through [`Disk`], so that tests can put a recording disk underneath that
//! forgets, tears or reorders what was not synced, fails the n-th call, or is full. The promises
//! below are the ones POSIX makes and no more: in particular, a new file or a rename is durable only
//! after [`Disk::sync_directory`] on the folder that holds it.

use std::fs;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A file system, or a test's idea of one.
pub trait Disk: Send + Sync {
    /// Opens a file for reading and writing. Not durable as a directory entry until the folder is synced.
    /// A created file is readable by its owner only (mode 0600).
    fn open(&self, path: &Path, open: Open) -> io::Result<Box<dyn DiskFile>>;

    /// Creates a folder and its parents, mode 0700. No error if it exists.
    fn create_directory(&self, path: &Path) -> io::Result<()>;

    /// The names in a folder, sorted. A missing folder is [`io::ErrorKind::NotFound`]. A name that is
    /// not UTF-8 shows with replacement characters, and so as one that nobody expects.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;

    /// Replaces `to` by `from` in one step, as `rename(2)` does. Durable after [`Disk::sync_directory`].
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file. Durable after [`Disk::sync_directory`].
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes creations, renames and removals in this folder durable.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;

    /// [`DiskFile::sync`] of files none of which has to be durable before another. After an error nothing is known of
    /// any of them. A disk that can do several at once does; the default is one after the other.
    fn sync_files(&self, files: &[Box<dyn DiskFile>]) -> io::Result<()> {
        files.iter().try_for_each(|file| file.sync())
    }

    /// Waits for, and holds until it is dropped, what only one holder has at a time: by the name of a file, which is
    /// made if it is not there. A disk that other processes cannot see needs none, which is the default.
    fn hold(&self, _: &Path) -> io::Result<Held> {
        Ok(Held { _file: None })
    }
}

/// What only one holder has at a time. It ends with this value, and with the process.
#[derive(Debug)]
#[must_use = "it is given back at once"]
pub struct Held {
    _file: Option<fs::File>,
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// For reading only; it must exist.
    Read,
    /// For reading and writing; it must exist.
    Write,
    /// For reading and writing; it must not exist.
    CreateNew,
}

/// An open file.
pub trait DiskFile: Send + Sync {
    /// Fills `buffer` from `offset`; [`io::ErrorKind::UnexpectedEof`] if the file is shorter.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// These bytes will be read soon: a disk that can fetches them meanwhile. A hint, which the default ignores.
    fn will_need(&self, _offset: u64, _len: u64) {}

    /// Writes all of `bytes` at `offset`. On error any part of them may have been written.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// The length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Whether the file has no bytes.
    fn is_empty(&self) -> io::Result<bool> {
        self.len().map(|len| len == 0)
    }

    /// Cuts or extends the file.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// When this returns, all bytes written and the length are on the medium (`fdatasync`). After an
    /// error nothing is known about what was not synced before: the caller must stop and read again.
    fn sync(&self) -> io::Result<()>;
}

/// The whole of a file.
pub fn read_all(disk: &dyn Disk, path: &Path) -> io::Result<Vec<u8>> {
    let file = disk.open(path, Open::Read)?;
    let len = usize::try_from(file.len()?).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
    let mut bytes = vec![0; len];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

/// Creates a folder and its parents, and makes their names durable.
pub fn create_durably(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    let missing = |path: &&Path| disk.list(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    let above: Vec<&Path> = path.ancestors().take_while(missing).filter_map(Path::parent).collect();
    disk.create_directory(path)?;
    let here = |folder: &Path| if folder.as_os_str().is_empty() { ".".into() } else { folder.to_owned() };
    above.into_iter().try_for_each(|folder| disk.sync_directory(&here(folder)))
}

/// Replaces a file's content so that after a crash either the old or the new content is there, whole:
/// write beside it, sync, rename, sync the folder.
pub fn replace_atomically(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    match disk.remove(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = disk.open(&beside, Open::CreateNew)?;
    file.write_all_at(bytes, 0)?;
    file.sync()?;
    disk.rename(&beside, path)?;
    disk.sync_directory(folder)
}

/// How many threads sync beside the one that asks for it: what a sync waits for is a medium that takes several writes
/// at once, or a journal that commits all of them together.
const SYNCED_BESIDE: usize = 7;

/// The machine's own file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn open(&self, path: &Path, open: Open) -> io::Result<Box<dyn DiskFile>> {
        let mut options = fs::OpenOptions::new();
        options.read(true).mode(0o600);
        match open {
            Open::Read => &mut options,
            Open::Write => options.write(true),
            Open::CreateNew => options.write(true).create_new(true),
        };
        Ok(Box::new(RealFile(options.open(path)?)))
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        use std::os::unix::fs::DirBuilderExt;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        // The folder of a bare file name is the current one.
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        fs::File::open(path)?.sync_all()
    }

    fn sync_files(&self, files: &[Box<dyn DiskFile>]) -> io::Result<()> {
        let sync = |files: &[Box<dyn DiskFile>]| files.iter().try_for_each(|file| file.sync());
        let Some((first, others)) = files.split_first() else { return Ok(()) };
        std::thread::scope(|scope| {
            let lots = others.chunks(others.len().div_ceil(SYNCED_BESIDE).max(1));
            let others: Vec<_> = lots.map(|lot| scope.spawn(move || sync(lot))).collect();
            let first = first.sync();
            let panicked = |_| Err(io::Error::other("a thread that synced a file has panicked"));
            others.into_iter().fold(first, |so_far, other| so_far.and(other.join().unwrap_or_else(panicked)))
        })
    }

    fn hold(&self, path: &Path) -> io::Result<Held> {
        let file = fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
        file.lock()?;
        Ok(Held { _file: Some(file) })
    }
}

struct RealFile(fs::File);

impl DiskFile for RealFile {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }

    #[cfg(target_os = "linux")]
    fn will_need(&self, offset: u64, len: u64) {
        // No length would ask for all the rest of the file.
        let Some(len) = std::num::NonZeroU64::new(len) else { return };
        // What can't be fetched ahead is read when it is needed.
        let _ = rustix::fs::fadvise(&self.0, offset, Some(len), rustix::fs::Advice::WillNeed);
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn len(&self) -> io::Result<u64> {
        self.0.metadata().map(|metadata| metadata.len())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
