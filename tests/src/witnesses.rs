//! Witnesses that a test owns: our own binary, a foreign one in Python, and one that misbehaves as told. Each is
//! reached over TCP like any other, and ends with its handle.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use vandel_core::checkpoint::Checkpoint;
use vandel_core::hash::Hash;
use vandel_core::merkle::empty_root;
use vandel_core::note::{KeyKind, NoteSignature, VerifierKey};
use vandel_core::signature::{SigningKey, public_key};
use vandel_core::statement::Seen;
use vandel_core::time::Second;
use vandel_core::witness::{AddCheckpoint, Refusal};

use crate::town::vandel;

/// An answer over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The header lines by their names in small letters.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// A header's value; empty if it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// A connection that says what it is told, byte for byte.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// If nobody listens.
    pub fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends bytes and reads one answer.
    ///
    /// # Errors
    /// If the connection ends before the answer.
    pub fn exchange(&mut self, bytes: &[u8]) -> std::io::Result<Answer> {
        self.stream.get_mut().write_all(bytes)?;
        let (start, headers, body) = read_message(&mut self.stream)?;
        let status = start.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Ok(Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
    }

    /// `POST /add-checkpoint` with this body.
    ///
    /// # Errors
    /// As [`Connection::exchange`].
    pub fn submit(&mut self, body: &str) -> std::io::Result<Answer> {
        let head =
            format!("POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: {}\r\n\r\n", body.len());
        self.exchange(format!("{head}{body}").as_bytes())
    }
}

/// The start line, the headers and the body of a message with a stated length.
fn read_message(stream: &mut impl BufRead) -> std::io::Result<(String, BTreeMap<String, String>, Vec<u8>)> {
    let mut line = || {
        let mut line = String::new();
        match stream.read_line(&mut line)? {
            0 => Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof)),
            _ => Ok(line.trim_end().to_owned()),
        }
    };
    let start = line()?;
    let mut headers = BTreeMap::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let len = headers.get("content-length").and_then(|len| len.parse().ok()).unwrap_or(0);
    let mut body = vec![0; len];
    stream.read_exact(&mut body)?;
    Ok((start, headers, body))
}

/// `vandel witness serve` in a process of its own.
pub struct ServedWitness {
    folder: PathBuf,
    arguments: Vec<String>,
    child: Child,
    address: SocketAddr,
    key: VerifierKey,
}

impl ServedWitness {
    /// Makes a witness in a folder, lets it know logs, and serves.
    ///
    /// # Panics
    /// If it does not come up.
    #[must_use]
    pub fn start(folder: &Path, name: &str, logs: &[&VerifierKey], arguments: &[&str]) -> Self {
        run_witness(folder, &["init", "--name", name]);
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        if !logs.is_empty() {
            let logs: Vec<String> = logs.iter().map(ToString::to_string).collect();
            let logs: Vec<&str> = logs.iter().map(String::as_str).collect();
            run_witness(folder, &[&["add-log"], &logs[..]].concat());
        }
        let (child, address, key) = serve(folder, &arguments);
        Self { folder: folder.to_owned(), arguments, child, address, key }
    }

    /// Lets it know another log, while it serves.
    ///
    /// # Panics
    /// If the command fails.
    pub fn add_log(&self, log: &str) {
        run_witness(&self.folder, &["add-log", log]);
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it is asked.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its verifier key.
    #[must_use]
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// The process's number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends the process at once (SIGKILL).
    ///
    /// # Panics
    /// If the process can't be waited for.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().expect("a child of ours");
    }

    /// Starts it again after it was killed, on another port.
    ///
    /// # Panics
    /// If it does not come up.
    pub fn restart(&mut self) {
        (self.child, self.address, self.key) = serve(&self.folder, &self.arguments);
    }
}

impl Drop for ServedWitness {
    fn drop(&mut self) {
        self.kill();
    }
}

