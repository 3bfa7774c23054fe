//! The sinks on a certificate: every place that may have held what went, from a closed list, and what became of it.
//!
//! The ledger destroys what it holds and says so of nothing else. Of other places it shows what people have signed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vandel_core::id::LedgerId;
use vandel_core::time::Day;
use vandel_ledger::sinks::{Fate, Signed, SinkKind, SinkState, What};

use super::unhex;

/// What the ledger destroys itself.
pub const LIVE: [&str; 6] =
    ["vault bundles", "vault shards", "root cell", "views", "admission snapshot", "caches in memory"];
/// What carries no content: the feed publishes that records came, never what is in them.
pub const EMPTY: [&str; 2] = ["chain and its copies", "feed"];

/// A place that may have held it.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sink {
    /// What it is, from the closed list.
    pub sink: String,
    /// `destroyed` by the ledger, `no-content`, `attested` as destroyed by who signed, `not-reachable`, or
    /// `outstanding`.
    pub state: String,
    /// The register's entry by which it was made: hexadecimal.
    #[serde(deserialize_with = "Option::deserialize")]
    pub made: Option<String>,
    /// The register's entry that acknowledges its end: hexadecimal.
    #[serde(deserialize_with = "Option::deserialize")]
    pub acknowledged: Option<String>,
    /// In words, from the entries: where it was, when it ended and how.
    #[serde(deserialize_with = "Option::deserialize")]
    pub told: Option<String>,
}

/// The words of the entries: they name offices and ways, never a person.
#[must_use]
pub fn told(state: &SinkState, end: Option<&Signed>) -> String {
    let made = &state.made;
    let until = made.expires.map(|day| format!(", until {day}")).unwrap_or_default();
    let mut text = format!("{}: {}, made {}{until}", made.sink, made.place, state.at);
    if let Some(signed) = end {
        let words = match &signed.entry.what {
            What::Destroyed { how, .. } => how,
            What::NotReachable { why, .. } => why,
            What::Made(_) => return text,
        };
        text += &format!("; {} {words}, signed by {}", signed.entry.at, signed.key);
    }
    text
}

/// Whether the sinks of a certificate claim no more than their entries show.
///
/// # Errors
/// The step, and what they claim too much.
pub(super) fn follow(
    sinks: &[Sink],
    ledger: LedgerId,
    epoch: u64,
    completed: bool,
    horizon: Option<&str>,
) -> Result<(), (&'static str, &'static str)> {
    let fixed =
        LIVE.iter().map(|sink| (*sink, "destroyed")).chain(EMPTY.iter().map(|sink| (*sink, "no-content")));
    let fixed: Vec<_> = fixed.collect();
    let (live, others) =
        sinks.split_at_checked(fixed.len()).ok_or(("certificate-c13", "sinks are missing"))?;
    let bare = |sink: &Sink| sink.made.is_none() && sink.acknowledged.is_none() && sink.told.is_none();
    for (sink, (name, state)) in live.iter().zip(fixed) {
        if sink.sink != name || sink.state != state || !bare(sink) {
            return Err(("certificate-c13", "the sinks claim more than an erasure shows"));
        }
    }
    for kind in SinkKind::ALL {
        if others.iter().all(|sink| sink.sink != kind.name()) {
            return Err(("certificate-c13", "a kind of sink is missing"));
        }
    }
    let mut left = Vec::new();
    for sink in others {
        left.extend(follow_one(sink, ledger, epoch).map_err(|what| ("certificate-c13", what))?);
    }
    if completed && !left.is_empty() {
        return Err(("certificate-c15", "it is called completed, and an older copy is left"));
    }
    let days: Option<Vec<Day>> = left.into_iter().collect();
    let last = days.and_then(|days| days.into_iter().max()).map(|day| day.to_string());
    if last.as_deref() == horizon {
        Ok(())
    } else {
        Err(("certificate-c15", "the backup horizon is not what the entries say"))
    }
}

/// Of an older copy that is left, the day on which it is to be gone.
fn follow_one(sink: &Sink, ledger: LedgerId, epoch: u64) -> Result<Option<Option<Day>>, &'static str> {
    let kind = SinkKind::from_name(&sink.sink).ok_or("a sink is of no known kind")?;
    let signed = |text: &Option<String>| {
        let text = text.as_ref().ok_or("an entry of the register is missing")?;
        let signed = Signed::decode(&unhex(text).ok_or("an entry is not in hexadecimal digits")?)?;
        if signed.entry.ledger == ledger { Ok(signed) } else { Err("an entry is of another ledger") }
    };
    if sink.made.is_none() {
        let nothing = sink.state == "not-reachable" && sink.acknowledged.is_none() && sink.told.is_none();
        return if nothing { Ok(None) } else { Err("a sink is acknowledged that nobody entered") };
    }
    let entry = signed(&sink.made)?;
    let What::Made(made) = &entry.entry.what else { return Err("an entry makes no sink") };
    if made.kind != kind {
        return Err("an entry is of another kind of sink");
    }
    let end = match &sink.acknowledged {
        None => None,
        some => Some(signed(some)?),
    };
    let fate = match &end {
        None => Fate::Exists,
        Some(end) => match &end.entry.what {
            What::Destroyed { sink, .. } if *sink == made.sink => Fate::Destroyed(Box::new(end.clone())),
            What::NotReachable { sink, .. } if *sink == made.sink => {
                Fate::NotReachable(Box::new(end.clone()))
            }
            _ => return Err("an acknowledgement is of another sink"),
        },
    };
    let state = SinkState { made: made.clone(), at: entry.entry.at, fate };
    if sink.state != state.fate.name() || sink.told.as_ref() != Some(&told(&state, end.as_ref())) {
        return Err("a sink is not what its entries say");
    }
    let left = kind.holds_keys_or_blobs() && made.epoch < epoch && !matches!(state.fate, Fate::Destroyed(_));
    Ok(left.then_some(made.expires))
}
