//! Days and seconds. Time is always a parameter: nothing in this crate reads a clock.
//!
//! A record carries a [`Second`] (UTC, from the sequencer). A payload carries a [`Day`], the civil
//! day in Sweden on which a step was taken; statutory periods are counted in days, months and years.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Seconds since 1970-01-01T00:00:00Z, without leap seconds (POSIX time).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Second(pub u64);

/// A civil day, counted from 1970-01-01, which is day 0. Bytes that state a day outside
/// [`Day::MIN`]..=[`Day::MAX`] do not decode: the calendar is not defined there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i32")]
pub struct Day(i32);

/// A calendar period, as statutes state it: so many years, months and days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Period {
    /// Whole years.
    pub years: u8,
    /// Whole months.
    pub months: u16,
    /// Whole days.
    pub days: u16,
}

/// Text that is not a day (`YYYY-MM-DD`) or a period (`2y`, `6m`, `30d`, `1y6m`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a {1}")]
pub struct TimeParseError(pub String, pub &'static str);

/// A count of days that is none of the days that Vandel accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("day {0} after 1970-01-01 is outside {min} to {max}", min = Day::MIN, max = Day::MAX)]
pub struct DayRangeError(pub i32);

impl TryFrom<i32> for Day {
    type Error = DayRangeError;

    fn try_from(days: i32) -> Result<Self, DayRangeError> {
        Self::from_days_since_epoch(days).ok_or(DayRangeError(days))
    }
}

/// Sweden is at most two hours ahead of UTC, so a Swedish day has begun when UTC plus this has.
const SWEDEN_AHEAD_SECONDS_MAX: u64 = 2 * 3600;
const DAY_SECONDS: u64 = 86_400;
const EPOCH: Date = jiff::civil::date(1970, 1, 1);

impl Second {
    /// The latest civil day that can have begun anywhere in Sweden at this second; [`Day::MAX`] for
    /// all seconds after it.
    #[must_use]
    pub fn latest_day_in_sweden(self) -> Day {
        let days = self.0.saturating_add(SWEDEN_AHEAD_SECONDS_MAX) / DAY_SECONDS;
        i32::try_from(days).ok().and_then(Day::from_days_since_epoch).unwrap_or(Day::MAX)
    }

    /// The civil day it is in Sweden at this second: one hour ahead of UTC, two in summer time, which runs
    /// from the last Sunday of March to the last Sunday of October, both at 01:00 UTC (directive 2000/84/EC).
    #[must_use]
    pub fn day_in_sweden(self) -> Day {
        let day_at =
            |second: u64| i32::try_from(second / DAY_SECONDS).ok().and_then(Day::from_days_since_epoch);
        let utc = day_at(self.0).unwrap_or(Day::MAX);
        let (year, _, _) = utc.ymd();
        let change = |month: i8| {
            let last = Day::from_ymd(year, month, 31).map_or(0, Day::days_since_epoch);
            // 1970-01-01 was a Thursday: day 3 was the first Sunday.
            let sunday = last - (last - 3).rem_euclid(7);
            u64::try_from(sunday).unwrap_or_default() * DAY_SECONDS + 3_600
        };
        let summer = (change(3)..change(10)).contains(&self.0);
        day_at(self.0.saturating_add(if summer { 7_200 } else { 3_600 })).unwrap_or(Day::MAX)
    }
}

impl Day {
    /// The first day that Vandel accepts (1900-01-01); earlier ones are typing errors.
    pub const MIN: Self = Self(-25_567);
    /// The last day that Vandel accepts (2199-12-31).
    pub const MAX: Self = Self(84_005);

    /// A day from its count since 1970-01-01, or `None` outside [`Day::MIN`]..=[`Day::MAX`].
    #[must_use]
    pub fn from_days_since_epoch(days: i32) -> Option<Self> {
        let day = Self(days);
        (Self::MIN..=Self::MAX).contains(&day).then_some(day)
    }

    /// A day from year, month and day of month.
    #[must_use]
    pub fn from_ymd(year: i16, month: i8, day: i8) -> Option<Self> {
        Date::new(year, month, day).ok().and_then(Self::from_date)
    }

    /// Days since 1970-01-01; negative before it.
    #[must_use]
    pub fn days_since_epoch(self) -> i32 {
        self.0
    }

    /// Year, month (1 to 12) and day of month (1 to 31).
    #[must_use]
    pub fn ymd(self) -> (i16, i8, i8) {
        let date = self.date();
        (date.year(), date.month(), date.day())
    }

    /// This day moved forward by a period. Months and years are added first and clamped to the
    /// last day of the month reached (31 January + 1 month = 28 or 29 February), then days.
    #[must_use]
    pub fn plus(self, period: Period) -> Self {
        let months = i32::from(period.years) * 12 + i32::from(period.months);
        let moved = self
            .date()
            .checked_add(months.months())
            .and_then(|date| date.checked_add(i32::from(period.days).days()));
        moved.ok().and_then(Self::from_date).unwrap_or(Self::MAX)
    }

    /// This day moved back by a period; months and years first, clamped likewise, then days.
    #[must_use]
    pub fn minus(self, period: Period) -> Self {
        let months = i32::from(period.years) * 12 + i32::from(period.months);
        let moved = self
            .date()
            .checked_sub(months.months())
            .and_then(|date| date.checked_sub(i32::from(period.days).days()));
        moved.ok().and_then(Self::from_date).unwrap_or(Self::MIN)
    }

    /// Whole days from `earlier` to this day; negative if `earlier` is later.
    #[must_use]
    pub fn days_after(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    fn date(self) -> Date {
        // Every value lies within MIN..=MAX, where the calendar is defined.
        EPOCH.checked_add(self.0.days()).unwrap_or(EPOCH)
    }

    fn from_date(date: Date) -> Option<Self> {
        let days = date.since(EPOCH).ok()?.get_days();
        Self::from_days_since_epoch(days)
    }
}

impl Period {
    /// A period of whole days.
    #[must_use]
    pub const fn days(days: u16) -> Self {
        Self { years: 0, months: 0, days }
    }

    /// A period of whole months.
    #[must_use]
    pub const fn months(months: u16) -> Self {
        Self { years: 0, months, days: 0 }
    }

    /// A period of whole years.
    #[must_use]
    pub const fn years(years: u8) -> Self {
        Self { years, months: 0, days: 0 }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = TimeParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || TimeParseError(text.to_owned(), "day (YYYY-MM-DD)");
        let shape = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shape {
            return Err(error());
        }
        let year = text[..4].parse().map_err(|_| error())?;
        let month = text[5..7].parse().map_err(|_| error())?;
        let day = text[8..].parse().map_err(|_| error())?;
        Self::from_ymd(year, month, day).ok_or_else(error)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [(u32::from(self.years), 'y'), (self.months.into(), 'm'), (self.days.into(), 'd')];
        let mut written = false;
        for (count, unit) in parts.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, "{count}{unit}")?;
            written = true;
        }
        if written { Ok(()) } else { f.write_str("0d") }
    }
}

