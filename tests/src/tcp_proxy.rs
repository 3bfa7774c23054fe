//! A bad network between a client and a server: slow, cut, or swallowing what one side says.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A proxy on a port of its own in front of one server.
pub struct TcpProxy {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    ended: AtomicBool,
    /// Milliseconds that every piece waits.
    delay: AtomicU64,
    /// What the server says is swallowed.
    deaf: AtomicBool,
    /// How many acknowledgements of a publication are still to be swallowed, each with its connection.
    acknowledgements_to_cut: AtomicU64,
    cut: AtomicU64,
    connections: Mutex<Vec<TcpStream>>,
}

impl TcpProxy {
    /// In front of a server on the loopback.
    ///
    /// # Panics
    /// If no port can be had.
    #[must_use]
    pub fn before(server_port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if of_thread.ended.load(Ordering::SeqCst) {
                    break;
                }
                // A server that is down refuses; so does the proxy then.
                if let Ok(server) = TcpStream::connect(("127.0.0.1", server_port)) {
                    join(&of_thread, &client, &server);
                }
            }
        });
        Self { port, shared }
    }

    /// What clients connect to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Lets every piece of data wait.
    pub fn delay(&self, delay: Duration) {
        let milliseconds = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.shared.delay.store(milliseconds, Ordering::SeqCst);
    }

    /// Swallows what the server says, or no longer.
    pub fn swallow_answers(&self, swallow: bool) {
        self.shared.deaf.store(swallow, Ordering::SeqCst);
    }

    /// Swallows the next acknowledgements of publications, and cuts the connection at each: the message
    /// is stored, and its publisher does not hear of it.
    pub fn cut_at_acknowledgements(&self, count: u64) {
        self.shared.acknowledgements_to_cut.store(count, Ordering::SeqCst);
    }

    /// How many connections were cut at an acknowledgement.
    #[must_use]
    pub fn cut_so_far(&self) -> u64 {
        self.shared.cut.load(Ordering::SeqCst)
    }

    /// Cuts every connection.
    ///
    /// # Panics
    /// If a thread of the proxy has panicked.
    pub fn cut(&self) {
        for connection in self.shared.connections.lock().expect("not poisoned").drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.cut();
        // Wakes the listener, which then ends.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn join(shared: &Arc<Shared>, client: &TcpStream, server: &TcpStream) {
    let clone = |stream: &TcpStream| stream.try_clone().expect("a second handle");
    shared.connections.lock().expect("not poisoned").extend([clone(client), clone(server)]);
    for (from, to, is_answer) in [(client, server, false), (server, client, true)] {
        let (shared, from, to) = (Arc::clone(shared), clone(from), clone(to));
        thread::spawn(move || pump(&shared, from, to, is_answer));
    }
}

fn pump(shared: &Shared, mut from: TcpStream, mut to: TcpStream, is_answer: bool) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(count) = from.read(&mut buffer) {
        let piece = &buffer[..count];
        if count == 0 {
            break;
        }
        let delay = shared.delay.load(Ordering::SeqCst);
        if delay > 0 {
            thread::sleep(Duration::from_millis(delay));
        }
        if is_answer && is_acknowledgement(piece) && take_one(&shared.acknowledgements_to_cut) {
            shared.cut.fetch_add(1, Ordering::SeqCst);
            break;
        }
        if is_answer && shared.deaf.load(Ordering::SeqCst) {
            continue;
        }
        if to.write_all(piece).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// `{"stream":"…","seq":…}`, and nothing of what JetStream answers to questions.
fn is_acknowledgement(piece: &[u8]) -> bool {
    let holds = |what: &[u8]| piece.windows(what.len()).any(|window| window == what);
    holds(b"{\"stream\":") && holds(b"\"seq\":")
}

fn take_one(count: &AtomicU64) -> bool {
    count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}
