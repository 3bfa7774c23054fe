//! The envelope: CloudEvents 1.0, structured JSON (CloudEvents JSON format 1.0.2, section 3).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vandel_core::hash::Hash;
use vandel_core::id::LedgerId;
use vandel_core::time::Second;

use super::Scope;

/// The media type of an event in structured mode.
pub const MEDIA_TYPE: &str = "application/cloudevents+json";

/// What an event says.
pub trait FeedEvent: Serialize {
    /// Its name: the last part of its subject.
    const NAME: &'static str;
    /// The scope it belongs to.
    const SCOPE: Scope;

    /// Its type. A change that an old consumer can't read gives it a new number.
    #[must_use]
    fn type_name() -> String {
        format!("vandel.{}.{}.v1", Self::SCOPE.name(), Self::NAME)
    }

    /// The schema of its data.
    #[must_use]
    fn schema() -> String {
        format!("urn:vandel:schema:feed:{}:{}:v1", Self::SCOPE.name(), Self::NAME)
    }
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloudEvent<D> {
    /// `1.0`.
    #[schemars(extend("const" = "1.0"))]
    pub specversion: String,
    /// Unique for its source. An event that comes twice has the same.
    pub id: String,
    /// The ledger: `urn:vandel:ledger:` and its id.
    #[schemars(regex(pattern = r"^urn:vandel:ledger:[0-9a-f]{64}$"))]
    pub source: String,
    /// What kind of event, with its version.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it happened, RFC 3339 in UTC.
    #[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"))]
    pub time: String,
    /// `application/json`.
    #[schemars(extend("const" = "application/json"))]
    pub datacontenttype: String,
    /// The schema of `data`.
    pub dataschema: String,
    /// Its place among the events of this type: twenty digits, so that text order is order. Record numbers
    /// for records; for all others a number that only grows.
    #[schemars(regex(pattern = r"^[0-9]{20}$"))]
    pub sequence: String,
    /// When the newest record that the event knows of was placed in the ledger.
    #[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"))]
    pub recordedtime: String,
    /// That record's hash (RFC 6962 leaf hash), in hexadecimal.
    #[schemars(regex(pattern = r"^[0-9a-f]{64}$"))]
    pub recordhash: String,
    /// What it says.
    pub data: D,
}

/// The record that an event rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    /// When it was placed.
    pub time: Second,
    /// Its hash.
    pub hash: Hash,
}

/// A number that sorts as text.
#[must_use]
pub fn sequence_text(sequence: u64) -> String {
    format!("{sequence:020}")
}

impl<D: FeedEvent> CloudEvent<D> {
    /// An event about a ledger.
    #[must_use]
    pub fn new(ledger: &LedgerId, sequence: u64, at: Second, basis: Basis, data: D) -> Self {
        Self {
            specversion: "1.0".to_owned(),
            id: format!("{}-{sequence}", D::NAME),
            source: format!("urn:vandel:ledger:{ledger}"),
            kind: D::type_name(),
            time: at.to_string(),
            datacontenttype: "application/json".to_owned(),
            dataschema: D::schema(),
            sequence: sequence_text(sequence),
            recordedtime: basis.time.to_string(),
            recordhash: basis.hash.to_string(),
            data,
        }
    }
}
