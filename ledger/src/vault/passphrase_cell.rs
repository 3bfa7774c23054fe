//! A root in a file sealed under a passphrase: scrypt (RFC 7914) makes the key, AES-256-GCM seals.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use vandel_core::codec::{DecodeError, Reader};
use zeroize::Zeroizing;

use super::root_cell::{
    Root, RootCell, RootCellError, RootCellKind, check_expected, decode_root, encode_root, read_if_present,
    replace_and_overwrite, withdraw,
};
use super::seal::{DataKey, fill_random};
use crate::disk::Disk;

pub(super) const MAGIC: [u8; 4] = *b"VVs1";
const HEADER_BYTES: usize = 4 + 1 + 4 + 4 + 16;
const FILE_BYTES_MAX: usize = 256;

/// What deriving the key costs: `2^log_n` blocks of `128 · r` bytes of memory, `p` times (RFC 7914 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScryptCost {
    /// The binary logarithm of N.
    pub log_n: u8,
    /// The block size.
    pub r: u32,
    /// The parallelisation.
    pub p: u32,
}

impl Default for ScryptCost {
    /// 128 MiB, about a third of a second: what OWASP's password storage cheat sheet asks for.
    fn default() -> Self {
        Self { log_n: 17, r: 8, p: 1 }
    }
}

impl ScryptCost {
    /// No file may make us allocate more than a gibibyte, or calculate for minutes.
    pub(crate) fn is_bearable(self) -> bool {
        (1..=20).contains(&self.log_n) && (1..=8).contains(&self.r) && (1..=4).contains(&self.p)
    }
}

/// The cell.
pub struct PassphraseCell {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    passphrase: Zeroizing<String>,
    cost: ScryptCost,
    /// The key and the header it was derived for, so that an erasure does not pay for scrypt again.
    derived: Mutex<Option<([u8; HEADER_BYTES], DataKey)>>,
}

impl PassphraseCell {
    /// The cell in this file, with the cost to use if it is made anew. Nothing is read or written yet.
    #[must_use]
    pub fn new(disk: Arc<dyn Disk>, path: &Path, passphrase: Zeroizing<String>, cost: ScryptCost) -> Self {
        Self { disk, path: path.to_owned(), passphrase, cost, derived: Mutex::new(None) }
    }

    fn derive(&self, header: &[u8; HEADER_BYTES]) -> Result<DataKey, RootCellError> {
        let mut derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, key)) = &*derived
            && known == header
        {
            return Ok(key.clone());
        }
        let (cost, salt) = decode_header(header).map_err(|_| RootCellError::Damaged("its header"))?;
        if !cost.is_bearable() {
            return Err(RootCellError::Damaged("its scrypt cost is out of bounds"));
        }
        let params = scrypt::Params::new(cost.log_n, cost.r, cost.p).map_err(|_| RootCellError::NoKey)?;
        let mut bytes = Zeroizing::new([0; 32]);
        scrypt::scrypt(self.passphrase.as_bytes(), &salt, &params, &mut *bytes)
            .map_err(|_| RootCellError::NoKey)?;
        let key = DataKey::from_bytes(&bytes);
        *derived = Some((*header, key.clone()));
        Ok(key)
    }

    fn open(&self, bytes: &[u8]) -> Result<Root, RootCellError> {
        let (header, sealed) = bytes
            .split_first_chunk::<HEADER_BYTES>()
            .filter(|_| bytes.len() <= FILE_BYTES_MAX)
            .ok_or(RootCellError::Damaged("its length"))?;
        let root = self.derive(header)?.open(header, sealed).ok_or(RootCellError::DoesNotOpen)?;
        decode_root(&root).map_err(|_| RootCellError::Damaged("its sealed bytes are not a root"))
    }

    fn new_header(&self) -> Result<[u8; HEADER_BYTES], RootCellError> {
        let mut header = [0; HEADER_BYTES];
        header[..4].copy_from_slice(&MAGIC);
        header[4] = self.cost.log_n;
        header[5..9].copy_from_slice(&self.cost.r.to_be_bytes());
        header[9..13].copy_from_slice(&self.cost.p.to_be_bytes());
        fill_random(&mut header[13..]).map_err(|_| RootCellError::NoKey)?;
        Ok(header)
    }
}

impl RootCell for PassphraseCell {
    fn kind(&self) -> RootCellKind {
        RootCellKind::SealedFile
    }

    fn load(&self) -> Result<Option<Root>, RootCellError> {
        let Some(bytes) = read_if_present(&*self.disk, &self.path)? else { return Ok(None) };
        self.open(&bytes).map(Some)
    }

    fn withdraw(&self) -> Result<(), RootCellError> {
        withdraw(&*self.disk, &self.path)
    }

    fn replace(
        &self,
        expected: Option<u64>,
        root: &Root,
        is_held: &dyn Fn() -> std::io::Result<bool>,
    ) -> Result<(), RootCellError> {
        let old = read_if_present(&*self.disk, &self.path)?;
        let held = old.as_ref().map(|bytes| self.open(bytes)).transpose()?;
        check_expected(expected, held.as_ref())?;
        // The salt stays: it belongs to the passphrase, and a new one would cost scrypt at each erasure.
        let header = match old.as_ref().and_then(|bytes| bytes.first_chunk()) {
            Some(header) => *header,
            None => self.new_header()?,
        };
        let sealed =
            self.derive(&header)?.seal(&header, &encode_root(root)).map_err(|_| RootCellError::NoKey)?;
        replace_and_overwrite(&*self.disk, &self.path, &[&header[..], &sealed].concat(), is_held)
    }
}

fn decode_header(header: &[u8; HEADER_BYTES]) -> Result<(ScryptCost, [u8; 16]), DecodeError> {
    const WHAT: &str = "a sealed root's header";
    let mut reader = Reader::new(header, WHAT, HEADER_BYTES)?;
    if reader.array::<4>(WHAT)? != MAGIC {
        return Err(DecodeError::BadValue { what: WHAT });
    }
    let cost = ScryptCost { log_n: reader.u8(WHAT)?, r: reader.u32(WHAT)?, p: reader.u32(WHAT)? };
    Ok((cost, reader.array(WHAT)?))
}
