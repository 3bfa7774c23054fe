//! Authors at work: two at once, refusals with their paragraph, conflicts, limits.

use std::time::Duration;

use vandel_core::event::{Kind, Process, Step};
use vandel_core::signature::public_key;
use vandel_ledger::author::sign_step;
use vandel_ledger::client::{ClientError, Patience, nothing_seen};
use vandel_ledger::inquiry::{Content, Question, Reply};
use vandel_ledger::refused::RefusedClass;
use vandel_tests::nats_server::NatsServer;
use vandel_tests::serving::Serving;
use vandel_tests::town::Town;

use crate::{field, identity, told, verify_with};

fn open_case(town: &Town, url: &str, person: &str, number: &str, reference: &str) -> String {
    let file = identity(town, number, "Kanariesson");
    let receipts = town.path("receipts");
    let arguments = [
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
        reference,
        "--identity",
        &file,
        "--receipts",
        &receipts,
    ];
    let output = town.afar(url, person, &arguments).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    field(&output, "handle").unwrap()
}

#[test]
fn two_authors_at_once_take_steps_read_and_are_refused_with_the_paragraph() {
    let (town, server) = (Town::found(), NatsServer::start());
    let url = server.url();
    let serving = Serving::start(&town, &url, &[]);
    // Each a process, at the same time.
    let handles = std::thread::scope(|scope| {
        let authors = [("handler", "19961010-9945", "REK-1"), ("decider", "19850709-9805", "REK-2")];
        let running: Vec<_> = authors
            .map(|(person, number, reference)| {
                let (town, url) = (&town, &url);
                scope.spawn(move || open_case(town, url, person, number, reference))
            })
            .into_iter()
            .collect();
        running.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
    });
    let run = |person: &str, arguments: &[&str]| town.afar(&url, person, arguments).output().unwrap();
    let shown = run(
        "decider",
        &[
            "--json",
            "case",
            "shown",
            &handles[0],
            "--issued",
            "2026-02-01",
            "--authenticity",
            "control-service",
        ],
    );
    assert!(shown.status.success(), "{}", told(&shown));

    // What the law of schools forbids to record is refused far away like at home.
    let refused = run("handler", &["--json", "case", "inform", &handles[1]]);
    assert_eq!(refused.status.code(), Some(8), "{}", told(&refused));
    assert!(field(&refused, "paragraph").unwrap().contains("2010:800"), "{}", told(&refused));
    assert_eq!(field(&refused, "code").as_deref(), Some("kind-not-recordable"));
    let unknown = run("handler", &["--json", "case", "close", "K-0000-0000"]);
    assert_eq!(unknown.status.code(), Some(7), "{}", told(&unknown));
    // Somebody who opens no case is not even told where one stands.
    let officer = run("admin-0", &["--json", "case", "close", &handles[0]]);
    assert_eq!(officer.status.code(), Some(6), "{}", told(&officer));

    let show = run("decider", &["--json", "case", "show", &handles[0]]);
    assert_eq!(field(&show, "surname").as_deref(), Some("Kanariesson"), "{}", told(&show));
    assert_eq!(field(&show, "status").as_deref(), Some("noted"));
    let timeline = run("handler", &["--json", "case", "timeline", &handles[0]]);
    assert_eq!(field(&timeline, "steps").as_deref(), Some("2"), "{}", told(&timeline));
    let list = run("handler", &["--json", "case", "list"]);
    assert_eq!(field(&list, "cases").as_deref(), Some("2"), "{}", told(&list));
    let holds = ["hold", "place", &handles[1], "--ground", "dispute", "--review", "2026-09-01"];
    let placed = run("handler", &holds);
    assert!(placed.status.success(), "{}", told(&placed));
    let listed = run("decider", &["--json", "hold", "list"]);
    assert_eq!(field(&listed, "holds").as_deref(), Some("1"), "{}", told(&listed));
    // What is done in the home alone says so.
    let mut add = town.command(&["--json", "directory", "add", "controller", "Kultur", "--nats", &url]);
    let add = add.env_remove("VANDEL_HOME").output().unwrap();
    assert_eq!(
        (add.status.code(), field(&add, "code").as_deref()),
        (Some(2), Some("home-only")),
        "{}",
        told(&add)
    );

    let status = serving.stop();
    assert_eq!(status.code(), Some(0), "SIGTERM is an end in order");
    // Readings were recorded before anything was shown: four of them stand in the ledger.
    let (exit, report) = verify_with(&town, town.path("receipts").as_ref());
    assert_eq!(exit, Some(0), "{report}");
    let at_home = town.run(
        &town
            .by("handler", &["--json", "case", "timeline", &handles[0]])
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    );
    assert_eq!(field(&at_home, "steps").as_deref(), Some("2"), "{}", told(&at_home));
}

