//! That a file is read the same in every form, that each bad row is refused on its line with its code, and that
//! nothing of a cell is printed. Whether a role exists is left to the policy.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use vandel_core::person::{IdentityNumber, NoNumberReason};
use vandel_core::time::Day;

use super::cells::Splitter;
use super::*;

const UTF8: &[u8] = include_bytes!("../../tests/data/hr-export-utf8.csv");
const WINDOWS: &[u8] = include_bytes!("../../tests/data/hr-export-windows1252.csv");
const HEADINGS: &str = "Personnummer;Efternamn;Förnamn;Befattning;Rollkod;Förvaltning;Enhet;Anställningsform;\
                        Startdatum;Rekryteringsärende;Anmärkning";
const GOOD: &str = "19820321-9848;Sjöö;Yusuf;Barnskötare;school;Skolan;Norra;Vikariat;2026-02-22;REK-1;";

fn today() -> Day {
    "2026-11-23".parse().expect("a day")
}

fn import(bytes: &[u8]) -> Import {
    read(bytes, today()).expect("a readable file")
}

/// A file with the usual headings and these rows.
fn file(rows: &[&str]) -> String {
    format!("{HEADINGS}\r\n{}\r\n", rows.join("\r\n"))
}

fn rejected(import: &Import) -> Vec<(usize, &'static str)> {
    import.rejected.iter().map(|row| (row.line, row.code.code())).collect()
}

/// The rows without their lines, for comparing one table in several forms.
fn contents(import: &Import) -> Vec<Row> {
    import.rows.iter().map(|row| Row { line: 0, ..row.clone() }).collect()
}

#[test]
fn the_utf8_export_is_read_and_its_bad_rows_are_named() {
    let import = import(UTF8);
    assert_eq!((import.encoding, import.delimiter), (Encoding::Utf8, ';'));
    let expected = [
        (98, "name-missing"),
        (101, "identity-check-digit"),
        (129, "identity-check-digit"),
        (144, "identity-check-digit"),
        (155, "name-missing"),
        (162, "repeated-row"),
        (249, "identity-check-digit"),
        (270, "identity-check-digit"),
        (280, "name-missing"),
    ];
    assert_eq!(rejected(&import), expected);
    assert_eq!(import.rows.len(), 321 - expected.len());
    let protected: Vec<_> = import.rows.iter().filter(|row| row.protected).map(|row| row.line).collect();
    assert_eq!(protected, [19, 76, 240]);
    assert!(import.ignored_headings.is_empty());
}

#[test]
fn the_windows_export_is_read_and_its_bad_rows_are_named() {
    let import = import(WINDOWS);
    assert_eq!((import.encoding, import.delimiter), (Encoding::Windows1252, ';'));
    let expected = [
        (17, "identity-check-digit"),
        (77, "repeated-row"),
        (87, "identity-check-digit"),
        (130, "identity-check-digit"),
        (150, "start-impossible"),
    ];
    assert_eq!(rejected(&import), expected);
    assert_eq!(import.rows.len(), 151 - expected.len());
    let row = &import.rows[0];
    assert_eq!((row.line, &*row.surname, &*row.given_name), (2, "Nyström", "Åsa"));
    assert_eq!((&*row.title, &*row.role), ("Skötare, psykiatri", "CARE_FETCH"));
    assert_eq!(row.start.to_string(), "2026-03-21");
}

#[test]
fn one_table_is_the_same_in_every_encoding_and_delimiter() {
    let original = import(UTF8);
    let text = str::from_utf8(UTF8).expect("UTF-8");
    let utf16 = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("\u{FEFF}{text}").encode_utf16().flat_map(bytes).collect()
    };
    let mut forms = vec![
        ([&[0xEF, 0xBB, 0xBF], UTF8].concat(), Encoding::Utf8, ';'),
        (utf16(u16::to_le_bytes), Encoding::Utf16, ';'),
        (utf16(u16::to_be_bytes), Encoding::Utf16, ';'),
        (encoding_rs::WINDOWS_1252.encode(text).0.into_owned(), Encoding::Windows1252, ';'),
        (text.replace("\r\n", "\n").into_bytes(), Encoding::Utf8, ';'),
        (text.replace("\r\n", "\r").into_bytes(), Encoding::Utf8, ';'),
    ];
    for delimiter in [b',', b'\t'] {
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').has_headers(false).from_reader(UTF8);
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        reader.records().for_each(|record| writer.write_record(&record.expect("a row")).expect("written"));
        forms.push((writer.into_inner().expect("bytes"), Encoding::Utf8, delimiter.into()));
    }
    for (bytes, encoding, delimiter) in forms {
        let import = import(&bytes);
        assert_eq!((import.encoding, import.delimiter), (encoding, delimiter));
        assert!(
            import.rows == original.rows && import.rejected == original.rejected,
            "{encoding:?} {delimiter:?}"
        );
    }
}