fn run_witness(folder: &Path, arguments: &[&str]) {
    let output = Command::new(vandel())
        .arg("witness")
        .args(arguments)
        .arg("--dir")
        .arg(folder)
        .env_remove("VANDEL_HOME")
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn serve(folder: &Path, arguments: &[String]) -> (Child, SocketAddr, VerifierKey) {
    let mut child = Command::new(vandel())
        .args(["--json", "witness", "serve", "--listen", "127.0.0.1:0", "--dir"])
        .arg(folder)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .stdin(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let said = first_line(&mut child);
    let address = said["listen"].as_str().and_then(|text| text.parse().ok()).expect("an address");
    let key = said["key"].as_str().and_then(|text| text.parse().ok()).expect("a key");
    (child, address, key)
}

fn first_line(child: &mut Child) -> serde_json::Value {
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
}

/// The foreign witness, `tests/foreign/witness.py`.
pub struct PythonWitness {
    child: Child,
    /// Where it is asked.
    pub url: String,
    /// Its verifier key.
    pub key: VerifierKey,
}

/// The foreign witness and client.
#[must_use]
pub fn python_witness() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign/witness.py")
}

impl PythonWitness {
    /// Starts one for a log.
    ///
    /// # Panics
    /// If Python is missing, or it does not come up.
    #[must_use]
    pub fn start(name: &str, log: &VerifierKey) -> Self {
        let mut child = Command::new("python3")
            .arg(python_witness())
            .args(["serve", name, name, &log.to_string()])
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .expect("python3 runs");
        let said = first_line(&mut child);
        let url = said["url"].as_str().expect("a URL").to_owned();
        let key = said["key"].as_str().and_then(|key| key.parse().ok()).expect("a key");
        Self { child, url, key }
    }
}

impl Drop for PythonWitness {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a scripted witness behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As the specification says.
    Honest,
    /// It ends every connection without an answer.
    Down,
    /// It answers after this time.
    Slow(Duration),
    /// It takes the checkpoint and cosigns another text.
    BadSignature,
    /// It says that it holds this size, whatever it is asked.
    Claims(u64),
}

/// What a scripted witness holds and has done.
pub struct Script {
    /// How it behaves.
    pub manner: Manner,
    /// What it holds of the log.
    pub held: Seen,
    /// Every tree head that it was shown under the log's signature, by size.
    pub shown: BTreeMap<u64, Vec<Hash>>,
    /// How many requests it had.
    pub requests: u64,
}

/// A witness that misbehaves as told.
pub struct ScriptedWitness {
    secret: SigningKey,
    /// Its verifier key.
    pub key: VerifierKey,
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
    stop: Arc<AtomicBool>,
}

impl ScriptedWitness {
    /// Starts one for the log with this key; it holds nothing yet.
    ///
    /// # Panics
    /// If no port can be had.
    #[must_use]
    pub fn start(seed: u8, log: &VerifierKey) -> Arc<Self> {
        let secret = SigningKey::from_bytes(&[seed; 32]);
        let name = format!("witness.example/scripted-{seed}");
        let key = VerifierKey::new(&name, KeyKind::Cosignature, &public_key(&secret)).expect("a key");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let script = Script {
            manner: Manner::Honest,
            held: Seen { size: 0, root: empty_root() },
            shown: BTreeMap::new(),
            requests: 0,
        };
        let (script, stop) = (Arc::new(Mutex::new(script)), Arc::new(AtomicBool::new(false)));
        let witness = Arc::new(Self { secret, key, address, script, stop });
        let (served, log) = (witness.clone(), log.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if served.stop.load(Ordering::SeqCst) {
                    return;
                }
                let (served, log) = (served.clone(), log.clone());
                std::thread::spawn(move || stream.map(|stream| served.converse(stream, &log)));
            }
        });
        witness
    }

    /// Where it is asked.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it holds and how it behaves.
    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets how it behaves.
    pub fn behave(&self, manner: Manner) {
        self.script().manner = manner;
    }

    /// Ends its thread.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }

    fn converse(&self, stream: TcpStream, log: &VerifierKey) {
        let mut stream = BufReader::new(stream);
        while let Ok((_, _, body)) = read_message(&mut stream) {
            let Some((status, kind, text)) = self.answer(&body, log) else { return };
            let answer = format!(
                "HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{text}",
                text.len()
            );
            if stream.get_mut().write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }

    fn answer(&self, body: &[u8], log: &VerifierKey) -> Option<(u16, &'static str, String)> {
        let size = |size: u64| Some((409, "text/x.tlog.size", format!("{size}\n")));
        let manner = {
            let mut script = self.script();
            script.requests += 1;
            script.manner
        };
        match manner {
            Manner::Down => return None,
            Manner::Slow(time) => std::thread::sleep(time),
            Manner::Claims(claimed) => return size(claimed),
            Manner::Honest | Manner::BadSignature => {}
        }
        let refused = |refusal: &Refusal| Some((refusal.status(), "text/plain", format!("{refusal}\n")));
        let request = AddCheckpoint::parse(body).ok()?;
        let checkpoint = match request.open(std::slice::from_ref(log)) {
            Ok(checkpoint) => checkpoint,
            Err(refusal) => return refused(&refusal),
        };
        let mut script = self.script();
        let heads = script.shown.entry(checkpoint.size()).or_default();
        if !heads.contains(&checkpoint.root()) {
            heads.push(checkpoint.root());
        }
        match request.judge(&checkpoint, script.held) {
            Ok(()) => {}
            Err(Refusal::OtherSize { held } | Refusal::Fork { size: held, .. }) => return size(held),
            Err(refusal) => return refused(&refusal),
        }
        script.held = Seen { size: checkpoint.size(), root: checkpoint.root() };
        drop(script);
        let text = match manner {
            Manner::BadSignature => Checkpoint::new("vandel/other", 1, Hash::ZERO).ok()?.to_string(),
            _ => checkpoint.to_string(),
        };
        let line = NoteSignature::cosign(self.key.name(), &self.secret, Second(1_774_000_000), &text).ok()?;
        Some((200, "text/plain", format!("{line}\n")))
    }
}
