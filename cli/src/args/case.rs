//! Arguments about cases. What a person may be recognised by, and what was found
//! or said, never comes as an argument: it is read from a file or from standard input.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use vandel_core::event::{
    AppealOutcome, Authenticity, Occasion, Outcome, Purpose, Register, RejectionReason, Support,
};
use vandel_core::time::Day;

use super::{AfarArgs, AuthorArgs, CaseExportArgs, CaseUnsealArgs, term};

term!(register, Register);
term!(occasion, Occasion);
term!(rejection, RejectionReason);
term!(authenticity, Authenticity);
term!(outcome, Outcome);
term!(support, Support);
term!(appeal, AppealOutcome);
term!(purpose, Purpose);

/// One step of one case.
#[derive(Clone, Debug, Args)]
pub struct StepArgs {
    /// The case's handle, such as K-7F3Q-9D2M
    pub handle: String,
    /// The day it happened [default: today]
    #[arg(long, value_name = "DAY")]
    pub day: Option<Day>,
    /// Who signs.
    #[command(flatten)]
    pub author: AuthorArgs,
    /// Where.
    #[command(flatten)]
    pub afar: AfarArgs,
}

/// Cases.
#[derive(Debug, Subcommand)]
pub enum CaseCommand {
    /// Open a case; the person's identity is read from --identity or standard input
    Open(Box<CaseOpenArgs>),
    /// Open cases from an HR export (CSV)
    Import(CaseImportArgs),
    /// The candidate was informed of the registers
    Inform(StepArgs),
    /// The candidate acknowledged the information
    Acknowledge(StepArgs),
    /// The candidate consented, or withdrew the consent
    Consent(CaseConsentArgs),
    /// The candidate left the recruitment
    Withdraw(StepArgs),
    /// An extract was asked for
    Request(StepArgs),
    /// An extract was shown: the note
    Shown(Box<CaseShownArgs>),
    /// An extract was not accepted
    Reject(CaseRejectArgs),
    /// A renewed engagement needs no new extract
    Exempt(CaseExemptArgs),
    /// An extract or its copy was stored, or returned
    Copy(CaseCopyArgs),
    /// The authority fetched the extract itself
    Fetch(CaseFetchArgs),
    /// Entries were assessed; findings are read from --from or standard input
    Assess(CaseTextArgs),
    /// The candidate was heard; the words are read from --from or standard input
    Hear(CaseTextArgs),
    /// A second person reviewed the assessment
    Review(CaseReviewArgs),
    /// Decide
    Decide(Box<CaseDecideArgs>),
    /// The decision was appealed, or the appeal settled
    Appeal(CaseAppealArgs),
    /// The decision gained legal force
    LegalForce(StepArgs),
    /// Work began
    Start(StepArgs),
    /// The person moved to another unit
    Move(CaseMoveArgs),
    /// Employment ended
    End(StepArgs),
    /// Close the case; it looks the same whatever came of it
    Close(StepArgs),
    /// Correct an earlier step; the correction is read from --from or standard input
    Rectify(CaseRectifyArgs),
    /// The case was opened for the wrong person: name the right one
    Reassign(CaseIdentityArgs),
    /// The person's name or number changed
    Identity(CaseIdentityArgs),
    /// The Equality Ombudsman interrupted the limitation period
    Interrupt(CaseReferenceArgs),
    /// List cases; the reading is recorded
    List(CaseListArgs),
    /// Show a case; the reading is recorded
    Show(CaseReadArgs),
    /// Show every step of a case; the reading is recorded
    Timeline(CaseReadArgs),
    /// Export a case as a dossier, with the proof that nothing was left out; the reading is recorded
    Export(Box<CaseExportArgs>),
    /// Open a sealed dossier with the recipient's passphrase or key
    Unseal(CaseUnsealArgs),
}

