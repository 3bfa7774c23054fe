//! What came of a demonstration, in numbers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use vandel_core::event::Kind;
use vandel_core::verify::Report;

use super::cast::random_id;
use super::fate::{Fate, Incident};
use super::script::Script;
use super::views::ViewsShown;
use super::{DemoError, DemoOptions, Played, must_be_empty};

/// Where things lie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Places {
    /// The ledger.
    pub home: PathBuf,
    /// Everybody's keys, which nobody ever holds together in life. They do not belong in the home: they
    /// would be copied with every copy of the ledger.
    pub people: PathBuf,
    /// What the auditor keeps: the trust file of the first day, and the auditor's own memory.
    pub auditor: PathBuf,
}

/// A refusal that was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusalShown {
    /// What was tried.
    pub title: &'static str,
    /// The stable name of the refusal.
    pub code: &'static str,
    /// Why.
    pub message: String,
    /// What it rests on.
    pub paragraph: String,
    /// The exit code that a command would end with.
    pub exit: u8,
}

/// What the verifier said of a copy with one byte changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tampering {
    /// The segment file.
    pub file: String,
    /// Which byte of it.
    pub offset: u64,
    /// The first finding's record.
    pub record: Option<u64>,
    /// The first finding.
    pub found: String,
    /// The verifier's exit code.
    pub exit: u8,
    /// Where the copy is, if it was kept.
    pub kept: Option<PathBuf>,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct DemoOutcome {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The seed.
    pub seed: u64,
    /// The story's first and last day.
    pub days: (String, String),
    /// Where things lie.
    pub places: Places,
    /// How many people hold keys.
    pub staff: usize,
    /// How many cases.
    pub cases: usize,
    /// Cases by role code.
    pub roles: BTreeMap<&'static str, usize>,
    /// Cases by occasion.
    pub occasions: BTreeMap<&'static str, usize>,
    /// Cases by what came of them.
    pub fates: BTreeMap<Fate, usize>,
    /// Cases by what befell them.
    pub incidents: BTreeMap<Incident, usize>,
    /// Steps by kind, as far as they have been taken.
    pub steps: BTreeMap<&'static str, usize>,
    /// People with a protected identity, with a coordination number, without a number.
    pub people: [usize; 3],
    /// What the law forbids, tried.
    pub refusals: Vec<RefusalShown>,
    /// The views and the retention calendar.
    pub views: ViewsShown,
    /// The verifier's report on the ledger.
    pub verification: Report,
    /// The verifier's answer to a tampered copy.
    pub tampering: Tampering,
    /// Each case in a line; the same for the same seed, number of cases and day.
    pub story: Vec<String>,
    /// A case with entries, to look at first.
    pub example: Option<String>,
    /// A school case that is under way, to try what its law forbids.
    pub school_example: Option<String>,
}

impl Places {
    /// The folders of a demonstration, all empty or absent.
    pub(super) fn of(options: &DemoOptions) -> Result<Self, DemoError> {
        let home = match &options.home {
            Some(home) => std::path::absolute(home)?,
            None => {
                let name: String = random_id()?[..4].iter().map(|byte| format!("{byte:02x}")).collect();
                std::env::temp_dir().join(format!("vandel-demo-{name}")).join("home")
            }
        };
        let beside = |suffix: &str| {
            let mut name = home.file_name().unwrap_or_default().to_owned();
            name.push(suffix);
            home.with_file_name(name)
        };
        let places = Self { people: beside("-people"), auditor: beside("-auditor"), home };
        [&places.home, &places.people, &places.auditor].into_iter().try_for_each(|one| must_be_empty(one))?;
        Ok(places)
    }

    /// The auditor's trust file.
    #[must_use]
    pub fn trust(&self) -> PathBuf {
        self.auditor.join("trust.policy")
    }

    /// The auditor's memory.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.auditor.join("remembered")
    }

    /// A key file.
    pub(super) fn key(&self, name: &str) -> PathBuf {
        self.people.join(Path::new(name).with_extension("pem"))
    }
}

fn count<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    keys.fold(BTreeMap::new(), |mut counts, key| {
        *counts.entry(key).or_default() += 1;
        counts
    })
}

/// Counts what was told and played.
pub(super) fn tell(
    options: &DemoOptions,
    places: Places,
    script: &Script,
    played: Played,
    verification: Report,
    tampering: Tampering,
) -> DemoOutcome {
    let cases = || script.cases.iter();
    let steps = || cases().flat_map(|case| &case.steps);
    let people = |fits: super::Trait| cases().filter(|case| fits.fits(&case.person)).count();
    let under_way =
        |case: &super::CaseScript| case.outline.fate == Fate::UnderWay && case.outline.role == "SCHOOL";
    let school = script.cases.iter().position(under_way);
    let example = script
        .cases
        .iter()
        .position(|case| case.steps.iter().any(|step| step.act.kind() == Kind::SecondReviewed));
    DemoOutcome {
        kind: "demo",
        seed: options.seed,
        days: (script.first.to_string(), script.last.to_string()),
        staff: played.staff,
        cases: script.cases.len(),
        roles: count(cases().map(|case| case.outline.role)),
        occasions: count(cases().map(|case| case.outline.occasion.name())),
        fates: count(cases().map(|case| case.outline.fate)),
        incidents: count(cases().map(|case| case.outline.incident)),
        steps: count(steps().map(|step| step.act.kind().name())),
        people: [super::Trait::Protected, super::Trait::Coordination, super::Trait::NoNumber].map(people),
        refusals: played.refusals,
        views: played.views,
        verification,
        tampering,
        story: script.lines(),
        example: example.map(|index| played.handles[index].clone()),
        school_example: school.map(|index| played.handles[index].clone()),
        places,
    }
}
