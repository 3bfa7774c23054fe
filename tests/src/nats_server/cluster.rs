//! Three servers that replicate.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{NatsServer, PATIENCE, ServerOptions, free_ports};

/// A cluster of three servers, `n0` to `n2`.
pub struct Cluster {
    /// The servers.
    pub nodes: Vec<NatsServer>,
}

impl Cluster {
    /// Starts three servers that sync every message.
    ///
    /// # Panics
    /// If they do not come up.
    #[must_use]
    pub fn start() -> Self {
        Self::with(&ServerOptions::default())
    }

    /// Starts three servers.
    ///
    /// # Panics
    /// If they do not come up.
    #[must_use]
    pub fn with(options: &ServerOptions) -> Self {
        let mut last = String::new();
        for _ in 0..5 {
            let ports: [u16; 9] = free_ports();
            let mut cluster = Self::prepared(options, &ports);
            match cluster.try_start() {
                Ok(()) => return cluster,
                Err(why) if why.contains("address already in use") => last = why,
                Err(why) => panic!("{why}"),
            }
        }
        panic!("no free ports in five attempts: {last}");
    }

    fn prepared(options: &ServerOptions, ports: &[u16; 9]) -> Self {
        let routes: Vec<String> =
            ports[6..].iter().map(|port| format!("nats-route://127.0.0.1:{port}")).collect();
        let node = |index: usize| {
            let mut options = options.clone();
            options.name = Some(format!("n{index}"));
            options.await_jetstream = false;
            options.extra += &format!(
                "\ncluster {{\n  name: vandel\n  listen: \"127.0.0.1:{}\"\n  routes: {routes:?}\n}}\n",
                ports[6 + index]
            );
            NatsServer::prepared(options, ports[2 * index], ports[2 * index + 1])
        };
        Self { nodes: (0..3).map(node).collect() }
    }

    fn try_start(&mut self) -> Result<(), String> {
        self.nodes.iter_mut().for_each(NatsServer::launch);
        self.nodes.iter_mut().try_for_each(NatsServer::await_ready)?;
        self.await_healthy();
        Ok(())
    }

    /// Starts all three again after they were killed or stopped.
    ///
    /// # Panics
    /// If they do not come up.
    pub fn restart_all(&mut self) {
        if let Err(why) = self.try_start() {
            panic!("{why}");
        }
    }

    /// What clients connect to: all three.
    #[must_use]
    pub fn url(&self) -> String {
        self.nodes.iter().map(NatsServer::url).collect::<Vec<_>>().join(",")
    }

    /// The monitoring endpoints, separated by commas.
    #[must_use]
    pub fn monitor(&self) -> String {
        self.nodes.iter().map(NatsServer::monitor).collect::<Vec<_>>().join(",")
    }

    /// Waits until every running server is up to date with every stream.
    ///
    /// # Panics
    /// If they do not come to it.
    pub fn await_healthy(&mut self) {
        let deadline = Instant::now() + 2 * PATIENCE;
        for node in &mut self.nodes {
            let healthy = |node: &NatsServer| {
                let leads =
                    |body: String| body.contains("\"meta_cluster\"") && body.contains("\"leader\": \"n");
                node.get("/healthz").is_ok_and(|body| body.contains("\"ok\""))
                    && node.get("/jsz").is_ok_and(leads)
            };
            while node.is_running() && !healthy(node) {
                assert!(Instant::now() < deadline, "a server is not healthy:\n{}", node.log());
                sleep(Duration::from_millis(50));
            }
        }
    }

    /// The index of the server that leads a stream, as one of them says; none while they elect.
    #[must_use]
    pub fn leader_of(&self, stream: &str) -> Option<usize> {
        let leader = |node: &NatsServer| {
            let text = node.get("/jsz?streams=1&config=1").ok()?;
            let value: serde_json::Value = serde_json::from_str(&text).ok()?;
            let accounts = value["account_details"].as_array()?;
            let mut streams =
                accounts.iter().flat_map(|account| account["stream_detail"].as_array().into_iter().flatten());
            let found = streams.find(|detail| detail["name"] == stream)?;
            let name = found["cluster"]["leader"].as_str()?;
            name.strip_prefix('n')?.parse().ok()
        };
        let running = self.nodes.iter().filter(|node| node.process().is_some());
        let mut votes: Vec<usize> = running.filter_map(leader).collect();
        // A dead leader is still named by those who have not noticed.
        votes.retain(|index| self.nodes[*index].process().is_some());
        votes.first().copied()
    }
}
