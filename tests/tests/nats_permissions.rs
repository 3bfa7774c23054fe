//! What `deploy/nats/` allows each role and what it refuses, tried on a real server with TLS.
//!
//! Every role tries everything. The table says what must work; all else must be refused by the server, in
//! words, and at the end nothing may have come of it.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::{Value, json};
use vandel_ledger::bus::{Bus, BusError, Role, async_nats};
use vandel_tests::secured::{Secured, SecuredCluster};

const LEDGER: &str = "0123456789abcdef";
const LOG: &str = "VANDEL_LOG";
const CHECKPOINTS: &str = "VANDEL_CHECKPOINT";

/// What a role tries.
#[derive(Clone, Copy)]
enum Try {
    /// To publish there.
    Publish(&'static str),
    /// To subscribe to it.
    Subscribe(&'static str),
    /// To ask there, and get an answer.
    Ask(&'static str, &'static str),
    /// To have the answer to a request delivered onto the log's subject.
    Misdirect(&'static str, &'static str),
}

/// What is tried, and the roles that it must work for: S sequencer, A author, P projector, U auditor,
/// D dashboard, C case dashboard, O operator.
const TABLE: &[(&str, Try, &str)] = &[
    ("append to the log", Try::Publish("vandel.L.log"), "S"),
    ("publish a checkpoint", Try::Publish("vandel.L.checkpoint"), "S"),
    ("publish an operational event", Try::Publish("vandel.L.feed.ops.heartbeat"), "P"),
    ("publish a case event", Try::Publish("vandel.L.feed.case.recorded"), "P"),
    ("submit", Try::Ask("vandel.L.service.submit", ""), "AP"),
    ("listen to requests", Try::Subscribe("vandel.L.service.>"), "S"),
    ("answer in the service's name", Try::Publish("_INBOX_AUTHOR.x.y"), ""),
    ("read a block", Try::Ask("$JS.API.STREAM.MSG.GET.VANDEL_LOG", r#"{"seq":1}"#), "SPU"),
    ("read a checkpoint", Try::Ask("$JS.API.STREAM.MSG.GET.VANDEL_CHECKPOINT", r#"{"seq":1}"#), "SPU"),
    ("read a block directly", Try::Ask("$JS.API.DIRECT.GET.VANDEL_LOG", r#"{"seq":1}"#), "SPU"),
    ("make a consumer", Try::Ask("$JS.API.CONSUMER.CREATE.VANDEL_LOG.x", ""), ""),
    ("make a durable consumer", Try::Ask("$JS.API.CONSUMER.DURABLE.CREATE.VANDEL_LOG.x", ""), ""),
    ("tap the log", Try::Subscribe("vandel.L.log"), ""),
    ("see the log's settings", Try::Ask("$JS.API.STREAM.INFO.VANDEL_LOG", ""), "SPUO"),
    ("purge the log", Try::Ask("$JS.API.STREAM.PURGE.VANDEL_LOG", ""), ""),
    ("delete a block", Try::Ask("$JS.API.STREAM.MSG.DELETE.VANDEL_LOG", r#"{"seq":1}"#), ""),
    ("delete the log", Try::Ask("$JS.API.STREAM.DELETE.VANDEL_LOG", ""), ""),
    ("delete the checkpoints", Try::Ask("$JS.API.STREAM.DELETE.VANDEL_CHECKPOINT", ""), ""),
    ("restore a snapshot", Try::Ask("$JS.API.STREAM.RESTORE.VANDEL_LOG", "{}"), ""),
    ("take a snapshot", Try::Ask("$JS.API.STREAM.SNAPSHOT.VANDEL_LOG", "{}"), ""),
    ("change the log's settings", Try::Ask("$JS.API.STREAM.UPDATE.VANDEL_LOG", ""), "O"),
    ("lay a stream over requests", Try::Ask("$JS.API.STREAM.CREATE.TRAP", ""), "SO"),
    ("make the feed's stream", Try::Ask("$JS.API.STREAM.CREATE.VANDEL_FEED", ""), "SO"),
    ("delete somebody's consumer", Try::Ask("$JS.API.CONSUMER.DELETE.VANDEL_LOG.x", ""), ""),
    ("list all streams", Try::Ask("$JS.API.STREAM.LIST", ""), "O"),
    ("see what JetStream holds", Try::Ask("$JS.API.INFO", ""), "SPUO"),
    (
        "read several blocks at once",
        Try::Ask("$JS.API.DIRECT.GET.VANDEL_LOG", r#"{"seq":1,"batch":9}"#),
        "SPU",
    ),
    ("watch the checkpoints", Try::Subscribe("vandel.L.checkpoint"), "PU"),
    ("read the last operational event", Try::Ask(LAST_OPS, ""), "SAPUDCO"),
    ("watch the operational feed", Try::Subscribe("vandel.L.feed.ops.>"), "AUDCO"),
    ("watch the case feed", Try::Subscribe("vandel.L.feed.case.>"), "AUC"),
    ("watch both feeds at once", Try::Subscribe("vandel.L.feed.>"), ""),
    ("watch everything", Try::Subscribe(">"), ""),
    ("read the sequencer's answers", Try::Subscribe("_INBOX_SEQUENCER.>"), "S"),
    ("read the authors' answers", Try::Subscribe("_INBOX_AUTHOR.>"), "A"),
    ("read the projector's answers", Try::Subscribe("_INBOX_PROJECTOR.>"), "P"),
    ("read the auditor's answers", Try::Subscribe("_INBOX_AUDITOR.>"), "U"),
    ("read the dashboards' answers", Try::Subscribe("_INBOX_DASHBOARD.>"), "D"),
    ("read the case dashboards' answers", Try::Subscribe("_INBOX_CASE_DASHBOARD.>"), "C"),
    ("read the operator's answers", Try::Subscribe("_INBOX_OPERATOR.>"), "O"),
    ("read everybody's answers", Try::Subscribe("_INBOX.>"), ""),
    ("ask services how they are", Try::Publish("$SRV.PING"), "O"),
    ("pose as a service", Try::Subscribe("$SRV.PING"), "S"),
    ("listen to the server", Try::Subscribe("$SYS.>"), ""),
    ("ask the server", Try::Ask("$SYS.REQ.SERVER.PING", ""), ""),
    ("listen to JetStream's requests", Try::Subscribe("$JS.API.>"), ""),
    ("listen to advisories", Try::Subscribe("$JS.EVENT.>"), ""),
    // Who is beside the log can; nobody but the sequencer is.
    ("misdirect settings onto the log", Try::Misdirect("$JS.API.STREAM.INFO.VANDEL_LOG", ""), "S"),
    (
        "misdirect a block onto the log",
        Try::Misdirect("$JS.API.STREAM.MSG.GET.VANDEL_LOG", r#"{"seq":1}"#),
        "S",
    ),
    ("misdirect a copy onto the log", Try::Misdirect("$JS.API.DIRECT.GET.VANDEL_LOG", r#"{"seq":1}"#), "S"),
    ("misdirect an event onto the log", Try::Misdirect(LAST_OPS, ""), "S"),
    ("misdirect the feed's receipt", Try::Misdirect("vandel.L.feed.ops.heartbeat", "an event"), ""),
    ("misdirect a service's answer", Try::Misdirect("$SRV.PING", ""), ""),
    ("misdirect the answer to a submission", Try::Misdirect("vandel.L.service.submit", ""), ""),
];

const LAST_OPS: &str = "$JS.API.DIRECT.GET.VANDEL_FEED.vandel.L.feed.ops.heartbeat";

const FEED_SETTINGS: &str = r#"{"name":"VANDEL_FEED","subjects":["vandel.*.feed.ops.>"],"storage":"file",
    "num_replicas":1,"max_msgs_per_subject":1,"allow_direct":true}"#;

fn letter(role: Role) -> char {
    match role {
        Role::Sequencer => 'S',
        Role::Author => 'A',
        Role::Projector => 'P',
        Role::Auditor => 'U',
        Role::Dashboard => 'D',
        Role::CaseDashboard => 'C',
        Role::Operator => 'O',
    }
}

fn of_ledger(subject: &str) -> String {
    subject.replace("vandel.L.", &format!("vandel.{LEDGER}."))
}

fn ask(bus: &Bus, subject: &str, body: &Value) -> Value {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let answer: Value = serde_json::from_slice(&bus.request(subject, body).unwrap().payload).unwrap();
    assert!(answer.get("error").is_none(), "{subject}: {answer}");
    answer
}

fn make_stream(bus: &Bus, name: &str, subject: &str, more: Value) {
    let mut config = json!({"name": name, "subjects": [subject], "storage": "file", "num_replicas": 1});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ask(bus, &format!("$JS.API.STREAM.CREATE.{name}"), &config);
}

fn messages(bus: &Bus, stream: &str) -> u64 {
    let info = ask(bus, &format!("$JS.API.STREAM.INFO.{stream}"), &Value::Null);
    info["state"]["messages"].as_u64().unwrap()
}

/// Whether it worked. A refusal is one in the server's words; anything else fails the test.
fn works(bus: &Bus, attempt: Try, body: &str) -> bool {
    let client = bus.client();
    match attempt {
        Try::Publish(subject) => not_refused(bus, || {
            bus.block_on(client.publish(of_ledger(subject), body.as_bytes().to_vec().into())).unwrap();
        }),
        Try::Misdirect(subject, request) => not_refused(bus, || {
            let log = of_ledger("vandel.L.log");
            bus.block_on(client.publish_with_reply(of_ledger(subject), log, request.into())).unwrap();
        }),
        Try::Subscribe(subject) => not_refused(bus, || {
            drop(bus.block_on(client.subscribe(of_ledger(subject))).unwrap());
        }),
        Try::Ask(subject, request) => {
            let request = if body.is_empty() { of_ledger(request) } else { body.to_owned() };
            match bus.request(&of_ledger(subject), request.into_bytes()) {
                Ok(_) => true,
                Err(BusError::Denied { .. }) => false,
                Err(other) => panic!("{subject}: {other}"),
            }
        }
    }
}

/// Whether the server refuses nothing of what is done. It answers in order, and only refusals: so something
/// that it surely refuses is done last, and its refusal waited for.
fn not_refused(bus: &Bus, attempt: impl FnOnce()) -> bool {
    static FENCES: AtomicU64 = AtomicU64::new(0);
    let before = bus.refusals().0;
    attempt();
    let fence = format!("fence.{}", FENCES.fetch_add(1, Ordering::Relaxed));
    bus.block_on(bus.client().publish(fence.clone(), Vec::new().into())).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let (after, last) = bus.refusals();
        if last.contains(&format!("\"{fence}\"")) {
            return after == before + 1;
        }
        assert!(Instant::now() < deadline, "the server refuses nothing, not even {fence}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The body that an attempt needs to be carried out where it is allowed.
fn body_of(attempt: Try) -> String {
    match attempt {
        Try::Ask("$JS.API.STREAM.UPDATE.VANDEL_LOG", _) => json!({
            "name": LOG, "subjects": [of_ledger("vandel.L.log")], "storage": "file", "num_replicas": 1,
            "deny_delete": true, "deny_purge": true, "allow_direct": true, "description": "changed"
        })
        .to_string(),
        Try::Ask("$JS.API.STREAM.CREATE.TRAP", _) => {
            json!({"name": "TRAP", "subjects": [of_ledger("vandel.L.service.>")], "storage": "memory", "no_ack": true})
                .to_string()
        }
        Try::Ask("$JS.API.STREAM.CREATE.VANDEL_FEED", _) => FEED_SETTINGS.to_owned(),
        Try::Publish(_) => "a message".to_owned(),
        _ => String::new(),
    }
}

#[test]
fn each_role_can_do_what_it_needs_and_nothing_else() {
    let server = Secured::start();
    let buses: BTreeMap<char, Bus> =
        Role::ALL.into_iter().map(|role| (letter(role), server.connect(role).unwrap())).collect();
    let (sequencer, projector) = (&buses[&'S'], &buses[&'P']);
    let kept = json!({"deny_delete": true, "deny_purge": true, "allow_direct": true});
    make_stream(sequencer, LOG, &of_ledger("vandel.L.log"), kept.clone());
    make_stream(sequencer, CHECKPOINTS, &of_ledger("vandel.L.checkpoint"), kept);
    ask(sequencer, "$JS.API.STREAM.CREATE.VANDEL_FEED", &serde_json::from_str(FEED_SETTINGS).unwrap());
    for (bus, subject) in [
        (sequencer, "vandel.L.log"),
        (sequencer, "vandel.L.checkpoint"),
        (projector, "vandel.L.feed.ops.heartbeat"),
    ] {
        assert!(works(bus, Try::Publish(subject), "the first"), "{subject}");
    }
    let service = sequencer.clone();
    let subscribe =
        |subject: &str| sequencer.block_on(sequencer.client().subscribe(of_ledger(subject))).unwrap();
    let mut requests = futures_util::stream::select(subscribe("vandel.L.service.>"), subscribe("$SRV.PING"));
    sequencer.flush().unwrap();
    let answering = sequencer.runtime().spawn(async move {
        while let Some(request) = requests.next().await {
            if let Some(reply) = request.reply {
                let _ = service.client().publish(reply, "taken".into()).await;
            }
        }
    });

    let (mut allowed, mut refused, mut wrong) = (0, 0, Vec::new());
    for (what, attempt, roles) in TABLE {
        for role in Role::ALL {
            let expected = roles.contains(letter(role));
            let bus = &buses[&letter(role)];
            let before = messages(sequencer, LOG);
            let mut found = works(bus, *attempt, &body_of(*attempt));
            if let Try::Misdirect(subject, request) = attempt
                && found
            {
                // Allowed to ask; whether the answer goes astray shows once the same question is answered.
                let _ = bus.request(&of_ledger(subject), request.as_bytes().to_vec());
                found = messages(sequencer, LOG) > before;
            }
            if found == expected {
                *(if found { &mut allowed } else { &mut refused }) += 1;
            } else {
                wrong.push(format!("{}: {what}: {}", role.name(), if found { "allowed" } else { "refused" }));
            }
        }
    }
    assert!(wrong.is_empty(), "not as the table says:\n{}", wrong.join("\n"));

    // What was allowed took effect, and nothing else did: one message before, one by the sequencer, and
    // what those beside the log could misdirect onto it.
    let misdirected: usize = TABLE
        .iter()
        .filter(|(_, attempt, _)| matches!(attempt, Try::Misdirect(..)))
        .map(|(.., roles)| roles.len())
        .sum();
    assert_eq!(messages(sequencer, LOG), 2 + misdirected as u64, "the log holds what it should not");
    assert_eq!(messages(sequencer, CHECKPOINTS), 2);
    assert_eq!(messages(projector, "VANDEL_FEED"), 1, "more than the last value is kept");
    answering.abort();
    println!("permissions deep: {} trials, {allowed} allowed, {refused} refused", allowed + refused);
}

#[test]
fn events_and_answers_cross_accounts_and_nothing_else_does() {
    let server = Secured::start();
    let buses: BTreeMap<char, Bus> =
        Role::ALL.into_iter().map(|role| (letter(role), server.connect(role).unwrap())).collect();
    let projector = &buses[&'P'];
    let watch = |role: char, subject: &str| {
        let bus = &buses[&role];
        let mut subscriber = None;
        let allowed = not_refused(bus, || {
            subscriber = Some(bus.block_on(bus.client().subscribe(of_ledger(subject))).unwrap());
        });
        assert!(allowed, "{role} may not subscribe to {subject}");
        subscriber.unwrap()
    };
    let mut watching: Vec<_> = [
        ('D', "ops"),
        ('C', "ops"),
        ('A', "ops"),
        ('U', "ops"),
        ('O', "ops"),
        ('C', "case"),
        ('A', "case"),
        ('U', "case"),
    ]
    .into_iter()
    .map(|(role, scope)| (role, scope, watch(role, &format!("vandel.L.feed.{scope}.>"))))
    .collect();
    for scope in ["ops", "case"] {
        let subject = of_ledger(&format!("vandel.L.feed.{scope}.test"));
        projector.block_on(projector.client().publish(subject, scope.into())).unwrap();
    }
    projector.flush().unwrap();
    for (role, scope, subscriber) in &mut watching {
        let bus = &buses[role];
        let next = async { tokio::time::timeout(Duration::from_secs(60), subscriber.next()).await };
        let message = bus.block_on(next).expect("in time").expect("a message");
        assert_eq!(message.payload, scope.as_bytes(), "{role} watching {scope}");
    }
    println!("permissions deep: {} trials of events that must arrive", watching.len());
}

#[test]
fn nobody_connects_without_tls_a_known_key_and_the_right_authority() {
    let server = Secured::start();
    let mut trials = 0;
    let mut refuse = |what: &str, options: vandel_ledger::bus::BusOptions| {
        assert!(Bus::connect(&options).is_err(), "{what} was let in");
        trials += 1;
    };
    let mut options = server.options(Role::Sequencer);
    options.key = None;
    refuse("no key", options);

    let stranger = server.folder().join("stranger.nk");
    std::fs::write(&stranger, nkeys::KeyPair::new_user().seed().unwrap()).unwrap();
    let mut mode = std::fs::metadata(&stranger).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o600);
    std::fs::set_permissions(&stranger, mode).unwrap();
    let mut options = server.options(Role::Sequencer);
    options.key = Some(stranger);
    refuse("an unknown key", options);

    let mut options = server.options(Role::Sequencer);
    options.ca = None;
    refuse("a server whose authority is unknown", options);

    // TLS 1.2 is not spoken; 1.3 is.
    let port = server.url().rsplit(':').next().unwrap().to_owned();
    let websocket = server.websocket_url().rsplit(':').next().unwrap().to_owned();
    for (version, spoken) in [("-tls1_2", false), ("-tls1_3", true)] {
        let output = std::process::Command::new("openssl")
            .args(["s_client", "-connect", &format!("127.0.0.1:{websocket}"), version, "-CAfile"])
            .arg(server.ca())
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(
            text.contains("Verify return code: 0 (ok)") && output.status.success(),
            spoken,
            "{version}: {text}"
        );
        trials += 1;
    }
    assert_ne!(port, websocket);
    println!("permissions deep: {trials} trials of ways in");
}

#[test]
fn three_servers_from_the_cluster_template_keep_three_copies() {
    let cluster = SecuredCluster::start();
    let mut options = cluster.options(Role::Sequencer);
    // A cluster that has no leader yet is silent.
    options.request_timeout = Duration::from_secs(2);
    let bus = Bus::connect(&options).unwrap();
    // The cluster elects a leader for what it knows of itself first.
    let deadline = Instant::now() + Duration::from_secs(120);
    let config = json!({
        "name": LOG, "subjects": [of_ledger("vandel.L.log")], "storage": "file", "num_replicas": 3,
        "deny_delete": true, "deny_purge": true, "allow_direct": true
    });
    loop {
        let answer = bus.request(&format!("$JS.API.STREAM.CREATE.{LOG}"), config.to_string().into_bytes());
        let answer = answer.ok().and_then(|answer| serde_json::from_slice::<Value>(&answer.payload).ok());
        if answer.as_ref().is_some_and(|answer| answer.get("error").is_none()) {
            break;
        }
        assert!(Instant::now() < deadline, "no stream of three copies: {answer:?}\n{}", cluster.log());
        std::thread::sleep(Duration::from_millis(200));
    }
    bus.block_on(bus.client().publish(of_ledger("vandel.L.log"), "a block".into())).unwrap();
    let block = json!({"seq": 1}).to_string();
    while bus.request(&format!("$JS.API.STREAM.MSG.GET.{LOG}"), block.clone().into_bytes()).map_or(
        true,
        |answer| {
            answer
                .payload
                .starts_with(b"{\"type\":\"io.nats.jetstream.api.v1.stream_msg_get_response\",\"error\"")
        },
    ) {
        assert!(Instant::now() < deadline, "the block is not kept:\n{}", cluster.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(matches!(
        bus.request("$JS.API.STREAM.DELETE.VANDEL_LOG", Vec::new()),
        Err(BusError::Denied { .. })
    ));
    // Whoever is in another account reaches the stream through whichever server, also several blocks at once;
    // and still no answer goes astray.
    let auditor = Bus::connect(&cluster.options(Role::Auditor)).unwrap();
    let info = ask(&auditor, &format!("$JS.API.STREAM.INFO.{LOG}"), &Value::Null);
    assert_eq!(info["state"]["messages"], 1);
    bus.block_on(bus.client().publish(of_ledger("vandel.L.log"), "another".into())).unwrap();
    let several = json!({"seq": 1, "batch": 9}).to_string().into_bytes();
    loop {
        let limit = Duration::from_secs(2);
        let is_last = |message: &async_nats::Message| message.status.is_some();
        let subject = format!("$JS.API.DIRECT.GET.{LOG}");
        let blocks = auditor.block_on(auditor.gather(&subject, several.clone(), limit, is_last)).unwrap();
        if blocks.len() == 2 {
            break;
        }
        assert!(Instant::now() < deadline, "{} blocks of two:\n{}", blocks.len(), cluster.log());
    }
    assert!(works(&auditor, Try::Misdirect("$JS.API.STREAM.INFO.VANDEL_LOG", ""), ""));
    auditor.request(&format!("$JS.API.STREAM.INFO.{LOG}"), Vec::new()).unwrap();
    assert_eq!(messages(&bus, LOG), 2, "an answer went astray");
    println!("permissions deep: 3 servers from the cluster template, one stream of three copies");
}
