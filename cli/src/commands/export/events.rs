//! Open events as JSON: ids, keys and hashes in hexadecimal digits, days and seconds as text. Their JSON Schemas, in
//! `schemas/events/`, are made from these types.

#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use vandel_core::event::{self, OpenEvent, Revocation, RootCellKind};

/// Declares types that are written with their fields' names, and know no others.
macro_rules! written {
    ($($(#[$attribute:meta])* $name:ident { $($(#[$field_attribute:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$attribute])*
        #[derive(Clone, Debug, Serialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $($(#[$field_attribute])* $field: $type,)*
        }
    )*};
}

/// Declares texts of one form.
macro_rules! text {
    ($($(#[$attribute:meta])* $name:ident, $pattern:literal;)*) => {$(
        $(#[$attribute])*
        #[derive(Clone, Debug, Serialize, JsonSchema)]
        #[serde(transparent)]
        pub(super) struct $name(#[schemars(regex(pattern = $pattern))] String);

        impl $name {
            fn of(value: &impl ToString) -> Self {
                Self(value.to_string())
            }
        }
    )*};
}

text! {
    /// Sixteen bytes in hexadecimal digits.
    Id, r"^[0-9a-f]{32}$";
    /// An Ed25519 public key, or a SHA-256 hash, in hexadecimal digits.
    Bytes32, r"^[0-9a-f]{64}$";
    /// A day.
    DayText, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
    /// A second, RFC 3339 in UTC.
    SecondText, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$";
}

written! {
    /// The ledger was founded.
    LedgerOpened {
        /// The checkpoints' origin.
        origin: String,
        /// The key that signs checkpoints.
        checkpoint_key: Bytes32,
        /// The sequencer, as an actor.
        service: Id,
        /// The sequencer's key.
        service_key: Bytes32,
        /// The two who founded it.
        administrators: [Administrator; 2],
        /// The day.
        day: DayText,
        /// The last checkpoint of the ledger that this one continues.
        predecessor: Option<String>,
    }
    /// An administrator who founded the ledger.
    Administrator {
        /// The person.
        actor: Id,
        /// Their key.
        key: Bytes32,
    }
    /// An instance of the sequencer began to write.
    SequencerStarted {
        /// A random name of the instance.
        instance: Id,
    }
    /// A person's key was enrolled.
    KeyEnrolled {
        /// The person.
        actor: Id,
        /// Their key.
        key: Bytes32,
        /// What they may do.
        grants: Vec<Grant>,
        /// When the key expires.
        expires: Option<SecondText>,
    }
    /// A role, where it holds and when.
    Grant {
        /// The role's name.
        role: String,
        /// Only under this board.
        controller: Option<Id>,
        /// Only in this unit.
        unit: Option<Id>,
        /// Only in this recruitment.
        assignment: Option<Id>,
        /// First day.
        from: DayText,
        /// Last day.
        until: Option<DayText>,
    }
    /// A key was replaced by its owner.
    KeyRotated {
        /// The key before.
        old: Bytes32,
        /// The key after.
        new: Bytes32,
        /// When the new key expires.
        expires: Option<SecondText>,
    }
    /// A key was revoked.
    KeyRevoked {
        /// The key.
        key: Bytes32,
        /// Why.
        reason: Reason,
        /// Since when what it signed is doubtful.
        suspect_since: Option<SecondText>,
    }
    /// The checkpoint key was replaced.
    CheckpointKeyRotated {
        /// The key from now on.
        new: Bytes32,
    }
    /// A policy pack was adopted.
    PolicyAdopted {
        /// The pack, whole, in TOML.
        pack: String,
        /// Its first day.
        from: DayText,
        /// Who confirmed it, and under which number.
        confirmed_by: String,
    }
    /// A disposal decision was adopted.
    DisposalAdopted {
        /// The body that decided.
        body: String,
        /// The decision's number.
        number: String,
        /// The day it was decided.
        decided: DayText,
        /// The retention classes it covers.
        classes: Vec<String>,
        /// Its first day.
        from: DayText,
        /// Its last day.
        until: Option<DayText>,
    }
    /// The digest of a view was published.
    DigestPublished {
        /// The view's name.
        view: String,
        /// Its version.
        version: u16,
        /// How many records it was computed over.
        position: u64,
        /// The digest.
        digest: Bytes32,
    }
    /// Statistics were committed to.
    StatisticsCommitted {
        /// First day.
        from: DayText,
        /// Last day.
        until: DayText,
        /// The commitment to the figures.
        commitment: Bytes32,
    }
    /// An erasure began.
    ErasureStarted {
        /// The records concerned.
        records: Vec<u64>,
        /// The plan's hash.
        plan: Bytes32,
        /// Until when it must have been executed.
        expires: SecondText,
    }
    /// An erasure was executed.
    ErasureExecuted {
        /// The record that began it.
        started: u64,
        /// What held the root key that was destroyed.
        root_cell: Cell,
        /// The vault's epoch since.
        epoch: u64,
        /// The hash of the vault's manifest since.
        manifest: Bytes32,
    }
    /// An erasure was completed: no older copy is left.
    ErasureCompleted {
        /// The record that began it.
        started: u64,
        /// The oldest epoch of which a copy may exist.
        oldest_epoch: u64,
    }
}

/// Why a key was revoked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Reason {
    /// The person left or changed duties.
    DutiesEnded,
    /// The key was lost.
    Lost,
    /// Somebody else has or may have it.
    Compromised,
}

/// What held a root key.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) enum Cell {
    /// A file.
    File,
    /// A file sealed under a passphrase.
    PassphraseFile,
    /// A transit engine.
    Transit,
    /// A hardware token.
    Token,
}

/// An open event's fields, by the names of docs/format.md section 4.
pub(super) fn json(event: &OpenEvent) -> Value {
    match event {
        OpenEvent::LedgerOpened(opened) => value(LedgerOpened {
            origin: opened.origin.clone(),
            checkpoint_key: Bytes32::of(&opened.checkpoint_key),
            service: Id::of(&opened.service),
            service_key: Bytes32::of(&opened.service_key),
            administrators: opened
                .administrators
                .map(|one| Administrator { actor: Id::of(&one.actor), key: Bytes32::of(&one.key) }),
            day: DayText::of(&opened.day),
            predecessor: opened.predecessor.clone(),
        }),
        OpenEvent::SequencerStarted(started) => {
            value(SequencerStarted { instance: Id(hex(&started.instance)) })
        }
        OpenEvent::KeyEnrolled(enrolled) => value(KeyEnrolled {
            actor: Id::of(&enrolled.actor),
            key: Bytes32::of(&enrolled.key),
            grants: enrolled.grants.iter().map(grant).collect(),
            expires: enrolled.expires.as_ref().map(SecondText::of),
        }),
        OpenEvent::KeyRotated(rotated) => value(KeyRotated {
            old: Bytes32::of(&rotated.old),
            new: Bytes32::of(&rotated.new),
            expires: rotated.expires.as_ref().map(SecondText::of),
        }),
        OpenEvent::KeyRevoked(revoked) => value(KeyRevoked {
            key: Bytes32::of(&revoked.key),
            reason: match revoked.reason {
                Revocation::DutiesEnded => Reason::DutiesEnded,
                Revocation::Lost => Reason::Lost,
                Revocation::Compromised => Reason::Compromised,
            },
            suspect_since: revoked.suspect_since.as_ref().map(SecondText::of),
        }),
        OpenEvent::CheckpointKeyRotated(rotated) => {
            value(CheckpointKeyRotated { new: Bytes32::of(&rotated.new) })
        }
        OpenEvent::PolicyAdopted(adopted) => value(PolicyAdopted {
            pack: adopted.pack.clone(),
            from: DayText::of(&adopted.from),
            confirmed_by: adopted.confirmed_by.clone(),
        }),
        other => erasures_and_digests(other),
    }
}

fn erasures_and_digests(event: &OpenEvent) -> Value {
    match event {
        OpenEvent::DisposalAdopted(decision) => value(DisposalAdopted {
            body: decision.body.clone(),
            number: decision.number.clone(),
            decided: DayText::of(&decision.decided),
            classes: decision.classes.clone(),
            from: DayText::of(&decision.from),
            until: decision.until.as_ref().map(DayText::of),
        }),
        OpenEvent::DigestPublished(published) => value(DigestPublished {
            view: published.view.clone(),
            version: published.version,
            position: published.position,
            digest: Bytes32::of(&published.digest),
        }),
        OpenEvent::StatisticsCommitted(statistics) => value(StatisticsCommitted {
            from: DayText::of(&statistics.from),
            until: DayText::of(&statistics.until),
            commitment: Bytes32::of(&statistics.commitment),
        }),
        OpenEvent::ErasureStarted(started) => value(ErasureStarted {
            records: started.records.clone(),
            plan: Bytes32::of(&started.plan),
            expires: SecondText::of(&started.expires),
        }),
        OpenEvent::ErasureExecuted(executed) => value(ErasureExecuted {
            started: executed.started,
            root_cell: match executed.root_cell {
                RootCellKind::File => Cell::File,
                RootCellKind::PassphraseFile => Cell::PassphraseFile,
                RootCellKind::Transit => Cell::Transit,
                RootCellKind::Token => Cell::Token,
            },
            epoch: executed.epoch,
            manifest: Bytes32::of(&executed.manifest),
        }),
        OpenEvent::ErasureCompleted(completed) => {
            value(ErasureCompleted { started: completed.started, oldest_epoch: completed.oldest_epoch })
        }
        _ => Value::Null,
    }
}

fn grant(grant: &event::Grant) -> Grant {
    Grant {
        role: grant.role.name().to_owned(),
        controller: grant.scope.controller.as_ref().map(Id::of),
        unit: grant.scope.unit.as_ref().map(Id::of),
        assignment: grant.scope.assignment.as_ref().map(Id::of),
        from: DayText::of(&grant.from),
        until: grant.until.as_ref().map(DayText::of),
    }
}

fn value(event: impl Serialize) -> Value {
    serde_json::to_value(event).unwrap_or_else(|_| unreachable!("text, numbers, lists and names for keys"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
