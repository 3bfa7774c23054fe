//! Notices: readings by which an officer stops a plan, and by which a person's request is recorded.
//!
//! The format of version 1 has no step for either, and the chain must tell of neither. Whoever stops a plan has
//! read it, and whoever handles a request has read the case; so both are *readings*, on the thread of
//! whoever gives notice, and what was noticed stands in the remark: a first line that a machine reads, and the
//! reason in words. A notice can be neither removed nor forged, dies with the thread it stands in, and on
//! the chain it is one sealed record like any other.

use serde::{Deserialize, Serialize};

use crate::event::{Purpose, Reading, Role};
use crate::hash::Hash;
use crate::id::{ActorId, ThreadId};
use crate::keyring::Keyring;
use crate::thread::Threads;
use crate::time::Day;

/// The right under which a person asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Right {
    /// Erasure (GDPR art. 17).
    Erasure,
    /// Access (art. 15).
    Access,
}

impl Right {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Erasure, Self::Access];

    /// The name in commands and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Erasure => "erasure",
            Self::Access => "access",
        }
    }
}

/// What a reading gives notice of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// The data-protection officer stops a plan (GDPR art. 38.6).
    PlanStopped {
        /// The plan's hash.
        plan: Hash,
        /// Why.
        reason: String,
    },
    /// The officer lets a stopped plan go on.
    PlanReleased {
        /// The plan's hash.
        plan: Hash,
        /// Why.
        reason: String,
    },
    /// The person asks for erasure (GDPR art. 17); the month to answer runs from this day (art. 12.3).
    ErasureRequested {
        /// The day the request came.
        received: Day,
    },
    /// The request is refused.
    ErasureRefused {
        /// The day the request came.
        received: Day,
        /// Why: the answer to the person says the same (art. 12.4).
        reason: String,
    },
    /// The person asks what is held (GDPR art. 15); the month to answer runs from this day (art. 12.3).
    AccessRequested {
        /// The day the request came.
        received: Day,
    },
    /// The person has been given what is held.
    AccessAnswered {
        /// The day the request came.
        received: Day,
        /// How, and whether staff were named.
        how: String,
    },
    /// The request for access is refused (art. 12.5).
    AccessRefused {
        /// The day the request came.
        received: Day,
        /// Why: the answer to the person says the same (art. 12.4).
        reason: String,
    },
    /// The time to answer is extended by two months; the person is told so within the first (art. 12.3).
    AnswerExtended {
        /// Which request.
        right: Right,
        /// The day it came.
        received: Day,
        /// Why: its complexity, or how many there are.
        reason: String,
    },
}

/// A notice in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeMark {
    /// What was noticed.
    pub notice: Notice,
    /// The case it is about.
    pub about: Option<ThreadId>,
    /// Who gave notice.
    pub actor: ActorId,
    /// When.
    pub day: Day,
    /// In which record.
    pub record: u64,
}

impl Notice {
    /// What a reading gives notice of; none if it is a reading and nothing else.
    #[must_use]
    pub fn read(reading: &Reading) -> Option<Self> {
        let (first, reason) = reading.remark.split_once('\n').unwrap_or((&reading.remark, ""));
        let (word, value) = first.split_once(' ')?;
        let plan = || Hash::from_hex(value.strip_prefix("sha256:")?);
        let reason = reason.to_owned();
        let of_plan = reading.purpose == Purpose::Retention && reading.thread.is_none();
        let of_case = reading.purpose == Purpose::SubjectAccess && reading.thread.is_some();
        match word {
            "plan-stopped" if of_plan => Some(Self::PlanStopped { plan: plan()?, reason }),
            "plan-released" if of_plan => Some(Self::PlanReleased { plan: plan()?, reason }),
            "erasure-requested" if of_case => Some(Self::ErasureRequested { received: value.parse().ok()? }),
            "erasure-refused" if of_case => {
                Some(Self::ErasureRefused { received: value.parse().ok()?, reason })
            }
            "access-requested" if of_case => Some(Self::AccessRequested { received: value.parse().ok()? }),
            "access-answered" if of_case => {
                Some(Self::AccessAnswered { received: value.parse().ok()?, how: reason })
            }
            "access-refused" if of_case => {
                Some(Self::AccessRefused { received: value.parse().ok()?, reason })
            }
            "erasure-extended" | "access-extended" if of_case => {
                let right = if word == "access-extended" { Right::Access } else { Right::Erasure };
                Some(Self::AnswerExtended { right, received: value.parse().ok()?, reason })
            }
            _ => None,
        }
    }

    /// The remark of the reading that gives this notice.
    #[must_use]
    pub fn remark(&self) -> String {
        match self {
            Self::PlanStopped { plan, reason } => format!("plan-stopped sha256:{plan}\n{reason}"),
            Self::PlanReleased { plan, reason } => format!("plan-released sha256:{plan}\n{reason}"),
            Self::ErasureRequested { received } => format!("erasure-requested {received}"),
            Self::ErasureRefused { received, reason } => format!("erasure-refused {received}\n{reason}"),
            Self::AccessRequested { received } => format!("access-requested {received}"),
            Self::AccessAnswered { received, how } => format!("access-answered {received}\n{how}"),
            Self::AccessRefused { received, reason } => format!("access-refused {received}\n{reason}"),
            Self::AnswerExtended { right, received, reason } => {
                format!("{}-extended {received}\n{reason}", right.name())
            }
        }
    }

