//! Texts about positions, cases and holds.

super::texts! {
    /// Casework.
    CaseText {
        Recorded: "{handle}: {kind} is record {record}." / "{handle}: {kind} är post {record}.",
        Opened: "Case {handle} is open ({role}); record {record}." / "Ärende {handle} är öppnat ({role}); post {record}.",
        Assessed: "Position assessed for {role} under {board}; record {record}." / "Befattningen är bedömd för {role} under {board}; post {record}.",
        NextSteps: "Next: {steps}" / "Nästa steg: {steps}",
        ImportRead: "{rows} rows read ({encoding}), {rejected} refused by the reader." / "{rows} rader lästa ({encoding}), {rejected} avvisade vid läsningen.",
        ImportDone: "{opened} cases opened, {known} known already, {refused} rows refused." / "{opened} ärenden öppnade, {known} redan kända, {refused} rader avvisade.",
        ImportRefused: "line {line}: {code}: {text}" / "rad {line}: {code}: {text}",
        ImportDryRun: "Dry run: nothing was recorded." / "Provkörning: inget har registrerats.",
        ImportProgress: "{done} of {all} rows" / "{done} av {all} rader",
        RefusedByLedger: "The ledger refuses it." / "Liggaren avvisar den.",
        Protected: "PROTECTED IDENTITY: show this to nobody else; the officer is told of every opening." / "SKYDDADE PERSONUPPGIFTER: visa detta för ingen annan; dataskyddsombudet ser varje öppning.",
        IdentityErased: "identity erased" / "identiteten gallrad",
        ReadRecorded: "This reading is record {record}, for the purpose {purpose}." / "Läsningen är post {record}, för ändamålet {purpose}.",
        ListEnd: "{count} cases." / "{count} ärenden.",
        HoldPlaced: "{handle}: placed as step {number}; it stops erasure until it is released." / "{handle}: registrerat som steg {number}; gallring är stoppad tills det hävs.",
        HoldsEnd: "{count} holds and restrictions in force." / "{count} stopp och begränsningar gäller.",
        PositionsEnd: "{count} positions." / "{count} befattningar.",
    }
}
