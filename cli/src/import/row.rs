//! One person to be hired, read and checked.

use std::fmt;

use vandel_core::person::{IdentityNumber, NoNumberReason};
use vandel_core::time::Day;

use super::RejectCode;
use super::heading::{Column, Headings};

/// A row that passed every check. `Debug` shows the line and nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// The physical line on which it starts, from 1.
    pub line: usize,
    /// The person's number, or why there is none.
    pub identity: IdentityNumber,
    /// Surname.
    pub surname: String,
    /// Given name or names.
    pub given_name: String,
    /// Title of the position.
    pub title: String,
    /// Role code in upper case. Whether there is such a role is for the policy to say.
    pub role: String,
    /// Administration (*förvaltning*) or board: the controller.
    pub administration: String,
    /// Unit, if the file says.
    pub unit: Option<String>,
    /// Form of employment, if the file says.
    pub employment_form: Option<String>,
    /// First day of work.
    pub start: Day,
    /// Reference of the recruitment.
    pub recruitment: String,
    /// Protected identity: *skyddad folkbokföring*, *sekretessmarkering* and the like.
    pub protected: bool,
}

/// The longest cell, in characters; nothing that HR writes in these columns is longer.
const CELL_CHARACTERS_MAX: usize = 200;
/// The longest remark, in characters.
const REMARK_CHARACTERS_MAX: usize = 1_000;

/// In a remark, what marks a protected identity. Too wide rather than too narrow ("skyddsombud"
/// counts): a person marked without need costs a handler a minute, the reverse can cost a life.
const PROTECTION_WORDS: [&str; 5] = ["skydd", "sekretess", "kvarskriv", "fingera", "protected"];
/// In a remark, what gives the reason for a missing number. Nothing else does, protection neither.
const NO_NUMBER_WORDS: [(&str, NoNumberReason); 8] = [
    ("ännu ej tilldelat", NoNumberReason::NotYetAssigned),
    ("ännu inte tilldelat", NoNumberReason::NotYetAssigned),
    ("saknar personnummer", NoNumberReason::NotYetAssigned),
    ("inväntar personnummer", NoNumberReason::NotYetAssigned),
    ("not yet assigned", NoNumberReason::NotYetAssigned),
    ("ej folkbokförd", NoNumberReason::NotResident),
    ("inte folkbokförd", NoNumberReason::NotResident),
    ("not resident", NoNumberReason::NotResident),
];

impl Row {
    /// Checks the cells of a row. The first failure is the row's code.
    pub(super) fn read(
        line: usize,
        cells: &[String],
        headings: &Headings,
        today: Day,
    ) -> Result<Self, RejectCode> {
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return Err(RejectCode::RowEmpty);
        }
        if cells.len() != headings.width {
            return Err(RejectCode::ColumnCount);
        }
        let text = |column| clean(headings.cell(cells, column), CELL_CHARACTERS_MAX);
        let needed =
            |column, missing| text(column).and_then(|t| if t.is_empty() { Err(missing) } else { Ok(t) });
        let optional = |column| text(column).map(|t| Some(t).filter(|t| !t.is_empty()));
        let remark = clean(headings.cell(cells, Column::Remark), REMARK_CHARACTERS_MAX)?.to_lowercase();
        Ok(Self {
            line,
            identity: identity(&text(Column::Identity)?, &remark, today)?,
            surname: needed(Column::Surname, RejectCode::NameMissing)?,
            given_name: needed(Column::GivenName, RejectCode::NameMissing)?,
            title: needed(Column::Title, RejectCode::TitleMissing)?,
            role: needed(Column::Role, RejectCode::RoleMissing)?.to_uppercase(),
            administration: needed(Column::Administration, RejectCode::AdministrationMissing)?,
            unit: optional(Column::Unit)?,
            employment_form: optional(Column::EmploymentForm)?,
            start: start_day(&needed(Column::Start, RejectCode::StartMissing)?)?,
            recruitment: needed(Column::Recruitment, RejectCode::RecruitmentMissing)?,
            protected: PROTECTION_WORDS.iter().any(|word| remark.contains(word)),
        })
    }
}

/// The number, or the reason that the remark gives for its absence.
fn identity(cell: &str, remark: &str, today: Day) -> Result<IdentityNumber, RejectCode> {
    if !cell.is_empty() {
        return IdentityNumber::parse(cell, today).map_err(RejectCode::from);
    }
    let reason = NO_NUMBER_WORDS.iter().find(|(words, _)| remark.contains(words));
    reason.map(|(_, reason)| IdentityNumber::None { reason: *reason }).ok_or(RejectCode::IdentityMissing)
}

/// Reads `YYYY-MM-DD` or `YYYYMMDD`. Forms that put day or month first differ between countries and
/// would have to be guessed.
fn start_day(cell: &str) -> Result<Day, RejectCode> {
    let dashes_are_placed =
        cell.len() == 8 || matches!(cell.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _]);
    let digits: String = cell.chars().filter(|c| *c != '-').collect();
    if !dashes_are_placed || digits.len() != 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(RejectCode::StartImpossible);
    }
    let iso = format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]);
    iso.parse().map_err(|_| RejectCode::StartImpossible)
}

/// A cell on one line with single spaces. Refuses what can't be seen or would reorder what can: a
/// name must be what it looks like.
fn clean(cell: &str, characters_max: usize) -> Result<String, RejectCode> {
    if cell.chars().count() > characters_max {
        return Err(RejectCode::TooLong);
    }
    if cell.chars().any(is_hidden) {
        return Err(RejectCode::ControlCharacter);
    }
    Ok(cell.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Control characters other than line ends and tabs, zero-width and bidirectional formatting, and
/// the replacement character, which tells of text lost on the way here.
fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}')
        || matches!(c, '\u{FEFF}' | '\u{FFF9}'..='\u{FFFD}')
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row(line {}, hidden)", self.line)
    }
}
