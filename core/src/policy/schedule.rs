//! Retention: which day starts a compartment's clock, how long it runs, and between which bounds.

use crate::event::{Compartment, Kind};
use crate::policy::terms::{Term, terms};
use crate::time::{Day, Period};

terms! {
    /// The day from which a compartment's period is counted.
    Trigger: "trigger" {
        /// The case was opened.
        Opened = "opened",
        /// The case was closed.
        Closed = "closed",
        /// The decision.
        Decision = "decision",
        /// The decision gained legal force.
        LegalForce = "legal_force",
        /// Work began.
        EmploymentStart = "employment_start",
        /// Employment ended.
        EmploymentEnd = "employment_end",
        /// The content was read (the read log).
        Reading = "reading",
        /// The last compartment that needs this one falls due (the identity).
        LastLinked = "last_linked",
    }
    /// What came of a case, as far as retention depends on it.
    Engagement: "outcome (hired or not_hired)" {
        /// The person began to work.
        Hired = "hired",
        /// The person did not: turned down, withdrew, or the case was closed without a start.
        NotHired = "not_hired",
    }
}

/// All rules of one role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// The schedule's name in the pack.
    pub name: String,
    /// The rules, by compartment.
    pub rules: Vec<RetentionRule>,
}

/// How long a compartment lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionRule {
    /// The compartment.
    pub compartment: Compartment,
    /// Only for cases with this outcome; none means whatever came of it.
    pub when: Option<Engagement>,
    /// The class that a disposal decision must name.
    pub class: String,
    /// The day that starts the clock.
    pub trigger: Trigger,
    /// The day that starts it instead while the first is not known: for what may never come, such
    /// as a decision about somebody who withdrew.
    pub otherwise: Option<Trigger>,
    /// How long from then.
    pub keep: Period,
    /// Erasure before this day is refused, whoever asks.
    pub never_before: Option<Bound>,
    /// Erasure after this day is late. Without it the due day itself is the last.
    pub no_later_than: Option<Bound>,
    /// Whether an interruption by the Equality Ombudsman starts the period again (DL 6:5).
    pub interruption_extends: bool,
}

/// A bound on a due day: so long after a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The trigger; none means the rule's own start, wherever that was counted from.
    pub trigger: Option<Trigger>,
    /// How long after.
    pub period: Period,
}

impl Trigger {
    /// The kind of step that records the day, if one does.
    #[must_use]
    pub const fn kind(self) -> Option<Kind> {
        match self {
            Self::Opened => Some(Kind::CaseOpened),
            Self::Closed => Some(Kind::CaseClosed),
            Self::Decision => Some(Kind::DecisionMade),
            Self::LegalForce => Some(Kind::LegalForceGained),
            Self::EmploymentStart => Some(Kind::EmploymentStarted),
            Self::EmploymentEnd => Some(Kind::EmploymentEnded),
            Self::Reading => Some(Kind::RecordRead),
            Self::LastLinked => None,
        }
    }

    /// Whether, in a case that goes as it should, this day never comes after `other`.
    #[must_use]
    pub const fn never_after(self, other: Self) -> bool {
        use Trigger::{Closed, Decision, EmploymentEnd, EmploymentStart, LegalForce, Opened};
        matches!(
            (self, other),
            (Opened, Opened | Closed | Decision | LegalForce | EmploymentStart | EmploymentEnd)
                | (Decision, Decision | Closed | LegalForce | EmploymentStart | EmploymentEnd)
                | (LegalForce, LegalForce)
                | (Closed, Closed)
                | (EmploymentStart, EmploymentStart | EmploymentEnd)
                | (EmploymentEnd, EmploymentEnd)
        )
    }
}

impl Retention {
    /// The rules of a compartment.
    pub fn of(&self, compartment: Compartment) -> impl Iterator<Item = &RetentionRule> {
        self.rules.iter().filter(move |rule| rule.compartment == compartment)
    }

    /// The rule of a compartment for an outcome; none if the rule depends on an outcome that is not known yet.
    #[must_use]
    pub fn rule(&self, compartment: Compartment, outcome: Option<Engagement>) -> Option<&RetentionRule> {
        self.of(compartment).find(|rule| rule.when.is_none() || rule.when == outcome)
    }
}

impl Bound {
    /// The trigger that the bound is counted from under a rule.
    #[must_use]
    pub fn trigger_under(self, rule: &RetentionRule) -> Trigger {
        self.trigger.unwrap_or(rule.trigger)
    }
}

impl Term for Bound {
    const WHAT: &'static str = "bound (such as 2y, or legal_force + 2y)";

    fn read(text: &str) -> Option<Self> {
        match text.split_once('+') {
            None => Some(Self { trigger: None, period: text.parse().ok()? }),
            Some((trigger, period)) => Some(Self {
                trigger: Some(Trigger::read(trigger.trim())?),
                period: period.trim().parse().ok()?,
            }),
        }
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.trigger {
            None => write!(f, "{}", self.period),
            Some(trigger) => write!(f, "{} + {}", trigger.name(), self.period),
        }
    }
}

/// Whether `longer` never ends before `shorter`, whatever day both are counted from.
pub(super) fn never_shorter(longer: Period, shorter: Period) -> bool {
    let months = |period: Period| u32::from(period.years) * 12 + u32::from(period.months);
    let of_longer = (months(longer), longer.days);
    let of_shorter = (months(shorter), shorter.days);
    if of_longer.0 >= of_shorter.0 && of_longer.1 >= of_shorter.1 {
        return true;
    }
    if of_longer.0 <= of_shorter.0 && of_longer.1 <= of_shorter.1 {
        return false;
    }
    // A month has 28 to 31 days: most pairs are too far apart for the calendar to matter.
    let least = |(months, days): (u32, u16)| months * 28 + u32::from(days);
    let most = |(months, days): (u32, u16)| months * 31 + u32::from(days);
    if least(of_longer) >= most(of_shorter) {
        return true;
    }
    // The calendar decides, and it repeats after four years. (2100 is no leap
    // year: such a pair may then be a day off.)
    FOUR_YEARS.filter_map(Day::from_days_since_epoch).all(|day| day.plus(longer) >= day.plus(shorter))
}

/// From 2024-01-01.
const FOUR_YEARS: std::ops::Range<i32> = 19_723..19_723 + 1_461;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn period() -> impl Strategy<Value = Period> {
        (0..3_u8, 0..30_u16, 0..900_u16).prop_map(|(years, months, days)| Period { years, months, days })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// The short cuts give what the calendar gives.
        #[test]
        fn comparing_periods_agrees_with_counting_days(a in period(), b in period()) {
            let counted =
                FOUR_YEARS.filter_map(Day::from_days_since_epoch).all(|day| day.plus(a) >= day.plus(b));
            prop_assert_eq!(never_shorter(a, b), counted);
        }
    }

    #[test]
    fn months_and_days_compare_as_the_calendar_has_them() {
        let period = |text: &str| text.parse::<Period>().expect("a period");
        for (longer, shorter, expected) in [
            ("2y", "24m", true),
            ("24m", "2y", true),
            ("1y", "365d", true),
            ("365d", "1y", false),
            ("366d", "1y", true),
            ("1m", "28d", true),
            ("1m", "29d", false),
            ("31d", "1m", true),
            ("30d", "1m", false),
            ("0d", "1d", false),
        ] {
            assert_eq!(never_shorter(period(longer), period(shorter)), expected, "{longer} {shorter}");
        }
    }
}
