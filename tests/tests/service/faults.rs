//! Stops and kills under load: what was acknowledged is in the log, and nothing is there twice.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use vandel_core::block::Block;
use vandel_core::hash::Hash;
use vandel_ledger::client::{ClientError, nothing_seen};
use vandel_ledger::disk::RealDisk;
use vandel_ledger::log::file::FileLog;
use vandel_tests::assessor::{Assessor, keep_receipt};
use vandel_tests::folders::copy_folder;
use vandel_tests::nats_server::NatsServer;
use vandel_tests::random::Random;
use vandel_tests::serving::Serving;
use vandel_tests::town::Town;

use crate::{deep, field, identity, told, verify_with};

/// Authors at work until they are told to stop; what they had acknowledged.
fn work(
    town: &Town,
    url: &str,
    authors: u8,
    first: u8,
    meanwhile: impl FnOnce(&AtomicBool),
) -> (Vec<Hash>, Vec<ClientError>) {
    let (stop, acknowledged, errors) =
        (AtomicBool::new(false), Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let folder = town.path("receipts");
    std::thread::scope(|scope| {
        for number in 0..authors {
            let (stop, acknowledged, errors, folder) = (&stop, &acknowledged, &errors, &folder);
            scope.spawn(move || {
                let mut client = town.client(url);
                let mut position = Assessor::new(&mut client, town, first + number);
                while !stop.load(Ordering::Relaxed) {
                    let (submission, hash) = position.next();
                    match client.submit(nothing_seen(), &[vec![submission]]) {
                        Ok(mut answers) => {
                            let receipt = answers.remove(0).unwrap().remove(0);
                            keep_receipt(folder.as_ref(), &receipt);
                            acknowledged.lock().unwrap().push(hash);
                            position.taken(hash);
                        }
                        Err(error) => {
                            errors.lock().unwrap().push(error);
                            return;
                        }
                    }
                }
            });
        }
        meanwhile(&stop);
        stop.store(true, Ordering::Relaxed);
    });
    (acknowledged.into_inner().unwrap(), errors.into_inner().unwrap())
}

/// What stands in the log, each statement once.
fn standing(town: &Town) -> BTreeSet<Hash> {
    let disk: std::sync::Arc<dyn vandel_ledger::disk::Disk> = std::sync::Arc::new(RealDisk);
    let mut found = BTreeSet::new();
    for placed in FileLog::open_read_only(disk, &town.home().join("log"), None).unwrap() {
        let bytes = placed.unwrap().bytes;
        for record in &Block::decode(&bytes).unwrap().records {
            assert!(found.insert(record.statement.hash()), "record {} stands twice", record.number);
        }
    }
    found
}

fn wait_for(town: &Town, receipts: usize) {
    let folder = town.path("receipts");
    let count = || std::fs::read_dir(&folder).map_or(0, Iterator::count);
    let deadline = std::time::Instant::now() + Duration::from_secs(120);
    while count() < receipts {
        assert!(std::time::Instant::now() < deadline, "only {} receipts came", count());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_service_that_is_stopped_under_load_finishes_what_it_took() {
    let (town, server) = (Town::found(), NatsServer::start());
    let mut serving = Some(Serving::start(&town, &server.url(), &[]));
    let before = standing(&town).len();
    let (acknowledged, errors) = work(&town, &server.url(), 6, 50, |stop| {
        wait_for(&town, deep(60, 600));
        // Authors whose step is on its way wait for the next instance and send it again.
        stop.store(true, Ordering::Relaxed);
        assert_eq!(serving.take().unwrap().stop().code(), Some(0));
        serving = Some(Serving::start(&town, &server.url(), &[]));
    });
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(serving.unwrap().stop().code(), Some(0));
    let stands = standing(&town);
    assert!(acknowledged.iter().all(|hash| stands.contains(hash)));
    assert_eq!(
        stands.len(),
        before + acknowledged.len(),
        "ends in order need no new start, and nothing else came"
    );
    let (exit, report) = verify_with(&town, town.path("receipts").as_ref());
    assert_eq!(exit, Some(0), "{report}");
    println!(
        "deep: stopped in order under load of 6 authors, {} statements acknowledged",
        acknowledged.len()
    );
}

/// How many records a verification of the home finds, and finds in order.
fn verified(town: &Town) -> u64 {
    let trust = town.trust_file();
    let arguments =
        ["--json", "verify", "--trust", &trust.to_string_lossy(), "--receipts", &town.path("receipts")];
    let output = town.run(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    report["anchor"]["size"].as_u64().unwrap_or_else(|| panic!("{report}"))
}

/// Kills the service again and again while authors work; gives how many statements were acknowledged.
fn kill_under_load(town: &Town, url: &str, kills: usize) -> Vec<Hash> {
    let mut random = Random::seeded(20_261_125);
    let mut serving = Some(Serving::start(town, url, &[]));
    let (acknowledged, errors) = work(town, url, 5, 80, |_| {
        for round in 1..=kills {
            wait_for(town, round * 15);
            std::thread::sleep(Duration::from_millis(random.below(60) as u64));
            serving.take().unwrap().kill();
            serving = Some(Serving::start(town, url, &[]));
        }
        wait_for(town, (kills + 1) * 15);
    });
    // Every author had an answer in the end: the step was sent again, and has one receipt.
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(serving.unwrap().stop().code(), Some(0));
    acknowledged
}

#[test]
fn a_service_killed_at_any_moment_loses_nothing_and_takes_nothing_twice() {
    let (town, server) = (Town::found(), NatsServer::start());
    let kills = deep(3, 60);
    let before = standing(&town).len();
    let acknowledged = kill_under_load(&town, &server.url(), kills);
    let stands = standing(&town);
    assert!(acknowledged.iter().all(|hash| stands.contains(hash)));
    // Each kill adds the start of the next instance, and nothing else is there that nobody was told of.
    assert_eq!(stands.len(), before + acknowledged.len() + kills);
    assert_eq!(verified(&town), stands.len() as u64);
    println!(
        "deep: {kills} times the service was killed under load, {} statements acknowledged",
        acknowledged.len()
    );
}

#[test]
fn a_service_on_jetstream_killed_at_any_moment_loses_nothing_and_a_lost_tail_is_named() {
    let mut server = NatsServer::start();
    let town = Town::found_on(&server);
    let (kills, before) = (deep(2, 40), verified_without_receipts(&town));
    let acknowledged = kill_under_load(&town, &server.url(), kills);
    let size = verified(&town);
    assert_eq!(size, before + (acknowledged.len() + kills) as u64);

    // The broker goes back to an older store: what authors were promised since is missed, by number.
    server.stop();
    let (store, older) = (server.store(), server.folder().join("older"));
    copy_folder(&store, &older);
    server.restart();
    let serving = Serving::start(&town, &server.url(), &[]);
    let (since, errors) = work(&town, &server.url(), 2, 120, |_| {
        wait_for(&town, acknowledged.len() + 6);
    });
    assert!(errors.is_empty() && since.len() >= 6);
    assert_eq!(serving.stop().code(), Some(0));
    server.stop();
    std::fs::remove_dir_all(&store).unwrap();
    std::fs::rename(&older, &store).unwrap();
    server.restart();
    let trust = town.trust_file();
    let arguments = ["verify", "--trust", &trust.to_string_lossy(), "--receipts", &town.path("receipts")];
    let mut alone = town.command(&arguments);
    let alone = alone.env_remove("VANDEL_HOME").output().unwrap();
    assert_eq!(alone.status.code(), Some(3), "{}", told(&alone));
    let missed = (size..size + 6).filter(|record| told(&alone).contains(&record.to_string())).count();
    assert!(missed > 0, "no lost record is named: {}", told(&alone));
    // And the service does not go on from there.
    let refused = town.run(&["serve"]);
    assert_eq!(refused.status.code(), Some(3), "{}", told(&refused));
    println!(
        "deep: {kills} times the service on JetStream was killed under load, {} statements acknowledged; then {} lost and missed",
        acknowledged.len(),
        since.len()
    );
}

fn verified_without_receipts(town: &Town) -> u64 {
    std::fs::create_dir_all(town.path("receipts")).unwrap();
    verified(town)
}

#[test]
fn authors_killed_at_any_moment_leave_whole_cases_and_receipts_that_hold() {
    let (town, server) = (Town::found(), NatsServer::start());
    let serving = Serving::start(&town, &server.url(), &[]);
    let (rounds, mut random) = (deep(12, 200), Random::seeded(4_711));
    let (mut acknowledged, mut killed) = (Vec::new(), 0);
    let folder = town.path("receipts");
    for round in 0..rounds {
        let file = identity(&town, "19961010-9945", "Kanariesson");
        let reference = format!("REK-{round}");
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
            &reference,
            "--identity",
            &file,
            "--receipts",
            &folder,
        ];
        let mut command = town.afar(&server.url(), "handler", &arguments);
        let mut child =
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(random.below(160) as u64));
        killed += usize::from(child.try_wait().unwrap().is_none());
        let _ = child.kill();
        let output = child.wait_with_output().unwrap();
        acknowledged.extend(field(&output, "handle"));
    }
    let listed =
        town.afar(&server.url(), "handler", &["--json", "case", "list", "--limit", "1000"]).output().unwrap();
    assert!(listed.status.success(), "{}", told(&listed));
    let printed = told(&listed);
    let handles: Vec<&str> =
        acknowledged.iter().map(String::as_str).filter(|handle| printed.contains(handle)).collect();
    assert_eq!(handles.len(), acknowledged.len(), "a case that was told of is missing");
    let cases: usize = field(&listed, "cases").unwrap().parse().unwrap();
    assert!(cases <= rounds);
    assert_eq!(serving.stop().code(), Some(0));
    standing(&town);
    std::fs::create_dir_all(&folder).unwrap();
    let (exit, report) = verify_with(&town, folder.as_ref());
    assert_eq!(exit, Some(0), "{report}");
    println!(
        "deep: {rounds} authors, {killed} of them killed at work, {} cases told, {cases} there",
        acknowledged.len()
    );
}
