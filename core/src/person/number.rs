//! Personal identity numbers and coordination numbers: reading, checking, hiding.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::Day;

/// A valid Swedish personal identity number or coordination number.
///
/// The normal form is twelve digits without a separator, `YYYYMMDDNNNC`: the day of birth (day of
/// month + 60 in a coordination number), a birth number of three digits and a check digit. Serde
/// reads and writes that form only. `Debug` shows the kind and no digit, and there is no `Display`:
/// whoever needs the digits asks for them with [`reveal`](Self::reveal), which can be searched for.
///
/// The number tells its holder's legal sex; no check depends on it, so there is no way to ask.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonalNumber {
    /// Twelve ASCII digits that have passed every check but the one against today.
    digits: [u8; LENGTH],
}

/// Which of the two series a number belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NumberKind {
    /// *Personnummer*: somebody who is or has been registered as resident in Sweden.
    Personal,
    /// *Samordningsnummer*: anybody else whom Swedish authorities need to tell apart.
    Coordination,
}

/// Why a text is not an identity number. Never holds any of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NumberError {
    /// Neither of the four forms.
    #[error("not of the form YYYYMMDD-NNNN, YYYYMMDDNNNN, YYMMDD-NNNN or YYMMDD+NNNN")]
    Form,
    /// No such day in the calendar.
    #[error("the day of birth does not exist")]
    Day,
    /// Born before 1900.
    #[error("the day of birth is before 1900")]
    BeforeFirst,
    /// Born after today.
    #[error("the day of birth lies in the future")]
    Future,
    /// Birth number 000, which isn't given to anyone.
    #[error("the birth number is 000")]
    BirthNumber,
    /// The last digit isn't the check digit of the nine before it.
    #[error("the check digit does not agree with the other digits")]
    CheckDigit,
    /// A coordination number where a personal number is said to be, or the reverse.
    #[error("a number of the other kind was expected")]
    Kind,
}

/// Digits of the normal form.
const LENGTH: usize = 12;
/// What a coordination number adds to the day of the month.
const COORDINATION_DAY_ADDED: u16 = 60;
const BIRTH_NUMBER_MAX: u16 = 999;

impl PersonalNumber {
    /// Reads `YYYYMMDD-NNNN`, `YYYYMMDDNNNN`, `YYMMDD-NNNN` or `YYMMDD+NNNN`, and nothing else: no
    /// spaces, no other dashes, no temporary numbers with letters.
    ///
    /// `today` resolves the century of the short forms: a hyphen means that the person turns at most
    /// 99 this calendar year, a plus sign that the person turns 100 or more.
    ///
    /// # Errors
    /// The first check that failed, in the order form, day, 1900, future, birth number, check digit.
    pub fn parse(text: &str, today: Day) -> Result<Self, NumberError> {
        let bytes = text.as_bytes();
        let digits = match *bytes {
            [_, _, _, _, _, _, _, _, b'-', _, _, _, _] => join(&bytes[..8], &bytes[9..])?,
            [_, _, _, _, _, _, _, _, _, _, _, _] => join(bytes, &[])?,
            [_, _, _, _, _, _, sign @ (b'-' | b'+'), _, _, _, _] => {
                let short = [&bytes[..6], &bytes[7..]].concat();
                join(&century(&short, sign == b'+', today)?, &short)?
            }
            _ => return Err(NumberError::Form),
        };
        let number = Self::check(digits)?;
        if number.born() > today {
            return Err(NumberError::Future);
        }
        number.check_tail()?;
        Ok(number)
    }

    /// The number of somebody born on a day, with its check digit worked out; `None` if the birth
    /// number isn't 1 to 999. Birth numbers 980 to 999 are set apart for tests and demonstrations.
    #[must_use]
    pub fn compose(kind: NumberKind, born: Day, birth_number: u16) -> Option<Self> {
        if !(1..=BIRTH_NUMBER_MAX).contains(&birth_number) {
            return None;
        }
        let (year, month, day) = born.ymd();
        let day = u16::try_from(day).ok()?
            + if kind == NumberKind::Coordination { COORDINATION_DAY_ADDED } else { 0 };
        let text = format!("{year:04}{month:02}{day:02}{birth_number:03}0");
        let mut digits: [u8; LENGTH] = text.into_bytes().try_into().ok()?;
        digits[LENGTH - 1] = b'0' + (10 - luhn_sum(&digits[2..]) % 10) % 10;
        Some(Self { digits })
    }

    /// Which series the number belongs to.
    #[must_use]
    pub fn kind(&self) -> NumberKind {
        if decimal(&self.digits[6..8]) > COORDINATION_DAY_ADDED {
            NumberKind::Coordination
        } else {
            NumberKind::Personal
        }
    }

