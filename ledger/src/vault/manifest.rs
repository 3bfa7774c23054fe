//! The manifest: the keys and hashes of all pages, sealed under the root.

use vandel_core::codec::{DecodeError, Reader};
use vandel_core::hash::Hash;
use zeroize::Zeroizing;

use super::page::Page;
use super::seal::DataKey;

const WHAT: &str = "the manifest";

/// One bundle that had frames when the manifest was written.
#[derive(Clone)]
pub(super) struct BundlePage {
    /// No record of this bundle is below it, and none of the bundle before is at or above it.
    pub(super) first_record: u64,
    /// Where the bundle lies. `None` while it holds no records (they were destroyed).
    pub(super) index: Option<Page>,
}

/// What the root opens.
#[derive(Clone)]
pub(super) struct Manifest {
    /// The epoch of the root that opens it.
    pub(super) epoch: u64,
    /// Seals the heads of the frames that follow `segment_start`.
    pub(super) segment_key: DataKey,
    /// The bundle and offset where the open segment begins.
    pub(super) segment_start: (u32, u32),
    /// The shards of data keys; their count is a power of two. `None`: no key falls there.
    pub(super) shards: Vec<Option<Page>>,
    /// How many keys the shards hold.
    pub(super) key_count: u64,
    /// The bundles, by their numbers from zero.
    pub(super) bundles: Vec<BundlePage>,
    /// The hash of the list of spans to overwrite after this manifest is committed; zero: none.
    pub(super) overwrite: Hash,
}

impl Manifest {
    /// The manifest of an empty vault.
    pub(super) fn new(segment_key: DataKey) -> Self {
        Self {
            epoch: 1,
            segment_key,
            segment_start: (0, 0),
            shards: vec![None],
            key_count: 0,
            bundles: Vec::new(),
            overwrite: Hash::ZERO,
        }
    }

    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        // Exact, so that the vector never grows and leaves keys in a freed allocation.
        let len = 100 + (self.shards.len() + self.bundles.len()) * 81;
        let mut out = Zeroizing::new(Vec::with_capacity(len));
        out.extend_from_slice(&self.epoch.to_be_bytes());
        out.extend_from_slice(self.segment_key.bytes());
        out.extend_from_slice(&self.segment_start.0.to_be_bytes());
        out.extend_from_slice(&self.segment_start.1.to_be_bytes());
        out.extend_from_slice(&self.key_count.to_be_bytes());
        out.extend_from_slice(&self.overwrite.0);
        put_count(&mut out, self.shards.len());
        for shard in &self.shards {
            put_page(&mut out, shard.as_ref());
        }
        put_count(&mut out, self.bundles.len());
        for bundle in &self.bundles {
            out.extend_from_slice(&bundle.first_record.to_be_bytes());
            put_page(&mut out, bundle.index.as_ref());
        }
        debug_assert!(out.len() <= len);
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, WHAT, usize::MAX)?;
        let mut manifest = Self {
            epoch: reader.u64(WHAT)?,
            segment_key: take_key(&mut reader)?,
            segment_start: (reader.u32(WHAT)?, reader.u32(WHAT)?),
            key_count: reader.u64(WHAT)?,
            overwrite: Hash(reader.array(WHAT)?),
            shards: Vec::new(),
            bundles: Vec::new(),
        };
        for _ in 0..reader.u32(WHAT)? {
            manifest.shards.push(take_page(&mut reader)?);
        }
        for _ in 0..reader.u32(WHAT)? {
            let first_record = reader.u64(WHAT)?;
            manifest.bundles.push(BundlePage { first_record, index: take_page(&mut reader)? });
        }
        reader.finish(WHAT)?;
        if !manifest.shards.len().is_power_of_two() {
            return Err(DecodeError::BadValue { what: WHAT });
        }
        Ok(manifest)
    }
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    let count = u32::try_from(count).expect("shards and bundles are numbered with 32 bits");
    out.extend_from_slice(&count.to_be_bytes());
}

fn put_page(out: &mut Vec<u8>, page: Option<&Page>) {
    out.push(u8::from(page.is_some()));
    if let Some(page) = page {
        out.extend_from_slice(&page.generation.to_be_bytes());
        out.extend_from_slice(page.key.bytes());
        out.extend_from_slice(&page.hash.0);
    }
}

fn take_page(reader: &mut Reader<'_>) -> Result<Option<Page>, DecodeError> {
    match reader.u8(WHAT)? {
        0 => Ok(None),
        1 => Ok(Some(Page {
            generation: reader.u64(WHAT)?,
            key: take_key(reader)?,
            hash: Hash(reader.array(WHAT)?),
        })),
        _ => Err(DecodeError::BadValue { what: WHAT }),
    }
}

fn take_key(reader: &mut Reader<'_>) -> Result<DataKey, DecodeError> {
    Ok(DataKey::from_bytes(&Zeroizing::new(reader.array(WHAT)?)))
}
