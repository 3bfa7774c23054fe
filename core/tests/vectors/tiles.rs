//! Folders of tiles, sound and changed. They are made here and judged in `tests/tests/tiles/`, since who reads folders
//! lies there.

use std::collections::BTreeMap;

use vandel_core::block::Block;
use vandel_core::chain::Chain;
use vandel_core::checkpoint::Checkpoint;
use vandel_core::hash::{Hash, leaf_hash};
use vandel_core::merkle::NodeMemory;
use vandel_core::note::{KeyKind, VerifierKey};
use vandel_core::statement::Body;

use crate::fields::Fields;
use crate::file::{Case, Expected};
use crate::ledger::Ledger;
use crate::world::{Draft, filler, public, secret, take};

const ORIGIN: &str = "vandel.example/vectors";
const SMALL: &str = "partial tiles alone";
const LARGE: &str = "full tiles and partial ones";
/// How many sealed records the block has that fills a tile: the tree gets 258.
const MORE: usize = 238;

/// A folder: path and bytes, put together by the words of `docs/format.md` and not by the code under test.
#[derive(Clone)]
struct Folder(BTreeMap<String, Vec<u8>>);

/// `path` or, for a part of a tile, `path.p/width`.
fn path(series: &str, index: usize, count: usize) -> String {
    if count == 256 { format!("{series}/{index:03}") } else { format!("{series}/{index:03}.p/{count}") }
}

fn signed(chain: &Chain, size: u64, root: Hash) -> Vec<u8> {
    let name =
        if chain.checkpoint_key(size) == Some(public("checkpoint")) { "checkpoint" } else { "checkpoint 2" };
    let checkpoint = Checkpoint::new(ORIGIN, size, root).expect("a sound origin");
    checkpoint.sign(&secret(name)).expect("a short note").to_string().into_bytes()
}

/// A hash of each run of 256: one level up.
fn above(hashes: &[Hash]) -> Vec<Hash> {
    let root = |run: &[Hash]| {
        let mut nodes = NodeMemory::new();
        run.iter().for_each(|hash| nodes.append(*hash));
        vandel_core::merkle::root_at(&nodes, 256).expect("256 leaves have a root")
    };
    hashes.chunks_exact(256).map(root).collect()
}

impl Folder {
    fn of(chain: &Chain, blocks: &[Vec<u8>]) -> Self {
        let mut files = BTreeMap::new();
        let decoded: Vec<Block<'_>> =
            blocks.iter().map(|bytes| Block::decode(bytes).expect("its own blocks")).collect();
        let records: Vec<&[u8]> =
            decoded.iter().flat_map(|block| &block.records).map(|record| record.bytes).collect();
        for (index, bundle) in records.chunks(256).enumerate() {
            let entry = |record: &&[u8]| {
                let length = u16::try_from(record.len()).expect("short records");
                [&length.to_be_bytes()[..], record].concat()
            };
            let bytes: Vec<u8> = bundle.iter().flat_map(entry).collect();
            files.insert(path("tile/entries", index, bundle.len()), bytes);
        }
        for (index, run) in blocks.chunks(256).enumerate() {
            let frame = |block: &Vec<u8>| [&block[..118], &block[block.len() - 64..]].concat();
            files.insert(path("vandel/blocks", index, run.len()), run.iter().flat_map(frame).collect());
        }
        let mut hashes: Vec<Hash> = records.iter().map(|record| leaf_hash(record)).collect();
        for level in 0..8 {
            for (index, run) in hashes.chunks(256).enumerate() {
                let bytes = run.iter().flat_map(|hash| hash.0).collect();
                files.insert(path(&format!("tile/{level}"), index, run.len()), bytes);
            }
            hashes = above(&hashes);
        }
        let tip = chain.tip();
        files.insert("checkpoint".to_owned(), signed(chain, tip.size, tip.root));
        Self(files)
    }

    fn fields(&self) -> Fields {
        let meaning = |path: &str| match path.split('/').nth(1) {
            None => "the signed checkpoint",
            Some("entries") => "records, each after its length",
            Some("blocks") => "blocks without their records",
            Some(_) => "hashes",
        };
        self.0.iter().fold(Fields::new(), |fields, (path, bytes)| fields.raw(path, bytes, meaning(path)))
    }
}

