//! Texts about the NATS server.

super::texts! {
    /// The server's configuration.
    NatsText {
        Written: "written   {file}" / "skriven   {file}",
        Kept: "kept      {file}" / "behållen  {file}",
        User: "user      {role} {public}  {seed}" / "användare {role} {public}  {seed}",
        Elsewhere: "(its seed is not here)" / "(fröet finns inte här)",
        Start: "Start it: nats-server -c {file}\nMove each seed to the machine that uses it; the operator's and the system's lie offline." / "Starta den: nats-server -c {file}\nFlytta varje frö till den dator som använder det; operator och system förvaras frånkopplade.",
        Reload: "A running server takes new users after: nats-server --signal reload" / "En server som kör tar nya användare efter: nats-server --signal reload",
    }
}
