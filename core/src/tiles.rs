//! Tiles (C2SP tlog-tiles): the tree and the records as immutable files that any web server can host.
//!
//! ```text
//! checkpoint                          the signed tree head
//! tile/<level>/<index>[.p/<width>]    up to 256 hashes of complete subtrees
//! tile/entries/<index>[.p/<width>]    up to 256 records, each after its length in two bytes
//! vandel/entries/<index>[.p/<width>]  the same with lengths in four bytes, where a record is too long
//! vandel/blocks/<index>[.p/<width>]   up to 256 blocks without their records: 182 bytes each
//! ```
//!
//! The first three are the specification's, and any client of it can read them. A record may be longer
//! than the 65,535 bytes that an entry has there (a large policy pack, a large erasure); a bundle that
//! would hold one is not written, and `vandel/entries/` has it instead. With `vandel/blocks/` the whole
//! log can be put together again and be verified as such.

use crate::block::FRAME_BYTES;
use crate::hash::Hash;
use crate::merkle::Nodes;

/// How many hashes, entries or blocks a full tile has.
pub const TILE_WIDTH: u64 = 256;
/// The longest entry that a bundle of the specification can hold.
pub const ENTRY_BYTES_MAX: usize = 65_535;
/// A block without its records: the fields in front of them, and the signature.
pub const BLOCK_FRAME_BYTES: usize = FRAME_BYTES;
const HEAD_BYTES: usize = FRAME_BYTES - 64;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Series {
    /// Hashes of complete subtrees of 256^level leaves each.
    Hashes(u8),
    /// Records.
    Entries,
    /// Records, in a bundle that has one which is too long for the specification.
    LongEntries,
    /// Blocks without their records.
    Blocks,
}

/// One tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    /// What it holds.
    pub series: Series,
    /// Its place in its series.
    pub index: u64,
    /// How many it holds, from 1 to [`TILE_WIDTH`].
    pub width: u64,
}

impl Tile {
    /// Its path, with `/` between folders (C2SP tlog-tiles, "Merkle Tree").
    #[must_use]
    pub fn path(&self) -> String {
        let mut digits = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            digits = format!("x{:03}/{digits}", rest % 1000);
            rest /= 1000;
        }
        let series = match self.series {
            Series::Hashes(level) => format!("tile/{level}"),
            Series::Entries => "tile/entries".to_owned(),
            Series::LongEntries => "vandel/entries".to_owned(),
            Series::Blocks => "vandel/blocks".to_owned(),
        };
        let partial = if self.width == TILE_WIDTH { String::new() } else { format!(".p/{}", self.width) };
        format!("{series}/{digits}{partial}")
    }

    /// The tiles of a series that has so many members.
    pub fn of_series(series: Series, count: u64) -> impl Iterator<Item = Self> {
        (0..count.div_ceil(TILE_WIDTH)).map(move |index| {
            let width = (count - index * TILE_WIDTH).min(TILE_WIDTH);
            Self { series, index, width }
        })
    }

    /// Every hash tile of a tree: level by level, as long as there is a complete subtree.
    pub fn of_tree(size: u64) -> impl Iterator<Item = Self> {
        let levels = (0_u8..8).map(move |level| (level, size >> (8 * u32::from(level))));
        levels
            .take_while(|(_, count)| *count > 0)
            .flat_map(|(level, count)| Self::of_series(Series::Hashes(level), count))
    }

    /// A hash tile's bytes; none if the nodes lack one of its subtrees.
    #[must_use]
    pub fn hashes(&self, nodes: &impl Nodes) -> Option<Vec<u8>> {
        let Series::Hashes(level) = self.series else { return None };
        let first = self.index * TILE_WIDTH;
        let subtrees = (first..first + self.width).map(|index| nodes.node(level * 8, index));
        Some(subtrees.collect::<Option<Vec<Hash>>>()?.into_iter().flat_map(|hash| hash.0).collect())
    }
}

/// Why a folder does not hold the tiles of a log up to its checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub enum TilesFault {
    /// Nothing says how large the tree is.
    #[error("the tiles folder has no checkpoint that can be read")]
    Checkpoint,
    /// A bundle or a hash tile is not there in the width that the checkpoint's size asks for.
    #[error("{path} is missing")]
    Missing { path: String },
    /// The frames end before the records that the checkpoint covers.
    #[error("the blocks end after {found} of {size} records")]
    BlocksEnd { found: u64, size: u64 },
    /// A frame says more records than are left.
    #[error("the blocks ask for more records than the {size} of the checkpoint")]
    BlocksBeyond { size: u64 },
    /// A tile of frames is cut short or too long.
    #[error("{path} does not hold {width} blocks and nothing more")]
    Blocks { path: String, width: u64 },
    /// A bundle is cut short or too long.
    #[error("{path} does not hold {width} entries and nothing more")]
    Entries { path: String, width: u64 },
    /// A hash tile is another than the records give.
    #[error("{path} is not the tile of these records")]
    Hashes { path: String },
}

