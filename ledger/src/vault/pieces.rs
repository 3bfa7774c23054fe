//! A shard's file: its keys in pieces, so that one key is found without opening all of them.
//!
//! ```text
//! header of the page ‖ length of the directory (4)
//! directory   AEAD(page key, how many keys (4) ‖ the first key id of each piece ‖ a filter over all ids)
//! piece …     AEAD(page key, PIECE_KEYS keys, the last piece what is left)
//! ```
//!
//! Each is bound to the page and to its place in it. A new thread asks for keys that are not there yet: the filter says so
//! without a piece being read. Older shards are sealed whole, or have no filter.

use zeroize::Zeroizing;

use super::VaultError;
use super::bundle::KEY_BYTES;
use super::seal::{DataKey, OVERHEAD_BYTES};
use crate::filter::Filter;

/// How many keys are opened to find one.
const PIECE_KEYS: usize = 64;
const ID_BYTES: usize = 16;
/// The directory's place, as it is bound.
const DIRECTORY: u32 = u32::MAX;

fn bound(page: &[u8], place: u32) -> Vec<u8> {
    [page, b"piece", &place.to_be_bytes()].concat()
}

fn sealed_len(keys: usize) -> usize {
    keys * KEY_BYTES + OVERHEAD_BYTES
}

fn place(number: usize) -> Option<u32> {
    u32::try_from(number).ok().filter(|number| *number != DIRECTORY)
}

/// Appends sorted keys in pieces to a page's header.
pub(super) fn seal_into(
    blob: &mut Vec<u8>,
    key: &DataKey,
    page: &[u8],
    keys: &[u8],
) -> Result<(), VaultError> {
    let pieces = keys.chunks(PIECE_KEYS * KEY_BYTES);
    let count = u32::try_from(keys.len() / KEY_BYTES).map_err(|_| VaultError::TooLarge)?;
    let mut directory = count.to_be_bytes().to_vec();
    pieces.clone().for_each(|piece| directory.extend_from_slice(&piece[..ID_BYTES]));
    let mut filter = Filter::with_room(keys.len() / KEY_BYTES);
    keys.as_chunks::<KEY_BYTES>().0.iter().for_each(|key| filter.add(&key[..ID_BYTES]));
    filter.words().iter().for_each(|word| directory.extend_from_slice(&word.to_be_bytes()));
    let directory = key.seal(&bound(page, DIRECTORY), &directory)?;
    let key = key.ready();
    let len = u32::try_from(directory.len()).map_err(|_| VaultError::TooLarge)?;
    blob.extend_from_slice(&len.to_be_bytes());
    blob.extend_from_slice(&directory);
    for (number, piece) in pieces.enumerate() {
        let place = place(number).ok_or(VaultError::TooLarge)?;
        key.seal_onto(blob, &bound(page, place), piece)?;
    }
    Ok(())
}

/// Where the keys of a shard lie.
pub(super) struct Directory {
    firsts: Vec<[u8; ID_BYTES]>,
    filter: Option<Filter>,
    keys: usize,
    /// Where the first piece begins, after the page's header.
    begin: usize,
}

/// Where a piece lies, after the page's header, and which one it is.
#[derive(Clone, Copy)]
pub(super) struct PiecePlace {
    number: u32,
    pub(super) offset: usize,
    pub(super) len: usize,
}

impl Directory {
    /// How many bytes after the length the directory takes.
    pub(super) fn sealed_len(length: [u8; 4]) -> usize {
        u32::from_be_bytes(length) as usize
    }

    /// Opens it.
    pub(super) fn open(key: &DataKey, page: &[u8], sealed: &[u8]) -> Option<Self> {
        let opened = key.open(&bound(page, DIRECTORY), sealed)?;
        let (count, firsts) = opened.split_first_chunk::<4>()?;
        let keys = u32::from_be_bytes(*count) as usize;
        let (firsts, words) = firsts.split_at_checked(keys.div_ceil(PIECE_KEYS).checked_mul(ID_BYTES)?)?;
        let (words, rest) = words.as_chunks::<8>();
        let filter = Filter::from_words(words.iter().map(|word| u64::from_be_bytes(*word)).collect());
        let begin = 4 + sealed.len();
        rest.is_empty().then(|| Self { firsts: firsts.as_chunks().0.to_vec(), filter, keys, begin })
    }

    /// How much memory it takes, counted in pieces.
    pub(super) fn pieces(&self) -> usize {
        self.firsts.len()
    }

    fn place(&self, number: usize) -> Option<PiecePlace> {
        let keys = PIECE_KEYS.min(self.keys.checked_sub(number * PIECE_KEYS)?);
        let offset = self.begin + number * sealed_len(PIECE_KEYS);
        Some(PiecePlace { number: place(number)?, offset, len: sealed_len(keys) })
    }

