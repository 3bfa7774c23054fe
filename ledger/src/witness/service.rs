//! The witness over HTTP: `POST /add-checkpoint` (C2SP tlog-witness) and `GET /healthz`.
//!
//! Plain HTTP/1.1: what is answered is signed, and what is asked is, so TLS adds no truth; put a reverse proxy
//! before it where the network asks for one. There is no authentication but the log's signature.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use vandel_core::limits::ADD_CHECKPOINT_BYTES_MAX;
use vandel_core::witness::Refusal;

use super::{Keeper, Reply};

/// How long a client may take to send its request's body.
const BODY_TIME: Duration = Duration::from_secs(10);
/// How many requests are read and judged at once; more wait.
const AT_ONCE: usize = 64;

/// Is told what the keeper of the witness should know; clients are told less.
pub type Notice = Arc<dyn Fn(&str) + Send + Sync>;

#[derive(Clone)]
struct Shared {
    keeper: Arc<Keeper>,
    notice: Notice,
    room: Arc<Semaphore>,
}

/// Serves until `stop` is done; requests that were begun are then answered.
///
/// # Errors
/// If the socket fails.
pub async fn serve(
    keeper: Arc<Keeper>,
    listener: TcpListener,
    notice: Notice,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let shared = Shared { keeper, notice, room: Arc::new(Semaphore::new(AT_ONCE)) };
    let router = Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/healthz", get(health))
        .with_state(shared);
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}

async fn add_checkpoint(State(shared): State<Shared>, request: Request<Body>) -> Response {
    let Ok(_room) = shared.room.acquire().await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    };
    let body = tokio::time::timeout(BODY_TIME, to_bytes(request.into_body(), ADD_CHECKPOINT_BYTES_MAX));
    let body = match body.await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            let why = format!("the body is cut, or longer than {ADD_CHECKPOINT_BYTES_MAX} bytes\n");
            return (StatusCode::PAYLOAD_TOO_LARGE, why).into_response();
        }
        Err(_) => return (StatusCode::REQUEST_TIMEOUT, "the body came too slowly\n").into_response(),
    };
    // The disk is waited for: on a thread that may block.
    let keeper = shared.keeper.clone();
    let reply = tokio::task::spawn_blocking(move || keeper.add_checkpoint(&body)).await;
    let reply = reply.unwrap_or_else(|error| Reply::Failed(error.to_string()));
    match &reply {
        Reply::Failed(why) => (shared.notice)(why),
        // Two trees, both signed by the log: whoever keeps the witness must hear of it.
        Reply::Refused(refusal @ (Refusal::Fork { .. } | Refusal::Proof(_))) => {
            (shared.notice)(&refusal.to_string());
        }
        _ => {}
    }
    answer(reply)
}

fn answer(reply: Reply) -> Response {
    match reply {
        Reply::Cosigned(line) => (StatusCode::OK, line).into_response(),
        Reply::Refused(Refusal::OtherSize { held: size } | Refusal::Fork { size, .. }) => {
            let kind = [(header::CONTENT_TYPE, "text/x.tlog.size")];
            (StatusCode::CONFLICT, kind, format!("{size}\n")).into_response()
        }
        Reply::Refused(refusal) => {
            let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
            (status, format!("{refusal}\n")).into_response()
        }
        Reply::TooMany(seconds) => {
            let after = [(header::RETRY_AFTER, seconds.to_string())];
            (StatusCode::TOO_MANY_REQUESTS, after, "this log asks too often\n").into_response()
        }
        // The path stays inside: the client can do nothing with it.
        Reply::Failed(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "the witness cannot keep the checkpoint\n").into_response()
        }
    }
}

async fn health(State(shared): State<Shared>) -> Response {
    let keeper = shared.keeper.clone();
    match tokio::task::spawn_blocking(move || keeper.trouble()).await {
        Ok(None) => (StatusCode::OK, "ok\n").into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the list of known logs cannot be read\n").into_response(),
    }
}
