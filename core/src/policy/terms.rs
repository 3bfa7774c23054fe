//! The terms a pack is written in: closed lists, read by name.

use crate::event::{Field, Kind, Occasion, Register};
use crate::time::{Day, Period};

/// A value that a pack writes as one word or a few.
pub(super) trait Term: Sized {
    /// What it is, for errors.
    const WHAT: &'static str;
    /// The value of this text.
    fn read(text: &str) -> Option<Self>;
}

macro_rules! terms {
    ($($(#[$doc:meta])* $name:ident: $what:literal { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word used in packs and reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }

        impl $crate::policy::terms::Term for $name {
            const WHAT: &'static str = $what;
            fn read(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == text)
            }
        }
    )*};
}
pub(super) use terms;

terms! {
    /// What the law says about the check.
    Duty: "duty" {
        /// Without it nobody may be engaged.
        Mandatory = "mandatory",
        /// The employer may ask for it.
        Optional = "optional",
        /// No law supports it: refused.
        Forbidden = "forbidden",
        /// A regime of its own, outside this ledger.
        External = "external",
    }
    /// What may be kept of the extract.
    Storage: "storage mode" {
        /// Only a note that it was shown; no other documentation of the check.
        NoteOnly = "note_only",
        /// The extract or a copy must be kept.
        CopyRequired = "copy_required",
        /// Neither: no statute asks for a note or a copy.
        None = "none",
    }
    /// How the extract comes.
    Acquisition: "way of acquisition" {
        /// The person shows it and takes it home.
        Shown = "shown",
        /// The person hands it in.
        HandedIn = "handed_in",
        /// The authority fetches it from the register.
        Fetched = "fetched",
    }
    /// Whose note it is.
    NotedBy: "author of the note" {
        /// Who decides on the engagement.
        Decider = "decider",
        /// Who handles the matter.
        Handler = "handler",
    }
    /// Who is checked.
    SubjectKind: "kind of subject" {
        /// The person chosen for the post.
        Candidate = "candidate",
        /// Somebody who lives where the work is done.
        HouseholdMember = "household_member",
    }
    /// The ground of the processing (GDPR art. 6.1).
    LegalGround: "legal ground" {
        /// (c) A legal obligation.
        LegalObligation = "legal_obligation",
        /// (e) A task of public interest or public authority, laid down in law.
        PublicTask = "public_task",
        /// A consent that a statute itself asks for.
        StatutoryConsent = "statutory_consent",
    }
    /// The day that decides a rule of age or renewal.
    DecidingDay: "deciding day" {
        /// The day the post was offered.
        Offer = "offer",
        /// The day the extract was shown or handed in.
        Showing = "showing",
        /// The day work began.
        Start = "start",
    }
}

macro_rules! term_by_name {
    ($($name:ident: $what:literal),*) => {$(
        impl Term for $name {
            const WHAT: &'static str = $what;
            fn read(text: &str) -> Option<Self> {
                Self::from_name(text)
            }
        }
    )*};
}
term_by_name!(Kind: "kind of event", Field: "field", Register: "register", Occasion: "occasion");

impl Term for Day {
    const WHAT: &'static str = "day (YYYY-MM-DD)";
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Term for Period {
    const WHAT: &'static str = "period (such as 2y, 6m, 30d or 1y6m)";
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}
