//! Texts about dossiers and published views.

super::texts! {
    /// Exporting, checking.
    DossierText {
        Exported: "{file}: the dossier of {handle}, {steps} steps, for {recipient} until {expires}.\n  the reading is record {reading}; complete by the digest that record {published} published\n  it is sink {sink} in the register; when it is destroyed: vandel sink destroyed {sink} --how WORDS" / "{file}: bevisakt för {handle}, {steps} steg, till {recipient} till och med {expires}.\n  läsningen är post {reading}; fullständig enligt den summa som post {published} offentliggjorde\n  den är förvaringsställe {sink} i registret; när den förstörts: vandel sink destroyed {sink} --how ORD",
        Certificate: "what is erased in it, the certificate: {file}" / "det som är gallrat i den, intyget: {file}",
        Unsealed: "{file} is opened; for {recipient}, to be destroyed after {expires}" / "{file} är öppnad; för {recipient}, ska förstöras efter {expires}",
        Verified: "VERIFIED" / "VERIFIERAD",
        Violation: "VIOLATION" / "FEL FUNNET",
        NotProven: "NOT PROVEN" / "INTE BEVISAT",
        Ledger: "ledger     {ledger}" / "liggare    {ledger}",
        Anchor: "anchor     {anchor}, checkpoint of {size} records" / "förankring {anchor}, kontrollpunkt med {size} poster",
        Complete: "complete   below record {below}, by the digest in record {published} of key {key}" / "fullständig under post {below}, enligt summan i post {published} av nyckel {key}",
        RecomputedBy: "           recomputed by {who}" / "           omräknad av {who}",
        RecomputedByNobody: "           recomputed by nobody" / "           inte omräknad av någon",
        Later: "           {count} later step(s) are shown; others may have followed" / "           {count} senare steg visas; fler kan ha följt",
        Step: "step {number}  {day}  {kind}  record {record}  key {key}" / "steg {number}  {day}  {kind}  post {record}  nyckel {key}",
        Withheld: "not shown: {what}" / "visas inte: {what}",
        Replaced: "replaced later: {what}" / "ersatt senare: {what}",
        Erased: "erased: {what}, {plan}, records {started} and {executed}" / "gallrat: {what}, {plan}, post {started} och {executed}",
        NotChecked: "not checked:" / "inte kontrollerat:",
        Published: "The view {view} is published at position {position}: {digest}, record {record}." / "Vyn {view} är offentliggjord vid läge {position}: {digest}, post {record}.",
        ViewAgrees: "{view}, record {record}, position {position}: the view agrees with what was published" / "{view}, post {record}, läge {position}: vyn stämmer med det som offentliggjorts",
        ViewMovedOn: "{view}, record {record}, position {position}: published before what the view holds now; compare with vandel verify --views" / "{view}, post {record}, läge {position}: offentliggjord före det vyn har nu; jämför med vandel verify --views",
    }
}
