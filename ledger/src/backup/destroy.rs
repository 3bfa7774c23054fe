//! Destroying a generation, and saying so in the register of sinks under one's own signature.

use std::path::Path;
use std::sync::Arc;

use vandel_core::id::LedgerId;
use vandel_core::signature::SigningKey;
use vandel_core::time::Second;

use super::create::place;
use super::folder::Folder;
use super::label::Half;
use super::{BackupError, at, not_found};
use crate::disk::{Disk, replace_atomically};
use crate::home::Home;
use crate::sinks::{Fate, Register, SinkId, SinkState, What};

/// What to destroy, and who does it.
pub struct Destroying<'a> {
    /// The home in whose register it is entered.
    pub home: &'a Home,
    /// The ledger.
    pub ledger: LedgerId,
    /// The folder that the generation was written to.
    pub folder: &'a Path,
    /// The generation.
    pub generation: u32,
    /// Which half.
    pub half: Half,
    /// Who destroys it, or attests that it was destroyed.
    pub by: &'a SigningKey,
    /// When.
    pub at: Second,
}

/// What was destroyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destroyed {
    /// Which sink.
    pub sink: SinkId,
    /// How many objects were overwritten and removed now.
    pub objects: u64,
    /// What the register says.
    pub how: String,
    /// Whether the register had its end before.
    pub before: bool,
}

impl Destroying<'_> {
    /// The sink in the register: by the label, or, once that is gone, by the place.
    fn sink(&self, register: &Register, label: Option<SinkId>) -> Result<SinkState, BackupError> {
        let place = place(self.generation, self.folder);
        let is_it = |sink: &SinkState| match label {
            Some(id) => sink.made.sink == id,
            None => sink.made.kind == self.half.kind() && sink.made.place == place,
        };
        register.states().into_iter().find(is_it).ok_or_else(|| BackupError::NoGeneration {
            generation: self.generation,
            half: self.half,
            folder: self.folder.to_owned(),
        })
    }

    fn enter(
        &self,
        disk: &Arc<dyn Disk>,
        register: &mut Register,
        sink: SinkState,
        objects: u64,
        how: String,
    ) -> Result<(Destroyed, Option<Vec<u8>>), BackupError> {
        if let Fate::Destroyed(before) = &sink.fate {
            let how = match &before.entry.what {
                What::Destroyed { how, .. } => how.clone(),
                _ => how,
            };
            let entry = before.encode();
            return Ok((Destroyed { sink: sink.made.sink, objects, how, before: true }, Some(entry)));
        }
        let what = What::Destroyed { sink: sink.made.sink, how: how.clone() };
        let entry = register.enter(&**disk, self.home, what, self.at, self.by)?.encode();
        Ok((Destroyed { sink: sink.made.sink, objects, how, before: false }, Some(entry)))
    }
}

/// Destroys one half of a generation in its folder, and enters that in the register. Doing it again finishes
/// what was interrupted; what was destroyed stays destroyed by whom it was.
///
/// # Errors
/// [`BackupError`].
pub fn destroy(disk: &Arc<dyn Disk>, what: &Destroying<'_>) -> Result<Destroyed, BackupError> {
    let mut register = Register::read(&**disk, what.home, what.ledger)?;
    let mut folder = Folder::open(disk, what.folder)?;
    let label = folder.label(what.generation, what.half)?.map(|label| label.sink);
    let sink = what.sink(&register, label)?;
    // 1. The objects that nothing else needs. A crash leaves a label whose files are damaged.
    let objects = folder.sweep(Some((what.generation, what.half)))?;
    // 2. The label. A crash leaves a generation that is gone and not yet entered as destroyed.
    let path = folder.label_path(what.generation, what.half);
    match disk.remove(&path).and_then(|()| disk.sync_directory(what.folder)) {
        Err(error) if !not_found(&error) => return Err(at(&path)(error)),
        _ => {}
    }
    // 3. Who did it: in the register, and a copy of that entry where the generation was.
    let how = format!("deleted: {objects} objects overwritten and removed");
    let (destroyed, entry) = what.enter(disk, &mut register, sink, objects, how)?;
    if let Some(entry) = entry.filter(|_| disk.list(what.folder).is_ok()) {
        let path = folder.destroyed_path(what.generation, what.half);
        let text: String = entry.iter().map(|byte| format!("{byte:02x}")).collect();
        replace_atomically(&**disk, &path, (text + "\n").as_bytes()).map_err(at(path))?;
    }
    Ok(destroyed)
}

/// Enters that a generation was destroyed elsewhere, on a person's word.
///
/// # Errors
/// [`BackupError`].
pub fn attest(disk: &Arc<dyn Disk>, what: &Destroying<'_>, how: &str) -> Result<Destroyed, BackupError> {
    let mut register = Register::read(&**disk, what.home, what.ledger)?;
    let sink = what.sink(&register, None)?;
    let how = format!("attested: {}", how.split_whitespace().collect::<Vec<_>>().join(" "));
    Ok(what.enter(disk, &mut register, sink, 0, how)?.0)
}