/// A new case.
#[derive(Debug, Args)]
pub struct CaseOpenArgs {
    /// The role's code in the policy
    #[arg(long, value_name = "CODE")]
    pub role: String,
    /// The board
    #[arg(long, value_name = "NAME")]
    pub board: String,
    /// The unit
    #[arg(long, value_name = "NAME", default_value = "–")]
    pub unit: String,
    /// The recruitment's reference
    #[arg(long)]
    pub reference: String,
    /// Why now: `new_employment`, `internal_move`, `renewal`, `assignment`, `agency`, `placement`, `volunteer`
    #[arg(long, value_parser = occasion, default_value = "new_employment")]
    pub occasion: Occasion,
    /// The day the post was offered, where the law lets it be kept
    #[arg(long, value_name = "DAY")]
    pub offered: Option<Day>,
    /// A file with lines `number: …`, `surname: …`, `given name: …`, `protected: yes` [default: standard input]
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// The day it is opened [default: today]
    #[arg(long, value_name = "DAY")]
    pub day: Option<Day>,
    /// Who signs.
    #[command(flatten)]
    pub author: AuthorArgs,
    /// Where.
    #[command(flatten)]
    pub afar: AfarArgs,
}

/// An HR export.
#[derive(Debug, Args)]
pub struct CaseImportArgs {
    /// The file
    pub file: PathBuf,
    /// Read and report only
    #[arg(long)]
    pub dry_run: bool,
    /// Who signs.
    #[command(flatten)]
    pub author: AuthorArgs,
    /// Where.
    #[command(flatten)]
    pub afar: AfarArgs,
}

/// Consent, where the law makes it a ground.
#[derive(Debug, Args)]
pub struct CaseConsentArgs {
    /// The consent was withdrawn
    #[arg(long)]
    pub withdrawn: bool,
    /// The step.
    #[command(flatten)]
    pub step: StepArgs,
}

/// What was shown. Where the law lets nothing but the note be kept, these are checked and not stored.
#[derive(Debug, Args)]
pub struct CaseShownArgs {
    /// The extract's day of issue
    #[arg(long, value_name = "DAY")]
    pub issued: Option<Day>,
    /// The law it was issued under, as an SFS number [default: the role's]
    #[arg(long, value_name = "SFS")]
    pub law: Option<String>,
    /// The registers it covers [default: the role's]
    #[arg(long = "register", value_parser = register, value_name = "REGISTER")]
    pub registers: Vec<Register>,
    /// How its authenticity was checked: `paper-original` or `control-service`
    #[arg(long, value_parser = authenticity, value_name = "HOW")]
    pub authenticity: Option<Authenticity>,
    /// The day the post was offered, if that day decides
    #[arg(long, value_name = "DAY")]
    pub offered: Option<Day>,
    /// A remark beside the note, where the law lets one be kept
    #[arg(long)]
    pub remark: Option<String>,
    /// The step.
    #[command(flatten)]
    pub step: StepArgs,
}

/// Why an extract was not accepted.
#[derive(Debug, Args)]
pub struct CaseRejectArgs {
    /// too-old, wrong-law or unverified
    #[arg(long, value_parser = rejection)]
    pub reason: RejectionReason,
    /// The step.
    #[command(flatten)]
    pub step: StepArgs,
}

/// What an exemption relies on.
#[derive(Debug, Args)]
pub struct CaseExemptArgs {
    /// The earlier case's handle
    #[arg(long, value_name = "HANDLE")]
    pub relies_on: String,
    /// The step.
    #[command(flatten)]
    pub step: StepArgs,
}

/// Where a copy is.
#[derive(Debug, Args)]
pub struct CaseCopyArgs {
    /// The document, stored sealed
    #[arg(long, value_name = "FILE", conflicts_with_all = ["paper", "returned"])]
    pub document: Option<PathBuf>,
    /// On paper, in this place
    #[arg(long, value_name = "PLACE", conflicts_with = "returned")]
    pub paper: Option<String>,
    /// It was returned
    #[arg(long, required_unless_present_any = ["document", "paper"])]
    pub returned: bool,
    /// The step.
    #[command(flatten)]
    pub step: StepArgs,
}

/// Why the authority fetches.
#[derive(Debug, Args)]
pub struct CaseFetchArgs {
    /// Why it is needed in this case (BRL section 7)
    #[arg(long)]
    pub need: String,
    /// The step.
    #[command(flatten)]
    pub step: StepArgs,
}

/// A step with sensitive text.
#[derive(Debug, Args)]
pub struct CaseTextArgs {
    /// The file with the text [default: standard input]
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// The step.
    #[command(flatten)]
    pub step: StepArgs,
}

