//! Two parties' copies of what one ledger has said about itself: do they tell one story?
//!
//! Two checkpoints of one size and different roots, both signed by the ledger's key, prove a fork by themselves:
//! no log can have both as its beginning. Of different sizes, only a proof (or the log) shows that the larger
//! continues the smaller; without one the answer is "not proven", never "fine". A proof that does not hold proves
//! nothing either: whoever made it may have erred.

use serde::Serialize;
use vandel_core::checkpoint::OpenCheckpoint;
use vandel_core::hash::Hash;
use vandel_core::merkle::verify_consistency;
use vandel_core::trust::Trust;

use crate::Refusal;
use crate::evidence::open_checkpoint;

/// One party's copy.
#[derive(Clone, Copy, Debug)]
pub struct Copy<'a> {
    /// Where it came from, for the report.
    pub source: &'a str,
    /// The signed checkpoint.
    pub note: &'a [u8],
}

/// What two copies say to one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The same tree.
    Same,
    /// One continues the other, by the proof.
    Continues,
    /// Two histories, both signed: the ledger's key has told two parties different things.
    Fork,
}

/// What came of comparing, with both notes as evidence.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub struct Compared {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub relation: Relation,
    pub origin: String,
    pub first: Side,
    pub second: Side,
    /// Witnesses of the trust file that cosigned both sides of a fork: they can't be honest.
    pub cosigned_both: Vec<String>,
}

/// One side of a comparison.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the fields say themselves")]
pub struct Side {
    pub source: String,
    pub size: u64,
    pub root: String,
    pub cosigned_by: Vec<String>,
    pub note: String,
}

/// Compares two copies with the keys that the reader trusts.
///
/// # Errors
/// Wrong if a copy is no checkpoint; not proven if it is not signed by the trusted log, if the two are of different
/// ledgers, or if nothing shows how they are related.
pub fn compare(
    first: Copy<'_>,
    second: Copy<'_>,
    trust: &Trust,
    proof: Option<&[Hash]>,
) -> Result<Compared, Refusal> {
    let open = |copy: Copy<'_>| {
        open_checkpoint(trust, copy.note).map_err(|refusal| Refusal {
            message: format!("{}: {}", copy.source, refusal.message),
            ..refusal
        })
    };
    let (one, two) = (open(first)?, open(second)?);
    if one.checkpoint.origin() != two.checkpoint.origin() {
        let message = format!(
            "{} is of {}, {} is of {}: two ledgers have nothing to contradict",
            first.source,
            one.checkpoint.origin(),
            second.source,
            two.checkpoint.origin()
        );
        return Err(Refusal::not_proven("another-ledger", message));
    }
    let relation = relate(&one, &two, proof)?;
    let names = |opened: &OpenCheckpoint| -> Vec<String> {
        opened.cosignatures.iter().map(|one| one.name.clone()).collect()
    };
    let both = names(&one).into_iter().filter(|name| names(&two).contains(name)).collect();
    let side = |copy: Copy<'_>, opened: &OpenCheckpoint| Side {
        source: copy.source.to_owned(),
        size: opened.checkpoint.size(),
        root: opened.checkpoint.root().to_string(),
        cosigned_by: names(opened),
        note: String::from_utf8_lossy(copy.note).into_owned(),
    };
    Ok(Compared {
        kind: "checkpoints_compared",
        relation,
        origin: one.checkpoint.origin().to_owned(),
        cosigned_both: if relation == Relation::Fork { both } else { Vec::new() },
        first: side(first, &one),
        second: side(second, &two),
    })
}

fn relate(one: &OpenCheckpoint, two: &OpenCheckpoint, proof: Option<&[Hash]>) -> Result<Relation, Refusal> {
    let (mut old, mut new) = (&one.checkpoint, &two.checkpoint);
    if old.size() > new.size() {
        (old, new) = (new, old);
    }
    if old.size() == new.size() {
        return Ok(if old.root() == new.root() { Relation::Same } else { Relation::Fork });
    }
    let sizes = format!("{} and {} records", old.size(), new.size());
    let Some(proof) = proof else {
        let message =
            format!("the copies have {sizes}, and nothing shows that the larger continues the smaller");
        return Err(Refusal::not_proven("no-consistency-proof", message).next(format!(
            "get a proof from whoever has the log: vandel proof consistency {}; or compare each with a copy of the log",
            old.size()
        )));
    };
    verify_consistency(old.size(), &old.root(), new.size(), &new.root(), proof).map_err(|error| {
        let message = format!("the copies have {sizes}, and the proof between them does not hold: {error}");
        Refusal::not_proven("consistency-proof", message).next(
            "ask again for the proof; if none can be given, the log no longer contains the smaller tree",
        )
    })?;
    Ok(Relation::Continues)
}

/// Reads the proof that `vandel proof consistency` prints: two lines of size and root, then a hash to a line.
#[must_use]
pub fn parse_proof(text: &str) -> Option<Vec<Hash>> {
    let mut lines = text.lines();
    let is_head = |line: &str| line.split_once(' ').is_some_and(|(_, root)| Hash::from_hex(root).is_some());
    let heads = [lines.next()?, lines.next()?];
    heads.into_iter().all(is_head).then(|| lines.map(Hash::from_hex).collect()).flatten()
}
