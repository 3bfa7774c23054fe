//! The doctor on a log that lies on JetStream: the stream, and the servers that hold it.

use vandel_ledger::bus::{Bus, Role};
use vandel_ledger::clock::{Clock, SystemClock};
use vandel_ledger::log::jetstream::{Inspection, ServerReport, inspect};
use vandel_ledger::place::StreamPlace;

use super::checks::point;
use super::{Point, State};
use crate::context::{Context, parse_second};
use crate::error::CliError;
use crate::lang::DoctorText;

/// How many seconds a server's clock may differ before it is worth a word.
const SKEW_SECONDS: u64 = 2;

/// The points; none for a log in files.
pub(super) fn points(context: &Context) -> Vec<Point> {
    let wrong = |error: CliError| {
        let report = error.report();
        vec![point("stream", State::Wrong, report.message.clone(), report.next.clone())]
    };
    let place = match StreamPlace::of(&*context.disk, &context.home) {
        Ok(None) => return Vec::new(),
        Ok(Some(place)) => place,
        Err(error) => return wrong(vandel_ledger::opening::HomeError::from(error).into()),
    };
    let inspected = Bus::connect(&place.options(Role::Sequencer))
        .map_err(CliError::from)
        .and_then(|bus| Ok(inspect(&bus, place.ledger(), &place.demands())?));
    match inspected {
        Ok(inspection) => {
            let mut points = settings(context, &inspection);
            points.push(sync(context, &place, &inspection));
            points.push(replicas(context, &inspection));
            points.extend(inspection.reports.iter().flatten().flat_map(|report| server(context, report)));
            points
        }
        Err(error) => wrong(error),
    }
}

fn settings(context: &Context, inspection: &Inspection) -> Vec<Point> {
    if inspection.mismatches.is_empty() {
        let detail = DoctorText::StreamSettings.with(context.lang, &[("stream", &inspection.stream)]);
        return vec![point("stream", State::Ok, detail, None)];
    }
    let wrong = inspection.mismatches.iter();
    wrong
        .map(|mismatch| point("stream", State::Wrong, mismatch.to_string(), Some(mismatch.mend.clone())))
        .collect()
}

fn sync(context: &Context, place: &StreamPlace, inspection: &Inspection) -> Point {
    let next = Some(DoctorText::StreamSyncNext.in_lang(context.lang));
    match &inspection.sync {
        Ok(()) => {
            let servers = inspection.servers.join(", ");
            point(
                "sync",
                State::Ok,
                DoctorText::StreamSyncs.with(context.lang, &[("servers", &servers)]),
                None,
            )
        }
        Err(_) if place.accept_unproven_sync && inspection.unproven => {
            point("sync", State::Weak, DoctorText::StreamSyncAccepted.in_lang(context.lang), next)
        }
        Err(why) => point("sync", State::Wrong, why.clone(), next),
    }
}

fn replicas(context: &Context, inspection: &Inspection) -> Point {
    if !inspection.behind.is_empty() {
        let servers = inspection.behind.join(", ");
        let detail = DoctorText::StreamBehind.with(context.lang, &[("servers", &servers)]);
        return point("replicas", State::Weak, detail, None);
    }
    if inspection.replicas <= 1 {
        let next = DoctorText::StreamReplicasNext.with(context.lang, &[("stream", &inspection.stream)]);
        return point("replicas", State::Weak, DoctorText::StreamOneServer.in_lang(context.lang), Some(next));
    }
    let count = inspection.replicas.to_string();
    let detail = DoctorText::StreamReplicas.with(context.lang, &[("count", &count)]);
    point("replicas", State::Ok, detail, None)
}

fn server(context: &Context, report: &ServerReport) -> Vec<Point> {
    let server = ("server", &*report.server_name);
    let version = DoctorText::ServerVersion.with(context.lang, &[server, ("version", &report.version)]);
    let mut points = vec![point("server", State::Ok, version, None)];
    // The real clock, also where a demonstration has set another one.
    let theirs = report.now.get(..19).and_then(|now| parse_second(&format!("{now}Z")));
    let skew = theirs.map_or(0, |theirs| theirs.0.abs_diff(SystemClock.now().0));
    if skew > SKEW_SECONDS {
        let detail = DoctorText::ServerClock.with(context.lang, &[server, ("seconds", &skew.to_string())]);
        points.push(point(
            "clock",
            State::Weak,
            detail,
            Some(DoctorText::ServerClockNext.in_lang(context.lang)),
        ));
    }
    points
}
