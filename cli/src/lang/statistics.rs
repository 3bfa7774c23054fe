//! Texts about statistics.

super::texts! {
    /// Releasing and checking tables.
    StatisticsText {
        Released: "{cells} cells from {from} to {until} are released, record {record}: {file}" / "{cells} celler från {from} till {until} är lämnade, post {record}: {file}",
        Verified: "the table is the one released in record {record}: {cells} cells" / "tabellen är den som lämnades i post {record}: {cells} celler",
        End: "{count} release(s)" / "{count} utlämnade tabeller",
    }
}
