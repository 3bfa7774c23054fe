//! Texts about the ledger as a whole.

super::texts! {
    /// Founding, looking after, proving.
    LedgerText {
        Founded: "Ledger {ledger}\nis founded in {home}. Auditors get {trust}." / "Liggaren {ledger}\när grundad i {home}. Revisorer får {trust}.",
        Contained: "This log contains the checkpoint of {size} records; {since} have come since." / "Loggen innehåller kontrollpunkten med {size} poster; {since} har tillkommit.",
        CopiesSame: "Both copies are the same tree:\n  {one}\n  {two}" / "Båda kopiorna är samma träd:\n  {one}\n  {two}",
        CopiesContinue: "One copy continues the other, by the proof:\n  {one}\n  {two}" / "Den ena kopian fortsätter den andra, enligt beviset:\n  {one}\n  {two}",
        CopiesFork: "FORK: the ledger's key has signed two histories, and shown each to somebody. Keep both notes, they are evidence:\n  {one}\n  {two}" / "KLUVEN LIGGARE: liggarens nyckel har signerat två historier och visat var och en för någon. Behåll båda kontrollpunkterna, de är bevis:\n  {one}\n  {two}",
        CosignedBoth: "The witness {name} has cosigned both: trust it no longer." / "Vittnet {name} har medsignerat båda: lita inte på det längre.",
        ProofWitnessed: "Record {record}, hash {hash}, stands in a tree of {size} records that the trust file's quorum has witnessed." / "Post {record} med hash {hash} står i ett träd med {size} poster som tillitsfilens kvorum har bevittnat.",
        ProofOperator: "Record {record}, hash {hash}, stands in a tree of {size} records that the ledger's operator has signed. No witness was asked for: the operator could have signed another tree for others." / "Post {record} med hash {hash} står i ett träd med {size} poster som liggarens driftansvarige har signerat. Inget vittne krävdes: den driftansvarige kan ha signerat ett annat träd för andra.",
        ViewStands: "The views have folded {position} records; {behind} behind." / "Vyerna har lagt samman {position} poster; {behind} återstår.",
        DueEnd: "as of {as_of}: {count} to erase, {overdue} overdue" / "per {as_of}: {count} att gallra, {overdue} försenade",
        VaultEnd: "epoch {epoch}: {keys} keys; {open} records open, {partly} partly erased, {erased} erased, {damaged} damaged\n{blobs} blob(s) tried, {undo} that undo an erasure\nroot cell {cell}: {assurance}" / "epok {epoch}: {keys} nycklar; {open} poster öppnas, {partly} delvis gallrade, {erased} gallrade, {damaged} skadade\n{blobs} kopior prövade, {undo} som upphäver en gallring\nrotcell {cell}: {assurance}",
        RootPassphrase: "passphrase of the root cell {file}: " / "lösenfras till rotcellen {file}: ",
        WhyEnd: "{handle}, as of {as_of}" / "{handle}, per {as_of}",
    }
}
