//! Texts about exports.

super::texts! {
    /// Tiles and lists of records.
    ExportText {
        Tiles: "{dir}: {size} records; {added} files added, {known} there already" / "{dir}: {size} poster; {added} filer tillagda, {known} fanns redan",
        LongBundle: "bundle {index} has a record of more than 65,535 bytes, which C2SP tlog-tiles cannot hold: it lies in vandel/entries/ instead of tile/entries/" / "bunt {index} har en post på mer än 65 535 byte, vilket C2SP tlog-tiles inte rymmer: den ligger i vandel/entries/ i stället för tile/entries/",
        Records: "{count} records" / "{count} poster",
    }
}
