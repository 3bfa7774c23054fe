//! The pages of a coming epoch: what a rotation makes and writes before its root is committed.
//!
//! Pages are opened, changed and sealed on all cores, a few at a time, so that memory stays bounded. None of them has to
//! be there before another, so they are written and synced together.

use std::collections::BTreeSet;
use std::path::PathBuf;

use rayon::prelude::*;
use zeroize::Zeroizing;

use super::bundle::{KEY_BYTES, Span};
use super::index::Index;
use super::manifest::{BundlePage, Manifest};
use super::page::{self, Page, PageKind, PageName};
use super::rotate::{Change, forget};
use super::seal::{DataKey, KeyId};
use super::shards::{ids_in, index_u32, shard_of};
use super::{Vault, VaultError};

/// How many shards or indexes are made at a time.
const MADE_TOGETHER: usize = 8;
/// Files that wait to be written are written when they hold as many bytes.
const WRITTEN_TOGETHER: usize = 8 << 20;

/// Files of the coming epoch that are made and not yet written.
#[derive(Default)]
pub(super) struct Unwritten {
    files: Vec<(PathBuf, Vec<u8>)>,
    bytes: usize,
}

/// A page with its bytes.
struct Made {
    page: Page,
    name: PageName,
    bytes: Vec<u8>,
}

/// A shard without what is forgotten and with what comes in: one page, or several when the shards' number grows.
struct ChangedShard {
    /// How many of the forgotten keys were in it,
    gone: u64,
    /// or would have come in;
    never_kept: u64,
    /// and how many come in.
    added: u64,
    /// By their numbers; none for a shard without keys. Empty if nothing changes.
    pages: Vec<(usize, Option<Made>)>,
}

/// A bundle's index without what is forgotten.
struct ChangedIndex {
    number: usize,
    index: Index,
    spans: Vec<Span>,
    page: Option<Made>,
}

impl Vault {
    /// Makes the shards that change, for `next`: the segment's keys come in, `forgotten` ones stay out. Returns how many
    /// of the forgotten were there.
    pub(super) fn change_shards(
        &self,
        next: &mut Manifest,
        forgotten: &BTreeSet<KeyId>,
        unwritten: &mut Unwritten,
    ) -> Result<u64, VaultError> {
        let old_count = self.manifest.shards.len();
        let total = self.manifest.key_count + self.segment.keys.len() as u64;
        let wanted = total.div_ceil(self.config.keys_per_shard.max(1)).next_power_of_two();
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        let new_count = wanted.min(self.config.shards_max.max(1).next_power_of_two()).max(old_count);
        next.shards.resize(new_count, None);

        let mut coming: Vec<Vec<KeyId>> = vec![Vec::new(); old_count];
        for id in self.segment.keys.keys() {
            coming[shard_of(id, old_count)].push(*id);
        }
        let mut touched: BTreeSet<usize> = forgotten.iter().map(|id| shard_of(id, old_count)).collect();
        touched.extend((0..old_count).filter(|shard| new_count > old_count || !coming[*shard].is_empty()));

        let touched: Vec<usize> = touched.into_iter().collect();
        let (mut destroyed, epoch) = (0, next.epoch);
        for lot in touched.chunks(MADE_TOGETHER) {
            let change =
                |number: &usize| self.change_shard((*number, new_count), epoch, &coming[*number], forgotten);
            let changed: Vec<Result<ChangedShard, VaultError>> = lot.par_iter().map(change).collect();
            for shard in changed {
                let ChangedShard { gone, never_kept, added, pages } = shard?;
                destroyed += gone + never_kept;
                next.key_count = next.key_count + added - gone;
                for (number, made) in pages {
                    next.shards[number] = made.map(|made| self.take_up(made, unwritten)).transpose()?;
                }
            }
        }
        Ok(destroyed)
    }

    fn change_shard(
        &self,
        (number, new_count): (usize, usize),
        epoch: u64,
        coming: &[KeyId],
        forgotten: &BTreeSet<KeyId>,
    ) -> Result<ChangedShard, VaultError> {
        let old_count = self.manifest.shards.len();
        let old = match &self.manifest.shards[number] {
            Some(page) => self.read_page(PageKind::Shard, index_u32(number), page)?,
            None => Zeroizing::default(),
        };
        let gone = ids_in(&old).filter(|id| forgotten.contains(id)).count();
        let kept: Vec<KeyId> = coming.iter().filter(|id| !forgotten.contains(id)).copied().collect();
        let (added, never_kept) = (kept.len(), coming.len() - kept.len());
        let pages = match gone == 0 && added == 0 && new_count == old_count {
            true => Vec::new(),
            false => self.split_shard((number, new_count), epoch, &old, &kept, forgotten)?,
        };
        Ok(ChangedShard { gone: gone as u64, never_kept: never_kept as u64, added: added as u64, pages })
    }

