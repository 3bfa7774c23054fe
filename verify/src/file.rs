//! A file of evidence, judged by what it begins with: an inclusion proof, a checkpoint, a dossier, a certificate.

use std::fmt::Write as _;
use std::path::Path;

use vandel_core::dossier::{Brought, Dossier, SealedDossier};
use vandel_core::id::LedgerId;
use vandel_core::trust::Trust;
use vandel_core::view::ComputedDigests;
use vandel_ledger::disk::{Disk, read_all};

use crate::certificate::{self, Certificate};
use crate::dossier::render_dossier;
use crate::evidence::Rests;
use crate::sealed::{self, Unseal};
use crate::{Refusal, checkpoint, proof};

/// What the reader brings to a file.
#[derive(Clone, Debug, Default)]
pub struct FileOptions {
    /// The trust file.
    pub trust: Option<Trust>,
    /// A quorum of witnesses is demanded.
    pub require_witnessed: bool,
    /// The ledger that it must be of.
    pub ledger: Option<LedgerId>,
    /// Digests of views that the reader has computed.
    pub digests: Vec<ComputedDigests>,
    /// What opens a sealed dossier.
    pub unseal: Unseal,
}

impl FileOptions {
    /// The trust file, without which no file but a dossier says anything.
    ///
    /// # Errors
    /// A usage error if there is none.
    pub fn trust(&self) -> Result<&Trust, Refusal> {
        self.trust.as_ref().ok_or_else(|| {
            Refusal::unreadable("usage", "a file of evidence needs your trust file: --trust FILE")
                .next("ask the ledger's owner for it over another way than the file")
        })
    }
}

/// What is printed, and how it ends.
#[derive(Clone, Debug)]
pub struct Said {
    /// The exit code.
    pub exit: u8,
    /// For people.
    pub text: String,
    /// For programs.
    pub json: serde_json::Value,
}

impl Said {
    /// A verdict that holds.
    ///
    /// # Errors
    /// Never for the reports of this package.
    pub fn of(value: &impl serde::Serialize, text: String) -> Result<Self, Refusal> {
        let json =
            serde_json::to_value(value).map_err(|error| Refusal::unreadable("json", error.to_string()))?;
        Ok(Self { exit: 0, text, json })
    }
}

/// Judges a file.
///
/// # Errors
/// [`Refusal`] for a file that is nothing known, cannot be read, is wrong or is not proven; a dossier's verdict is a
/// report whatever it says.
pub fn verify(disk: &dyn Disk, path: &Path, brought: &FileOptions) -> Result<Said, Refusal> {
    let bytes = read_all(disk, path).map_err(|error| Refusal::file(path, &error))?;
    let name = path.display().to_string();
    if SealedDossier::begins(&bytes) {
        let (_, plain) = sealed::open(disk, &bytes, &brought.unseal)?;
        return dossier(&plain, brought);
    }
    if Dossier::begins(&bytes) {
        return dossier(&bytes, brought);
    }
    if bytes.starts_with(proof::HEAD.as_bytes()) {
        let checked = proof::check(&name, &bytes, brought.trust()?)?;
        demand(brought, checked.anchor)?;
        return Said::of(&checked, proof_text(&checked));
    }
    if Certificate::may_be(&bytes) {
        let certificate = Certificate::read(&name, &bytes)?;
        let (checked, _) = certificate::check(&certificate, brought.trust()?)?;
        demand(brought, checked.anchor)?;
        if let Some(other) = brought.ledger.filter(|id| id.to_string() != checked.ledger) {
            let message = format!("the certificate is of another ledger than {other}");
            return Err(Refusal::wrong("other-ledger", message));
        }
        return Said::of(&checked, certificate_text(&checked));
    }
    if checkpoint::may_be(&bytes) {
        let checked = checkpoint::check(&bytes, brought.trust()?)?;
        demand(brought, checked.anchor)?;
        return Said::of(&checked, checkpoint_text(&checked));
    }
    let message = format!("{name}: neither a proof, a checkpoint, a dossier nor a certificate of erasure");
    Err(Refusal::unreadable("unknown-file", message)
        .next("name a file of evidence, a home or a copy of it, or a folder of segments, tiles or receipts"))
}

/// Where nothing less than witnesses will do.
pub(crate) fn demand(brought: &FileOptions, anchor: Rests) -> Result<(), Refusal> {
    if brought.require_witnessed && anchor != Rests::Witnessed {
        let message = "a quorum of witnesses was required, and the trust file asks for none";
        return Err(Refusal::not_proven("quorum-short", message));
    }
    Ok(())
}

fn dossier(bytes: &[u8], brought: &FileOptions) -> Result<Said, Refusal> {
    let brought = Brought {
        trust: brought.trust.clone(),
        require_witnessed: brought.require_witnessed,
        ledger: brought.ledger,
        recomputed: brought.digests.clone(),
    };
    let report = vandel_core::dossier::check(bytes, &brought);
    Ok(Said { exit: report.exit, ..Said::of(&report, render_dossier(&report))? })
}

/// Who vouches, in words.
const fn rests(anchor: Rests) -> &'static str {
    match anchor {
        Rests::Witnessed => "a quorum of the trust file's witnesses vouches for it",
        Rests::Operator => {
            "it rests on the operator's checkpoint key alone, who could have rewritten everything"
        }
    }
}

fn proof_text(checked: &proof::Checked) -> String {
    let proof::Checked { record, hash, size, origin, anchor, .. } = checked;
    format!(
        "VERIFIED: record {record} of {origin} has the hash {hash} and is one of the first {size}\nanchor     {}: {}",
        anchor.name(),
        rests(*anchor)
    )
}

fn checkpoint_text(checked: &checkpoint::Checked) -> String {
    let checkpoint::Checked { origin, size, root, anchor, .. } = checked;
    format!(
        "VERIFIED: {origin} has signed a tree of {size} records with the root {root}\nanchor     {}: {}",
        anchor.name(),
        rests(*anchor)
    )
}

fn certificate_text(checked: &certificate::Checked) -> String {
    let certificate::Checked { pseudonym, plan, records, started, executed, state, anchor, .. } = checked;
    let mut text = format!(
        "VERIFIED: line {pseudonym} of the plan {plan}, {records} record(s), is {state}: ordered and approved by two\n\
         people in record {started}, carried out by record {executed}\nledger     {}\nanchor     {}: {}\n\nnot looked at:\n",
        checked.ledger,
        anchor.name(),
        rests(*anchor)
    );
    // Writing to a string cannot fail.
    let _ = checked.not_looked_at.iter().try_for_each(|line| writeln!(text, "  - {line}"));
    text
}
