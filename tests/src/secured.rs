//! A secured nats-server, set up as an operator would: `vandel nats config`, certificates, TLS. Ports are
//! free ones, and the server dies with its handle.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use vandel_ledger::bus::{Bus, BusError, BusOptions, Role};

use crate::nats_server::{binary, free_ports};
use crate::town::vandel;

/// How long a server may take to be ready: long, since the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server, configured from `deploy/nats/`.
pub struct Secured {
    folder: tempfile::TempDir,
    client_port: u16,
    websocket_port: u16,
    monitor_port: u16,
    process: Process,
}

/// Three running servers, configured from `deploy/nats/`.
pub struct SecuredCluster {
    folder: tempfile::TempDir,
    client_ports: [u16; 3],
    processes: Vec<Process>,
}

/// A server's process; it dies with its handle.
struct Process {
    child: Child,
    log: PathBuf,
}

impl Secured {
    /// Makes certificates, writes the configuration with one user of each role and starts the server.
    ///
    /// # Panics
    /// If any of it fails.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = folder.path();
        certificates(place);
        configure(place, &[]);
        let [client_port, websocket_port, monitor_port] = free_ports();
        let ports = [(":4222", client_port), (":8443", websocket_port), (":8222", monitor_port)];
        adapt(&place.join("nats/nats-server.conf"), &ports);
        adapt(&place.join("nats/accounts.conf"), &[]);
        let mut process = Process::start(place, "nats-server");
        process.await_ready(monitor_port);
        Self { folder, client_port, websocket_port, monitor_port, process }
    }

    /// All that the server has said.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.said()
    }

    /// What clients connect to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("tls://localhost:{}", self.client_port)
    }

    /// What browsers connect to.
    #[must_use]
    pub fn websocket_url(&self) -> String {
        format!("wss://localhost:{}", self.websocket_port)
    }

    /// The port of the monitoring endpoint.
    #[must_use]
    pub fn monitor_port(&self) -> u16 {
        self.monitor_port
    }

    /// The certificate authority.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The seed of a role's user.
    #[must_use]
    pub fn seed(&self, role: Role) -> PathBuf {
        seed(self.folder.path(), role)
    }

    /// How a role connects.
    #[must_use]
    pub fn options(&self, role: Role) -> BusOptions {
        options(self.folder.path(), &self.url(), role)
    }

    /// Connects as a role.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn connect(&self, role: Role) -> Result<Bus, BusError> {
        Bus::connect(&self.options(role))
    }

    /// A folder that is the test's and the server's.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl SecuredCluster {
    /// Makes certificates, writes three configurations and starts the servers.
    ///
    /// # Panics
    /// If any of it fails.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = folder.path();
        certificates(place);
        let nodes = ["a", "b", "c"];
        let mut more = vec!["--tls-ca", "ca.pem"];
        let named = nodes.map(|node| format!("{node}={node}.example"));
        named.iter().for_each(|node| more.extend(["--node", node]));
        configure(place, &more);
        adapt(&place.join("nats/accounts.conf"), &[]);
        let ports: [u16; 12] = free_ports();
        let ports: Vec<&[u16]> = ports.chunks(4).collect();
        let routes: Vec<_> = nodes
            .iter()
            .zip(&ports)
            .map(|(node, ports)| (format!("{node}.example:6222"), ports[3]))
            .collect();
        for (node, ports) in nodes.iter().zip(&ports) {
            let file = place.join(format!("nats/{node}.conf"));
            let text = fs::read_to_string(&file).expect("the configuration");
            let text = routes
                .iter()
                .fold(text, |text, (route, port)| text.replace(route, &format!("localhost:{port}")));
            fs::write(&file, text.replace("/store", &format!("/store-{node}"))).expect("written");
            adapt(
                &file,
                &[(":4222", ports[0]), (":8443", ports[1]), (":8222", ports[2]), (":6222", ports[3])],
            );
        }
        let mut processes: Vec<_> = nodes.iter().map(|node| Process::start(place, node)).collect();
        processes.iter_mut().zip(&ports).for_each(|(process, ports)| process.await_ready(ports[2]));
        let client_ports = [ports[0][0], ports[1][0], ports[2][0]];
        Self { folder, client_ports, processes }
    }

    /// How a role connects.
    #[must_use]
    pub fn options(&self, role: Role) -> BusOptions {
        let urls = self.client_ports.map(|port| format!("tls://localhost:{port}"));
        options(self.folder.path(), &urls.join(","), role)
    }

    /// All that the servers have said.
    #[must_use]
    pub fn log(&self) -> String {
        self.processes.iter().map(Process::said).collect()
    }
}

