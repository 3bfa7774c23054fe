//! The closed lists of terms that steps use: reasons, outcomes, grounds, purposes.

use serde::{Deserialize, Serialize};

named! {
    /// Why an extract was not accepted.
    RejectionReason {
        /// Older than the law allows.
        TooOld = "too-old",
        /// Issued under another law.
        WrongLaw = "wrong-law",
        /// Its authenticity could not be checked.
        Unverified = "unverified",
    }
}
named! {
    /// How an extract's authenticity was checked.
    Authenticity {
        /// The original on paper.
        PaperOriginal = "paper-original",
        /// The police's control service for digital extracts (*kontrolltjänst*).
        ControlService = "control-service",
    }
}
named! {
    /// The outcome of a check.
    Outcome {
        /// Fit.
        Fit = "fit",
        /// Fit, with support.
        FitWithSupport = "fit-with-support",
        /// Not fit.
        NotFit = "not-fit",
    }
}
named! {
    /// Support agreed on with the person.
    Support {
        /// A mentor or closer supervision.
        Supervision = "supervision",
        /// Other duties.
        AdjustedDuties = "adjusted-duties",
        /// Treatment or counselling.
        Counselling = "counselling",
    }
}
named! {
    /// How an appeal ended.
    AppealOutcome {
        /// The decision stands.
        Upheld = "upheld",
        /// The decision was set aside.
        SetAside = "set-aside",
        /// The appeal was withdrawn.
        Withdrawn = "withdrawn",
    }
}
named! {
    /// Why erasure is stopped.
    HoldGround {
        /// A pending request for disclosure (TF ch. 2).
        DisclosureRequest = "disclosure-request",
        /// A dispute or a claim.
        Dispute = "dispute",
        /// Supervision by an authority.
        Supervision = "supervision",
    }
}
named! {
    /// Why processing is restricted (GDPR art. 18.1).
    RestrictionGround {
        /// (a) The person contests that it is right.
        Contested = "contested",
        /// (b) It is unlawful, and the person prefers restriction to erasure.
        Unlawful = "unlawful",
        /// (c) The person needs it for a legal claim.
        LegalClaim = "legal-claim",
        /// (d) The person objected; the weighing is pending.
        Objection = "objection",
    }
}
named! {
    /// Why somebody reads.
    Purpose {
        /// Handling the case.
        Handling = "handling",
        /// Deciding or reviewing it.
        Deciding = "deciding",
        /// The person asked (GDPR art. 15).
        SubjectAccess = "subject-access",
        /// Audit or supervision.
        Audit = "audit",
        /// Looking after retention and erasure.
        Retention = "retention",
        /// A request for disclosure of an official document.
        Disclosure = "disclosure",
        /// Reading exported records outside the ledger's care.
        Export = "export",
    }
}
