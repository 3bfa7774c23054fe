//! Texts about witnesses.

super::texts! {
    /// Keeping a witness, and using others'.
    WitnessText {
        Made: "Give this line to whoever trusts you as a witness; keep witness.pem to yourself." / "Ge raden till den som litar på dig som vittne; behåll witness.pem för dig själv.",
        LogsAdded: "{count} logs were added." / "{count} loggar lades till.",
        Serving: "Listening on http://{listen} as {key}" / "Lyssnar på http://{listen} som {key}",
        Held: "{origin}  {size}" / "{origin}  {size}",
        LogCount: "{count} logs" / "{count} loggar",
        Used: "The memory is now {count} witnesses; a checkpoint leaves when {needed} of them have cosigned it.\nTheir keepers must know this ledger first: vandel witness add-log --dir DIR '{log}'" / "Minnet är nu {count} vittnen; en kontrollpunkt lämnas ut när {needed} av dem har medsignerat den.\nDe som håller dem måste först känna till liggaren: vandel witness add-log --dir DIR '{log}'",
    }
}