/// A second opinion.
#[derive(Debug, Args)]
pub struct CaseReviewArgs {
    /// The reviewer does not agree
    #[arg(long)]
    pub disagrees: bool,
    /// The opinion.
    #[command(flatten)]
    pub text: CaseTextArgs,
}

/// A decision.
#[derive(Debug, Args)]
pub struct CaseDecideArgs {
    /// fit, fit-with-support or not-fit
    #[arg(long, value_parser = outcome)]
    pub outcome: Outcome,
    /// The delegation that the decider acts under
    #[arg(long, value_name = "REFERENCE")]
    pub delegation: String,
    /// When to follow up
    #[arg(long, value_name = "DAY")]
    pub follow_up: Option<Day>,
    /// Support: supervision, adjusted-duties or counselling
    #[arg(long, value_parser = support)]
    pub support: Option<Support>,
    /// A file with lines `relevance: …`, `time elapsed: …`, `remark: …`
    #[arg(long, value_name = "FILE")]
    pub reasons: Option<PathBuf>,
    /// The step.
    #[command(flatten)]
    pub step: StepArgs,
}

/// An appeal.
#[derive(Debug, Args)]
pub struct CaseAppealArgs {
    /// Lodged: the court's case number
    #[arg(long, conflicts_with = "settled", required_unless_present = "settled")]
    pub reference: Option<String>,
    /// Settled: upheld, set-aside or withdrawn
    #[arg(long, value_parser = appeal, value_name = "OUTCOME")]
    pub settled: Option<AppealOutcome>,
    /// The step.
    #[command(flatten)]
    pub step: StepArgs,
}

/// Where a person moved.
#[derive(Debug, Args)]
pub struct CaseMoveArgs {
    /// The board
    #[arg(long, value_name = "NAME")]
    pub board: String,
    /// The unit
    #[arg(long, value_name = "NAME")]
    pub unit: String,
    /// The step.
    #[command(flatten)]
    pub step: StepArgs,
}

/// A correction.
#[derive(Debug, Args)]
pub struct CaseRectifyArgs {
    /// The number in the case of the step that was wrong
    #[arg(long, value_name = "NUMBER")]
    pub number: u32,
    /// The correction.
    #[command(flatten)]
    pub text: CaseTextArgs,
}

/// An identity.
#[derive(Debug, Args)]
pub struct CaseIdentityArgs {
    /// As for `case open`
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// The step.
    #[command(flatten)]
    pub step: StepArgs,
}

/// A reference.
#[derive(Debug, Args)]
pub struct CaseReferenceArgs {
    /// The ombudsman's case number
    #[arg(long)]
    pub reference: String,
    /// The step.
    #[command(flatten)]
    pub step: StepArgs,
}

/// A reading of one case.
#[derive(Debug, Args)]
pub struct CaseReadArgs {
    /// The case's handle
    pub handle: String,
    /// Why: handling, deciding, subject-access, audit, retention, disclosure or export
    #[arg(long, value_parser = purpose, default_value = "handling")]
    pub purpose: Purpose,
    /// The reason in words
    #[arg(long, default_value = "")]
    pub remark: String,
    /// Who reads, and signs the reading.
    #[command(flatten)]
    pub author: AuthorArgs,
    /// Where.
    #[command(flatten)]
    pub afar: AfarArgs,
}

/// A reading of many cases.
#[derive(Debug, Args)]
pub struct CaseListArgs {
    /// Only open cases
    #[arg(long)]
    pub open: bool,
    /// Only this role
    #[arg(long, value_name = "CODE")]
    pub role: Option<String>,
    /// Only this board
    #[arg(long, value_name = "NAME")]
    pub board: Option<String>,
    /// Only this recruitment
    #[arg(long)]
    pub reference: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 100)]
    pub limit: usize,
    /// Why
    #[arg(long, value_parser = purpose, default_value = "handling")]
    pub purpose: Purpose,
    /// Who reads, and signs the reading.
    #[command(flatten)]
    pub author: AuthorArgs,
    /// Where.
    #[command(flatten)]
    pub afar: AfarArgs,
}
