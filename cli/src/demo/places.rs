//! The invented municipality: its boards, units and positions, by role code of the default policy.

/// Its name; there is no such municipality.
pub(super) const MUNICIPALITY: &str = "Vandelsunda kommun";

/// Where the people of a role work and as what.
pub(super) struct Workplace {
    /// Role code of the default policy pack.
    pub(super) role: &'static str,
    /// How many of a hundred people have the role.
    pub(super) share: u32,
    /// The board: a controller of its own.
    pub(super) administration: &'static str,
    /// Units under the board.
    pub(super) units: &'static [&'static str],
    /// Titles.
    pub(super) titles: &'static [&'static str],
}

/// Every role that people are hired in; the shares add up to a hundred.
pub(super) const WORKPLACES: [Workplace; 8] = [
    Workplace {
        role: "SCHOOL",
        share: 30,
        administration: "Barn- och utbildningsnämnden",
        units: &[
            "Ängsvägens förskola",
            "Björkhagaskolan",
            "Ådalens förskola",
            "Östra gymnasiet",
            "Sjöskolan F–6",
        ],
        titles: &[
            "Barnskötare",
            "Förskollärare",
            "Lärare i grundskola",
            "Lärare, \"förskoleklass\"",
            "Elevassistent",
        ],
    },
    Workplace {
        role: "CHILD",
        share: 12,
        administration: "Kultur- och fritidsnämnden",
        units: &["Fritidsgården Kupolen", "Simhallen", "Kulturskolan", "Biblioteket Måsen"],
        titles: &["Fritidsledare", "Simlärare", "Kulturskolepedagog", "Barnbibliotekarie"],
    },
    Workplace {
        role: "HVB",
        share: 8,
        administration: "Socialnämnden",
        units: &["HVB Tallgläntan", "Stödboendet Åsen", "Skyddat boende Norr"],
        titles: &["Behandlingsassistent", "Boendestödjare", "Föreståndare", "Nattpersonal, HVB"],
    },
    Workplace {
        role: "LSS_CHILD",
        share: 8,
        administration: "Vård- och omsorgsnämnden",
        units: &["Korttidshemmet Äppelbo", "Barnboendet Rönnen", "Ledsagning och avlösning"],
        titles: &["Stödassistent", "Stödpedagog", "Avlösare", "Ledsagare"],
    },
    Workplace {
        role: "HOME_CARE",
        share: 20,
        administration: "Vård- och omsorgsnämnden",
        units: &["Hemtjänsten Södra", "Hemtjänsten Norra", "Nattpatrullen", "Hemsjukvården"],
        titles: &["Undersköterska", "Vårdbiträde", "Sjuksköterska, hemsjukvård", "Personlig assistent"],
    },
    Workplace {
        role: "LEADING",
        share: 4,
        administration: "Kommunstyrelsen",
        units: &["Kommunledningskontoret", "Vandelsunda Bostäder AB", "Vandelsunda Energi AB"],
        titles: &["Förvaltningschef", "Ekonomichef", "Upphandlingschef", "Verkställande direktör"],
    },
    Workplace {
        role: "CARE_FETCH",
        share: 6,
        administration: "Regionens hälso- och sjukvårdsnämnd",
        units: &["Psykiatriska kliniken", "Barn- och ungdomspsykiatrin", "Beroendevården"],
        titles: &["Skötare, psykiatri", "Sjuksköterska, psykiatri", "Behandlare"],
    },
    Workplace {
        role: "NONE",
        share: 12,
        administration: "Tekniska nämnden",
        units: &["Gata och park", "Kontaktcenter", "Måltidsservice", "Lönekontoret"],
        titles: &["Ekonomiassistent", "Parkarbetare", "Kock", "Handläggare, registratur", "Systemförvaltare"],
    },
];

/// Forms of employment.
pub(super) const EMPLOYMENT_FORMS: [&str; 4] = ["Tillsvidare", "Vikariat", "Timavlönad", "Provanställning"];