    /// The purpose of the reading that gives this notice.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        match self {
            Self::PlanStopped { .. } | Self::PlanReleased { .. } => Purpose::Retention,
            _ => Purpose::SubjectAccess,
        }
    }

    /// The day the request came that it is about; none for plans.
    #[must_use]
    pub const fn received(&self) -> Option<Day> {
        match self {
            Self::ErasureRequested { received }
            | Self::ErasureRefused { received, .. }
            | Self::AccessRequested { received }
            | Self::AccessAnswered { received, .. }
            | Self::AccessRefused { received, .. }
            | Self::AnswerExtended { received, .. } => Some(*received),
            Self::PlanStopped { .. } | Self::PlanReleased { .. } => None,
        }
    }

    /// The right under which it was asked for; none for plans.
    #[must_use]
    pub const fn right(&self) -> Option<Right> {
        match self {
            Self::PlanStopped { .. } | Self::PlanReleased { .. } => None,
            Self::ErasureRequested { .. } | Self::ErasureRefused { .. } => Some(Right::Erasure),
            Self::AccessRequested { .. } | Self::AccessAnswered { .. } | Self::AccessRefused { .. } => {
                Some(Right::Access)
            }
            Self::AnswerExtended { right, .. } => Some(*right),
        }
    }

    /// Why, in words: content, which only a reader is shown.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::PlanStopped { reason, .. }
            | Self::PlanReleased { reason, .. }
            | Self::ErasureRefused { reason, .. }
            | Self::AccessRefused { reason, .. }
            | Self::AnswerExtended { reason, .. } => Some(reason),
            _ => None,
        }
    }

    fn plan(&self) -> Option<Hash> {
        match self {
            Self::PlanStopped { plan, .. } | Self::PlanReleased { plan, .. } => Some(*plan),
            _ => None,
        }
    }
}

/// A stop that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The officer.
    pub actor: ActorId,
    /// Since when.
    pub day: Day,
    /// The record that says so.
    pub record: u64,
    /// Why, in words: content, which only a reader is shown.
    pub reason: String,
}

/// The stop of a plan that is in force: the last word on it of somebody who was data-protection officer
/// on that day.
#[must_use]
pub fn stop_of(threads: &Threads, keyring: &Keyring, plan: &Hash) -> Option<Stop> {
    let officer = |actor: ActorId, day: Day| {
        let entries = keyring.entries().values().filter(|entry| entry.actor == actor);
        let mut grants = entries.flat_map(|entry| &entry.grants);
        grants.any(|grant| grant.role == Role::DataProtectionOfficer && grant.in_force_on(day))
    };
    let marks = threads.iter().flat_map(|(_, thread)| &thread.notices);
    let of_plan = marks.filter(|mark| mark.notice.plan() == Some(*plan) && officer(mark.actor, mark.day));
    let last = of_plan.max_by_key(|mark| mark.record)?;
    match &last.notice {
        Notice::PlanStopped { reason, .. } => {
            Some(Stop { actor: last.actor, day: last.day, record: last.record, reason: reason.clone() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_read_as_it_was_written_and_nothing_else_is_one() {
        let plan = Hash([7; 32]);
        let received: Day = "2026-03-01".parse().expect("a day");
        let reason = "väntar på beslut\nandra raden".to_owned();
        let notices = [
            Notice::PlanStopped { plan, reason: reason.clone() },
            Notice::PlanReleased { plan, reason: reason.clone() },
            Notice::ErasureRequested { received },
            Notice::ErasureRefused { received, reason: reason.clone() },
            Notice::AccessRequested { received },
            Notice::AccessAnswered { received, how: "utdrag".to_owned() },
            Notice::AccessRefused { received, reason: reason.clone() },
            Notice::AnswerExtended { right: Right::Access, received, reason: reason.clone() },
            Notice::AnswerExtended { right: Right::Erasure, received, reason },
        ];
        for notice in notices {
            let about_case = notice.plan().is_none();
            let thread = about_case.then_some(ThreadId([1; 16]));
            let (purpose, remark) = (notice.purpose(), notice.remark());
            let reading = Reading { thread, purpose, remark, compartments: Vec::new(), count: 1 };
            assert_eq!(Notice::read(&reading), Some(notice));
            let elsewhere = if about_case { None } else { Some(ThreadId([1; 16])) };
            assert_eq!(Notice::read(&Reading { thread: elsewhere, ..reading.clone() }), None);
            assert_eq!(Notice::read(&Reading { purpose: Purpose::Handling, ..reading.clone() }), None);
            for remark in ["", "plan-stopped", "plan-stopped sha256:7", "erasure-requested 2026-13-01"] {
                assert_eq!(Notice::read(&Reading { remark: remark.to_owned(), ..reading.clone() }), None);
            }
        }
    }
}
