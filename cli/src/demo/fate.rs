//! What comes of a case, and what befalls it on the way: drawn from a seed, as often as in life where
//! that is known, and once at least for everything that a demonstration should show.

use vandel_core::event::Occasion;
use vandel_core::person::IdentityNumber;

use super::people::Person;
use super::random::Random;

/// What comes of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// An extract was seen, and there was nothing to assess.
    Clear,
    /// Nothing was shown; the case was closed.
    NotShown,
    /// An earlier note was relied on.
    Exempted,
    /// The first extract was not accepted, the second was.
    Rejected,
    /// Entries, assessed, heard and reviewed: fit all the same.
    EntriesFit,
    /// Entries: fit, with support.
    EntriesSupport,
    /// Entries: not fit.
    NotFit,
    /// Not fit, and appealed.
    NotFitAppealed,
    /// Not fit, and the Equality Ombudsman interrupted the period.
    NotFitInterrupted,
    /// The candidate left.
    Withdrew,
    /// Not finished.
    UnderWay,
}

/// What befalls a case besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Incident {
    /// Nothing.
    None,
    /// A request for disclosure stopped erasure for a while.
    HoldReleased,
    /// It still does.
    HoldInForce,
    /// Processing was restricted for a while.
    RestrictionReleased,
    /// It still is.
    Restricted,
    /// A step was corrected.
    Rectified,
    /// It had been opened for the wrong person.
    Reassigned,
    /// The person's name changed.
    NameChanged,
    /// A person without a number got one.
    NumberReceived,
    /// The person moved to another unit.
    Moved,
    /// The employment ended.
    Ended,
}

/// What is particular about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trait {
    /// Whatever chance brings.
    Any,
    /// Protected identity.
    Protected,
    /// A coordination number.
    Coordination,
    /// No number.
    NoNumber,
}

impl Trait {
    /// Whether a person has it.
    pub(super) fn fits(self, person: &Person) -> bool {
        match self {
            Self::Any => true,
            Self::Protected => person.protected,
            Self::Coordination => matches!(person.identity, IdentityNumber::Coordination(_)),
            Self::NoNumber => person.identity.number().is_none(),
        }
    }
}

/// A case in outline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline {
    /// When it opens, in thousandths of the demonstrated time.
    pub when: u32,
    /// Role code.
    pub role: &'static str,
    /// Why now.
    pub occasion: Occasion,
    /// What comes of it.
    pub fate: Fate,
    /// What befalls it.
    pub incident: Incident,
    /// About whom.
    pub person: Trait,
}

const fn case(when: u32, role: &'static str, occasion: Occasion, fate: Fate, incident: Incident) -> Outline {
    Outline { when, role, occasion, fate, incident, person: Trait::Any }
}

const fn about(outline: Outline, person: Trait) -> Outline {
    Outline { person, ..outline }
}

/// Everything that the demonstration promises to show, each at a time that lets it end.
pub(super) const PROMISED: [Outline; 36] = {
    use Fate::{
        Clear, EntriesFit, EntriesSupport, Exempted, NotFit, NotFitAppealed, NotFitInterrupted, NotShown,
        Rejected, UnderWay, Withdrew,
    };
    use Incident::{
        Ended, HoldInForce, HoldReleased, Moved, NameChanged, None, NumberReceived, Reassigned, Rectified,
        Restricted, RestrictionReleased,
    };
    use Occasion::{Agency, Assignment, InternalMove, NewEmployment, Placement, Renewal, Volunteer};
    [
        case(20, "HVB", NewEmployment, Clear, Ended),
        case(40, "CHILD", NewEmployment, Clear, None),
        case(60, "HVB", NewEmployment, NotFitAppealed, None),
        case(90, "CARE_FETCH", NewEmployment, Clear, Ended),
        case(120, "HVB", InternalMove, EntriesSupport, Moved),
        case(150, "SCHOOL_HOME", Assignment, Clear, None),
        case(180, "HVB", NewEmployment, NotFitInterrupted, None),
        case(200, "SCHOOL", NewEmployment, Clear, None),
        case(220, "SCHOOL", InternalMove, Clear, NameChanged),
        case(240, "CARE_FETCH", InternalMove, EntriesFit, Moved),
        case(260, "HVB", Agency, Rejected, Ended),
        case(300, "HVB", NewEmployment, Clear, None),
        case(330, "HVB", Volunteer, Clear, None),
        about(case(350, "SCHOOL", Agency, Clear, None), Trait::Protected),
        case(370, "CARE_FETCH", NewEmployment, NotFit, None),
        case(400, "SCHOOL", Placement, Clear, HoldReleased),
        about(case(420, "CHILD", Assignment, Clear, None), Trait::Coordination),
        case(450, "HVB", Renewal, Exempted, None),
        case(470, "HVB", Placement, Withdrew, None),
        case(500, "SCHOOL", Renewal, Exempted, None),
        about(case(520, "SCHOOL", NewEmployment, Clear, NumberReceived), Trait::NoNumber),
        case(540, "CHILD", Renewal, Clear, RestrictionReleased),
        case(560, "SCHOOL", NewEmployment, NotShown, None),
        case(580, "SCHOOL_HOME", NewEmployment, Clear, None),
        case(600, "SCHOOL", Assignment, Clear, Rectified),
        case(620, "CHILD", Placement, Clear, Restricted),
        case(640, "HVB", Assignment, EntriesFit, None),
        case(660, "CARE_FETCH", Agency, Withdrew, None),
        case(700, "SCHOOL", NewEmployment, Clear, Reassigned),
        case(760, "HOME_CARE", NewEmployment, Clear, None),
        case(790, "HOME_CARE", InternalMove, Clear, None),
        case(820, "HOME_CARE", Agency, NotShown, None),
        case(840, "CHILD", NewEmployment, Clear, None),
        case(860, "HVB", NewEmployment, Clear, HoldInForce),
        case(1_000, "SCHOOL", NewEmployment, UnderWay, None),
        case(1_000, "HVB", NewEmployment, UnderWay, None),
    ]
};

