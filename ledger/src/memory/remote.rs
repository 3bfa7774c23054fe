//! One witness on another machine, asked by a thread of its own, so that a slow one keeps nobody waiting but
//! itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use ureq::Agent;
use vandel_core::note::{NoteSignature, VerifierKey};
use vandel_core::witness::{AddCheckpoint, parse_size, take_cosignature};

use super::policy::NamedWitness;

/// The longest answer that is read: a few signature lines.
const ANSWER_BYTES_MAX: u64 = 16 * 1024;

/// A witness that can be asked.
pub(super) struct Remote {
    pub(super) key: VerifierKey,
    jobs: Sender<Job>,
    busy: Arc<AtomicBool>,
}

/// What a witness is asked.
pub(super) struct Job {
    /// The checkpoint's text, which the answer must have signed.
    pub(super) text: String,
    /// The checkpoint's size.
    pub(super) size: u64,
    /// The request.
    pub(super) request: AddCheckpoint,
}

/// What came of it.
pub(super) struct Heard {
    /// Which witness.
    pub(super) index: usize,
    /// The checkpoint's size.
    pub(super) size: u64,
    /// The old size in the request.
    pub(super) old: u64,
    /// What it said.
    pub(super) said: Said,
}

/// A witness's answer.
#[derive(Clone, Debug)]
pub(super) enum Said {
    /// It took the checkpoint and cosigned it; the signature was verified.
    Cosigned(NoteSignature),
    /// 409: it holds a tree of this size.
    Holds(u64),
    /// 422: it does not find the proof to fit what it holds.
    NotContinued(String),
    /// It can't be reached, refuses for another reason, or answers with what is worth nothing.
    Nothing(String),
}

impl Remote {
    /// Starts the witness's thread, which ends when this is dropped and its last request is over.
    pub(super) fn start(
        index: usize,
        witness: NamedWitness,
        timeout: Duration,
        heard: Sender<Heard>,
    ) -> std::io::Result<Self> {
        let (jobs, work) = channel();
        let busy = Arc::new(AtomicBool::new(false));
        let key = witness.key.clone();
        let mark = busy.clone();
        thread::Builder::new()
            .name("witness".to_owned())
            .spawn(move || run(index, &witness, timeout, &work, &heard, &mark))?;
        Ok(Self { key, jobs, busy })
    }

    /// Asks, unless it has not answered the last question yet. True if it was asked.
    pub(super) fn ask(&self, job: Job) -> bool {
        if self.busy.swap(true, Ordering::SeqCst) {
            return false;
        }
        self.jobs.send(job).is_ok()
    }
}

fn run(
    index: usize,
    witness: &NamedWitness,
    timeout: Duration,
    work: &Receiver<Job>,
    heard: &Sender<Heard>,
    busy: &AtomicBool,
) {
    let config = Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(concat!("vandel/", env!("CARGO_PKG_VERSION")))
        .build();
    let agent = config.new_agent();
    let url = format!("{}/add-checkpoint", witness.url);
    while let Ok(job) = work.recv() {
        let said = ask(&agent, &url, &witness.key, &job);
        busy.store(false, Ordering::SeqCst);
        if heard.send(Heard { index, size: job.size, old: job.request.old, said }).is_err() {
            return;
        }
    }
}

fn ask(agent: &Agent, url: &str, key: &VerifierKey, job: &Job) -> Said {
    let answer = agent.post(url).content_type("text/plain; charset=utf-8").send(job.request.to_string());
    let mut answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Said::Nothing(error.to_string()),
    };
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
    let body = match body {
        Ok(body) => body,
        Err(error) => return Said::Nothing(format!("its answer {status} can't be read: {error}")),
    };
    let first = body.lines().next().unwrap_or_default().chars().take(200).collect::<String>();
    match status {
        200 => match take_cosignature(&job.text, key, &body) {
            Ok((signature, _)) => Said::Cosigned(signature),
            Err(error) => Said::Nothing(format!("its cosignature is worth nothing: {error}")),
        },
        409 => match parse_size(&body) {
            Some(size) => Said::Holds(size),
            None => Said::Nothing("it answers 409 without a size".to_owned()),
        },
        422 => Said::NotContinued(first),
        403 => Said::Nothing(format!(
            "it knows no key that signed this (403 {first}); its keeper must add the ledger's log line"
        )),
        404 => {
            Said::Nothing("it does not know this ledger (404); its keeper must add the log line".to_owned())
        }
        _ => Said::Nothing(format!("it answers {status} {first}")),
    }
}
