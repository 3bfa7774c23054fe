//! Why a file or a row was refused: stable codes, with a text in Swedish and in English.

use vandel_core::person::NumberError;

use super::{Column, Encoding, FILE_BYTES_MAX, LINES_MAX};

/// Why a file can't be read at all. Says nothing of what any cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Larger than [`FILE_BYTES_MAX`].
    #[error("the file is larger than {} MiB: split it", FILE_BYTES_MAX / (1024 * 1024))]
    TooLarge,
    /// More than [`LINES_MAX`] lines.
    #[error("the file has more than {LINES_MAX} lines: split it")]
    TooManyLines,
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Begins as one encoding and doesn't hold to it.
    #[error("the file begins as {} and is not valid {}: export it again", .0.name(), .0.name())]
    Unreadable(Encoding),
    /// No heading of the first line is known.
    #[error(
        "the first line holds no known heading: it must name the columns (Personnummer, Efternamn and so on)"
    )]
    NoHeadings,
    /// A mandatory column isn't there.
    #[error("no column has the heading {} ({}){}", .0.names().0, .0.names().1, why_mandatory(*.0))]
    HeadingMissing(Column),
    /// Two columns have the same heading.
    #[error("two columns have the heading {} ({}): remove or rename one", .0.names().0, .0.names().1)]
    HeadingTwice(Column),
}

fn why_mandatory(column: Column) -> &'static str {
    match column {
        Column::Remark => ": without it a protected identity cannot be recognised; add it, if empty",
        _ => ": add it, or rename the column that holds it",
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $swedish:literal, $english:literal;)*) => {
        /// Why a row was refused. Codes are stable: scripts and translations rely on them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RejectCode {
            $($(#[$doc])* $name,)*
        }

        impl RejectCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code in kebab case.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What is wrong, in Swedish.
            #[must_use]
            pub fn swedish(self) -> &'static str {
                match self { $(Self::$name => $swedish,)* }
            }

            /// What is wrong, in English.
            #[must_use]
            pub fn english(self) -> &'static str {
                match self { $(Self::$name => $english,)* }
            }
        }
    };
}

codes! {
    /// Nothing but delimiters and spaces.
    RowEmpty = "row-empty", "Raden är tom.", "The row is empty.";
    /// More or fewer cells than headings.
    ColumnCount = "column-count",
        "Raden har fler eller färre kolumner än rubrikraden.", "The row has more or fewer columns than the heading line.";
    /// A quoted cell without an end.
    QuoteUnclosed = "quote-unclosed",
        "Ett citattecken saknar sitt avslutande citattecken.", "A quotation mark has no closing one.";
    /// A quotation mark in the middle of a cell.
    QuoteMisplaced = "quote-misplaced",
        "Ett citattecken står fel: en cell med citattecken ska omges av citattecken, och de inre dubbleras.",
        "A quotation mark is misplaced: a cell with one must be quoted, and the inner ones doubled.";
    /// A cell or the row exceeds its limit.
    TooLong = "too-long", "En cell eller hela raden är för lång.", "A cell or the whole row is too long.";
    /// A character that can't be seen, NUL among them.
    ControlCharacter = "control-character",
        "En cell innehåller ett osynligt styrtecken.", "A cell holds an invisible control character.";
    /// No number and no reason in the remark.
    IdentityMissing = "identity-missing",
        "Personnummer saknas, och anmärkningen anger inget skäl (till exempel \"ännu ej tilldelat\" eller \"ej folkbokförd\").",
        "The identity number is missing, and the remark gives no reason (such as \"not yet assigned\" or \"not resident\").";
    /// Not written like a number.
    IdentityForm = "identity-form",
        "Personnumret har fel form: skriv ÅÅÅÅMMDD-NNNN.", "The identity number has the wrong form: write YYYYMMDD-NNNN.";
    /// The day of birth doesn't exist.
    IdentityDay = "identity-day",
        "Födelsedagen i personnumret finns inte.", "The day of birth in the identity number does not exist.";
    /// Born before 1900.
    IdentityBeforeFirst = "identity-before-1900",
        "Födelsedagen i personnumret ligger före år 1900.", "The day of birth in the identity number is before 1900.";
    /// Born after today.
    IdentityFuture = "identity-future",
        "Födelsedagen i personnumret ligger i framtiden.", "The day of birth in the identity number lies in the future.";
    /// Birth number 000.
    IdentityBirthNumber = "identity-birth-number",
        "Födelsenumret 000 används inte.", "The birth number 000 is not in use.";
    /// The check digit doesn't agree.
    IdentityCheckDigit = "identity-check-digit",
        "Personnumrets kontrollsiffra stämmer inte.", "The check digit of the identity number is wrong.";
    /// Surname or given name is empty.
    NameMissing = "name-missing", "Efternamn eller förnamn saknas.", "The surname or the given name is missing.";
    /// The title is empty.
    TitleMissing = "title-missing", "Befattning saknas.", "The position is missing.";
    /// The role code is empty.
    RoleMissing = "role-missing", "Rollkod saknas.", "The role code is missing.";
    /// The administration is empty.
    AdministrationMissing = "administration-missing", "Förvaltning saknas.", "The administration is missing.";
    /// The start day is empty.
    StartMissing = "start-missing", "Startdatum saknas.", "The start date is missing.";
    /// The start day isn't a day.
    StartImpossible = "start-impossible",
        "Startdatum är inget datum av formen ÅÅÅÅ-MM-DD.", "The start date is not a date of the form YYYY-MM-DD.";
    /// The recruitment reference is empty.
    RecruitmentMissing = "recruitment-missing", "Rekryteringsärende saknas.", "The recruitment reference is missing.";
    /// The same person, recruitment and role have stood before.
    RowRepeated = "repeated-row",
        "Samma person, rekryteringsärende och roll står redan tidigare i filen.",
        "The same person, recruitment and role stand earlier in the file.";
}

impl From<NumberError> for RejectCode {
    fn from(error: NumberError) -> Self {
        match error {
            // A cell doesn't say which kind it means, so a wrong kind is a wrong form.
            NumberError::Form | NumberError::Kind => Self::IdentityForm,
            NumberError::Day => Self::IdentityDay,
            NumberError::BeforeFirst => Self::IdentityBeforeFirst,
            NumberError::Future => Self::IdentityFuture,
            NumberError::BirthNumber => Self::IdentityBirthNumber,
            NumberError::CheckDigit => Self::IdentityCheckDigit,
        }
    }
}