#[test]
fn columns_may_stand_in_any_order_under_other_names() {
    let english = "note,Start date,ROLE,first name,Shoe size,Last_Name,Position,Board,recruitment reference,\
                   Personal identity number\n\
                   Protected identity,20260222,school,Yusuf,44,Sjöö,Barnskötare,Skolan,REK-1,820321-9848\n";
    let english = import(english.as_bytes());
    let swedish = import(file(&[GOOD]).as_bytes());
    let expected = Row { unit: None, employment_form: None, protected: true, ..swedish.rows[0].clone() };
    assert!(english.rows == [expected]);
    assert_eq!(english.ignored_headings, ["Shoe size"]);
    let decomposed = file(&[GOOD]).replace('ö', "o\u{308}").replace('ä', "a\u{308}");
    assert_eq!(import(decomposed.as_bytes()).rows.len(), 1, "headings as macOS writes them");
    let two_boards = file(&[&format!("{GOOD};Nämnden")]).replace("Anmärkning", "Anmärkning;Nämnd");
    let two_boards = import(two_boards.as_bytes());
    assert_eq!((&*two_boards.rows[0].administration, &*two_boards.ignored_headings[0]), ("Skolan", "Nämnd"));
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let long = GOOD.replace("Barnskötare", "\"Barnskötare;\r\n\"\"vikarie\"\"\"");
    let import = import(file(&[&long, "", ";;;;;;;;;;", "x", GOOD, "", ""]).as_bytes());
    assert_eq!(import.rows[0].title, "Barnskötare; \"vikarie\"");
    assert_eq!((import.rows.len(), import.rows[0].line), (1, 2));
    let expected = [(4, "row-empty"), (5, "row-empty"), (6, "column-count"), (7, "repeated-row")];
    assert_eq!(rejected(&import), expected);
}

#[test]
fn an_unclosed_quote_costs_its_own_row_and_no_other() {
    let unclosed = GOOD.replace("REK-1;", "REK-0;\"Ring");
    let misplaced = GOOD.replace("Norra", "Norra \"gamla\"");
    let import = import(file(&[&unclosed, GOOD, &misplaced]).as_bytes());
    assert_eq!(import.rows.len(), 1);
    assert_eq!(rejected(&import), [(2, "quote-unclosed"), (4, "quote-misplaced")]);
}

#[test]
fn every_bad_cell_has_its_code() {
    let long = "x".repeat(201);
    let longer = "x".repeat(20_000);
    let cases: &[(&str, &str, &str)] = &[
        ("19820321-9848", "", "identity-missing"),
        ("19820321-9848", "19820321 9848", "identity-form"),
        ("19820321-9848", "19820231-9848", "identity-day"),
        ("19820321-9848", "18820321-9848", "identity-before-1900"),
        ("19820321-9848", "20820321-9848", "identity-future"),
        ("19820321-9848", "19820321-0008", "identity-birth-number"),
        ("19820321-9848", "19820321-9849", "identity-check-digit"),
        ("Sjöö", " ", "name-missing"),
        ("Yusuf", "\u{A0}", "name-missing"),
        ("Yusuf", "Yu\u{0}suf", "control-character"),
        ("Yusuf", "Yu\u{1b}[2Jsuf", "control-character"),
        ("Yusuf", "Yu\u{202E}suf", "control-character"),
        ("Yusuf", "Yu\u{FFFD}suf", "control-character"),
        ("Yusuf", &long, "too-long"),
        ("Yusuf", &longer, "too-long"),
        ("Barnskötare", "", "title-missing"),
        ("school", "", "role-missing"),
        ("Skolan", "", "administration-missing"),
        ("REK-1", "", "recruitment-missing"),
        ("2026-02-22", "", "start-missing"),
        ("2026-02-22", "2026-02-30", "start-impossible"),
        ("2026-02-22", "31/2 2026", "start-impossible"),
        ("2026-02-22", "22-02-2026", "start-impossible"),
        ("2026-02-22", "2026-+2-22", "start-impossible"),
        ("2026-02-22", "202602-22-", "start-impossible"),
        ("2026-02-22", "46075", "start-impossible"),
        ("Norra;", "", "column-count"),
        ("Norra;", "Norra;;", "column-count"),
    ];
    for (good, bad, code) in cases {
        assert!(GOOD.contains(good), "{good}");
        let import = import(file(&[&GOOD.replacen(good, bad, 1)]).as_bytes());
        assert_eq!(rejected(&import), [(2, *code)]);
    }
}

