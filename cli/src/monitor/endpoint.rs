//! The HTTP endpoint for metrics and health, on a thread of its own.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::sync::oneshot;

use super::{Health, Metrics};

/// The media type of OpenMetrics text.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A listening endpoint. It closes when it is dropped.
pub struct Endpoint {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Endpoint {
    /// Listens on an address; port 0 takes a free one.
    ///
    /// # Errors
    /// If the address can't be listened on.
    pub fn listen(address: SocketAddr, metrics: Arc<Metrics>, health: Health) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let serve = async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let until = async { stopped.await.unwrap_or_default() };
            axum::serve(listener, router(metrics, health)).with_graceful_shutdown(until).await
        };
        let thread = std::thread::Builder::new().name("vandel-metrics".to_owned()).spawn(move || {
            // Metrics that fail must not stop what they measure.
            let _ = runtime.block_on(serve);
        })?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        // A scraper that holds its connection open keeps nobody: the thread ends with the process.
        drop(self.thread.take());
    }
}

fn router(metrics: Arc<Metrics>, health: Health) -> Router {
    let live = health.clone();
    let ready = health;
    Router::new()
        .route(
            "/metrics",
            get(move || async move { ([(header::CONTENT_TYPE, OPEN_METRICS)], metrics.text()) }),
        )
        .route("/healthz", get(move || async move { answer(live.live()) }))
        .route("/readyz", get(move || async move { answer(ready.ready()) }))
}

fn answer(state: Result<(), String>) -> impl IntoResponse {
    match state {
        Ok(()) => (StatusCode::OK, "ok\n".to_owned()),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why + "\n"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::*;

    fn ask(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).expect("connected");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("read");
        answer
    }

    #[test]
    fn it_answers_with_metrics_and_health() {
        let metrics = Arc::new(Metrics::new());
        let health = Health::not_ready("catching up");
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let endpoint = Endpoint::listen(any, metrics, health.clone()).expect("listening");
        let address = endpoint.address();
        assert!(ask(address, "/healthz").starts_with("HTTP/1.1 200"));
        let answer = ask(address, "/readyz");
        assert!(answer.starts_with("HTTP/1.1 503") && answer.ends_with("catching up\n"), "{answer}");
        health.is_ready();
        assert!(ask(address, "/readyz").starts_with("HTTP/1.1 200"));
        let answer = ask(address, "/metrics");
        assert!(answer.contains("application/openmetrics-text"), "{answer}");
        assert!(answer.contains("vandel_build_info{version="), "{answer}");
        assert!(answer.ends_with("# EOF\n"), "{answer}");
        health.has_halted("a gap at record 7");
        assert!(ask(address, "/healthz").starts_with("HTTP/1.1 503"));
        assert!(ask(address, "/nothing").starts_with("HTTP/1.1 404"));
    }
}
