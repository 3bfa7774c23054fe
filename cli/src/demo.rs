//! An invented municipality: a ledger with two years of lively cases, played through the real path.
//!
//! [`run`] founds a ledger, plays a [`Script`] on a clock that is set, tries what the law forbids, lets
//! the verifier judge the result and a tampered copy of it, and tells what came of it. What happens
//! follows from the seed, so that what one person sees, another can see again; keys, salts and ids are
//! random, as in life.

mod act;
mod cast;
mod course;
mod ending;
mod fate;
mod outcome;
pub mod people;
mod public;
pub mod random;
mod refusals;
mod script;
mod stage;
mod text;
mod views;

mod names;
mod places;
mod posts;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vandel_core::time::{Day, Second};
use vandel_ledger::disk::{Disk, RealDisk};
use vandel_ledger::home::Home;
use vandel_ledger::opening::HomeError;
use vandel_ledger::publish::publish_views;
use vandel_ledger::sequencer::FoundingError;
use vandel_ledger::signer::KeyFileError;
use vandel_ledger::submission::SubmitError;
use vandel_ledger::vault::VaultError;

pub use act::{Act, Part, Planned};
pub use fate::{Fate, Incident, Outline, Trait};
pub use outcome::{DemoOutcome, Places, RefusalShown, Tampering};
pub use script::{CASES_MAX, CASES_MIN, CaseScript, Script};
pub use text::render_text;
pub use views::{DueCount, ViewsShown};

use script::Scene;
use stage::Stage;

use crate::verify::VerifyError;

/// What to play.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// The ledger's folder, empty or absent; none for a fresh one in the system's temporary folder.
    pub home: Option<PathBuf>,
    /// How many cases; from [`CASES_MIN`] on everything promised is among them.
    pub cases: usize,
    /// The seed of the story.
    pub seed: u64,
    /// The present: the story ends on its day and began two years before.
    pub now: Second,
    /// That day, in Sweden.
    pub today: Day,
    /// Leave the tampered copy of the log where it is.
    pub keep: bool,
}

/// Why a demonstration stopped.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A folder is in use.
    #[error("{} is not empty; a demonstration begins in an empty folder", .0.display())]
    NotEmpty(PathBuf),
    /// More cases than people can be invented for.
    #[error("{asked} cases are too many; {CASES_MAX} is the most")]
    TooMany {
        /// How many were asked for.
        asked: usize,
    },
    /// The ledger refused what it should take.
    #[error("{what} was not taken: {error}")]
    Unexpected {
        /// What.
        what: String,
        /// Why.
        error: SubmitError,
    },
    /// The policy knows nothing of a role of the story.
    #[error("no policy of the story covers the role {role} on {day}")]
    NoLaw {
        /// The role.
        role: &'static str,
        /// The day.
        day: Day,
    },
    /// The threads could not be looked up.
    #[error("{0}")]
    Threads(#[from] vandel_ledger::sequencer::ThreadsError),
    /// The story contradicts itself.
    #[error("the story does not hold: {0}")]
    Story(&'static str),
    /// No randomness.
    #[error("the operating system gives no randomness")]
    Randomness,
    /// The ledger was not founded.
    #[error("{0}")]
    Founding(#[from] FoundingError),
    /// The home.
    #[error("{0}")]
    Home(#[from] HomeError),
    /// A key file.
    #[error("{0}")]
    Key(#[from] KeyFileError),
    /// The vault.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// The views.
    #[error("{0}")]
    Views(#[from] vandel_projector::ProjectError),
    /// The views' digests were not published.
    #[error("{0}")]
    Publish(#[from] vandel_ledger::publish::PublishError),
    /// The audit said nothing.
    #[error("{0}")]
    Verify(#[from] VerifyError),
    /// A disk.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Plays a demonstration. `progress` is told, in a line each, what is going on.
///
/// # Errors
/// [`DemoError`]. What has been written is left as it is.
pub fn run(options: &DemoOptions, progress: &mut dyn FnMut(&str)) -> Result<DemoOutcome, DemoError> {
    if options.cases > CASES_MAX {
        return Err(DemoError::TooMany { asked: options.cases });
    }
    let places = Places::of(options)?;
    let script = Script::new(options.seed, options.cases, options.today);
    let played = play(&script, options, &places, progress)?;
    progress("verifying the ledger, then a copy of it with one byte changed");
    let verification = ending::verify(&places)?;
    let tampering = ending::tamper(&places, options.keep)?;
    Ok(outcome::tell(options, places, &script, played, verification, tampering))
}

/// Plays a story and nothing else: for those who want a lively ledger.
///
/// # Errors
/// As [`run`].
pub fn play_script(script: &Script, options: &DemoOptions) -> Result<Places, DemoError> {
    let places = Places::of(options)?;
    play(script, options, &places, &mut |_| {})?;
    Ok(places)
}

/// What came of playing.
struct Played {
    staff: usize,
    refusals: Vec<RefusalShown>,
    views: ViewsShown,
    handles: Vec<String>,
}

fn play(
    script: &Script,
    options: &DemoOptions,
    places: &Places,
    progress: &mut dyn FnMut(&str),
) -> Result<Played, DemoError> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let home = Home::new(&places.home);
    progress(&format!("founding a ledger in {}", places.home.display()));
    if let Some(parent) = places.home.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut stage = Stage::new(script, options, places, &disk, &home)?;
    // An auditor gets the trust file on the first day, and not from the folder that is audited.
    std::fs::create_dir_all(&places.auditor)?;
    std::fs::copy(home.trust(), places.trust())?;
    let staff = stage.prepare()?;
    progress(&format!("{staff} people enrolled; playing {} cases", script.cases.len()));
    let mut year = None;
    for (day, scenes) in &script.scenes {
        if year != Some(day.ymd().0) {
            year = Some(day.ymd().0);
            progress(&format!("{day}: {} records so far", stage.sequencer().chain().size()));
        }
        stage.set_day(*day);
        for scene in scenes {
            if let Scene::Public(public) = scene {
                stage.proclaim(*public)?;
            }
        }
        stage.play(scenes)?;
    }
    progress("trying what the law forbids");
    stage.set_day(script.last);
    let refusals = stage.try_the_forbidden()?;
    // By these digests a dossier shows that nothing of its case was left out.
    publish_views(stage.sequencer(), None)?;
    progress("building the views, twice");
    let views = stage.show_views(&home, script.last)?;
    let handles = stage.cases.iter().map(|case| case.handle.clone()).collect();
    stage.close()?.write_keys(&*disk)?;
    Ok(Played { staff, refusals, views, handles })
}

/// Refuses a folder that holds anything.
fn must_be_empty(folder: &Path) -> Result<(), DemoError> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            Some(_) => Err(DemoError::NotEmpty(folder.to_owned())),
            None => Ok(()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}
