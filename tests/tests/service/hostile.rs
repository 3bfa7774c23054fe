//! A hostile broker: it copies everything, lays streams over the subjects, and answers in the ledger's name.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::jetstream::stream::Config;
use futures_util::StreamExt;
use vandel_core::signature::SigningKey;
use vandel_ledger::bus::{Bus, BusOptions, Role};
use vandel_ledger::client::{ClientError, nothing_seen};
use vandel_ledger::wire::intake::{Announcement, IntakeRefusal, KeyAnswer, KeyRequest};
use vandel_ledger::wire::sealed::IntakeSecret;
use vandel_ledger::wire::{Endpoint, WIRE_VERSION, subject};
use vandel_tests::canary::Canaries;
use vandel_tests::nats_server::NatsServer;
use vandel_tests::serving::Serving;
use vandel_tests::town::{NOW, Town};

use crate::{field, identity, told};

pub(crate) fn operator(server: &NatsServer) -> Bus {
    Bus::connect(&BusOptions::new(&server.url(), Role::Operator)).unwrap()
}

#[test]
fn whoever_copies_the_traffic_reads_nothing_and_a_stream_over_the_subjects_disturbs_nobody() {
    let (town, server) = (Town::found(), NatsServer::start());
    let bus = operator(&server);
    let serving = Serving::start(&town, &server.url(), &[]);
    // A stream laid over every request, as its administrator can; it acknowledges each to the asker.
    let laid = bus.block_on(async {
        async_nats::jetstream::new(bus.client().clone())
            .create_stream(Config {
                name: "COPY".to_owned(),
                subjects: vec!["vandel.*.service.>".to_owned()],
                ..Config::default()
            })
            .await
    });
    let mut stream = laid.unwrap();
    // And a copy of every message, answers and all.
    let copied = Arc::new(Mutex::new(Vec::<u8>::new()));
    let copy = Arc::clone(&copied);
    let mut all = bus.block_on(bus.client().subscribe(">")).unwrap();
    bus.flush().unwrap();
    bus.runtime().spawn(async move {
        while let Some(message) = all.next().await {
            let mut copy = copy.lock().unwrap();
            copy.extend_from_slice(message.subject.as_bytes());
            if let Some(headers) = &message.headers {
                copy.extend_from_slice(format!("{headers:?}").as_bytes());
            }
            copy.extend_from_slice(&message.payload);
        }
    });

    let file = identity(&town, "19961010-9945", "Kanariesson");
    let run = |person: &str, arguments: &[&str]| {
        let output = town.afar(&server.url(), person, arguments).output().unwrap();
        assert!(output.status.success(), "{}", told(&output));
        output
    };
    let opened = run(
        "handler",
        &[
            "--json",
            "case",
            "open",
            "--role",
            "SCHOOL",
            "--board",
            "Utbildningsförvaltningen",
            "--unit",
            "Kanariskolan",
            "--reference",
            "REK-2026-4711-KANARIE",
            "--identity",
            &file,
        ],
    );
    let handle = field(&opened, "handle").unwrap();
    let shown = run("decider", &["--json", "case", "show", &handle]);
    assert_eq!(field(&shown, "surname").as_deref(), Some("Kanariesson"));
    run("handler", &["--json", "case", "list"]);
    assert_eq!(serving.stop().code(), Some(0));

    let stored = bus.block_on(stream.info()).unwrap().state.messages;
    assert!(stored >= 10, "the stream holds {stored} requests");
    let mut canaries = Canaries::new();
    for word in
        ["Kanariesson", "Kanariskolan", "REK-2026-4711-KANARIE", "Utbildningsförvaltningen", "case_opened"]
    {
        canaries.add(word);
    }
    canaries.add(&handle);
    canaries.add_number("199610109945");
    let copied = copied.lock().unwrap();
    let finds = canaries.search(&copied);
    assert!(finds.is_empty(), "{finds:?}");
    // The search does find what is there: the key answers are in clear.
    let mut known = Canaries::new();
    known.add("vandel/");
    assert!(!known.search(&copied).is_empty());
    println!(
        "deep: {} bytes of {stored} copied requests and their answers searched for {} needles",
        copied.len(),
        canaries.len()
    );
}

