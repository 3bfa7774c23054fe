//! The search for personal data where there must be none.
//!
//! Every file under a folder is searched for words that were put into a ledger, in each encoding in
//! which they could have leaked: UTF-8, UTF-16 in both orders, Latin-1, hexadecimal in both cases, and
//! base64 at each of its three alignments, plain and URL-safe. Words are searched as they are and in
//! lower and upper case.
//!
//! What it cannot see: words shorter than [`NEEDLE_BYTES_MIN`], which random bytes contain by chance, and
//! what is compressed. A compressed file is therefore a find of its own: nothing in a home is compressed.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The shortest needle: six random bytes equal a needle once in 2⁴⁸.
pub const NEEDLE_BYTES_MIN: usize = 6;

/// Something found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Find {
    /// Where.
    pub file: PathBuf,
    /// At which byte; 0 for a file name or a compressed file.
    pub offset: usize,
    /// The word and its encoding.
    pub what: String,
}

/// Words, in every encoding, ready to be searched for.
#[derive(Clone, Debug, Default)]
pub struct Canaries {
    /// Needles by their first bytes.
    needles: HashMap<[u8; NEEDLE_BYTES_MIN], Vec<(Vec<u8>, String)>>,
    known: BTreeSet<Vec<u8>>,
    skipped: BTreeSet<String>,
}

impl Canaries {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a word: a name, a reference, a handle.
    pub fn add(&mut self, word: &str) {
        let cases: BTreeSet<String> = [word.to_owned(), word.to_lowercase(), word.to_uppercase()].into();
        if word.len() < NEEDLE_BYTES_MIN {
            self.skipped.insert(word.to_owned());
        }
        for word in cases {
            for (encoding, bytes) in encodings(&word) {
                self.add_needle(bytes, format!("{word} as {encoding}"));
            }
        }
    }

    /// Adds a twelve-digit identity number in all its spellings: ten and twelve digits, with and without
    /// a dash, and with the plus of a hundred years.
    pub fn add_number(&mut self, twelve: &str) {
        let (century_and_date, last) = twelve.split_at(8);
        let date = &century_and_date[2..];
        for spelling in [
            twelve.to_owned(),
            format!("{century_and_date}-{last}"),
            format!("{date}{last}"),
            format!("{date}-{last}"),
            format!("{date}+{last}"),
        ] {
            self.add(&spelling);
        }
    }

    /// The words that are too short to be told from chance in their plain form.
    #[must_use]
    pub fn skipped(&self) -> &BTreeSet<String> {
        &self.skipped
    }

    /// How many needles there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    fn add_needle(&mut self, bytes: Vec<u8>, what: String) {
        let Some(first) = bytes.first_chunk::<NEEDLE_BYTES_MIN>() else { return };
        if self.known.insert(bytes.clone()) {
            self.needles.entry(*first).or_default().push((bytes, what));
        }
    }

    /// Searches bytes: every needle with its offset.
    #[must_use]
    pub fn search(&self, bytes: &[u8]) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for (offset, window) in bytes.windows(NEEDLE_BYTES_MIN).enumerate() {
            let Some(first) = window.first_chunk::<NEEDLE_BYTES_MIN>() else { continue };
            for (needle, what) in self.needles.get(first).into_iter().flatten() {
                if bytes[offset..].starts_with(needle) {
                    found.push((offset, what.clone()));
                }
            }
        }
        found
    }

    /// Searches every file under a folder, and the files' names.
    ///
    /// # Errors
    /// If a folder or a file cannot be read.
    pub fn search_folder(&self, folder: &Path) -> io::Result<Vec<Find>> {
        let mut finds = Vec::new();
        for file in files_under(folder)? {
            let bytes = fs::read(&file)?;
            let name = file.strip_prefix(folder).unwrap_or(&file).to_string_lossy().into_owned();
            let mut find = |offset, what| finds.push(Find { file: file.clone(), offset, what });
            for (_, what) in self.search(name.as_bytes()) {
                find(0, format!("{what}, in the file's name"));
            }
            if let Some(format) = compression(&bytes) {
                find(0, format!("{format}: a compressed file cannot be searched"));
            }
            for (offset, what) in self.search(&bytes) {
                find(offset, what);
            }
        }
        Ok(finds)
    }
}

/// All files under a folder, links not followed.
fn files_under(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let sort = entry.file_type()?;
            if sort.is_dir() {
                folders.push(entry.path());
            } else if sort.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The compression that a file's first bytes announce (RFC 1950, RFC 1952, RFC 8878).
fn compression(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x1F, 0x8B, 8, ..] => Some("gzip"),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Some("zstd"),
        [0x78, 0x01 | 0x5E | 0x9C | 0xDA, ..] => Some("zlib"),
        _ => None,
    }
}

