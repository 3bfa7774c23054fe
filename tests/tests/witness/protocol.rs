//! `vandel witness serve` over real TCP: each status that C2SP tlog-witness asks for, a foreign client, races.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use vandel_core::witness::take_cosignature;
use vandel_tests::witnesses::{Answer, Connection, ServedWitness, python_witness};

use crate::heads::{Heads, ORIGIN, log_key};

fn submit(witness: &ServedWitness, body: &str) -> Answer {
    Connection::open(witness.address()).unwrap().submit(body).unwrap()
}

#[test]
fn every_answer_is_the_one_that_the_specification_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let witness = ServedWitness::start(&folder.path().join("w"), "witness.example/w1", &[], &[]);
    let (heads, other) = (Heads::new(40, 40, 0), Heads::new(40, 3, 1));
    // A log that is not known yet, and is from then on, without a restart.
    assert_eq!(submit(&witness, &heads.request(0, 5)).status, 404);
    witness.add_log(&log_key().to_string());
    // Several requests on one connection.
    let mut connection = Connection::open(witness.address()).unwrap();
    let first = connection.submit(&heads.request(0, 5)).unwrap();
    assert_eq!(first.status, 200, "{first:?}");
    let text = heads.checkpoint(5).to_string();
    let (_, time) = take_cosignature(&text, witness.key(), &first.body).unwrap();
    assert!(time.0 > 1_600_000_000, "a real second");
    let conflict = |answer: &Answer, size: &str| {
        assert_eq!((answer.status, answer.header("content-type")), (409, "text/x.tlog.size"), "{answer:?}");
        assert_eq!(answer.body, size);
    };
    conflict(&connection.submit(&heads.request(0, 9)).unwrap(), "5\n");
    conflict(&connection.submit(&heads.request(3, 9)).unwrap(), "5\n");
    conflict(&connection.submit(&heads.request(5, 5).replace("old 5", "old 0")).unwrap(), "5\n");
    assert_eq!(connection.submit(&other.request(5, 9)).unwrap().status, 422);
    assert_eq!(connection.submit(&heads.request(9, 5)).unwrap().status, 400);
    let again = connection.submit(&heads.request(5, 5)).unwrap();
    assert_eq!(again.status, 200, "the same size and root are cosigned again");
    conflict(&connection.submit(&other.request(5, 5)).unwrap(), "5\n");
    assert_eq!(connection.submit(&heads.request(5, 33)).unwrap().status, 200);
    conflict(&connection.submit(&heads.request(5, 9)).unwrap(), "33\n");
    // What is no request, or not signed by the log.
    assert_eq!(connection.submit("nonsense").unwrap().status, 400);
    let forged = heads.request(33, 34).replacen("\n34\n", "\n35\n", 1);
    assert_eq!(connection.submit(&forged).unwrap().status, 403);
    assert_eq!(connection.submit(&heads.request(33, 34).replace(ORIGIN, "vandel/x")).unwrap().status, 404);
    assert_eq!(connection.exchange(b"GET /healthz HTTP/1.1\r\nHost: w\r\n\r\n").unwrap().status, 200);
    assert_eq!(connection.exchange(b"GET /add-checkpoint HTTP/1.1\r\nHost: w\r\n\r\n").unwrap().status, 405);
    assert_eq!(connection.exchange(b"GET /else HTTP/1.1\r\nHost: w\r\n\r\n").unwrap().status, 404);
    // A long proof of junk within the limits is a wrong proof; a body beyond them is not read.
    let hash = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n";
    let note = heads.request(33, 34).split_once("\n\n").unwrap().1.to_owned();
    let with_lines = |count: usize| format!("old 33\n{}\n{note}", hash.repeat(count));
    assert_eq!(submit(&witness, &with_lines(63)).status, 422);
    assert_eq!(submit(&witness, &with_lines(64)).status, 400);
    assert_eq!(submit(&witness, &"x".repeat(64 * 1024 + 1)).status, 413);
    // Nothing of this has moved it.
    assert_eq!(submit(&witness, &heads.request(33, 34)).status, 200);
}

#[test]
fn a_foreign_client_is_understood_and_understands() {
    let folder = tempfile::tempdir().unwrap();
    let witness = ServedWitness::start(&folder.path().join("w"), "witness.example/w1", &[&log_key()], &[]);
    let heads = Heads::new(40, 40, 0);
    let foreign = |body: String| -> serde_json::Value {
        let mut child = Command::new("python3")
            .arg(python_witness())
            .args(["submit", &witness.url(), &witness.key().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let cosigned = foreign(heads.request(0, 7));
    assert_eq!((&cosigned["status"], &cosigned["size"]), (&200.into(), &7.into()), "{cosigned}");
    assert_eq!(cosigned["root"], heads.checkpoint(7).root().to_string());
    let behind = foreign(heads.request(0, 20));
    assert_eq!((&behind["status"], &behind["body"]), (&409.into(), &"7\n".into()), "{behind}");
    assert_eq!(foreign(heads.request(7, 20))["status"], 200);
}

#[test]
fn who_races_gets_one_history() {
    let folder = tempfile::tempdir().unwrap();
    let witness = ServedWitness::start(&folder.path().join("w"), "witness.example/w1", &[&log_key()], &[]);
    let rounds = if std::env::var_os("VANDEL_DEEP").is_some() { 200 } else { 12 };
    let mut history: Vec<u8> = Vec::new();
    for round in 0..rounds {
        // All extend the same size, each with another history, and only one may.
        let winners = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for kind in 0..6 {
                let (winners, witness, history) = (&winners, &witness, &history);
                scope.spawn(move || {
                    let heads = Heads::of(&[history, &[kind][..]].concat());
                    let answer = submit(witness, &heads.request(round, round + 1));
                    assert!(matches!(answer.status, 200 | 409), "{answer:?}");
                    if answer.status == 200 {
                        winners.lock().unwrap().push(kind);
                    }
                });
            }
        });
        let winners = winners.into_inner().unwrap();
        assert_eq!(winners.len(), 1, "round {round}: {winners:?}");
        history.extend(winners);
    }
    println!("witness deep: {rounds} races of 6 histories, one winner each");
}

#[test]
fn a_log_that_asks_too_often_waits_and_others_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let witness =
        ServedWitness::start(&folder.path().join("w"), "witness.example/w1", &[&log_key()], &["--rate", "1"]);
    let heads = Heads::new(9, 9, 0);
    let mut connection = Connection::open(witness.address()).unwrap();
    let answers: Vec<Answer> = (0..40).map(|_| connection.submit(&heads.request(0, 1)).unwrap()).collect();
    let turned_away = answers.iter().find(|answer| answer.status == 429).expect("40 at once are too many");
    assert_eq!(turned_away.header("retry-after"), "1");
    // Whoever can't sign for the log does not use up its share, and is told what is wrong.
    assert_eq!(connection.submit(&heads.request(0, 1).replace(ORIGIN, "vandel/x")).unwrap().status, 404);
}
