//! From rows under work to what is stored: each thread's rows are sealed together, on all cores, with every key of the
//! thread looked up and made ready once.

use rayon::prelude::*;
use vandel_core::event::Compartment;
use vandel_core::id::PublicKey;
use vandel_ledger::vault::{KeyId, ReadyKey};

use crate::clocks::calendar_key;
use crate::grouped::Grouped;
use crate::projector::ProjectError;
use crate::row::Row;
use crate::seal::{Room, Sealer};
use crate::store::{Change, Lot, Table};
use crate::thread_rows::{Clock, KeyOf, ThreadRows};
use crate::working::Working;

/// How many threads are sealed together, and look for their keys together.
const THREADS_TOGETHER: usize = 16;
/// About how many bytes the rows of a thread take.
const THREAD_BYTES: usize = 2_048;

impl Working<'_> {
    /// All changes, sealed. A row whose key has been destroyed meanwhile is removed instead.
    pub(crate) fn into_changes(self) -> Result<Vec<Change>, ProjectError> {
        let lots = self.into_lots()?;
        Ok(lots.iter().flat_map(Lot::changes).collect::<Result<_, _>>()?)
    }

    /// As [`Working::into_changes`], in lots.
    pub(crate) fn into_lots(self) -> Result<Vec<Lot>, ProjectError> {
        let Self { stored, threads, entries, keys, .. } = self;
        let threads: Vec<Box<ThreadRows>> = threads.into_values().collect();
        let together = threads.par_chunks(THREADS_TOGETHER);
        let seal = || -> Result<Vec<Lot>, ProjectError> {
            together.map(|threads| seal_threads(&stored.sealer, threads)).collect()
        };
        let (lots, others) = rayon::join(seal, || unsealed(&keys, entries));
        let mut lots = lots?;
        lots.push(others?);
        threads.into_par_iter().for_each(drop);
        Ok(lots)
    }
}

/// What says nothing of anybody: keys, and the entries of indexes.
fn unsealed(keys: &[(PublicKey, Row)], entries: Grouped<bool>) -> Result<Lot, ProjectError> {
    let mut lot = Lot::default();
    for (key, row) in keys {
        lot.put::<ProjectError>(Table::Keys, &key.0, |out| {
            out.extend_from_slice(&row.encode());
            Ok(())
        })?;
    }
    for (index, key, present) in entries.into_all() {
        enter(&mut lot, index, &key, present)?;
    }
    Ok(lot)
}

fn enter(lot: &mut Lot, index: Table, key: &[u8], present: bool) -> Result<(), ProjectError> {
    match present {
        true => lot.put(index, key, |_| Ok(())),
        false => Ok(lot.remove(index, key)?),
    }
}

fn seal_threads(sealer: &Sealer<'_>, threads: &[Box<ThreadRows>]) -> Result<Lot, ProjectError> {
    let keys: Vec<Vec<KeyOf>> = threads.iter().map(|thread| thread.keys()).collect();
    let names =
        threads.iter().zip(&keys).flat_map(|(thread, keys)| keys.iter().map(|of| thread.key_name(*of)));
    let names: Vec<KeyId> = names.collect();
    let mut found = sealer.vault().keys(&names)?.into_iter();
    let mut names = names.into_iter();
    let (mut lot, mut room) = (Lot::with_room(threads.len() * THREAD_BYTES), Room::default());
    for (thread, keys) in threads.iter().zip(keys) {
        let mut sealing = Sealing { sealer, lot: &mut lot, room: &mut room, spine: None };
        for ((of, name), key) in keys.into_iter().zip(names.by_ref()).zip(found.by_ref()) {
            let ready = key.map(|key| key.ready());
            sealing.write(thread, of, &name, ready.as_ref())?;
            if of.0 == Compartment::Spine {
                sealing.spine = ready;
            }
        }
    }
    Ok(lot)
}

/// Where a thread's rows are sealed.
struct Sealing<'s> {
    sealer: &'s Sealer<'s>,
    lot: &'s mut Lot,
    room: &'s mut Room,
    spine: Option<ReadyKey>,
}

impl Sealing<'_> {
    /// Writes all that lies under one key of a thread.
    fn write(
        &mut self,
        thread: &ThreadRows,
        of: KeyOf,
        name: &KeyId,
        key: Option<&ReadyKey>,
    ) -> Result<(), ProjectError> {
        let (compartment, number) = of;
        if let Some(row) = thread.pieces.get(compartment) {
            let table = if compartment == Compartment::Spine { Table::Spines } else { Table::Pieces };
            self.put((table, &name.0), row.as_ref(), key)?;
        }
        if let Some(row) = number.and_then(|number| thread.identities.get(number)) {
            let at = [&thread.spine[..], &number.unwrap_or(0).to_be_bytes()].concat();
            let row = row.as_ref().map(|row| Row::Identity(row.clone().into()));
            self.put_identity(&at, row, key, name)?;
        }
        if compartment == Compartment::Reads {
            for (number, row) in thread.readings.iter() {
                let at = [&name.0[..], &number.to_be_bytes()].concat();
                self.put((Table::Readings, &at), Some(&Row::Reading(row.clone())), key)?;
            }
        }
        match thread.clocks.get(of) {
            Some(clock) => self.put_clock(name, clock, key),
            None => Ok(()),
        }
    }

    fn put(
        &mut self,
        (table, at): (Table, &[u8]),
        row: Option<&Row>,
        key: Option<&ReadyKey>,
    ) -> Result<(), ProjectError> {
        let Self { sealer, lot, room, .. } = self;
        match row.zip(key) {
            Some((row, key)) => {
                lot.put(table, at, |out| Ok(sealer.seal(key, (table, at), row, room, out)?))
            }
            None => Ok(lot.remove(table, at)?),
        }
    }

    fn put_identity(
        &mut self,
        at: &[u8],
        row: Option<Row>,
        key: Option<&ReadyKey>,
        name: &KeyId,
    ) -> Result<(), ProjectError> {
        let Self { sealer, lot, room, spine } = self;
        match (row, spine, key) {
            (Some(row), Some(spine), Some(key)) => lot.put(Table::Identities, at, |out| {
                Ok(sealer.seal_identity((spine, key), (at, name), &row, room, out)?)
            }),
            _ => Ok(lot.remove(Table::Identities, at)?),
        }
    }

    /// A clock, and its entry in the calendar.
    fn put_clock(&mut self, name: &KeyId, clock: &Clock, key: Option<&ReadyKey>) -> Result<(), ProjectError> {
        let Clock { before, now } = clock;
        let (before, after) = (before.as_deref(), now.as_ref());
        if before == after {
            return Ok(());
        }
        let dates = [before, after].map(|clock| clock.and_then(|clock| clock.date));
        if dates[0] != dates[1] {
            for (date, present) in dates.into_iter().zip([false, true]) {
                if let Some(date) = date {
                    enter(self.lot, Table::Calendar, &calendar_key(date, &name.0), present)?;
                }
            }
        }
        let row = now.clone().map(Row::Clock);
        self.put((Table::Clocks, &name.0), row.as_ref(), key)
    }
}
