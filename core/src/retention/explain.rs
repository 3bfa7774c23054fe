//! The steps of the sum, in words.

use std::fmt;

use crate::policy::Trigger;
use crate::retention::{Awaited, HoldInForce};
use crate::time::{Day, Period};

/// One step of the sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The policy that is applied.
    Policy {
        /// The pack, as `name/version`.
        pack: String,
        /// The role.
        role: String,
        /// The version of the role, by its first day.
        in_force_from: Day,
    },
    /// The pack that is applied, where no role decides; as `name/version`.
    Pack(String),
    /// The rule that applies, as the pack states it.
    Rule(String),
    /// The clock started.
    Started {
        /// By this trigger.
        trigger: Trigger,
        /// On this day.
        day: Day,
    },
    /// The clock started from the other trigger, since the first has not come.
    StartedInstead {
        /// The first trigger.
        missing: Trigger,
        /// The other.
        trigger: Trigger,
        /// Its day.
        day: Day,
    },
    /// An interruption started the period again.
    Interrupted {
        /// The day of the interruption, from which the period is counted now.
        day: Day,
        /// The day the period would have ended.
        instead_of: Day,
    },
    /// An interruption without effect.
    InterruptionIgnored {
        /// Its day.
        day: Day,
        /// Why.
        why: Ignored,
    },
    /// The period was added.
    Period {
        /// To this day.
        from: Day,
        /// The period.
        keep: Period,
        /// Which gives this day.
        date: Day,
    },
    /// The day was moved to the floor.
    NotBefore {
        /// The floor.
        day: Day,
        /// The day it replaces.
        instead_of: Day,
    },
    /// The day was moved to the ceiling.
    NotAfter {
        /// The ceiling.
        day: Day,
        /// The day it replaces.
        instead_of: Day,
    },
    /// The ceiling lies before the floor or the due day, so it gives way: what must be kept is kept.
    CeilingGivesWay {
        /// The ceiling.
        ceiling: Day,
        /// To this day.
        to: Day,
    },
    /// The last day to erase it.
    LastDay(Day),
    /// What must be outlived falls due this day, the last of so many.
    Linked {
        /// The last of the days.
        day: Day,
        /// How many clocks were compared.
        count: usize,
    },
    /// Processing is restricted. Stops no clock.
    Restricted {
        /// Since.
        since: Day,
    },
    /// A hold stops erasure.
    Held {
        /// The hold.
        hold: HoldInForce,
        /// Whether its review is late.
        review_late: bool,
    },
    /// The clock waits.
    Awaits(Awaited),
}

/// Why an interruption has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// The rule is not about limitation.
    RuleNotExtended,
    /// The period had not begun.
    BeforeStart,
    /// The period had ended.
    AfterEnd,
    /// The period was interrupted before; the law allows it once (DL 6:5).
    OnlyOnce,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy { pack, role, in_force_from } => {
                write!(f, "policy {pack}, role {role} as in force from {in_force_from}")
            }
            Self::Pack(pack) => write!(f, "policy {pack}"),
            Self::Rule(rule) => write!(f, "rule: {rule}"),
            Self::Started { trigger, day } => write!(f, "{} on {day} starts the clock", trigger.name()),
            Self::StartedInstead { missing, trigger, day } => {
                write!(
                    f,
                    "{} has not come; {} on {day} starts the clock instead",
                    missing.name(),
                    trigger.name()
                )
            }
            Self::Interrupted { day, instead_of } => {
                write!(f, "interrupted on {day}, before {instead_of}: the period starts again (DL 6:5)")
            }
            Self::InterruptionIgnored { day, why } => {
                write!(f, "interruption on {day} without effect: {why}")
            }
            Self::Period { from, keep, date } => write!(f, "{from} + {keep} = {date}"),
            Self::NotBefore { day, instead_of } => write!(f, "never before {day}: moved from {instead_of}"),
            Self::NotAfter { day, instead_of } => write!(f, "no later than {day}: moved from {instead_of}"),
            Self::CeilingGivesWay { ceiling, to } => {
                write!(f, "no later than {ceiling} gives way to {to}: what must be kept is kept")
            }
            Self::LastDay(day) => write!(f, "last day to erase: {day}"),
            Self::Linked { day, count } => {
                write!(f, "what it must outlive is due on {day} (the last of {count})")
            }
            Self::Restricted { since } => {
                write!(f, "restricted since {since} (GDPR art. 18): stops no clock")
            }
            Self::Held { hold, review_late } => {
                let late = if *review_late { ", which has passed" } else { "" };
                write!(f, "held since {} ({}), review by {}{late}", hold.since, hold.ground, hold.review_by)
            }
            Self::Awaits(awaited) => write!(f, "not started: {awaited}"),
        }
    }
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RuleNotExtended => "the rule is not extended by interruptions",
            Self::BeforeStart => "the period had not begun",
            Self::AfterEnd => "the period had ended",
            Self::OnlyOnce => "the period was interrupted before, and may be only once (DL 6:5)",
        })
    }
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule => f.write_str("the policy has no rule for this compartment"),
            Self::Outcome => f.write_str("awaits whether the person was hired"),
            Self::Trigger(trigger) => write!(f, "awaits {}", trigger.name()),
            Self::Linked => f.write_str("awaits the clock of something that it must outlive"),
        }
    }
}