fn encodings(word: &str) -> Vec<(&'static str, Vec<u8>)> {
    let units = || word.encode_utf16();
    let utf8 = word.as_bytes().to_vec();
    let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
    let latin: Option<Vec<u8>> = word.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect();
    let mut all = Vec::new();
    let plain =
        [("UTF-8", Some(utf8)), ("UTF-16LE", Some(little)), ("UTF-16BE", Some(big)), ("Latin-1", latin)];
    for (name, bytes) in plain {
        let Some(bytes) = bytes else { continue };
        all.push(("lower-case hex", hex(&bytes, false)));
        all.push(("upper-case hex", hex(&bytes, true)));
        for alignment in 0..3 {
            let coded = base64_core(&bytes, alignment);
            let url_safe: Vec<u8> = coded
                .iter()
                .map(|byte| match byte {
                    b'+' => b'-',
                    b'/' => b'_',
                    other => *other,
                })
                .collect();
            all.extend([("base64", coded), ("URL-safe base64", url_safe)]);
        }
        all.push((name, bytes));
    }
    all
}

fn hex(bytes: &[u8], upper: bool) -> Vec<u8> {
    let digits: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    bytes.iter().flat_map(|byte| [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]).collect()
}

/// The letters of base64 that depend on `bytes` alone when they begin `alignment` bytes into a group of
/// three, whatever stands before and after them.
fn base64_core(bytes: &[u8], alignment: usize) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    // Letter i holds the bits 6i to 6i+5 of the stream; ours are the bits from 8·alignment on.
    let (first_bit, last_bit) = (8 * alignment, 8 * (alignment + bytes.len()));
    let bit = |at: usize| bytes[(at - first_bit) / 8] >> (7 - (at - first_bit) % 8) & 1;
    (first_bit.div_ceil(6)..last_bit / 6)
        .map(|letter| {
            let value = (6 * letter..6 * letter + 6).fold(0, |value, at| value << 1 | usize::from(bit(at)));
            LETTERS[value]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A word that leaked is found, however it was written and whatever stands around it.
    #[test]
    fn a_leak_is_found_in_every_encoding() {
        let mut canaries = Canaries::new();
        canaries.add("Kanariesson");
        canaries.add("Åkerström");
        for word in ["Kanariesson", "Åkerström", "KANARIESSON", "åkerström"] {
            for (encoding, bytes) in encodings(word) {
                for before in 0..4 {
                    let leak = [&vec![0xA5; before][..], &bytes, b"\0\0"].concat();
                    assert!(!canaries.search(&leak).is_empty(), "{word} as {encoding} after {before} bytes");
                }
            }
        }
    }

    /// The three alignments are those of a real encoder, with text before and after.
    #[test]
    fn base64_is_found_inside_longer_text() {
        let mut canaries = Canaries::new();
        canaries.add("Kanariesson");
        for (coded, what) in [
            ("S2FuYXJpZXNzb24=", "alone"),
            ("eEthbmFyaWVzc29ueQ==", "after one byte"),
            ("eHhLYW5hcmllc3NvbnkK", "after two bytes"),
        ] {
            assert!(!canaries.search(coded.as_bytes()).is_empty(), "{what}");
        }
    }

    #[test]
    fn a_number_is_found_in_all_its_spellings_and_another_is_not() {
        let mut canaries = Canaries::new();
        canaries.add_number("199610109945");
        for text in ["199610109945", "19961010-9945", "9610109945", "961010-9945", "961010+9945"] {
            assert!(!canaries.search(text.as_bytes()).is_empty(), "{text}");
        }
        assert!(canaries.search(b"19961010-9946 961011-9945").is_empty());
    }

    #[test]
    fn files_below_files_names_and_compressed_files_are_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let below = folder.path().join("a").join("b");
        fs::create_dir_all(&below).expect("folders");
        fs::write(below.join("data"), b"....Kanariesson....").expect("a file");
        fs::write(below.join("Kanariesson.txt"), b"nothing").expect("a file");
        fs::write(folder.path().join("z"), [0x1F, 0x8B, 8, 0]).expect("a file");
        let mut canaries = Canaries::new();
        canaries.add("Kanariesson");
        let finds = canaries.search_folder(folder.path()).expect("readable");
        assert_eq!(finds.len(), 3, "{finds:?}");
    }
}
