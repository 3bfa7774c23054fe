//! Names and ids: boards, units and people, whose names lie sealed in the vault.

use std::collections::BTreeMap;

use crate::vault::{Name, NameKind, Vault, VaultError};
use vandel_core::id::{ActorId, ControllerId, UnitId};
use zeroize::Zeroizing;

/// The directory of names, as it stands in the vault.
#[derive(Clone, Debug, Default)]
pub struct Names {
    names: BTreeMap<(NameKind, [u8; 16]), Name>,
}

/// Why a name could not be found or made.
#[derive(Debug, thiserror::Error)]
pub enum NamesError {
    /// Nothing has this name.
    #[error("there is no {what} named {name:?}; list them with: vandel directory list")]
    Unknown {
        /// Board, unit or person.
        what: &'static str,
        /// The name asked for: an organisation's, never a checked person's.
        name: String,
    },
    /// Several things have this name.
    #[error("several {what}s are named {name:?}; use the id")]
    Ambiguous {
        /// Board, unit or person.
        what: &'static str,
        /// The name asked for.
        name: String,
    },
    /// The vault failed.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness")]
    Randomness,
}

impl Names {
    /// Reads the directory.
    ///
    /// # Errors
    /// If the vault cannot be read.
    pub fn read(vault: &Vault) -> Result<Self, NamesError> {
        let names = vault.names()?.into_iter().map(|name| ((name.kind, name.id), name));
        Ok(Self { names: names.collect() })
    }

    /// The name of an id, or the id itself.
    #[must_use]
    pub fn text(&self, kind: NameKind, id: [u8; 16]) -> String {
        match self.names.get(&(kind, id)) {
            Some(name) => name.text.to_string(),
            None => ActorId(id).to_string(),
        }
    }

    /// All names of a kind.
    pub fn of(&self, kind: NameKind) -> impl Iterator<Item = &Name> {
        self.names.values().filter(move |name| name.kind == kind)
    }

    /// A board by its name or id.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub fn controller(&self, text: &str) -> Result<ControllerId, NamesError> {
        self.find(NameKind::Controller, None, text).map(ControllerId)
    }

    /// A unit of a board by its name or id.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub fn unit(&self, controller: ControllerId, text: &str) -> Result<UnitId, NamesError> {
        self.find(NameKind::Unit, Some(controller.0), text).map(UnitId)
    }

    /// A person who acts, by name or id.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub fn actor(&self, text: &str) -> Result<ActorId, NamesError> {
        self.find(NameKind::Actor, None, text).map(ActorId)
    }

    fn find(&self, kind: NameKind, parent: Option<[u8; 16]>, text: &str) -> Result<[u8; 16], NamesError> {
        let what = what(kind);
        let id = text.parse::<ActorId>().ok().map(|id| id.0);
        let fits = |name: &&Name| {
            (parent.is_none() || name.parent == parent)
                && (Some(name.id) == id || name.text.to_lowercase() == text.trim().to_lowercase())
        };
        let mut found = self.of(kind).filter(fits);
        match (found.next(), found.next()) {
            (Some(name), None) => Ok(name.id),
            (None, _) => Err(NamesError::Unknown { what, name: text.to_owned() }),
            _ => Err(NamesError::Ambiguous { what, name: text.to_owned() }),
        }
    }

    /// Gives a new id to a name and stores it.
    ///
    /// # Errors
    /// If the vault refuses.
    pub fn add(
        &mut self,
        vault: &mut Vault,
        kind: NameKind,
        parent: Option<[u8; 16]>,
        text: &str,
    ) -> Result<[u8; 16], NamesError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| NamesError::Randomness)?;
        let name = Name { kind, id, parent, text: Zeroizing::new(text.trim().to_owned()) };
        vault.put_name(&name)?;
        self.names.insert((kind, id), name);
        Ok(id)
    }

    /// A board of this name, made if there is none.
    ///
    /// # Errors
    /// If the name is ambiguous or the vault refuses.
    pub fn controller_or_add(&mut self, vault: &mut Vault, text: &str) -> Result<ControllerId, NamesError> {
        match self.controller(text) {
            Err(NamesError::Unknown { .. }) => {
                self.add(vault, NameKind::Controller, None, text).map(ControllerId)
            }
            other => other,
        }
    }

    /// A unit of this name under a board, made if there is none.
    ///
    /// # Errors
    /// If the name is ambiguous or the vault refuses.
    pub fn unit_or_add(
        &mut self,
        vault: &mut Vault,
        controller: ControllerId,
        text: &str,
    ) -> Result<UnitId, NamesError> {
        match self.unit(controller, text) {
            Err(NamesError::Unknown { .. }) => {
                self.add(vault, NameKind::Unit, Some(controller.0), text).map(UnitId)
            }
            other => other,
        }
    }
}

const fn what(kind: NameKind) -> &'static str {
    match kind {
        NameKind::Actor => "person",
        NameKind::Controller => "board",
        NameKind::Unit => "unit",
    }
}
