//! A witness in trouble shows in the metrics of the instance that serves.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use vandel_tests::nats_server::free_ports;
use vandel_tests::serving::Serving;
use vandel_tests::witnesses::Manner;

use crate::Scene;
use crate::author::Author;

fn scrape(port: u16) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// Hands in steps until the metrics have these lines: an honest witness may be late once on a busy machine.
fn await_lines(port: u16, author: &mut Author, lines: &[&str]) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        author.step();
        // They are brought up to date once a second.
        std::thread::sleep(Duration::from_millis(1_500));
        let text = scrape(port);
        if lines.iter().all(|wanted| text.lines().any(|line| line == *wanted)) {
            return;
        }
        assert!(Instant::now() < deadline, "{lines:?} are not all in:\n{text}");
    }
}

#[test]
fn a_witness_in_trouble_shows_in_the_metrics() {
    let scene = Scene::new();
    let (url, [port]) = (scene.server.url(), free_ports());
    let serving = Serving::start(&scene.town, &url, &["--metrics", &format!("127.0.0.1:{port}")]);
    let mut author = Author::new(&scene.town, &url, 0x74);
    await_lines(port, &mut author, &["vandel_witnesses 3", "vandel_witness_troubles 0"]);
    scene.witnesses[1].behave(Manner::Down);
    await_lines(
        port,
        &mut author,
        &["vandel_witnesses 3", "vandel_witness_troubles 1", "vandel_witness_cosignatures 2"],
    );
    scene.witnesses[1].behave(Manner::Honest);
    await_lines(port, &mut author, &["vandel_witness_troubles 0"]);
    assert!(serving.stop().success());
}
