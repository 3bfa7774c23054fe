//! A witness that misbehaves as told.

use std::collections::BTreeMap;
use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
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

use super::http::read_message;

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