fn trust() -> String {
    let log = VerifierKey::new(ORIGIN, KeyKind::Ed25519, &public("checkpoint")).expect("a sound key");
    format!("log {log}\nquorum none\n")
}

/// The accepted ledger, and the same with one block more that fills a tile.
fn folders(ledger: &Ledger) -> (Folder, Folder) {
    let mut chain = ledger.chains.last().expect("chains").clone();
    let small = Folder::of(&chain, &ledger.blocks);
    let said =
        (0..MORE).map(|index| ("carol 2", None, Body::Sealed(Hash(filler(&format!("commitment {index}"))))));
    let block = Draft::after(&chain, "service 2", said.collect()).fields().bytes();
    take(&mut chain, &block).unwrap_or_else(|error| panic!("{error:?}"));
    (small, Folder::of(&chain, &[&ledger.blocks[..], &[block]].concat()))
}

/// Changes of an accepted folder.
struct Changes<'a> {
    of: &'a str,
    folder: &'a Folder,
    cases: Vec<Case>,
}

impl Changes<'_> {
    fn case(&self, fields: Fields, name: &str, error: Expected) -> Case {
        let case = fields.reject(name, "", error).context("of", self.of);
        case.context("trust", trust())
    }

    /// The file's bytes from `from` to before `to` are others.
    fn span(&mut self, path: &str, (from, to): (usize, usize), bytes: &[u8], name: &str, error: Expected) {
        assert!(to <= self.folder.0[path].len(), "{path}");
        let case = self.case(Fields::new().raw(path, bytes, "CHANGED"), name, error);
        self.cases.push(case.context("from", from).context("to", to));
    }

    fn flip(&mut self, path: &str, at: usize, name: &str, error: Expected) {
        let byte = self.folder.0[path][at] ^ 1;
        self.span(path, (at, at + 1), &[byte], name, error);
    }

    fn cut(&mut self, path: &str, by: usize, name: &str, error: Expected) {
        let end = self.folder.0[path].len();
        self.span(path, (end - by, end), &[], name, error);
    }

    fn longer(&mut self, path: &str, bytes: &[u8], name: &str, error: Expected) {
        let end = self.folder.0[path].len();
        self.span(path, (end, end), bytes, name, error);
    }

    fn gone(&mut self, path: &str, name: &str, error: Expected) {
        assert!(self.folder.0.contains_key(path), "{path}");
        let case = self.case(Fields::new(), name, error);
        self.cases.push(case.context("remove", path));
    }

    fn moved(&mut self, path: &str, to: &str, name: &str, error: Expected) {
        let fields = Fields::new().raw(to, &self.folder.0[path], "CHANGED: under another name");
        let case = self.case(fields, name, error);
        self.cases.push(case.context("remove", path));
    }

    fn put(&mut self, path: &str, bytes: &[u8], name: &str, error: Expected) {
        let fields = Fields::new().raw(path, bytes, "CHANGED: the whole file");
        self.cases.push(self.case(fields, name, error));
    }
}

pub(crate) fn cases(ledger: &Ledger) -> (Vec<Case>, Vec<Case>) {
    let (small, large) = folders(ledger);
    let with = |case: Case, exit: u8| case.context("trust", trust()).context("exit", exit);
    let mut again = small.fields();
    for (path, width) in [("tile/0/000.p", 9), ("tile/entries/000.p", 9), ("vandel/blocks/000.p", 6)] {
        again = again.raw(&format!("{path}/{width}"), b"older", "a part of an earlier export: not looked at");
    }
    let mut bare = small.clone();
    bare.0.retain(|path, _| !path.starts_with("vandel/"));
    let accepted = vec![
        with(small.fields().accept(SMALL, "20 records in 13 blocks: accept/ledger.json"), 0),
        with(large.fields().accept(LARGE, "258 records: two tiles in level 0, one hash in level 1"), 0),
        with(again.accept("with the parts of an earlier export", "a writer may leave them"), 0),
        with(
            bare.fields().accept("by another program", "without blocks no signature of theirs is verified"),
            4,
        ),
        small.fields().accept("without a trust file", "it agrees with itself, no more").context("exit", 4),
    ];
    (accepted, [of_the_small(ledger, &small), of_the_large(&large)].concat())
}