impl Process {
    fn start(place: &Path, name: &str) -> Self {
        let log = place.join(format!("{name}.log"));
        let child = Command::new(binary())
            .arg("-c")
            .arg(place.join(format!("nats/{name}.conf")))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).expect("the server's log"))
            .spawn()
            .expect("nats-server starts");
        Self { child, log }
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn await_ready(&mut self, monitor_port: u16) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended = self.child.try_wait().expect("our child");
            assert!(ended.is_none(), "nats-server ended:\n{}", self.said());
            if health(monitor_port) {
                return;
            }
            assert!(Instant::now() < deadline, "nats-server is not ready:\n{}", self.said());
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn seed(place: &Path, role: Role) -> PathBuf {
    place.join("nats").join(format!("{}.nk", role.name()))
}

fn options(place: &Path, servers: &str, role: Role) -> BusOptions {
    let mut options = BusOptions::new(servers, role);
    options.key = Some(seed(place, role));
    options.ca = Some(place.join("ca.pem"));
    options.connect_timeout = PATIENCE;
    options.request_timeout = PATIENCE;
    options
}

/// Puts free ports in the place of the usual ones, and asks for less of the disk.
fn adapt(file: &Path, ports: &[(&str, u16)]) {
    let text = fs::read_to_string(file).expect("the configuration");
    let text = ports.iter().fold(text, |text, (usual, free)| text.replace(usual, &format!(":{free}")));
    fs::write(file, text.replace("100GB", "1GB")).expect("written");
}

/// Makes `ca.pem`, `server.pem` and `server.key` for localhost, as deploy/nats/README.md shows.
///
/// # Panics
/// If openssl can't.
pub fn certificates(place: &Path) {
    let run = |arguments: &[&str]| {
        let output =
            Command::new("openssl").args(arguments).current_dir(place).output().expect("openssl runs");
        assert!(
            output.status.success(),
            "openssl {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    let authority = ["-subj", "/CN=Vandel test authority", "-addext", "basicConstraints=critical,CA:TRUE"];
    let mut first = vec!["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    first.extend(["-days", "30", "-keyout", "ca.key", "-out", "ca.pem"]);
    first.extend(authority);
    run(&first);
    let mut second = vec!["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    second.extend(["-days", "30", "-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "server.key"]);
    second.extend(["-out", "server.pem", "-subj", "/CN=localhost"]);
    second.extend(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
    second.extend(["-addext", "basicConstraints=critical,CA:FALSE"]);
    run(&second);
}

/// Runs `vandel nats config nats` in a folder that has certificates.
///
/// # Panics
/// If it fails.
pub fn configure(place: &Path, more: &[&str]) -> String {
    let output = Command::new(vandel())
        .args(["nats", "config", "nats", "--tls-cert", "server.pem", "--tls-key", "server.key"])
        .args(more)
        .env("LANG", "C.UTF-8")
        .env_remove("LC_ALL")
        .current_dir(place)
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn health(port: u16) -> bool {
    use std::io::{Read as _, Write as _};
    let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", port)) else { return false };
    let asked = stream.write_all(b"GET /healthz?js-enabled-only=true HTTP/1.0\r\nHost: localhost\r\n\r\n");
    let mut answer = String::new();
    asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.0 200")
}