    /// The only piece that can hold a key; none if the key is not in the shard.
    pub(super) fn piece_of(&self, id: &[u8; ID_BYTES]) -> Option<PiecePlace> {
        if self.filter.as_ref().is_some_and(|filter| !filter.may_hold(id)) {
            return None;
        }
        self.place(self.firsts.partition_point(|first| first <= id).checked_sub(1)?)
    }
}

/// Opens a piece.
pub(super) fn open(
    key: &DataKey,
    page: &[u8],
    place: PiecePlace,
    sealed: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    key.open(&bound(page, place.number), sealed)
}

/// Opens all pieces: everything after the page's header, to its last byte.
pub(super) fn open_all(key: &DataKey, page: &[u8], body: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (length, rest) = body.split_first_chunk()?;
    let directory = Directory::open(key, page, rest.get(..Directory::sealed_len(*length))?)?;
    let mut keys = Zeroizing::new(Vec::with_capacity(directory.keys * KEY_BYTES));
    let mut end = directory.begin;
    for number in 0..directory.pieces() {
        let place = directory.place(number)?;
        end = place.offset + place.len;
        keys.extend_from_slice(&open(key, page, place, body.get(place.offset..end)?)?);
    }
    (end == body.len() && keys.len() == directory.keys * KEY_BYTES).then_some(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_their_pieces_and_nothing_that_was_changed_opens() {
        for count in [0_usize, 1, 63, 64, 65, 200] {
            let key = DataKey::random().expect("randomness");
            let row =
                |number: usize| [[u8::try_from(number).expect("a byte"); 16].as_slice(), &[7; 32]].concat();
            let keys: Vec<u8> = (0..count).flat_map(row).collect();
            let mut body = Vec::new();
            seal_into(&mut body, &key, b"page", &keys).expect("sealed");
            assert_eq!(open_all(&key, b"page", &body).expect("opens").as_slice(), &keys[..]);
            assert!(open_all(&key, b"another page", &body).is_none());
            let sealed = &body[4..4 + Directory::sealed_len(*body.first_chunk().expect("a length"))];
            let directory = Directory::open(&key, b"page", sealed).expect("opens");
            for number in 0..count {
                let place =
                    directory.piece_of(&[u8::try_from(number).expect("a byte"); 16]).expect("a piece");
                let sealed = &body[place.offset..place.offset + place.len];
                let piece = open(&key, b"page", place, sealed).expect("opens");
                assert!(piece.as_chunks::<KEY_BYTES>().0.iter().any(|found| found[..] == row(number)[..]));
                let next = PiecePlace { number: place.number + 1, ..place };
                assert!(open(&key, b"page", next, sealed).is_none(), "a piece in another's place");
            }
            for at in (0..body.len()).step_by(5) {
                let mut changed = body.clone();
                changed[at] ^= 1;
                assert!(open_all(&key, b"page", &changed).is_none(), "{at}");
                assert!(open_all(&key, b"page", &body[..at]).is_none(), "{at}");
            }
            assert!(open_all(&key, b"page", &[&body[..], &[0]].concat()).is_none());
        }
    }

    #[test]
    fn a_key_that_is_not_there_is_mostly_not_looked_for_and_one_without_a_filter_always() {
        let key = DataKey::random().expect("randomness");
        let id = |number: u32| {
            let hash = vandel_core::hash::sha256(&[&number.to_be_bytes()]).0;
            *hash.first_chunk::<ID_BYTES>().expect("half of it")
        };
        let mut ids: Vec<[u8; ID_BYTES]> = (0..1_000).map(id).collect();
        ids.sort_unstable();
        let keys: Vec<u8> = ids.iter().flat_map(|id| [&id[..], &[7; 32]].concat()).collect();
        let mut body = Vec::new();
        seal_into(&mut body, &key, b"page", &keys).expect("sealed");
        let sealed = &body[4..4 + Directory::sealed_len(*body.first_chunk().expect("a length"))];
        let directory = Directory::open(&key, b"page", sealed).expect("opens");
        assert!(ids.iter().all(|id| directory.piece_of(id).is_some()));
        let looked = (1_000..2_000).filter(|number| directory.piece_of(&id(*number)).is_some()).count();
        assert!(looked < 50, "{looked} of 1,000 keys that are not there are looked for");

        // As it was written before there was a filter.
        let opened = key.open(&bound(b"page", DIRECTORY), sealed).expect("opens");
        let older = key.seal(&bound(b"page", DIRECTORY), &opened[..4 + 16 * ID_BYTES]).expect("sealed");
        let older = Directory::open(&key, b"page", &older).expect("opens");
        assert!(ids.iter().all(|id| older.piece_of(id).is_some()));
        let cut = key.seal(&bound(b"page", DIRECTORY), &opened[..3 + 16 * ID_BYTES]).expect("sealed");
        assert!(Directory::open(&key, b"page", &cut).is_none(), "not all first keys");
    }
}