fn of_the_small(ledger: &Ledger, folder: &Folder) -> Vec<Case> {
    let tiles = |name: &str| Expected::named(format!("Tiles.{name}"));
    let next = |name: &str, block, record| tiles(name).at(block, Some(record));
    let (hashes, entries, blocks) = ("tile/0/000.p/20", "tile/entries/000.p/20", "vandel/blocks/000.p/13");
    let mut small = Changes { of: SMALL, folder, cases: Vec::new() };
    small.gone("checkpoint", "no checkpoint", tiles("Checkpoint"));
    small.put("checkpoint", b"vandel\n", "a checkpoint that is no note", tiles("Checkpoint"));
    small.flip(hashes, 0, "another first hash", tiles("Hashes"));
    small.flip(hashes, 32 * 20 - 1, "another last hash", tiles("Hashes"));
    small.cut(hashes, 32, "a hash less", tiles("Hashes"));
    small.cut(hashes, 1, "half a hash", tiles("Hashes"));
    small.longer(hashes, &[0; 32], "a hash more", tiles("Hashes"));
    small.gone(hashes, "no hashes", tiles("Missing"));
    small.moved(hashes, "tile/0/000.p/19", "hashes of a smaller width", tiles("Missing"));
    small.moved(hashes, "tile/0/000.p/020", "a width with a leading zero", tiles("Missing"));
    let foreign: Vec<u8> = (0..20).flat_map(|leaf| filler(&format!("{leaf}"))).collect();
    small.put(hashes, &foreign, "the tile of another tree", tiles("Hashes"));
    small.gone(entries, "no entries", next("Missing", 0, 0));
    small.moved(entries, "tile/entries/000.p/19", "entries of a smaller width", next("Missing", 0, 0));
    small.cut(entries, 1, "entries cut short", next("Entries", 0, 0));
    small.longer(entries, &[0], "entries with a byte more", next("Entries", 0, 0));
    let length = u16::from_be_bytes([folder.0[entries][0], folder.0[entries][1]]);
    small.span(
        entries,
        (0, 2),
        &(length + 1).to_be_bytes(),
        "an entry that is said longer",
        next("Entries", 0, 0),
    );
    small.span(
        entries,
        (0, 2),
        &(length - 1).to_be_bytes(),
        "an entry that is said shorter",
        next("Entries", 0, 0),
    );
    small.moved(blocks, "vandel/blocks/000.p/12", "blocks of a smaller width", next("Blocks", 0, 0));
    small.cut(blocks, 1, "blocks cut short", next("Blocks", 0, 0));
    small.longer(blocks, &[0; 182], "a block more than the width", next("Blocks", 0, 0));
    let frames = &folder.0[blocks];
    let fewer = Fields::new().raw("vandel/blocks/000.p/12", &frames[..12 * 182], "CHANGED: a block less");
    let fewer = small.case(fewer, "a block less", next("BlocksEnd", 12, 19)).context("remove", blocks);
    small.cases.push(fewer);
    small.span(
        blocks,
        (12 * 182 + 85, 12 * 182 + 86),
        &[2],
        "a last block that asks for one more",
        next("BlocksBeyond", 12, 19),
    );
    let (chain, before) = (&ledger.chains[13], &ledger.chains[12]);
    let smaller = signed(chain, before.size(), before.frontier.root());
    small.put("checkpoint", &smaller, "the checkpoint of before the last block", next("Missing", 0, 0));
    let other = signed(chain, chain.size(), Hash(filler("fork")));
    let differs = Expected { record: Some(0), ..Expected::named("Checkpoint.Differs") };
    small.put("checkpoint", &other, "a checkpoint of another tree", differs);
    small.cases
}

