//! Texts about policy packs and disposal decisions.

super::texts! {
    /// Policy packs.
    PolicyText {
        Confirm: "Nothing here is legal advice: a jurist of the authority confirms the pack before use." / "Inget av detta är juridisk rådgivning: en jurist hos myndigheten bekräftar regelpaketet före användning.",
    }
}
