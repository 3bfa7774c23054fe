//! That numbers read strictly, show nothing, and refuse what a slip of the finger makes of them. Whether the
//! Tax Agency has given a number to anyone is beyond any test.

use proptest::prelude::*;

use super::*;

fn today() -> Day {
    day("2026-11-23")
}

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

fn parse(text: &str) -> Result<PersonalNumber, NumberError> {
    PersonalNumber::parse(text, today())
}

/// Any number that this crate can hold, with its day in the past.
fn any_number() -> impl Strategy<Value = PersonalNumber> {
    (Day::MIN.days_since_epoch()..=today().days_since_epoch(), 980_u16..=999, any::<bool>()).prop_map(
        |(days, birth_number, coordination)| {
            let kind = if coordination { NumberKind::Coordination } else { NumberKind::Personal };
            let born = Day::from_days_since_epoch(days).expect("within the calendar");
            PersonalNumber::compose(kind, born, birth_number).expect("a birth number above zero")
        },
    )
}

#[test]
fn every_form_of_one_number_is_one_number() {
    let number = parse("19821123-9846").expect("valid");
    assert_eq!(parse("198211239846"), Ok(number.clone()));
    assert_eq!(parse("821123-9846"), Ok(number.clone()));
    assert_eq!((number.reveal().as_str(), number.kind()), ("198211239846", NumberKind::Personal));
    assert_eq!(number.born(), day("1982-11-23"));
}

/// The Tax Agency's own example in SKV 707: born 3 October 1970, number 239.
#[test]
fn a_coordination_number_has_sixty_added_to_its_day() {
    let number = parse("701063-2391").expect("valid");
    assert_eq!((number.kind(), number.born()), (NumberKind::Coordination, day("1970-10-03")));
    assert_eq!(number, PersonalNumber::compose(NumberKind::Coordination, number.born(), 239).expect("valid"));
}

#[test]
fn the_sign_tells_the_century() {
    let century_of = |text: &str| parse(text).map(|number| number.born().ymd().0);
    for (birth_year, sign) in [(1900, '+'), (1926, '+'), (1927, '-'), (1999, '-'), (2000, '-'), (2026, '-')] {
        let born = Day::from_ymd(birth_year, 1, 31).expect("a day");
        let full = PersonalNumber::compose(NumberKind::Personal, born, 981).expect("valid").reveal();
        let short = format!("{}{sign}{}", &full[2..8], &full[8..]);
        assert_eq!(century_of(&short), Ok(birth_year), "{birth_year}{sign}");
        let other = short.replace(sign, if sign == '+' { "-" } else { "+" });
        assert_ne!(century_of(&other), Ok(birth_year), "{birth_year} with the other sign");
    }
}

#[test]
fn what_is_not_a_number_is_refused_with_its_reason() {
    use NumberError as E;
    let refused = [
        ("", E::Form),
        ("19821123", E::Form),
        ("8211239846", E::Form),
        ("19821123 9846", E::Form),
        ("19821123+9846", E::Form),
        ("19821123–9846", E::Form),
        ("1982-11-239846", E::Form),
        (" 198211239846", E::Form),
        ("19821123-984", E::Form),
        ("19821123-98461", E::Form),
        ("19821123-T847", E::Form),
        ("821123-98é", E::Form),
        ("1982112398٤", E::Form),
        ("+98211239846", E::Form),
        ("82112\u{0}-9846", E::Form),
        ("19820229-9846", E::Day),
        ("19821323-9846", E::Day),
        ("19820023-9846", E::Day),
        ("19821100-9846", E::Day),
        ("19821132-9846", E::Day),
        ("19821160-9846", E::Day),
        ("19821192-9846", E::Day),
        ("18821123-9846", E::BeforeFirst),
        ("821123+9846", E::BeforeFirst),
        ("20261124-9846", E::Future),
        ("261124-9846", E::Future),
        ("21821123-9846", E::Future),
        ("19821123-0005", E::BirthNumber),
        ("19821123-9840", E::CheckDigit),
        ("701063-2390", E::CheckDigit),
    ];
    for (text, reason) in refused {
        assert_eq!(parse(text), Err(reason), "{text:?}");
    }
}

#[test]
fn no_birth_number_outside_the_series_is_composed() {
    for birth_number in [0, 1_000, u16::MAX] {
        assert_eq!(PersonalNumber::compose(NumberKind::Personal, today(), birth_number), None);
    }
}

#[test]
fn nothing_that_is_printed_shows_a_digit_of_a_number() {
    let number = parse("19821123-9846").expect("valid");
    let printed = format!("{number:?} {:?}", IdentityNumber::from(number.clone()));
    assert!(!printed.contains(|c: char| c.is_ascii_digit()), "{printed}");
    for json in ["\"198211239840\"", "198211239846", "-198211239846", "1982112398.47", "\"821123-9846\""] {
        let error = serde_json::from_str::<PersonalNumber>(json).expect_err(json).to_string();
        assert!(!error.contains("1123") && !error.contains("98"), "{error}");
    }
}

#[test]
fn a_number_under_the_wrong_name_is_refused() {
    let coordination = r#"{"coordination":"197010632391"}"#;
    assert!(serde_json::from_str::<IdentityNumber>(coordination).is_ok());
    assert!(
        serde_json::from_str::<IdentityNumber>(&coordination.replace("coordination", "personal")).is_err()
    );
    assert!(serde_json::from_str::<IdentityNumber>(r#"{"coordination":"198211239846"}"#).is_err());
    assert!(serde_json::from_str::<IdentityNumber>(r#"{"none":{"reason":"unknown"}}"#).is_err());
    let none = r#"{"none":{"reason":"not_yet_assigned"}}"#;
    let read: IdentityNumber = serde_json::from_str(none).expect("a reason");
    assert_eq!(read, IdentityNumber::None { reason: NoNumberReason::NotYetAssigned });
    assert_eq!((read.number(), serde_json::to_string(&read).expect("text")), (None, none.to_owned()));
}

proptest! {
    #[test]
    fn a_number_survives_text_and_bytes(number in any_number()) {
        prop_assert_eq!(parse(&number.reveal()), Ok(number.clone()));
        let identity = IdentityNumber::from(number);
        let bytes = postcard::to_allocvec(&identity).expect("bytes");
        prop_assert_eq!(postcard::from_bytes::<IdentityNumber>(&bytes).expect("identity"), identity);
    }

    /// Luhn's sum covers ten digits; the two of the century are held by 1900 and by today.
    #[test]
    fn every_change_of_one_digit_is_refused(number in any_number(), place in 0_usize..12, digit in b'0'..=b'9') {
        let mut changed = number.reveal().into_bytes();
        prop_assume!(changed[place] != digit);
        changed[place] = digit;
        prop_assert!(parse(str::from_utf8(&changed).expect("digits")).is_err());
    }

    /// Luhn's sum sees every swap of neighbours but 0 and 9.
    #[test]
    fn every_swap_of_neighbours_but_0_and_9_is_refused(number in any_number(), place in 2_usize..11) {
        let mut swapped = number.reveal().into_bytes();
        let pair = (swapped[place], swapped[place + 1]);
        prop_assume!(pair.0 != pair.1 && !matches!(pair, (b'0', b'9') | (b'9', b'0')));
        swapped.swap(place, place + 1);
        prop_assert!(parse(str::from_utf8(&swapped).expect("digits")).is_err());
    }

    #[test]
    fn no_text_panics(text in ".{0,14}", digits in "[0-9+-]{0,14}") {
        let _ = (parse(&text), parse(&digits));
    }
}