#[test]
fn an_export_goes_over_nats_once() {
    let (town, server) = (Town::found(), NatsServer::start());
    let serving = Serving::start(&town, &server.url(), &[]);
    let file = vandel_tests::town::repository("cli/tests/data/hr-export-utf8.csv");
    let arguments = ["--json", "case", "import", &file.to_string_lossy()];
    let run = || {
        let output = town.afar(&server.url(), "handler", &arguments).output().unwrap();
        assert!(output.status.success(), "{}", told(&output));
        ["opened", "known", "refused"].map(|name| field(&output, name).unwrap().parse::<usize>().unwrap())
    };
    let [opened, known, refused] = run();
    assert!(opened > 150 && known == 0 && opened + refused == 321, "{opened} {known} {refused}");
    assert_eq!(run(), [0, opened, refused]);
    assert_eq!(serving.stop_by("-INT").code(), Some(130), "interrupted, and in order all the same");
    assert_eq!(town.verify().0, Some(0));
}

#[test]
fn conflicts_limits_and_questions_beyond_ones_roles_get_clear_answers() {
    let (town, server) = (Town::found(), NatsServer::start());
    let url = server.url();
    let serving = Serving::start(&town, &url, &["--inquiries", "1"]);
    let handle = open_case(&town, &url, "handler", "19961010-9945", "REK-1");
    let (mut client, key) = (town.client(&url), town.key("decider"));
    let question = Question::Case { handle: handle.clone() };
    let (standpoint, reply) = client.ask(&key, &[nothing_seen()], question.clone()).unwrap();
    let Reply::Case(case) = reply.unwrap() else { panic!("another reply") };
    let close = || {
        let mut step = Step::new(case.head.spine(Kind::CaseClosed, "2026-03-20".parse().unwrap()));
        step.process = Some(Process::CaseClosed);
        sign_step(&standpoint, &key, None, &step, None).unwrap().submission
    };
    // Two who have read the same case: the second one is told that somebody was quicker.
    let (first, second) = (close(), close());
    let answers = client.submit(nothing_seen(), &[vec![first.clone()], vec![second]]).unwrap();
    let receipt = answers[0].clone().unwrap().remove(0);
    let refused = answers[1].clone().unwrap_err();
    assert_eq!((refused.class, &*refused.code), (RefusedClass::Conflict, "conflict"));
    // Sent again, the first one gets its first receipt.
    let again = client.submit(nothing_seen(), &[vec![first]]).unwrap().remove(0).unwrap().remove(0);
    assert_eq!((again.record, again.hash), (receipt.record, receipt.hash));

    // A key that is not enrolled learns nothing, and a reading must be the asker's own.
    let stranger = vandel_ledger::signer::generate().unwrap();
    let (_, reply) = client.ask(&stranger, &[], question.clone()).unwrap();
    assert_eq!(reply.map(|_| ()).unwrap_err().code, "key");
    let (_, own) =
        client.ask(&town.key("handler"), &[], Question::Own(public_key(&town.key("handler")))).unwrap();
    let Reply::Own(own) = own.unwrap() else { panic!("another reply") };
    let mut step = Step::new(own.readings.spine(Kind::RecordRead, "2026-03-20".parse().unwrap()));
    step.reading = Some(vandel_core::event::Reading {
        thread: Some(case.head.thread),
        purpose: vandel_core::event::Purpose::Handling,
        remark: String::new(),
        compartments: vec![vandel_core::event::Compartment::Spine],
        count: 1,
    });
    let reading = sign_step(&standpoint, &town.key("handler"), None, &step, None).unwrap().submission;
    let content = Content::Case { handle };
    let borrowed = client.read(&key, nothing_seen(), content.clone(), reading.clone()).unwrap();
    assert_eq!(borrowed.map(|_| ()).unwrap_err().code, "key");
    // A reading of the spine shows no identity.
    let narrow = client.read(&town.key("handler"), nothing_seen(), content, reading).unwrap();
    assert_eq!(narrow.map(|_| ()).unwrap_err().code, "reading");

    // Too many inquiries: turned away with a time to come back, and served when that has passed.
    client.patience = Patience { answer: Duration::from_secs(20), whole: Duration::ZERO };
    let busy = (0..50).find_map(|_| client.ask(&key, &[], question.clone()).err());
    assert!(matches!(busy, Some(ClientError::Busy { .. })), "{busy:?}");
    client.patience.whole = Duration::from_secs(60);
    client.ask(&key, &[], question).unwrap().1.unwrap();
    assert_eq!(serving.stop().code(), Some(0));
}