fn of_the_large(folder: &Folder) -> Vec<Case> {
    let tiles = |name: &str| Expected::named(format!("Tiles.{name}"));
    let mut large = Changes { of: LARGE, folder, cases: Vec::new() };
    large.flip("tile/0/000", 255 * 32, "another hash in a full tile", tiles("Hashes"));
    large.flip("tile/1/000.p/1", 31, "another hash one level up", tiles("Hashes"));
    large.gone("tile/1/000.p/1", "no tile one level up", tiles("Missing"));
    large.longer("tile/1/000.p/1", &[0; 32], "a hash more one level up", tiles("Hashes"));
    let leaf = folder.0["tile/0/000"][..32].to_vec();
    large.put("tile/1/000.p/1", &leaf, "a leaf's hash one level up", tiles("Hashes"));
    large.put("tile/0/001.p/2", &folder.0["tile/0/000"][..64], "a tile in another's place", tiles("Hashes"));
    large.gone("tile/0/001.p/2", "no part of a tile", tiles("Missing"));
    large.moved("tile/0/000", "tile/0/000.p/256", "a full tile under a part's name", tiles("Missing"));
    large.gone("tile/entries/001.p/2", "no last entries", tiles("Missing").at(13, Some(20)));
    large.cut("tile/entries/001.p/2", 254 + 2, "an entry less", tiles("Entries").at(13, Some(20)));
    large.cases
}

/// The code that writes and reads tiles gives the files that were put together here by the words of the format.
#[test]
fn tiles_are_written_and_read_as_the_format_says() {
    use vandel_core::tiles::{
        Series, Tile, assemble_block, block_frame, decode_entries, encode_entries, frame_count,
    };
    let ledger = Ledger::build(&crate::payloads::commitments());
    let (small, large) = folders(&ledger);
    for folder in [small, large] {
        let (mut written, mut nodes) = (1, NodeMemory::new());
        let entries = |series: &str| {
            let of = folder.0.iter().filter(|(path, _)| path.starts_with(series));
            of.map(|(path, bytes)| (path.clone(), bytes.clone())).collect::<Vec<_>>()
        };
        let mut records: Vec<Vec<u8>> = Vec::new();
        for (path, bytes) in entries("tile/entries/") {
            let width = path.rsplit_once(".p/").map_or(256, |(_, width)| width.parse().expect("a width"));
            let read = decode_entries(Series::Entries, &bytes, width).expect("sound entries");
            let read: Vec<Vec<u8>> = read.into_iter().map(<[u8]>::to_vec).collect();
            assert_eq!(encode_entries(&read), (Series::Entries, bytes));
            read.iter().for_each(|record| nodes.append(leaf_hash(record)));
            records.extend(read);
            written += 1;
        }
        for tile in Tile::of_tree(records.len() as u64) {
            assert_eq!(tile.hashes(&nodes).as_ref(), folder.0.get(&tile.path()), "{}", tile.path());
            written += 1;
        }
        let mut rest = &records[..];
        for (_, frames) in entries("vandel/blocks/") {
            for frame in frames.chunks_exact(182) {
                let frame: &[u8; 182] = frame.try_into().expect("182 bytes");
                let (own, later) = rest.split_at(frame_count(frame) as usize);
                rest = later;
                let own: Vec<&[u8]> = own.iter().map(Vec::as_slice).collect();
                let block = assemble_block(frame, &own);
                assert!(Block::decode(&block).is_ok());
                assert_eq!(block_frame(&block).as_ref(), Some(frame));
            }
            written += 1;
        }
        assert!(rest.is_empty());
        assert_eq!(written, folder.0.len(), "no file besides these and the checkpoint");
    }
}

#[test]
fn a_fault_of_a_folder_has_the_vectors_name_and_says_whether_the_next_block_is_lost_by_it() {
    use vandel_core::tiles::TilesFault;
    let path = |text: &str| text.to_owned();
    for (fault, name, of_the_next) in [
        (TilesFault::Checkpoint, "Checkpoint", false),
        (TilesFault::Missing { path: path("tile/entries/000") }, "Missing", true),
        (TilesFault::Missing { path: path("tile/0/000") }, "Missing", false),
        (TilesFault::BlocksEnd { found: 1, size: 2 }, "BlocksEnd", true),
        (TilesFault::BlocksBeyond { size: 2 }, "BlocksBeyond", true),
        (TilesFault::Blocks { path: path("vandel/blocks/000"), width: 1 }, "Blocks", true),
        (TilesFault::Entries { path: path("tile/entries/000"), width: 1 }, "Entries", true),
        (TilesFault::Hashes { path: path("tile/0/000") }, "Hashes", false),
    ] {
        assert_eq!(fault.name(), format!("Tiles.{name}"));
        assert_eq!(fault.is_of_the_next_block(), of_the_next, "{fault}");
    }
}