/// Answers for the intake key in the ledger's name, and notes what is then sealed to it.
fn impostor(
    bus: &Bus,
    origin: &str,
    answer: impl Fn(KeyRequest) -> KeyAnswer + Send + 'static,
) -> Arc<Mutex<usize>> {
    let caught = Arc::new(Mutex::new(0));
    let client = bus.client().clone();
    let mut keys = bus.block_on(client.subscribe(subject(origin, Endpoint::Key))).unwrap();
    for what in [Endpoint::Prepare, Endpoint::Submit] {
        let mut requests = bus.block_on(client.subscribe(subject(origin, what))).unwrap();
        let caught = Arc::clone(&caught);
        bus.runtime().spawn(async move {
            while requests.next().await.is_some() {
                *caught.lock().unwrap() += 1;
            }
        });
    }
    bus.flush().unwrap();
    bus.runtime().spawn(async move {
        while let Some(request) = keys.next().await {
            let (Ok(asked), Some(reply)) = (KeyRequest::decode(&request.payload), request.reply) else {
                continue;
            };
            client.publish(reply, answer(asked).encode().into()).await.unwrap();
        }
    });
    caught
}

#[test]
fn nothing_is_sealed_to_a_substituted_intake_key() {
    let (town, server) = (Town::found(), NatsServer::start());
    let bus = operator(&server);
    // What the real service answers, to be replayed and changed.
    let serving = Serving::start(&town, &server.url(), &[]);
    let origin = town.trust().logs()[0].key.name().to_owned();
    let request = KeyRequest { version: WIRE_VERSION, seen: 0 }.encode();
    let real =
        KeyAnswer::decode(&bus.request(&subject(&origin, Endpoint::Key), request).unwrap().payload).unwrap();
    assert_eq!(serving.stop().code(), Some(0));

    let announced = Announcement::decode(&real.announcement).unwrap();
    let (mine, stranger) = (IntakeSecret::generate().public(), SigningKey::from_bytes(&[9; 32]));
    let signed = |announcement: Announcement| {
        let signed = announcement.sign(&stranger, &stranger);
        KeyAnswer {
            announcement: signed.bytes,
            by_service: signed.by_service,
            by_log: signed.by_log,
            ..real.clone()
        }
    };
    let own_service = Announcement::of(announced.ledger, mine, NOW, 3_600, &stranger);
    let answers = [
        (
            "the key alone exchanged",
            KeyAnswer { announcement: Announcement { key: mine, ..announced }.encode(), ..real.clone() },
        ),
        ("signed by a stranger in the service's name", signed(Announcement { key: mine, ..announced })),
        ("by a service of the impostor's own", signed(own_service)),
    ];
    let mut trials = 0;
    for (what, answer) in answers {
        let bus = operator(&server);
        let caught = impostor(&bus, &origin, move |_| answer.clone());
        let file = identity(&town, "19961010-9945", "Kanariesson");
        let refused = town.afar(
            &server.url(),
            "handler",
            &[
                "--json",
                "case",
                "open",
                "--role",
                "SCHOOL",
                "--board",
                "Utbildningsförvaltningen",
                "--unit",
                "Norra",
                "--reference",
                "REK-1",
                "--identity",
                &file,
            ],
        );
        let refused = { refused }.output().unwrap();
        assert_eq!(refused.status.code(), Some(3), "{what}: {}", told(&refused));
        assert_eq!(field(&refused, "code").as_deref(), Some("intake-key"), "{what}");
        let mut client = town.client(&server.url());
        let refusal = client
            .submit(nothing_seen(), &[])
            .err()
            .or_else(|| client.intake(nothing_seen()).map(|_| ()).err());
        assert!(matches!(refusal, Some(ClientError::Intake(_))), "{what}: {refusal:?}");
        bus.flush().unwrap();
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(*caught.lock().unwrap(), 0, "{what}: something was sent");
        trials += 1;
    }
    // The real answer, shown after its time: an author whose clock is right refuses it.
    let bus = operator(&server);
    let caught = impostor(&bus, &origin, move |_| real.clone());
    let late = town
        .afar(&server.url(), "handler", &["--json", "case", "list"])
        .env("VANDEL_CLOCK", "2026-03-21")
        .output()
        .unwrap();
    assert_eq!(late.status.code(), Some(4), "{}", told(&late));
    let mut client = town.client(&server.url());
    assert!(client.intake(nothing_seen()).is_ok(), "in its time it is good");
    assert_eq!(*caught.lock().unwrap(), 0);
    // An author who has seen more of the ledger than the answer shows is not taken back to it.
    let seen = vandel_core::statement::Seen { size: 10_000, ..nothing_seen() };
    let mut client = town.client(&server.url());
    let back = client.intake(seen).map(|_| ()).unwrap_err();
    assert!(matches!(back, ClientError::Intake(IntakeRefusal::DoesNotExtend { .. })), "{back}");
    println!("deep: {} intake keys substituted or shown out of time, nothing sealed to any", trials + 2);
}
