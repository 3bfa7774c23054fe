//! Back-pressure as an author meets it: a busy ledger is asked again for as long as `--wait` says.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt as _;
use vandel_ledger::bus::async_nats::HeaderMap;
use vandel_ledger::bus::{Bus, BusOptions, Role};
use vandel_tests::nats_server::NatsServer;
use vandel_tests::serving::Serving;
use vandel_tests::town::Town;

use crate::told;

const LIST: [&str; 3] = ["case", "list", "--wait"];

#[test]
fn a_busy_ledger_is_asked_again_until_the_wait_is_over_and_nothing_is_taken() {
    let (town, server) = (Town::found(), NatsServer::start());
    let bus = Bus::connect(&BusOptions::new(&server.url(), Role::Sequencer)).unwrap();
    let mut requests = bus.block_on(bus.client().subscribe("vandel.*.service.>")).unwrap();
    bus.flush().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let (service, counted) = (bus.clone(), Arc::clone(&asked));
    let answering = bus.runtime().spawn(async move {
        while let Some(request) = requests.next().await {
            counted.fetch_add(1, Ordering::Relaxed);
            let mut headers = HeaderMap::new();
            headers.insert("Nats-Service-Error-Code", "429");
            headers.insert("Nats-Service-Error", "busy");
            headers.insert("Vandel-Retry-After-Ms", "100");
            let reply = request.reply.unwrap();
            service.client().publish_with_headers(reply, headers, "".into()).await.unwrap();
        }
    });
    let output = town.afar(&server.url(), "handler", &[&LIST[..], &["5s"]].concat()).output().unwrap();
    answering.abort();
    let said = told(&output);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("asking again for up to") && said.contains("nothing was taken in"), "{said}");
    let asked = asked.load(Ordering::Relaxed);
    assert!(asked > 2, "asked {asked} times");
    for wrong in ["soon", "-1s", "5 s", "2d", "99h"] {
        let refused = town.run(&["case", "list", "--wait", wrong]);
        assert_eq!(refused.status.code(), Some(2), "{wrong}: {}", told(&refused));
    }
    println!("deep: a busy ledger asked {asked} times");
}

#[test]
fn a_command_that_waits_goes_on_when_the_service_comes() {
    let (town, server) = (Town::found(), NatsServer::start());
    let mut command = town.afar(&server.url(), "handler", &[&LIST[..], &["2m"]].concat());
    let waiting = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let serving = Serving::start(&town, &server.url(), &[]);
    let output = waiting.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(serving.stop().success());
}
