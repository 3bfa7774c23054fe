//! Texts about services.

super::texts! {
    /// Services.
    ServeText {
        Serving: "Serving ledger {ledger}, {records} records. Stop with Ctrl-C: what was taken is finished first." / "Liggaren {ledger} betjänas, {records} poster. Stoppa med Ctrl-C: det som tagits emot görs klart först.",
        StandingBy: "Standing by: process {pid} serves this home." / "Väntar: process {pid} betjänar hemmappen.",
        TakingOver: "Taking over: the other instance {why}." / "Tar över: den andra instansen {why}.",
        HasEnded: "has ended" / "har avslutats",
        HasHung: "has given no sign of life for {seconds} seconds" / "har inte gett livstecken på {seconds} sekunder",
        LogInFiles: "The other instance hangs, and the log lies in files, which can't be fenced: end that process, and this one takes over." / "Den andra instansen svarar inte, och loggen ligger i filer som inte kan spärras: avsluta den processen, så tar den här över.",
        NotYet: "Not yet: {why}" / "Inte ännu: {why}",
        AskedAgain: "waiting: {why}; asking again for up to {seconds} s (--wait)" / "väntar: {why}; frågar igen i högst {seconds} s (--wait)",
        Stopping: "Stopping: finishing what was taken." / "Stoppar: gör klart det som tagits emot.",
        Ended: "Ended in order." / "Avslutat i ordning.",
    }
}