#[test]
fn a_remark_excuses_a_missing_number_and_marks_protection() {
    let remark = |number: &str, remark: &str| {
        let row = format!("{}{remark}", GOOD.replace("19820321-9848", number));
        import(file(&[&row]).as_bytes()).rows.pop().map(|row| (row.identity, row.protected))
    };
    let none = |reason| Some((IdentityNumber::None { reason }, false));
    assert_eq!(remark("", "EU-medborgare, ännu ej tilldelat"), none(NoNumberReason::NotYetAssigned));
    assert_eq!(remark("", "Not resident"), none(NoNumberReason::NotResident));
    assert_eq!(remark("", "Skyddade personuppgifter"), None, "protection is no reason");
    assert_eq!(remark("820321-9840", "ännu ej tilldelat"), None, "a wrong number isn't a missing one");
    for text in ["Skyddade personuppgifter", "SEKRETESSMARKERING", "Skyddad folkbokföring", "kvarskrivning"]
    {
        assert!(remark("19820321-9848", text).is_some_and(|(_, protected)| protected), "{text}");
    }
    assert!(remark("19820321-9848", "Börjar kl. 7").is_some_and(|(_, protected)| !protected));
}

#[test]
fn a_row_is_repeated_only_with_person_recruitment_and_role() {
    let other_role = GOOD.replace("school", "HVB");
    let other_recruitment = GOOD.replace("REK-1", "REK-2");
    let short_form = GOOD.replace("19820321-9848", "820321-9848").replace("school", "SCHOOL");
    let nameless = GOOD.replace("19820321-9848", "") + "ej folkbokförd";
    let import =
        import(file(&[GOOD, &other_role, &other_recruitment, &short_form, &nameless, &nameless]).as_bytes());
    assert_eq!(import.rows.len(), 4);
    assert_eq!(rejected(&import), [(5, "repeated-row"), (7, "repeated-row")]);
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let refused = |bytes: &[u8]| read(bytes, today()).expect_err("refused");
    assert_eq!(refused(b""), ImportError::Empty);
    assert_eq!(refused(b"\xEF\xBB\xBF\r\n\r\n"), ImportError::Empty);
    assert_eq!(refused(GOOD.as_bytes()), ImportError::NoHeadings);
    assert_eq!(refused(b"\xEF\xBB\xBFPersonnummer\xE5"), ImportError::Unreadable(Encoding::Utf8));
    assert_eq!(refused(b"\xFF\xFEP"), ImportError::Unreadable(Encoding::Utf16));
    assert_eq!(refused(b"\xFE\xFF\xD8\x00\x00P"), ImportError::Unreadable(Encoding::Utf16));
    assert_eq!(refused(&vec![b'x'; FILE_BYTES_MAX + 1]), ImportError::TooLarge);
    assert_eq!(refused(&vec![b'\n'; LINES_MAX + 1]), ImportError::TooManyLines);
    for column in Column::ALL {
        let (swedish, english) = column.names();
        let without = read(file(&[GOOD]).replace(swedish, "Annat").as_bytes(), today());
        if column.is_mandatory() {
            let error = without.expect_err(swedish);
            assert_eq!(error, ImportError::HeadingMissing(column));
            assert!(error.to_string().contains(swedish) && error.to_string().contains(english));
        } else {
            assert_eq!(without.expect(swedish).rows.len(), 1);
        }
        let twice = format!("{HEADINGS};{swedish}\r\n");
        assert_eq!(refused(twice.as_bytes()), ImportError::HeadingTwice(column));
        let english = HEADINGS.replace(swedish, english);
        assert!(read(english.as_bytes(), today()).is_ok(), "{english}");
    }
}

