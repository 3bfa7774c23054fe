//! Texts about keys and the people who hold them.

super::texts! {
    /// Keys, roles, the directory.
    KeyText {
        Made: "Key {key}\nis in {file}." / "Nyckeln {key}\nligger i {file}.",
        HandIn: "Hand {request} to two administrators: vandel key enroll --request {request}" / "Lämna {request} till två administratörer: vandel key enroll --request {request}",
        NoRequest: "No ledger is known here, so there is no request yet: vandel key request {file} --ledger ID" / "Ingen liggare är känd här, så någon begäran finns inte än: vandel key request {file} --ledger ID",
        Everywhere: "the whole ledger" / "hela liggaren",
        Counted: "{count} shown, {left_out} left out (--all shows them)" / "{count} visade, {left_out} utelämnade (--all visar dem)",
    }
}
