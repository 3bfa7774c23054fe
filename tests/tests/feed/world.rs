//! A feed's surroundings: the service as a process, watchers, a town that records.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::Value;
use vandel_ledger::bus::{Bus, Role};
use vandel_projector::feed::outlet::ensure_stream;
use vandel_tests::secured::Secured;
use vandel_tests::town::{Town, repository};

/// How long anything may take: long, since the machine may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// `vandel feed serve` on a home; it dies with its handle.
pub(crate) struct Service {
    pub(crate) child: Child,
    errors: Receiver<String>,
    said: Vec<String>,
}

impl Service {
    pub(crate) fn start(town: &Town, server: &Secured, home: &Path, more: &[&str]) -> Self {
        // As `vandel serve` does, which need not run here.
        ensure_stream(&server.connect(Role::Sequencer).unwrap(), 1).unwrap();
        let mut command = town.command(&["feed", "serve", "--interval", "1"]);
        command.args(more).args(access(server, Role::Projector)).env("VANDEL_HOME", home);
        Self::run(command)
    }

    pub(crate) fn run(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let (sender, errors) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, errors, said: Vec::new() }
    }

    /// Waits until it says something.
    pub(crate) fn await_words(&mut self, words: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.errors.recv_timeout(left);
            let line = line.unwrap_or_else(|_| panic!("it does not say {words:?}, but: {:#?}", self.said));
            self.said.push(line.clone());
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Waits for its end.
    pub(crate) fn exit(mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.said.extend(self.errors.iter());
                return (status.code(), self.said.join("\n"));
            }
            assert!(Instant::now() < deadline, "it does not end: {:#?}", self.said);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn terminate(self) -> (Option<i32>, String) {
        let signal = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &signal]).status().unwrap().success());
        self.exit()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Arguments to reach the server in a role.
pub(crate) fn access(server: &Secured, role: Role) -> Vec<String> {
    let path = |path: PathBuf| path.to_string_lossy().into_owned();
    let key = ["--nats-key".to_owned(), path(server.seed(role))];
    let ca = ["--nats-ca".to_owned(), path(server.ca())];
    [vec!["--nats".to_owned(), server.url()], key.to_vec(), ca.to_vec()].concat()
}

pub(crate) fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").args(["-r".as_ref(), from.as_os_str(), to.as_os_str()]).status().unwrap();
    assert!(copied.success());
}

pub(crate) fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The numbers of a home's sealed records, from one on.
pub(crate) fn sealed(town: &Town, from: u64) -> BTreeSet<u64> {
    let arguments =
        ["--json", "feed", "tail", "--no-follow", "--kind", "recorded", "--from", &from.to_string()];
    let output = town.run(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    lines(&output).iter().filter_map(|event| event["data"]["record"].as_u64()).collect()
}

pub(crate) fn ledger_of(town: &Town) -> String {
    let output =
        town.run(&["--json", "feed", "tail", "--no-follow", "--from", "0", "--kind", "ledger_opened"]);
    let source = lines(&output)[0]["source"].as_str().unwrap().to_owned();
    source.rsplit(':').next().unwrap()[..16].to_owned()
}

/// What a watcher gets, as it comes.
pub(crate) struct Watcher {
    bus: Bus,
    events: async_nats::Subscriber,
}

impl Watcher {
    pub(crate) fn of(server: &Secured, role: Role, subject: &str) -> Self {
        let bus = server.connect(role).unwrap();
        let events = bus.block_on(bus.client().subscribe(subject.to_owned())).unwrap();
        // An answer that comes shows that the subscription stands.
        let _ = bus.request("$JS.API.DIRECT.GET.VANDEL_FEED.vandel.0.feed.ops.none", Vec::new());
        Self { bus, events }
    }

    pub(crate) fn next(&mut self) -> Value {
        let next = async { tokio::time::timeout(PATIENCE, self.events.next()).await };
        let message = self.bus.block_on(next).expect("an event in time").expect("an event");
        serde_json::from_slice(&message.payload).unwrap()
    }

    /// The events until one that fits.
    pub(crate) fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            events.push(self.next());
            if events.last().is_some_and(&fits) {
                return events;
            }
        }
    }
}

pub(crate) fn records(events: &[Value]) -> BTreeSet<u64> {
    events.iter().filter_map(|event| event["data"]["record"].as_u64()).collect()
}

/// Opens the cases of some rows of an HR export. A row that the law gives no ground for opens none.
pub(crate) fn import(town: &Town, rows: std::ops::Range<usize>) {
    let file = town.path(&format!("rows-{}.csv", rows.start));
    let export = std::fs::read_to_string(repository("cli/tests/data/hr-export-utf8.csv")).unwrap();
    let lines: Vec<&str> = export.lines().collect();
    std::fs::write(&file, format!("{}\n{}\n", lines[0], lines[1..][rows].join("\n"))).unwrap();
    let arguments = town.by("handler", &["case", "import", &file]);
    let _ = town.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
}

pub(crate) fn scrape(address: &str) -> String {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