#[test]
fn nothing_that_is_printed_shows_a_cell() {
    let secret = "Hemlig";
    let mut printed = format!("{:?}{:?}", import(UTF8), import(WINDOWS));
    for name in ["Sjöö", "REK-", "Barnskötare", "1982"] {
        assert!(!printed.contains(name), "{name}");
    }
    printed.clear();
    let bad = GOOD.replace("Yusuf", secret).replace("2026-02-22", secret);
    for text in [file(&[&bad, secret]), secret.to_owned(), format!("Personnummer;{secret}\n{secret}")] {
        match read(text.as_bytes(), today()) {
            Ok(import) => write!(printed, "{import:?}"),
            Err(error) => write!(printed, "{error} {error:?}"),
        }
        .expect("written");
    }
    assert!(!printed.contains(secret), "{printed}");
}

#[test]
fn codes_are_kebab_case_differ_and_have_both_texts() {
    let mut texts = BTreeMap::new();
    for code in RejectCode::ALL {
        let text = code.code();
        assert!(text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{text}");
        assert!(code.swedish().ends_with('.') && code.english().ends_with('.'));
        assert_eq!(texts.insert(text, code), None, "{text}");
    }
}

/// A file in which every line opens a quote that no later line closes in its place.
#[test]
fn a_file_full_of_open_quotes_is_refused_line_by_line() {
    let text = format!("{HEADINGS}\n{}", ";\"\n".repeat(20_001));
    let import = import(text.as_bytes());
    assert!(import.rows.is_empty() && import.rejected.len() > 5_000);
}

/// Without its first rows, a file holds the same people as it did in their place.
#[test]
fn rows_do_not_depend_on_those_before_them() {
    let (text, whole) = (encoding_rs::WINDOWS_1252.decode(WINDOWS).0, contents(&import(WINDOWS)));
    let lines: Vec<&str> = text.lines().collect();
    for skipped in [2, 40, 76, 77, 150] {
        let tail = [&lines[..1], &lines[skipped..]].concat().join("\n");
        let part = contents(&import(tail.as_bytes()));
        assert!(!part.is_empty() && part.iter().all(|row| whole.contains(row)), "{skipped}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// The `csv` crate as a second opinion: what it writes, the splitter reads back.
    #[test]
    fn what_the_csv_crate_writes_is_read_back(
        table in prop::collection::vec(prop::collection::vec("[ab;,\"\n\tå ]{0,6}", 3), 1..6),
        delimiter in prop::sample::select(vec![b';', b',', b'\t']),
    ) {
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        table.iter().for_each(|row| writer.write_record(row).expect("written"));
        let text = String::from_utf8(writer.into_inner().expect("bytes")).expect("UTF-8");
        let mut line = 1;
        let mut rows = Vec::new();
        for row in Splitter::new(&text, delimiter.into()) {
            prop_assert_eq!(row.line, line);
            let cells = row.cells.expect("well formed");
            line += 1 + cells.iter().map(|cell| cell.matches('\n').count()).sum::<usize>();
            rows.push(cells);
        }
        prop_assert_eq!(rows, table);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), headed in any::<bool>()) {
        let file = if headed { [HEADINGS.as_bytes(), b"\n", &bytes].concat() } else { bytes };
        if let Ok(import) = read(&file, today()) {
            prop_assert!(!headed || import.rows.is_empty());
        }
    }

    /// A good file with a few bytes changed: every row is taken or refused, on a line of its own.
    #[test]
    fn damage_is_refused_row_by_row(changes in prop::collection::vec((0_usize..19_115, any::<u8>()), 1..40)) {
        let mut file = WINDOWS.to_vec();
        changes.iter().for_each(|(at, byte)| file[*at] = *byte);
        if let Ok(import) = read(&file, today()) {
            let lines = import.rows.iter().map(|r| r.line).chain(import.rejected.iter().map(|r| r.line));
            let mut lines: Vec<_> = lines.collect();
            let count = lines.len();
            lines.sort_unstable();
            lines.dedup();
            prop_assert_eq!(lines.len(), count);
            prop_assert!(lines.iter().all(|line| (2..=file.len()).contains(line)));
        }
    }
}
