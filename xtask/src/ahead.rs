//! What later steps will build, built while an earlier one leaves a core idle.
//!
//! Lints wait for one crate after another and a release is linked on one core, so that building them beside each other
//! takes less time than one after the other. No verdict rests on it: a later step runs its own command all the same,
//! finds what is there, waits for cargo's lock if that is still being made, and says itself what does not build. The time
//! that a step took has others' work in it, and the last of these may still be built while the tests run.

use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// Commands under way beside the steps. When it is dropped, the one that runs is ended and no other is begun; the compilers
/// that an ended cargo had started finish what they are at.
pub(crate) struct Ahead {
    shared: Arc<Mutex<Shared>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    running: Option<Child>,
    is_over: bool,
}

impl Ahead {
    /// Runs these one after another, without a word.
    pub(crate) fn start(commands: Vec<Command>) -> Self {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let theirs = shared.clone();
        let thread = thread::spawn(move || commands.into_iter().for_each(|command| run(command, &theirs)));
        Self { shared, thread: Some(thread) }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        {
            let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            shared.is_over = true;
            // One that has ended meanwhile needs no ending.
            let _ = shared.running.as_mut().map(Child::kill);
        }
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn run(mut command: Command, shared: &Mutex<Shared>) {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    {
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.is_over {
            return;
        }
        shared.running = command.spawn().ok();
    }
    // It is asked now and then and not waited for, so that it can be ended meanwhile.
    while is_running(shared) {
        thread::sleep(std::time::Duration::from_millis(100));
    }
}

fn is_running(shared: &Mutex<Shared>) -> bool {
    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
    let has_ended = |child: &mut Child| !matches!(child.try_wait(), Ok(None));
    if shared.running.as_mut().is_none_or(has_ended) {
        shared.running = None;
    }
    shared.running.is_some()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    /// Whether a file is there, within a minute.
    fn comes(path: &std::path::Path) -> bool {
        let until = Instant::now() + Duration::from_secs(60);
        while !path.exists() && Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
        }
        path.exists()
    }

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("vandel-ahead-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for temporary files");
        folder
    }

    #[test]
    fn all_are_run_though_one_fails_or_cannot_start() {
        let folder = folder("all");
        let done = folder.join("done");
        let last = shell(&format!("touch {}", done.display()));
        let ahead = Ahead::start(vec![shell("exit 1"), Command::new("no-such-command-as-this"), last]);
        assert!(comes(&done));
        drop(ahead);
        std::fs::remove_dir_all(folder).expect("our own folder");
    }

    #[test]
    fn what_runs_is_ended_and_nothing_more_is_begun() {
        let folder = folder("ended");
        let [first, second] = ["first", "second"].map(|name| folder.join(name));
        let waiting = shell(&format!("touch {}; exec sleep 600", first.display()));
        let ahead = Ahead::start(vec![waiting, shell(&format!("touch {}", second.display()))]);
        assert!(comes(&first), "else nothing would have to be ended");
        // If the first were not ended, this would wait for ten minutes.
        drop(ahead);
        assert!(!second.exists());
        std::fs::remove_dir_all(folder).expect("our own folder");
    }
}
