//! Texts about the ledger as a whole.

super::texts! {
    /// Founding, looking after, proving.
    LedgerText {
        Founded: "Ledger {ledger}\nis founded in {home}. Auditors get {trust}." / "Liggaren {ledger}\när grundad i {home}. Revisorer får {trust}.",
    }
}
