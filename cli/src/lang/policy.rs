//! Texts about policy packs and disposal decisions.

super::texts! {
    /// Policy packs.
    PolicyText {
        Confirm: "Nothing here is legal advice: a jurist of the authority confirms the pack before use." / "Inget av detta är juridisk rådgivning: en jurist hos myndigheten bekräftar regelpaketet före användning.",
        ConfirmedBy: "Confirmed by {office}." / "Bekräftat av {office}.",
        Unconfirmed: "Confirmed by nobody in the pack itself." / "I själva regelpaketet inte bekräftat av någon.",
        NotUsable: "policy incomplete, or not in force" / "regel saknas, eller gäller inte",
        Unset: "(unset)" / "(saknas)",
        Local: "local" / "lokalt val",
        Unverified: "unverified" / "overifierat",
        Adoptable: "The pack can be adopted; {notes} note(s)." / "Regelpaketet kan antas; {notes} anmärkning(ar).",
        NotAdoptable: "The pack cannot be adopted as it stands; {notes} note(s) besides." / "Regelpaketet kan inte antas som det är; därtill {notes} anmärkning(ar).",
        Changes: "{count} change(s)" / "{count} ändring(ar)",
    }
}
