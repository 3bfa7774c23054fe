//! Boards and posts of the invented municipality, as the demonstration's cases use them.

use super::places::WORKPLACES;

/// A board: a controller of its own, with secrecy towards the others.
pub(super) struct Board {
    /// Its name.
    pub(super) name: &'static str,
    /// The beginning of its people's key files.
    pub(super) short: &'static str,
}

/// The boards that recruit here.
pub(super) const BOARDS: [Board; 6] = [
    Board { name: "Barn- och utbildningsnämnden", short: "utbildning" },
    Board { name: "Kultur- och fritidsnämnden", short: "kultur" },
    Board { name: "Socialnämnden", short: "social" },
    Board { name: "Vård- och omsorgsnämnden", short: "omsorg" },
    Board { name: "Regionens hälso- och sjukvårdsnämnd", short: "region" },
    Board { name: "Tekniska nämnden", short: "teknik" },
];

/// A kind of post at a unit: what a position's assessment is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Post {
    /// Role code of the policy.
    pub(super) role: &'static str,
    /// Index into [`BOARDS`].
    pub(super) board: usize,
    /// The unit.
    pub(super) unit: &'static str,
    /// The title.
    pub(super) title: &'static str,
}

/// Pedagogic care in a home: the household is checked, which no list of workplaces can hold.
const HOME: Post = Post {
    role: "SCHOOL_HOME",
    board: 0,
    unit: "Pedagogisk omsorg i hemmet",
    title: "Dagbarnvårdare, medlem av hushållet",
};

/// One post for each unit and role.
pub(super) fn posts() -> Vec<Post> {
    let of_workplace = |place: &'static super::places::Workplace| {
        let board = BOARDS.iter().position(|board| board.name == place.administration)?;
        let post = move |(unit, title): (&&'static str, &&'static str)| Post {
            role: place.role,
            board,
            unit,
            title,
        };
        Some(place.units.iter().zip(place.titles.iter().cycle()).map(post))
    };
    WORKPLACES.iter().filter_map(of_workplace).flatten().chain([HOME]).collect()
}