    fn split_shard(
        &self,
        (number, new_count): (usize, usize),
        epoch: u64,
        old: &[u8],
        coming: &[KeyId],
        forgotten: &BTreeSet<KeyId>,
    ) -> Result<Vec<(usize, Option<Made>)>, VaultError> {
        let kept = old.as_chunks::<KEY_BYTES>().0.iter().filter_map(|key| {
            let (id, bytes) = key.split_first_chunk::<16>()?;
            Some((KeyId(*id), bytes)).filter(|(id, _)| !forgotten.contains(id))
        });
        let added = coming.iter().map(|id| (*id, &self.segment.keys[id].bytes()[..]));
        let mut keys: Vec<(KeyId, &[u8])> = kept.chain(added).collect();
        // What was there is in order already, which a stable sort sees.
        keys.sort_by_key(|(id, _)| *id);

        let numbers = (number..new_count).step_by(self.manifest.shards.len());
        let page = |shard| {
            let mut plaintext = Zeroizing::new(Vec::with_capacity(keys.len() * KEY_BYTES));
            for (id, bytes) in keys.iter().filter(|(id, _)| shard_of(id, new_count) == shard) {
                plaintext.extend_from_slice(&id.0);
                plaintext.extend_from_slice(bytes);
            }
            let made = match plaintext.is_empty() {
                true => None,
                false => Some(self.make_page(PageKind::Shard, shard, epoch, &plaintext)?),
            };
            Ok((shard, made))
        };
        numbers.map(page).collect()
    }

    /// Makes the indexes that change, for `next`, and returns the spans to overwrite.
    pub(super) fn change_indexes(
        &self,
        next: &mut Manifest,
        change: &Change<'_>,
        unwritten: &mut Unwritten,
    ) -> Result<Vec<Span>, VaultError> {
        let mut spans = Vec::new();
        let touched: Vec<usize> = self.touched_bundles(change).into_iter().collect();
        // Where a tail goes, every bundle from the first touched on is touched, and those left empty
        // begin right after the last record that stays: numbers that were never used may come next.
        let first_touched = touched.first().copied().unwrap_or(0);
        let mut bound = match change.destroy_from {
            Some(_) => Some(self.last_record_before(first_touched)?.map_or(0, |last| last + 1)),
            None => None,
        };
        let epoch = next.epoch;
        for lot in touched.chunks(MADE_TOGETHER) {
            let changed = lot.par_iter().map(|number| self.change_index(*number, epoch, change));
            let changed: Vec<Result<ChangedIndex, VaultError>> = changed.collect();
            for changed in changed {
                let ChangedIndex { number, index, spans: gone, page } = changed?;
                spans.extend(gone);
                let held = next.bundles.get(number).map(|bundle| bundle.first_record);
                let coming = bound.or(held).unwrap_or_else(|| self.last_record.map_or(0, |last| last + 1));
                let first_record =
                    index.first_record().map_or(coming, |first| first.min(held.unwrap_or(first)));
                if let Some(last) = index.last_record() {
                    bound = bound.map(|_| last + 1);
                }
                let page = page.map(|made| self.take_up(made, unwritten)).transpose()?;
                let bundle = BundlePage { first_record, index: page };
                match next.bundles.get_mut(number) {
                    Some(held) => *held = bundle,
                    None => next.bundles.push(bundle),
                }
            }
        }
        Ok(spans)
    }

    fn change_index(
        &self,
        number: usize,
        epoch: u64,
        change: &Change<'_>,
    ) -> Result<ChangedIndex, VaultError> {
        let index = self.index_of(number)?;
        // It is of no more use there, and so need not be copied.
        self.caches().indexes.forget(index_u32(number));
        let mut index = index.into_owned();
        let bundle = index_u32(number);
        let gone = forget(&mut index, change);
        let spans = gone.iter().map(|part| Span { bundle, offset: part.offset, len: part.len }).collect();
        let page = match index.is_empty() {
            true => None,
            false => Some(self.make_page(PageKind::Index, number, epoch, &index.encode())?),
        };
        Ok(ChangedIndex { number, index, spans, page })
    }

    /// A page of the coming epoch under a new key.
    fn make_page(
        &self,
        kind: PageKind,
        number: usize,
        generation: u64,
        plaintext: &[u8],
    ) -> Result<Made, VaultError> {
        let name = PageName { kind, number: index_u32(number), generation };
        let key = DataKey::random()?;
        let (bytes, hash) = page::make(&self.ledger, name, &key, plaintext)?;
        Ok(Made { page: Page { generation, key, hash }, name, bytes })
    }

    fn take_up(&self, made: Made, unwritten: &mut Unwritten) -> Result<Page, VaultError> {
        self.add(unwritten, &made.name.file(), made.bytes)?;
        Ok(made.page)
    }

    /// Adds a file to those that are to be written. What an interrupted attempt left under the same name is
    /// unreachable (its key was never committed) and is replaced.
    pub(super) fn add(
        &self,
        unwritten: &mut Unwritten,
        name: &str,
        bytes: Vec<u8>,
    ) -> Result<(), VaultError> {
        unwritten.bytes += bytes.len();
        unwritten.files.push((self.folder.join(name), bytes));
        if unwritten.bytes >= WRITTEN_TOGETHER { self.write(unwritten) } else { Ok(()) }
    }

    /// Writes and syncs what waits; the folder is not yet synced.
    pub(super) fn write(&self, unwritten: &mut Unwritten) -> Result<(), VaultError> {
        let Unwritten { files, .. } = std::mem::take(unwritten);
        self.fence()?.replace_all(&files).map_err(VaultError::fenced("pages of the next epoch"))
    }
}
