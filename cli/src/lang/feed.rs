//! Texts about the feed.

super::texts! {
    /// The live feed.
    FeedText {
        Serving: "publishing the feed of ledger {ledger} from record {position} on; a heartbeat every {interval} s" / "publicerar flödet från liggare {ledger} från post {position}; hjärtslag var {interval} s",
        Metrics: "metrics and health at http://{address}" / "mätvärden och hälsa på http://{address}",
        Waiting: "waiting: {why}" / "väntar: {why}",
        Resumed: "going on" / "fortsätter",
        Stopped: "stopped at record {position}" / "stannade vid post {position}",
        Halted: "the feed has halted; metrics stay up until it is stopped" / "flödet har stannat; mätvärdena finns kvar tills det stoppas",
        Sealed: "sealed" / "förseglad",
        CaughtUp: "caught up at {count} records; waiting for more" / "i fatt vid {count} poster; väntar på fler",
        Stale: "STALE: no heartbeat for {seconds} s; what was shown is old" / "INAKTUELLT: inget hjärtslag på {seconds} s; det som visas är gammalt",
        Shown: "{count} shown" / "{count} visade",
    }
}
