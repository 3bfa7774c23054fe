//! D10 and D11: that nothing of the case and of the keys was left out, and on whose word.

use std::collections::BTreeSet;

use crate::dossier::check::{Brought, Read, hashes};
use crate::dossier::report::{CompleteReport, DossierFault};
use crate::dossier::steps::Steps;
use crate::dossier::{Hex, RowProof};
use crate::event::DigestPublished;
use crate::hash::Hash;
use crate::id::PublicKey;
use crate::merkle::root_of_path;
use crate::view::{AUTHORITY, Authority, CASES, CaseRow, VIEW_VERSION, view_digest};

/// What was shown about completeness.
pub(super) struct Complete {
    pub(super) report: CompleteReport,
    pub(super) not_proven: Vec<String>,
    pub(super) not_checked: Vec<String>,
}

pub(super) fn judge(read: &Read<'_>, steps: &Steps, brought: &Brought) -> Result<Complete, DossierFault> {
    let complete = &read.dossier.complete;
    let RowProof { published, rows, index, proof } = &complete.cases;
    let (cases, key) = digest(steps, *published, CASES)?;
    let row = case_row(read, steps, cases.position)?;
    let root = root_of(&row.leaf(), *index, *rows, proof, *published)?;
    if view_digest(CASES, &read.dossier.ledger(), cases.position, *rows, &root) != cases.digest {
        let what = format!(
            "the published digest of the view over cases, at position {}, does not have this case with {} steps \
             ending in statement {}: a step was left out or added, or the digest is of another state",
            cases.position, row.count, row.last
        );
        return Err(DossierFault::new("completeness", what).at(*published));
    }
    let (authority, _) = authority(read, steps)?;
    let (mut not_proven, mut not_checked) = (Vec::new(), Vec::new());
    let below_record = cases.position.min(authority.position);
    if authority.position <= *published {
        not_checked.push(format!(
            "Whether a key that signed here ended at record {} or later: the keys are shown to be complete only below it.",
            authority.position
        ));
    }
    let recomputed_by = recomputed(read, steps, brought, cases, key)?;
    if recomputed_by.is_empty() {
        not_proven.push(format!(
            "the case is complete below record {below_record} by the word of the service key {key} alone: nobody \
             else has recomputed the digest (vandel verify HOME --views, with log and openings)"
        ));
    }
    let later_steps = steps.statements.iter().filter(|(record, _)| *record >= below_record).count();
    let actor = read.chain.keyring.get(&key).map_or_else(String::new, |entry| entry.actor.to_string());
    let report = CompleteReport {
        below_record,
        later_steps,
        published: *published,
        key: key.to_string(),
        actor,
        recomputed_by,
        digest: cases.digest.to_string(),
    };
    Ok(Complete { report, not_proven, not_checked })
}

/// A published digest that is shown: its record was judged with the others, by the service's role too.
fn digest<'s>(
    steps: &'s Steps,
    published: u64,
    view: &str,
) -> Result<(&'s DigestPublished, PublicKey), DossierFault> {
    let missing = |what: String| DossierFault::new("digest", what).at(published);
    let (found, key) = steps
        .digests
        .get(&published)
        .ok_or_else(|| missing(format!("record {published} publishes no digest, or is not shown")))?;
    if found.view != view || found.version != VIEW_VERSION {
        return Err(missing(format!("it is of the view {:?}, version {}", found.view, found.version)));
    }
    if found.position > published {
        return Err(missing(format!("it is of position {}, which had not come", found.position)));
    }
    Ok((found, *key))
}

/// The row that the case must have had at a position, from the steps that are shown.
fn case_row(read: &Read<'_>, steps: &Steps, position: u64) -> Result<CaseRow, DossierFault> {
    let count = steps.statements.partition_point(|(record, _)| *record < position);
    let last = count.checked_sub(1).and_then(|index| steps.statements.get(index));
    let (_, last) = last.ok_or_else(|| {
        DossierFault::new("completeness", "the digest is older than the case").at(read
            .dossier
            .complete
            .cases
            .published)
    })?;
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    Ok(CaseRow { thread: read.dossier.case.thread.0, count, last: *last })
}

/// The root of a view that a row and its audit path lead to.
fn root_of(
    leaf: &Hash,
    index: u64,
    rows: u64,
    proof: &[Hex<Hash>],
    published: u64,
) -> Result<Hash, DossierFault> {
    let found = root_of_path(leaf, index, rows, &hashes(proof));
    found.map_err(|error| DossierFault::new("row-proof", error.to_string()).at(published))
}

/// D10: every key whose signature is shown has a row, and the row's records are those that are shown.
fn authority<'s>(
    read: &Read<'_>,
    steps: &'s Steps,
) -> Result<(&'s DigestPublished, PublicKey), DossierFault> {
    let proof = &read.dossier.complete.authority;
    let (published, key) = digest(steps, proof.published, AUTHORITY)?;
    let fault = |code, what: String| DossierFault::new(code, what).at(proof.published);
    let shown = steps.authority.at(published.position);
    let mut proved = BTreeSet::new();
    for row in &proof.shown {
        let known = shown.records(&row.subject);
        if known != row.records.as_slice() {
            let what = format!("the records that speak of {:?} are not those of its row", row.subject);
            return Err(fault("authority", what));
        }
        let root =
            root_of(&row.subject.leaf(&row.records), row.index, proof.rows, &row.proof, proof.published)?;
        let found = view_digest(AUTHORITY, &read.dossier.ledger(), published.position, proof.rows, &root);
        if found != published.digest {
            let what = format!(
                "the published digest of the view over authority has no such row of {:?}",
                row.subject
            );
            return Err(fault("authority", what));
        }
        proved.insert(row.subject);
    }
    let needed = steps.signers.iter().map(|key| Authority::Key(*key));
    let needed = needed.chain([Authority::CheckpointKeys, Authority::Policies]);
    // A key that was first heard of after the position has no row there yet.
    let mut missing =
        needed.filter(|subject| !proved.contains(subject) && !shown.records(subject).is_empty());
    match missing.next() {
        Some(subject) => Err(fault("authority", format!("there is no row for {subject:?}"))),
        None => Ok((published, key)),
    }
}

/// Who else has computed the digest. A digest of one's own that differs is a fault.
fn recomputed(
    read: &Read<'_>,
    steps: &Steps,
    brought: &Brought,
    cases: &DigestPublished,
    key: PublicKey,
) -> Result<Vec<String>, DossierFault> {
    let published = read.dossier.complete.cases.published;
    let mut by = Vec::new();
    let ours = brought.recomputed.iter().filter(|own| own.ledger == read.dossier.ledger());
    let ours = ours.flat_map(|own| &own.digests);
    for own in ours.filter(|own| own.view == CASES && own.position == cases.position) {
        if own.digest != cases.digest {
            let what = format!(
                "you computed {} for this view and position; {} was published",
                own.digest, cases.digest
            );
            return Err(DossierFault::new("digest-differs", what).at(published));
        }
        by.push("yourself".to_owned());
    }
    let mut known = BTreeSet::from([read.chain.keyring.get(&key).map(|entry| entry.actor)]);
    for record in &read.dossier.complete.confirmed {
        let (other, signer) = digest(steps, *record, CASES)?;
        let actor = read.chain.keyring.get(&signer).map(|entry| entry.actor);
        if other.position != cases.position || other.digest != cases.digest || !known.insert(actor) {
            let what = "a confirmation is not the same digest by a service that has not been counted";
            return Err(DossierFault::new("confirmation", what).at(*record));
        }
        by.push(format!("the service key {signer}, record {record}"));
    }
    Ok(by)
}
