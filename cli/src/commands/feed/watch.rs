//! `vandel feed tail --as ROLE`: the feed over NATS, as a dashboard sees it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::Value;
use vandel_ledger::bus::{Bus, BusError, Role};
use vandel_projector::feed::{STREAM, Scope, event};

use crate::args::{FeedTailArgs, WatcherArg};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::FeedText;
use crate::monitor::Stop;

/// How long is waited for an event before looking whether to stop, or whether all is stale.
const PAUSE: Duration = Duration::from_millis(300);
/// A heartbeat may be missed; three show that something is wrong.
const MISSED: u32 = 3;

/// Shows the last values, then what comes.
pub(super) fn run(context: &Context, arguments: &FeedTailArgs, role: WatcherArg) -> Result<Exit, CliError> {
    let stop = Stop::on_signals()?;
    let role = role_of(role);
    let Some(options) = context.nats.options(role) else {
        return Err(CliError::new(Exit::Usage, "no-nats", "no NATS server is named").next("give --nats URL"));
    };
    let bus = Bus::connect(&options)?;
    let mut coming = Vec::new();
    for scope in scopes(role) {
        let subject = format!("vandel.*.feed.{}.>", scope.name());
        let subscribed = bus.block_on(bus.client().subscribe(subject));
        coming.push(subscribed.map_err(|error| BusError::Client(error.to_string()))?);
    }
    let mut coming = futures_util::stream::select_all(coming);
    let mut watch = Watch {
        context,
        arguments,
        seen: BTreeSet::new(),
        shown: 0,
        heard: Instant::now(),
        interval: Duration::from_secs(60),
        stale: false,
    };
    let mut ledger = arguments.ledger.as_ref().map(|ledger| ledger.chars().take(16).collect::<String>());
    if let Some(ledger) = &ledger {
        watch.show_kept(&bus, ledger)?;
    }
    if arguments.no_follow && ledger.is_some() {
        return watch.end();
    }
    while !stop.wait(Duration::ZERO) {
        let next = bus.block_on(async { tokio::time::timeout(PAUSE, coming.next()).await });
        match next {
            Ok(Some(message)) => {
                if ledger.is_none() {
                    // The first one heard of: its last values are worth having at once.
                    let heard = message.subject.split('.').nth(1).unwrap_or_default().to_owned();
                    watch.show_kept(&bus, &heard)?;
                    ledger = Some(heard);
                }
                watch.show(&message.payload)?;
                if arguments.no_follow {
                    break;
                }
            }
            Ok(None) => return Err(BusError::Client("the connection was closed".to_owned()).into()),
            Err(_) => watch.look_for_silence(),
        }
        let (refused, what) = bus.refusals();
        if refused > 0 {
            return Err(BusError::Denied { what }.into());
        }
    }
    watch.end()
}

fn role_of(role: WatcherArg) -> Role {
    match role {
        WatcherArg::Dashboard => Role::Dashboard,
        WatcherArg::CaseDashboard => Role::CaseDashboard,
        WatcherArg::Author => Role::Author,
        WatcherArg::Auditor => Role::Auditor,
        WatcherArg::Operator => Role::Operator,
    }
}

fn scopes(role: Role) -> &'static [Scope] {
    match role {
        Role::Dashboard | Role::Operator => &[Scope::Operational],
        _ => &[Scope::Operational, Scope::Case],
    }
}

struct Watch<'a> {
    context: &'a Context,
    arguments: &'a FeedTailArgs,
    /// The ids of the events that were kept: live they come again.
    seen: BTreeSet<String>,
    shown: u64,
    heard: Instant,
    interval: Duration,
    stale: bool,
}

impl Watch<'_> {
    /// Shows the last value of each operational event.
    fn show_kept(&mut self, bus: &Bus, ledger: &str) -> Result<(), CliError> {
        for (scope, name) in event::ALL {
            if *scope == Scope::Operational {
                let subject = format!("$JS.API.DIRECT.GET.{STREAM}.vandel.{ledger}.feed.ops.{name}");
                let answer = bus.request(&subject, Vec::new())?;
                if answer.status.is_none_or(|status| status.as_u16() == 200) {
                    self.show(&answer.payload)?;
                }
            }
        }
        Ok(())
    }

    fn show(&mut self, payload: &[u8]) -> Result<(), CliError> {
        let Ok(event) = serde_json::from_slice::<Value>(payload) else { return Ok(()) };
        let id = format!("{} {}", text(&event["source"]), text(&event["id"]));
        if !self.seen.insert(id) {
            return Ok(());
        }
        let kind = text(&event["type"]);
        let name = kind.split('.').nth(2).unwrap_or_default();
        if name == "heartbeat" {
            self.heard = Instant::now();
            self.stale = false;
            self.interval = Duration::from_secs(event["data"]["interval_seconds"].as_u64().unwrap_or(60));
        }
        let kinds = &self.arguments.kinds;
        let wanted =
            kinds.is_empty() || kinds.iter().any(|kind| kind == name || event["data"]["kind"] == **kind);
        if !wanted {
            return Ok(());
        }
        self.shown += 1;
        self.context.output.line(&event, || {
            let mut data = event["data"].clone();
            // A signed note has many lines; those who want it take --json.
            if let Some(data) = data.as_object_mut() {
                data.remove("checkpoint");
            }
            format!("{}  {name:<12}  {data}", text(&event["time"]))
        })
    }

    /// Silence is news.
    fn look_for_silence(&mut self) {
        let silence = self.heard.elapsed();
        if silence > self.interval * MISSED && !self.stale {
            self.stale = true;
            let seconds = silence.as_secs().to_string();
            self.context.output.progress(&FeedText::Stale.with(self.context.lang, &[("seconds", &seconds)]));
        }
    }

    fn end(&self) -> Result<Exit, CliError> {
        let text = FeedText::Shown.with(self.context.lang, &[("count", &self.shown.to_string())]);
        self.context.output.summary(&serde_json::json!({ "shown": self.shown }), text)?;
        Ok(Exit::Done)
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