impl FromStr for Period {
    type Err = TimeParseError;

    /// Reads `2y`, `6m`, `30d` and their combinations in that order; each unit at most once.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || TimeParseError(text.to_owned(), "period (such as 2y, 6m, 30d or 1y6m)");
        let mut period = Self::default();
        let mut rest = text;
        let mut last_unit = 0;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let count: u16 = rest[..digits].parse().map_err(|_| error())?;
            let unit = rest[digits..].chars().next().ok_or_else(error)?;
            let order = "ymd".find(unit).ok_or_else(error)? + 1;
            if order <= last_unit {
                return Err(error());
            }
            last_unit = order;
            match unit {
                'y' => period.years = count.try_into().map_err(|_| error())?,
                'm' => period.months = count,
                _ => period.days = count,
            }
            rest = &rest[digits + 1..];
        }
        if last_unit == 0 { Err(error()) } else { Ok(period) }
    }
}

impl fmt::Display for Second {
    /// RFC 3339 in UTC, such as `2026-11-23T20:15:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = i32::try_from(self.0 / DAY_SECONDS).ok().and_then(Day::from_days_since_epoch);
        let Some(day) = day else {
            return write!(f, "second {}", self.0);
        };
        let (hour, minute, second) = (self.0 / 3600 % 24, self.0 / 60 % 60, self.0 % 60);
        write!(f, "{day}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    #[test]
    fn the_bounds_are_the_days_they_say() {
        assert_eq!(Day::MIN.to_string(), "1900-01-01");
        assert_eq!(Day::MAX.to_string(), "2199-12-31");
        assert_eq!(day("1970-01-01").days_since_epoch(), 0);
    }

    #[test]
    fn months_clamp_to_the_last_day_of_the_month() {
        assert_eq!(day("2024-01-31").plus(Period::months(1)), day("2024-02-29"));
        assert_eq!(day("2024-02-29").plus(Period::years(2)), day("2026-02-28"));
        assert_eq!(day("2026-03-31").minus(Period::months(1)), day("2026-02-28"));
    }

    #[test]
    fn the_swedish_day_may_have_begun_two_hours_early() {
        let late_evening_utc = Second(86_400 - 7_200);
        assert_eq!(late_evening_utc.latest_day_in_sweden(), day("1970-01-02"));
        assert_eq!(Second(86_400 - 7_201).latest_day_in_sweden(), day("1970-01-01"));
    }

    #[test]
    fn no_bytes_make_a_day_outside_the_calendar() {
        let decode =
            |days: i32| crate::codec::decode_body::<Day>(&crate::codec::encode_body(&days), "day", 5);
        for inside in [Day::MIN, Day::MAX, day("1969-12-31")] {
            assert_eq!(decode(inside.days_since_epoch()), Ok(inside));
        }
        for outside in [Day::MIN.0 - 1, Day::MAX.0 + 1, i32::MIN, i32::MAX] {
            assert!(decode(outside).is_err(), "{outside}");
        }
        assert_eq!(Second(u64::MAX).latest_day_in_sweden(), Day::MAX);
    }

    #[test]
    fn impossible_days_and_periods_are_refused() {
        for text in [
            "2026-02-29",
            "2026-13-01",
            "1899-12-31",
            "2026-1-01",
            "20260101",
            "2026-01-0é",
            "2026-+1-01",
            "",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
        for text in ["", "y", "2", "6m2y", "1d1d", "300y", "1w", "-1d"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
        assert_eq!("1y6m".parse::<Period>().expect("a period").to_string(), "1y6m");
    }
}
