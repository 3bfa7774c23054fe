//! Texts about services.

super::texts! {
    /// Services.
    ServeText {
        Serving: "Serving ledger {ledger}, {records} records. Stop with Ctrl-C: what was taken is finished first." / "Liggaren {ledger} betjänas, {records} poster. Stoppa med Ctrl-C: det som tagits emot görs klart först.",
        Stopping: "Stopping: finishing what was taken." / "Stoppar: gör klart det som tagits emot.",
        Ended: "Ended in order." / "Avslutat i ordning.",
    }
}