impl TilesFault {
    /// Its name in the vectors (`docs/format.md`, section 5.5).
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Checkpoint => "Tiles.Checkpoint",
            Self::Missing { .. } => "Tiles.Missing",
            Self::BlocksEnd { .. } => "Tiles.BlocksEnd",
            Self::BlocksBeyond { .. } => "Tiles.BlocksBeyond",
            Self::Blocks { .. } => "Tiles.Blocks",
            Self::Entries { .. } => "Tiles.Entries",
            Self::Hashes { .. } => "Tiles.Hashes",
        }
    }

    /// Whether the next block cannot be put together for it. If not, the blocks were all there, and it is the tree
    /// of hashes or the checkpoint that is not as it should be.
    #[must_use]
    pub fn is_of_the_next_block(&self) -> bool {
        match self {
            Self::Checkpoint | Self::Hashes { .. } => false,
            Self::Missing { path } => path.contains("/entries/"),
            _ => true,
        }
    }
}

/// A bundle of entries, and the series that it belongs to.
#[must_use]
pub fn encode_entries(records: &[Vec<u8>]) -> (Series, Vec<u8>) {
    let long = records.iter().any(|record| record.len() > ENTRY_BYTES_MAX);
    let mut bytes = Vec::new();
    for record in records {
        match u16::try_from(record.len()) {
            Ok(length) if !long => bytes.extend_from_slice(&length.to_be_bytes()),
            _ => bytes.extend_from_slice(&u32::try_from(record.len()).unwrap_or(u32::MAX).to_be_bytes()),
        }
        bytes.extend_from_slice(record);
    }
    (if long { Series::LongEntries } else { Series::Entries }, bytes)
}

/// The entries of a bundle; none if the bytes are not those of `width` entries.
#[must_use]
pub fn decode_entries(series: Series, bytes: &[u8], width: u64) -> Option<Vec<&[u8]>> {
    let (mut rest, mut entries) = (bytes, Vec::new());
    for _ in 0..width {
        let length = match series {
            Series::LongEntries => {
                let (length, after) = rest.split_first_chunk()?;
                rest = after;
                usize::try_from(u32::from_be_bytes(*length)).ok()?
            }
            _ => {
                let (length, after) = rest.split_first_chunk()?;
                rest = after;
                usize::from(u16::from_be_bytes(*length))
            }
        };
        let (entry, after) = rest.split_at_checked(length)?;
        rest = after;
        entries.push(entry);
    }
    rest.is_empty().then_some(entries)
}

/// A block's frame: what stands in front of its records, and its signature. None for bytes that are too
/// short to be a block.
#[must_use]
pub fn block_frame(block: &[u8]) -> Option<[u8; BLOCK_FRAME_BYTES]> {
    let (head, signature) = (block.first_chunk::<HEAD_BYTES>()?, block.last_chunk::<64>()?);
    let mut frame = [0; BLOCK_FRAME_BYTES];
    frame[..HEAD_BYTES].copy_from_slice(head);
    frame[HEAD_BYTES..].copy_from_slice(signature);
    Some(frame)
}

/// How many records a frame's block has; what it says, unchecked.
#[must_use]
pub fn frame_count(frame: &[u8; BLOCK_FRAME_BYTES]) -> u32 {
    u32::from_be_bytes([frame[82], frame[83], frame[84], frame[85]])
}

/// A block, put together again from its frame and its records.
#[must_use]
pub fn assemble_block(frame: &[u8; BLOCK_FRAME_BYTES], records: &[&[u8]]) -> Vec<u8> {
    let mut bytes = frame[..HEAD_BYTES].to_vec();
    records.iter().for_each(|record| crate::codec::put_bytes(&mut bytes, record));
    bytes.extend_from_slice(&frame[HEAD_BYTES..]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let tile = |series, index, width| Tile { series, index, width }.path();
        assert_eq!(tile(Series::Hashes(0), 0, 256), "tile/0/000");
        assert_eq!(tile(Series::Hashes(2), 7, 3), "tile/2/007.p/3");
        assert_eq!(tile(Series::Hashes(0), 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(tile(Series::Entries, 1_000, 1), "tile/entries/x001/000.p/1");
        assert_eq!(tile(Series::LongEntries, 1, 256), "vandel/entries/001");
        assert_eq!(tile(Series::Blocks, 0, 9), "vandel/blocks/000.p/9");
    }

    #[test]
    fn a_tree_has_a_tile_for_every_complete_subtree_and_no_other() {
        let paths = |size| Tile::of_tree(size).map(|tile| tile.path()).collect::<Vec<_>>();
        assert!(paths(0).is_empty());
        assert_eq!(paths(1), ["tile/0/000.p/1"]);
        assert_eq!(paths(256), ["tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(paths(257), ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]);
        assert_eq!(
            Tile::of_tree(70_000).count(),
            274 + 2 + 1,
            "273 full tiles and a part, 273 in two, one on top"
        );
    }

    #[test]
    fn a_bundle_is_read_as_it_was_written_and_a_long_record_changes_its_series() {
        let short = vec![vec![1; 254], Vec::new(), vec![2; ENTRY_BYTES_MAX]];
        let long = [&short[..], &[vec![3; ENTRY_BYTES_MAX + 1]]].concat();
        for (records, expected) in [(short, Series::Entries), (long, Series::LongEntries)] {
            let (series, bytes) = encode_entries(&records);
            assert_eq!(series, expected);
            let width = records.len() as u64;
            let read = decode_entries(series, &bytes, width).expect("its own bytes");
            assert_eq!(read, records.iter().map(Vec::as_slice).collect::<Vec<_>>());
            assert_eq!(decode_entries(series, &bytes, width + 1), None);
            assert_eq!(decode_entries(series, &bytes, width - 1), None);
            assert_eq!(decode_entries(series, &bytes[..bytes.len() - 1], width), None);
        }
    }
}