/// One more case.
pub(super) fn draw(random: &mut Random) -> Outline {
    let when = 10 + random.below(985);
    let role = match random.below(100) {
        0..42 => "SCHOOL",
        42..58 => "CHILD",
        58..76 => "HOME_CARE",
        76..90 => "HVB",
        90..97 => "CARE_FETCH",
        _ => "SCHOOL_HOME",
    };
    let occasion = draw_occasion(random, role);
    let fate = draw_fate(random, role, occasion);
    let incident = draw_incident(random, role);
    Outline { when, role, occasion, fate, incident, person: Trait::Any }
}

fn draw_occasion(random: &mut Random, role: &str) -> Occasion {
    use Occasion::{Agency, Assignment, InternalMove, NewEmployment, Placement, Renewal, Volunteer};
    match (random.below(100), role) {
        (0..12, "SCHOOL" | "CHILD" | "HVB" | "SCHOOL_HOME") => Renewal,
        (12..20, "SCHOOL" | "CHILD" | "HVB" | "HOME_CARE" | "CARE_FETCH") => InternalMove,
        (20..26, _) => Assignment,
        (26..32, "SCHOOL" | "CHILD" | "HVB" | "HOME_CARE" | "CARE_FETCH") => Agency,
        (32..40, "SCHOOL" | "CHILD" | "HVB" | "HOME_CARE" | "CARE_FETCH") => Placement,
        (40..46, "HVB") => Volunteer,
        _ => NewEmployment,
    }
}

fn draw_fate(random: &mut Random, role: &str, occasion: Occasion) -> Fate {
    let drawn = random.below(100);
    match role {
        "SCHOOL" if occasion == Occasion::Renewal => Fate::Exempted,
        "HVB" if occasion == Occasion::Renewal && drawn < 50 => Fate::Exempted,
        "HVB" | "CARE_FETCH" => match drawn {
            0..5 => Fate::EntriesFit,
            5..8 => Fate::EntriesSupport,
            8..10 => Fate::NotFit,
            10..11 => Fate::NotFitAppealed,
            11..16 => Fate::Withdrew,
            16..20 if role == "HVB" => Fate::Rejected,
            _ => Fate::Clear,
        },
        _ if drawn < 4 => Fate::NotShown,
        _ => Fate::Clear,
    }
}

fn draw_incident(random: &mut Random, role: &str) -> Incident {
    match (random.below(200), role) {
        (0, _) => Incident::HoldReleased,
        (1, _) => Incident::RestrictionReleased,
        (2..4, _) => Incident::Rectified,
        (4, _) => Incident::Reassigned,
        (5..8, _) => Incident::NameChanged,
        (10..20, "HVB" | "CARE_FETCH") => Incident::Moved,
        (20..60, "HVB" | "CARE_FETCH") => Incident::Ended,
        _ => Incident::None,
    }
}
