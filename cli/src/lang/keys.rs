//! Texts about keys and the people who hold them.

super::texts! {
    /// Keys, roles, the directory.
    KeyText {
        Made: "Key {key}\nis in {file}." / "Nyckeln {key}\nligger i {file}.",
    }
}
