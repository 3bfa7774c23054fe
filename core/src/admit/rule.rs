//! The rules by name: what each rests on, and whether an audit can make its check again.

/// Whether an audit can make a rule's check again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recheck {
    /// From the chain and the openings.
    Replayable,
    /// Not where the law forbids to keep its inputs; then it was checked once, at admission.
    /// [`crate::admit::unrepeated`] tells which of its checks, step by step.
    Attested,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident: $name:literal, $recheck:ident, $paragraph:literal;)*) => {
        /// A rule of admission. The order is the order in which they are judged.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $($(#[$doc])* $variant,)* }

        impl Rule {
            /// The name in reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// Whether an audit with openings makes the check again.
            #[must_use]
            pub const fn recheck(self) -> Recheck {
                match self { $(Self::$variant => Recheck::$recheck),* }
            }

            /// What the rule rests on where no role's law is nearer.
            #[must_use]
            pub const fn paragraph(self) -> &'static str {
                match self { $(Self::$variant => $paragraph),* }
            }
        }
    };
}

rules! {
    /// A step follows the last one of its thread.
    Thread: "thread", Replayable, "docs/format.md, threads";
    /// A step's day is not in the future and not before the case; a reading is noted when it is made.
    Day: "day", Replayable, "docs/format.md, days";
    /// A closed case takes only what comes after closing.
    Closed: "closed", Replayable, "GDPR art. 5.1 c";
    /// A restricted case takes only what restriction allows.
    Restricted: "restricted", Replayable, "GDPR art. 18.2";
    /// Nothing is added to a case whose erasure has begun; a hold comes too late.
    ErasureUnderWay: "erasure-under-way", Replayable, "arkivlagen 1990:782 section 10";
    /// The author holds the role that the step asks for.
    Role: "role", Replayable, "KL 2017:725 ch. 6 section 37; OSL 2009:400 ch. 8 section 2";
    /// A second person approved what needs two.
    Approval: "approval", Replayable, "docs/decisions: two people";
    /// A policy applies and supports the check.
    Policy: "policy", Replayable, "RF 2:6 and 2:20; GDPR art. 6.3 and 10";
    /// Consent is recorded only where it is a ground, and where it is the ground it must stand.
    Consent: "consent", Replayable, "GDPR art. 6.1, 7.3 and recital 43";
    /// The storage mode may record this kind and these fields, and records what it keeps.
    Recordable: "recordable", Replayable, "the role's law; GDPR art. 5.1 c";
    /// The law covers this occasion.
    Occasion: "occasion", Replayable, "the role's law";
    /// The case is about one person, of an age that the law covers.
    Subject: "subject", Replayable, "GDPR art. 5.1 d; the role's law";
    /// The position has been assessed, by its own board.
    Position: "position", Replayable, "BRL 1998:620 section 7; MBL 1976:580 sections 11 and 19; GDPR art. 35";
    /// Only the chosen candidate is asked.
    OneRequest: "one-request", Replayable, "GDPR art. 5.1 c; the role's law";
    /// Who has left the recruitment is not examined further.
    Withdrawn: "withdrawn", Replayable, "GDPR art. 5.1 b and c";
    /// Steps come in the order that the law gives.
    Order: "order", Replayable, "GDPR art. 13; the role's law";
    /// What a step must say is said, and does not contradict itself.
    Content: "content", Replayable, "BRL 1998:620 section 7; FL 2017:900 section 31";
    /// The extract is young enough, of the right law and registers, and authentic.
    Extract: "extract", Attested, "the role's law";
    /// An exemption rests on an earlier note.
    Exemption: "exemption", Attested, "the role's law";
    /// Reviewer and decider are different people.
    Separation: "separation", Replayable, "FL 2017:900 sections 16 and 17";
    /// The candidate was heard before a negative decision, and the assessment reviewed.
    Heard: "heard", Replayable, "FL 2017:900 section 25";
    /// A hold has an owner and a day of review; what is released is in force.
    Hold: "hold", Replayable, "GDPR art. 5.1 e and 18.3";
}