    /// The day of birth that the number states.
    #[must_use]
    pub fn born(&self) -> Day {
        birth_day(&self.digits).unwrap_or(Day::MIN) // every constructor has checked it
    }

    /// The twelve digits. Call it only where a person with a logged reason reads the answer, or
    /// where the next thing done with it is to seal it.
    #[must_use]
    pub fn reveal(&self) -> String {
        self.digits.iter().copied().map(char::from).collect()
    }

    /// Checks the day of birth; digits are digits already.
    fn check(digits: [u8; LENGTH]) -> Result<Self, NumberError> {
        if decimal(&digits[..4]) < 1900 {
            return Err(NumberError::BeforeFirst);
        }
        birth_day(&digits).ok_or(NumberError::Day)?;
        Ok(Self { digits })
    }

    /// Checks the birth number and the check digit.
    fn check_tail(&self) -> Result<(), NumberError> {
        if self.digits[8..11] == *b"000" {
            return Err(NumberError::BirthNumber);
        }
        if !luhn_sum(&self.digits[2..]).is_multiple_of(10) {
            return Err(NumberError::CheckDigit);
        }
        Ok(())
    }

    /// Reads the normal form only. Whether the day has come isn't asked: without a clock that is the
    /// business of whoever takes the number in.
    fn from_normal_form(text: &str) -> Result<Self, NumberError> {
        let number = Self::check(join(text.as_bytes(), &[])?)?;
        number.check_tail()?;
        Ok(number)
    }
}

/// Two runs of bytes as twelve ASCII digits.
fn join(first: &[u8], second: &[u8]) -> Result<[u8; LENGTH], NumberError> {
    let digits: [u8; LENGTH] = [first, second].concat().try_into().map_err(|_| NumberError::Form)?;
    if digits.iter().all(u8::is_ascii_digit) { Ok(digits) } else { Err(NumberError::Form) }
}

/// The two digits of the century that a short form leaves out.
fn century(short: &[u8], turns_hundred: bool, today: Day) -> Result<[u8; 2], NumberError> {
    if !short.iter().all(u8::is_ascii_digit) {
        return Err(NumberError::Form);
    }
    let (this_year, _, _) = today.ymd();
    let this_year = u16::try_from(this_year).map_err(|_| NumberError::Day)?;
    let latest_year = if turns_hundred { this_year - 100 } else { this_year };
    let years_before = (100 + latest_year % 100 - decimal(&short[..2])) % 100;
    let text = format!("{:02}", (latest_year - years_before) / 100);
    text.into_bytes().try_into().map_err(|_| NumberError::Form)
}

/// The value of at most four ASCII digits.
fn decimal(digits: &[u8]) -> u16 {
    digits.iter().fold(0, |value, digit| value * 10 + u16::from(digit - b'0'))
}

fn birth_day(digits: &[u8; LENGTH]) -> Option<Day> {
    let stated = decimal(&digits[6..8]);
    let day = if stated > COORDINATION_DAY_ADDED { stated - COORDINATION_DAY_ADDED } else { stated };
    let year = i16::try_from(decimal(&digits[..4])).ok()?;
    let month = i8::try_from(decimal(&digits[4..6])).ok()?;
    Day::from_ymd(year, month, i8::try_from(day).ok()?)
}

/// Luhn's sum (SKV 704): digits weighed 2, 1, 2, 1 … from the left, the digits of each product
/// added up. It is taken over ten digits, the century left out, and is a multiple of ten.
fn luhn_sum(ten_digits: &[u8]) -> u8 {
    let weighed = ten_digits.iter().enumerate().map(|(place, digit)| {
        let product = (digit - b'0') * if place % 2 == 0 { 2 } else { 1 };
        product / 10 + product % 10
    });
    weighed.sum()
}

impl fmt::Debug for PersonalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonalNumber({:?}, hidden)", self.kind())
    }
}

impl Serialize for PersonalNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.reveal())
    }
}

impl<'de> Deserialize<'de> for PersonalNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A JSON reader told to expect text quotes the number it finds instead; told to expect
        // anything, it hands it over to be refused in silence.
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(NormalForm)
        } else {
            deserializer.deserialize_str(NormalForm)
        }
    }
}

/// Reads the normal form. Numbers are refused by hand, since serde's own message would show them.
struct NormalForm;

impl Visitor<'_> for NormalForm {
    type Value = PersonalNumber;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an identity number as a text of twelve digits")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<PersonalNumber, E> {
        PersonalNumber::from_normal_form(text).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<PersonalNumber, E> {
        Err(E::custom(NumberError::Form))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<PersonalNumber, E> {
        Err(E::custom(NumberError::Form))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<PersonalNumber, E> {
        Err(E::custom(NumberError::Form))
    }
}
