//! What a stored view says of itself: where it stands, and in what circumstances it was added up.

use serde::{Deserialize, Serialize};
use vandel_core::id::LedgerId;
use vandel_ledger::vault::VaultError;

use crate::projector::{ProjectError, SCHEMA};
use crate::rows::Stored;
use crate::seal::Sealer;
use crate::source::Source;
use crate::store::{Change, Table};
use crate::tail::Position;

/// Where it lies in [`Table::Meta`].
const POSITION: &[u8] = b"position";

/// What a view says of itself; stored in the same batch as the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Meta {
    pub(super) ledger: LedgerId,
    pub(super) position: Position,
    /// What the clocks of all cases were last added up for.
    pub(super) added_up: Circumstances,
    /// Whether a case has got another person since.
    pub(super) reassigned: bool,
}

/// What may change the clocks of cases that no new step names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Circumstances {
    /// How many policies have been adopted.
    pub(super) policies: u64,
    /// How many erasures have been executed.
    pub(super) executed: u64,
    /// The vault's epoch, while an erasure is under way: what it destroyed may be gone already.
    pub(super) under_way: Option<u64>,
}

impl Meta {
    /// Of a view that has just been added up.
    pub(super) fn of(source: &Source<'_>, position: Position) -> Self {
        let (ledger, added_up) = (source.chain.ledger, Circumstances::of(source));
        Self { ledger, position, added_up, reassigned: false }
    }
}

impl Circumstances {
    pub(super) fn of(source: &Source<'_>) -> Self {
        let erasures = &source.chain.erasures;
        let executed = erasures.values().filter(|erasure| erasure.executed.is_some()).count();
        Self {
            policies: source.chain.policies.len() as u64,
            executed: executed as u64,
            under_way: (executed < erasures.len()).then(|| source.vault.epoch()),
        }
    }
}

/// The change that stores where a view stands.
pub(super) fn position_change(sealer: &Sealer<'_>, meta: &Meta) -> Result<Change, VaultError> {
    let sealed = sealer.seal_own(Table::Meta, POSITION, &vandel_core::codec::encode_body(meta))?;
    let value = [&SCHEMA.to_be_bytes()[..], &sealed].concat();
    Ok(Change { table: Table::Meta, key: POSITION.to_vec(), value: Some(value) })
}

/// What a stored view says of itself, if it is of this schema, vault and ledger.
pub(super) fn read_position(stored: &Stored<'_>, source: &Source<'_>) -> Result<Meta, ProjectError> {
    let other = |what: &str| ProjectError::OtherHistory(what.to_owned());
    let value = stored.store.get(Table::Meta, POSITION)?.ok_or_else(|| other("it has no position"))?;
    let (schema, sealed) = value.split_first_chunk().ok_or_else(|| other("its position is damaged"))?;
    if u16::from_be_bytes(*schema) != SCHEMA {
        return Err(other("it has another schema"));
    }
    let opened = stored.sealer.open_own(Table::Meta, POSITION, sealed);
    let opened = opened.ok_or_else(|| other("its position is damaged, or sealed by another vault"))?;
    let meta: Meta = vandel_core::codec::decode_body(&opened, "view position", 1_024)
        .map_err(|_| other("its position is damaged"))?;
    if meta.ledger == source.chain.ledger { Ok(meta) } else { Err(other("it is of another ledger")) }
}
