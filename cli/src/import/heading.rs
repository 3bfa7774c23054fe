//! What the columns mean: headings in Swedish and English, in any order.

use super::ImportError;

/// A column that Vandel reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// *Personnummer*, or coordination number.
    Identity,
    /// *Efternamn*.
    Surname,
    /// *Förnamn*.
    GivenName,
    /// *Befattning*: the title of the position.
    Title,
    /// *Rollkod*: the role of the policy pack.
    Role,
    /// *Förvaltning* or board: the controller.
    Administration,
    /// *Enhet*; need not be there.
    Unit,
    /// *Anställningsform*; need not be there.
    EmploymentForm,
    /// *Startdatum*.
    Start,
    /// *Rekryteringsärende*: the reference of the recruitment.
    Recruitment,
    /// *Anmärkning*. Must be there, if empty: without it a protected identity would pass for an
    /// ordinary one.
    Remark,
}

impl Column {
    /// Every column, in the order of the Swedish export.
    pub const ALL: [Self; 11] = [
        Self::Identity,
        Self::Surname,
        Self::GivenName,
        Self::Title,
        Self::Role,
        Self::Administration,
        Self::Unit,
        Self::EmploymentForm,
        Self::Start,
        Self::Recruitment,
        Self::Remark,
    ];

    /// Whether a file without it is refused.
    #[must_use]
    pub fn is_mandatory(self) -> bool {
        !matches!(self, Self::Unit | Self::EmploymentForm)
    }

    /// The heading in Swedish and in English, for messages.
    #[must_use]
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Identity => ("Personnummer", "Personal identity number"),
            Self::Surname => ("Efternamn", "Surname"),
            Self::GivenName => ("Förnamn", "Given name"),
            Self::Title => ("Befattning", "Position"),
            Self::Role => ("Rollkod", "Role code"),
            Self::Administration => ("Förvaltning", "Administration"),
            Self::Unit => ("Enhet", "Unit"),
            Self::EmploymentForm => ("Anställningsform", "Form of employment"),
            Self::Start => ("Startdatum", "Start date"),
            Self::Recruitment => ("Rekryteringsärende", "Recruitment reference"),
            Self::Remark => ("Anmärkning", "Remark"),
        }
    }

    /// Accepted headings, folded, the preferred first: where a file has several, the first is read.
    fn accepted(self) -> &'static [&'static str] {
        match self {
            Self::Identity => &[
                "personnummer",
                "personidentitetsnummer",
                "personidentitet",
                "persnr",
                "personnr",
                "pnr",
                "personalidentitynumber",
                "personalnumber",
                "identitynumber",
            ],
            Self::Surname => &["efternamn", "surname", "lastname", "familyname"],
            Self::GivenName => &["fornamn", "givenname", "givennames", "firstname"],
            Self::Title => &[
                "befattning",
                "befattningsbenamning",
                "titel",
                "tjanst",
                "position",
                "positiontitle",
                "jobtitle",
                "title",
            ],
            Self::Role => &["rollkod", "roll", "rolecode", "role"],
            Self::Administration => {
                &["forvaltning", "namnd", "administration", "board", "department", "controller"]
            }
            Self::Unit => &["enhet", "arbetsplats", "arbetsstalle", "unit", "workplace"],
            Self::EmploymentForm => {
                &["anstallningsform", "anstform", "formofemployment", "employmentform", "employmenttype"]
            }
            Self::Start => &[
                "startdatum",
                "startdag",
                "tilltradesdag",
                "tilltradesdatum",
                "tilltrade",
                "startdate",
                "startday",
            ],
            Self::Recruitment => &[
                "rekryteringsarende",
                "rekryteringsnummer",
                "rekryteringsid",
                "rekrytering",
                "arendenummer",
                "diarienummer",
                "recruitmentreference",
                "recruitmentcase",
                "recruitment",
            ],
            Self::Remark => &[
                "anmarkning",
                "anmarkningar",
                "notering",
                "kommentar",
                "remark",
                "remarks",
                "note",
                "comment",
            ],
        }
    }
}

/// Where each column stands.
#[derive(Clone, Debug)]
pub(super) struct Headings {
    places: [Option<usize>; Column::ALL.len()],
    /// How many cells every row has.
    pub(super) width: usize,
    /// Headings that mean nothing to Vandel, without control characters, so that they can be shown.
    pub(super) ignored: Vec<String>,
}

impl Headings {
    /// Reads the heading line. Its text appears in no error: in a file without headings it is a
    /// person.
    pub(super) fn read(cells: &[String]) -> Result<Self, ImportError> {
        let folded: Vec<String> = cells.iter().map(|cell| fold(cell)).collect();
        let mut places = [None; Column::ALL.len()];
        for (place, column) in places.iter_mut().zip(Column::ALL) {
            let found = column.accepted().iter().find_map(|name| {
                let mut places =
                    folded.iter().enumerate().filter(|(_, heading)| heading == name).map(|(at, _)| at);
                places.next().map(|first| (first, places.next().is_some()))
            });
            match found {
                Some((_, true)) => return Err(ImportError::HeadingTwice(column)),
                Some((at, false)) => *place = Some(at),
                None => {}
            }
        }
        if places.iter().all(Option::is_none) {
            return Err(ImportError::NoHeadings);
        }
        if let Some(missing) =
            Column::ALL.into_iter().find(|c| c.is_mandatory() && places[*c as usize].is_none())
        {
            return Err(ImportError::HeadingMissing(missing));
        }
        let ignored = cells.iter().enumerate().filter(|(at, _)| !places.contains(&Some(*at)));
        let ignored = ignored.map(|(_, heading)| heading.chars().filter(|c| !c.is_control()).collect());
        Ok(Self { places, width: cells.len(), ignored: ignored.collect() })
    }

    /// The cell of a column, trimmed; empty if the file lacks the column.
    pub(super) fn cell<'a>(&self, cells: &'a [String], column: Column) -> &'a str {
        self.places[column as usize].and_then(|at| cells.get(at)).map_or("", |cell| cell.trim())
    }

    /// How many of the headings are known, to tell a right delimiter from a wrong one.
    pub(super) fn known(cells: &[String]) -> usize {
        cells
            .iter()
            .map(|cell| fold(cell))
            .filter(|h| Column::ALL.iter().any(|c| c.accepted().contains(&&**h)))
            .count()
    }
}

/// A heading without case, spaces, punctuation, or the marks above Swedish letters, whether those
/// are part of the letter or stand after it (as in files from macOS).
fn fold(heading: &str) -> String {
    let letters = heading.chars().flat_map(char::to_lowercase).filter_map(|c| match c {
        'å' | 'ä' => Some('a'),
        'ö' => Some('o'),
        _ => c.is_alphanumeric().then_some(c),
    });
    letters.collect()
}
