//! Who a case is about: Swedish personal identity numbers and coordination numbers.
//!
//! Numbers are read strictly and kept in one normal form, so that one person has one key whatever
//! way the number was typed. They are personal data and guessable: they belong in the vault, never
//! on the chain, and no error, `Debug` or log line of this crate shows a digit of one.
//!
//! Sources: folkbokföringslagen (1991:481) § 18, lagen (2022:1697) om samordningsnummer, and the
//! Tax Agency's brochures SKV 704 (personal numbers) and SKV 707 (coordination numbers).

mod number;

use serde::{Deserialize, Serialize};

pub use number::{NumberError, NumberKind, PersonalNumber};

use crate::time::Day;

/// A person's identity number, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Unchecked", rename_all = "snake_case")]
pub enum IdentityNumber {
    /// A *personnummer*; its kind is always [`NumberKind::Personal`].
    Personal(PersonalNumber),
    /// A *samordningsnummer*; its kind is always [`NumberKind::Coordination`].
    Coordination(PersonalNumber),
    /// No number, which the law of a check allows only with a reason.
    None {
        /// The reason.
        reason: NoNumberReason,
    },
}

/// Why a person has no identity number. Order is the wire order: variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoNumberReason {
    /// One is to come: somebody newly hired from abroad, not yet registered by the Tax Agency.
    NotYetAssigned,
    /// None is expected: the person isn't to be registered as resident, and nobody has asked for a
    /// coordination number.
    NotResident,
}

impl IdentityNumber {
    /// Reads a number in any form that [`PersonalNumber::parse`] accepts.
    ///
    /// # Errors
    /// As [`PersonalNumber::parse`].
    pub fn parse(text: &str, today: Day) -> Result<Self, NumberError> {
        PersonalNumber::parse(text, today).map(Self::from)
    }

    /// The number, if there is one.
    #[must_use]
    pub fn number(&self) -> Option<&PersonalNumber> {
        match self {
            Self::Personal(number) | Self::Coordination(number) => Some(number),
            Self::None { .. } => None,
        }
    }
}

impl From<PersonalNumber> for IdentityNumber {
    fn from(number: PersonalNumber) -> Self {
        match number.kind() {
            NumberKind::Personal => Self::Personal(number),
            NumberKind::Coordination => Self::Coordination(number),
        }
    }
}

/// [`IdentityNumber`] as it is written, before the number has been held against its variant.
#[derive(Deserialize)]
#[serde(rename = "IdentityNumber", rename_all = "snake_case")]
enum Unchecked {
    Personal(PersonalNumber),
    Coordination(PersonalNumber),
    None { reason: NoNumberReason },
}

impl TryFrom<Unchecked> for IdentityNumber {
    type Error = NumberError;

    fn try_from(unchecked: Unchecked) -> Result<Self, NumberError> {
        match unchecked {
            Unchecked::Personal(number) if number.kind() == NumberKind::Personal => {
                Ok(Self::Personal(number))
            }
            Unchecked::Coordination(number) if number.kind() == NumberKind::Coordination => {
                Ok(Self::Coordination(number))
            }
            Unchecked::Personal(_) | Unchecked::Coordination(_) => Err(NumberError::Kind),
            Unchecked::None { reason } => Ok(Self::None { reason }),
        }
    }
}

#[cfg(test)]
mod tests;
