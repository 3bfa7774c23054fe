//! Files as lists of pieces, and the list of a generation's files.

use vandel_core::checkpoint::parse_decimal;
use vandel_core::hash::Hash;

/// The length of a piece; the last of a file may be shorter. A file that only grows shares its whole
/// pieces with what it was before.
pub const CHUNK_BYTES: usize = 1 << 20;

/// One file of a generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Where it lies in the home, such as `log/segment-00000000000000000000.vlog`.
    pub path: String,
    /// Its length in bytes.
    pub len: u64,
    /// The SHA-256 of all of it.
    pub hash: Hash,
    /// The SHA-256 of each piece, in order.
    pub chunks: Vec<Hash>,
}

/// The list as text: a line for each file, and one for each of its pieces.
pub(super) fn encode(files: &[FileEntry]) -> Vec<u8> {
    let mut text = String::new();
    for file in files {
        text.push_str(&format!("file {} {} {}\n", file.len, file.hash, file.path));
        for chunk in &file.chunks {
            text.push_str(&format!("chunk {chunk}\n"));
        }
    }
    text.into_bytes()
}

/// Reads a list; none if it is not exactly one.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<FileEntry>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut files: Vec<FileEntry> = Vec::new();
    for line in text.split_terminator('\n') {
        if let Some(chunk) = line.strip_prefix("chunk ") {
            files.last_mut()?.chunks.push(Hash::from_hex(chunk)?);
            continue;
        }
        let mut words = line.strip_prefix("file ")?.splitn(3, ' ');
        let len = parse_decimal(words.next()?)?;
        let hash = Hash::from_hex(words.next()?)?;
        let path = words.next().filter(|path| is_inside(path))?.to_owned();
        files.push(FileEntry { path, len, hash, chunks: Vec::new() });
    }
    let fits = |file: &FileEntry| file.chunks.len() as u64 == file.len.div_ceil(CHUNK_BYTES as u64);
    files.iter().all(fits).then_some(files)
}

/// Whether a path stays inside the folder that it is laid into: a list decides where files are written.
fn is_inside(path: &str) -> bool {
    !path.is_empty() && path.split('/').all(|name| !matches!(name, "" | "." | "..")) && !path.contains('\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_back_and_none_leads_outside() {
        let hash = Hash([5; 32]);
        let files = vec![
            FileEntry {
                path: "log/a b".to_owned(),
                len: CHUNK_BYTES as u64 + 1,
                hash,
                chunks: vec![hash; 2],
            },
            FileEntry { path: "vault/names".to_owned(), len: 0, hash, chunks: Vec::new() },
        ];
        assert_eq!(decode(&encode(&files)), Some(files.clone()));
        for path in ["/etc/passwd", "../x", "log/../../x", "", "log//x", "."] {
            let file = FileEntry { path: path.to_owned(), ..files[1].clone() };
            assert_eq!(decode(&encode(&[file])), None, "{path}");
        }
        let short = FileEntry { chunks: vec![hash], ..files[0].clone() };
        assert_eq!(decode(&encode(&[short])), None);
    }
}
