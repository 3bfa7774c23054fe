//! Invented people in an invented municipality.

use std::collections::HashSet;

use vandel_core::person::{IdentityNumber, NoNumberReason, NumberKind, PersonalNumber};
use vandel_core::time::{Day, Period};

use super::names::{GIVEN, SURNAME};
use super::places::{EMPLOYMENT_FORMS, MUNICIPALITY, WORKPLACES, Workplace};
use super::random::Random;

/// Somebody who doesn't exist, and the position that they are about to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// A number of the test series, or none.
    pub identity: IdentityNumber,
    /// Surname.
    pub surname: String,
    /// Given name.
    pub given_name: String,
    /// Role code of the default policy pack.
    pub role: &'static str,
    /// Title of the position.
    pub title: &'static str,
    /// Board: the controller.
    pub administration: &'static str,
    /// Unit under the board.
    pub unit: &'static str,
    /// Form of employment.
    pub employment_form: &'static str,
    /// Protected identity.
    pub protected: bool,
}

/// The most people of one seed: a quarter of the numbers that the test series has for these ages,
/// so that finding a free one never takes long.
pub const PEOPLE_MAX: usize = 100_000;
/// The youngest, in whole years.
pub const AGE_MIN: u8 = 18;
/// The oldest, in whole years.
pub const AGE_MAX: u8 = 67;

/// Birth numbers that the Tax Agency keeps apart for tests.
const FIRST_BIRTH_NUMBER: u16 = 980;
const BIRTH_NUMBERS: u32 = 20;
/// Of a thousand people, how many have what is rare. Rarer in life; here one should meet them.
const COORDINATION_PER_THOUSAND: u32 = 30;
const WITHOUT_NUMBER_PER_THOUSAND: u32 = 10;
const PROTECTED_PER_THOUSAND: u32 = 10;
const DOUBLE_SURNAME_PER_THOUSAND: u32 = 60;

/// The people of a seed, one after the other, all different; at most [`PEOPLE_MAX`].
#[derive(Clone, Debug)]
pub struct People {
    random: Random,
    today: Day,
    given_out: HashSet<(IdentityNumber, String)>,
}

impl People {
    /// The people of a seed, 18 to 67 years old on a day. The same seed and day give the same people.
    #[must_use]
    pub fn new(seed: u64, today: Day) -> Self {
        Self { random: Random::new(seed), today, given_out: HashSet::new() }
    }

    /// What the invented municipality is called.
    #[must_use]
    pub fn municipality() -> &'static str {
        MUNICIPALITY
    }

    /// A day of birth that makes a person no younger than 18 and no older than 67.
    fn birth_day(&mut self) -> Day {
        let latest = self.today.minus(Period::years(AGE_MIN));
        let day_before_first = self.today.minus(Period::years(AGE_MAX + 1));
        let days = u32::try_from(latest.days_after(day_before_first)).unwrap_or(0);
        let back = i32::try_from(self.random.below(days)).unwrap_or(0);
        Day::from_days_since_epoch(latest.days_since_epoch() - back).unwrap_or(latest)
    }

    /// A number of the test series. Its last but one digit is drawn apart from the name: neither
    /// tells of the other.
    fn identity(&mut self) -> IdentityNumber {
        if self.random.chance(WITHOUT_NUMBER_PER_THOUSAND) {
            return IdentityNumber::None { reason: NoNumberReason::NotYetAssigned };
        }
        let coordination = self.random.chance(COORDINATION_PER_THOUSAND);
        let kind = if coordination { NumberKind::Coordination } else { NumberKind::Personal };
        let born = self.birth_day();
        let drawn = u16::try_from(self.random.below(BIRTH_NUMBERS)).unwrap_or(0);
        PersonalNumber::compose(kind, born, FIRST_BIRTH_NUMBER + drawn)
            .map(IdentityNumber::from)
            .expect("980 to 999 are birth numbers")
    }

    fn surname(&mut self) -> String {
        let first = self.random.pick(&SURNAME);
        if !self.random.chance(DOUBLE_SURNAME_PER_THOUSAND) {
            return first.to_owned();
        }
        let second = self.random.pick(&SURNAME);
        if first == second { first.to_owned() } else { format!("{first} {second}") }
    }

    fn workplace(&mut self) -> &'static Workplace {
        let mut drawn = self.random.below(100);
        let mut last = &WORKPLACES[0];
        for workplace in &WORKPLACES {
            last = workplace;
            if drawn < workplace.share {
                break;
            }
            drawn -= workplace.share;
        }
        last
    }

    fn draw(&mut self) -> Person {
        let workplace = self.workplace();
        Person {
            identity: self.identity(),
            surname: self.surname(),
            given_name: self.random.pick(&GIVEN).to_owned(),
            role: workplace.role,
            title: self.random.pick(workplace.titles),
            administration: workplace.administration,
            unit: self.random.pick(workplace.units),
            employment_form: self.random.pick(&EMPLOYMENT_FORMS),
            protected: self.random.chance(PROTECTED_PER_THOUSAND),
        }
    }
}

impl Iterator for People {
    type Item = Person;

    fn next(&mut self) -> Option<Person> {
        if self.given_out.len() >= PEOPLE_MAX {
            return None;
        }
        loop {
            let person = self.draw();
            // Whoever has no number is told from others by name.
            let name = match person.identity.number() {
                Some(_) => String::new(),
                None => format!("{} {}", person.given_name, person.surname),
            };
            if self.given_out.insert((person.identity.clone(), name)) {
                return Some(person);
            }
        }
    }
}

#[cfg(test)]
mod tests;
