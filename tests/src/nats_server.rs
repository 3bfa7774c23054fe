//! nats-servers that a test owns: free ports, a temporary folder, and death with their handle.
//!
//! Every server is a real process. A test may kill it, pause it, stop it in order and start it again on
//! the same store and the same ports; whatever happens, the handle's end is the process's end.

mod binary;
mod cluster;
mod keys;
mod ports;

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub use binary::binary;
pub use cluster::Cluster;
pub use keys::nats_key;
pub use ports::free_ports;

/// How long a server may take to be ready: long, since the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a server is to be.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// `sync_interval: always`, as a ledger needs it; else the server's default of two minutes.
    pub sync_always: bool,
    /// More lines for the configuration's top level.
    pub extra: String,
    /// More lines for its `jetstream` block, such as `max_file_store: 1MB`.
    pub jetstream: String,
    /// Where the store lies; a temporary folder of the server's own if none is named.
    pub store: Option<PathBuf>,
    /// Its name; chosen by the server if none is given.
    pub name: Option<String>,
    /// Its JetStream is judged by the health check. Off for servers whose JetStream waits for others.
    pub await_jetstream: bool,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            sync_always: true,
            extra: String::new(),
            jetstream: String::new(),
            store: None,
            name: None,
            await_jetstream: true,
        }
    }
}

/// A running or stopped server.
pub struct NatsServer {
    options: ServerOptions,
    folder: TempDir,
    client_port: u16,
    monitor_port: u16,
    child: Option<Child>,
}

impl NatsServer {
    /// Starts a server that syncs every message.
    ///
    /// # Panics
    /// If there is no usable nats-server, or it does not come up.
    #[must_use]
    pub fn start() -> Self {
        Self::with(ServerOptions::default())
    }

    /// Starts a server.
    ///
    /// # Panics
    /// As [`NatsServer::start`].
    #[must_use]
    pub fn with(options: ServerOptions) -> Self {
        let mut last = String::new();
        // Between finding a port free and binding it another process may take it.
        for _ in 0..5 {
            let [client_port, monitor_port] = free_ports();
            let mut server = Self::prepared(options.clone(), client_port, monitor_port);
            match server.try_restart() {
                Ok(()) => return server,
                Err(why) if why.contains("address already in use") => last = why,
                Err(why) => panic!("{why}"),
            }
        }
        panic!("no free port in five attempts: {last}");
    }

    fn prepared(options: ServerOptions, client_port: u16, monitor_port: u16) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { options, folder, client_port, monitor_port, child: None }
    }

    /// What clients connect to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.client_port)
    }

    /// The port that clients connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.client_port
    }

    /// The monitoring endpoint.
    #[must_use]
    pub fn monitor(&self) -> String {
        format!("http://127.0.0.1:{}", self.monitor_port)
    }

    /// The folder that is the server's alone: configuration, log, store.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where JetStream stores.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.options.store.clone().unwrap_or_else(|| self.folder.path().join("store"))
    }

    /// The folder of one stream's messages, in the account that holds those who name none.
    #[must_use]
    pub fn stream_folder(&self, stream: &str) -> PathBuf {
        self.store().join("jetstream").join("$G").join("streams").join(stream)
    }

    /// All that the server has said.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Whether the process runs.
    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// The process, if it runs.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Changes how the server will be when it is started the next time.
    pub fn change(&mut self, change: impl FnOnce(&mut ServerOptions)) {
        change(&mut self.options);
    }

    /// kill -9, as a crash: nothing is written any more.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Stops it in order.
    ///
    /// # Panics
    /// If it does not end.
    pub fn stop(&mut self) {
        self.signal("TERM");
        let Some(mut child) = self.child.take() else { return };
        let deadline = Instant::now() + PATIENCE;
        while child.try_wait().expect("our child").is_none() {
            if Instant::now() > deadline {
                let _ = child.kill();
                let _ = child.wait();
                panic!("nats-server did not stop:\n{}", self.log());
            }
            sleep(Duration::from_millis(10));
        }
    }

    /// Lets it hang: it keeps its connections and answers nothing.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Lets it go on after [`NatsServer::pause`].
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// Makes it read its configuration anew, with what [`NatsServer::change`] changed.
    pub fn reload(&self) {
        self.write_configuration();
        self.signal("HUP");
    }

    fn signal(&self, name: &str) {
        if let Some(child) = &self.child {
            let command = format!("kill -{name} {}", child.id());
            let _ = Command::new("sh").args(["-c", &command]).status();
        }
    }

    /// Starts it, again or after a stop, on the same store and ports, and waits until it is ready.
    ///
    /// # Panics
    /// If it does not come up.
    pub fn restart(&mut self) {
        if let Err(why) = self.try_restart() {
            panic!("{why}");
        }
    }

    /// As [`NatsServer::restart`], for a server that may refuse.
    ///
    /// # Errors
    /// What it said.
    pub fn try_restart(&mut self) -> Result<(), String> {
        self.launch();
        self.await_ready()
    }

    /// Starts the process without waiting.
    fn launch(&mut self) {
        self.kill();
        self.write_configuration();
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .expect("the server's log");
        let child = Command::new(binary())
            .arg("-c")
            .arg(self.configuration())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("nats-server starts");
        self.child = Some(child);
    }

    fn await_ready(&mut self) -> Result<(), String> {
        let path = if self.options.await_jetstream {
            "/healthz?js-enabled-only=true"
        } else {
            "/healthz?js-server-only=true"
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            if !self.is_running() {
                return Err(format!("nats-server ended:\n{}", self.log()));
            }
            if self.get(path).is_ok_and(|body| body.contains("\"ok\"")) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(format!("nats-server is not ready after {PATIENCE:?}:\n{}", self.log()));
            }
            sleep(Duration::from_millis(10));
        }
    }

    fn configuration(&self) -> PathBuf {
        self.folder.path().join("server.conf")
    }

    fn write_configuration(&self) {
        let mut text = format!(
            "listen: \"127.0.0.1:{}\"\nhttp: \"127.0.0.1:{}\"\n",
            self.client_port, self.monitor_port
        );
        if let Some(name) = &self.options.name {
            let _ = writeln!(text, "server_name: {name:?}");
        }
        let _ = writeln!(text, "jetstream {{\n  store_dir: {:?}", self.store());
        if self.options.sync_always {
            text += "  sync_interval: always\n";
        }
        let _ = write!(text, "{}\n}}\n{}\n", self.options.jetstream, self.options.extra);
        fs::write(self.configuration(), text).expect("the configuration is written");
    }

    /// What the monitoring endpoint says.
    ///
    /// # Errors
    /// If it does not answer with 200.
    pub fn get(&self, path: &str) -> std::io::Result<String> {
        let address = ([127, 0, 0, 1], self.monitor_port).into();
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        match answer.split_once("\r\n\r\n") {
            Some((head, body)) if head.starts_with("HTTP/1.0 200") => Ok(body.to_owned()),
            _ => Err(std::io::Error::other(answer)),
        }
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        // A paused process dies of SIGKILL too.
        self.kill();
    }
}
