//! The threads of a desk.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle, panicking};

use rayon::ThreadPoolBuilder;

use super::queue::{Queue, Work, join, part};
use super::writer::Writer;
use crate::sequencer::{Sequencer, check_all};
use crate::submission::Halt;

/// How many lots are under verification at once: while the last signatures of one are verified on some cores, the
/// others begin with the next.
const CHECKERS: usize = 2;

/// Tells the other threads and everybody who waits should this one panic.
struct Watch<'q>(&'q Queue);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if panicking() {
            self.0.abandon("a thread of the desk has panicked");
        }
    }
}

/// Verifies what waits, ahead of the writer.
pub(super) fn spawn_checkers(queue: &Arc<Queue>) -> io::Result<Vec<JoinHandle<()>>> {
    (0..CHECKERS).map(|_| spawn_checker(queue.clone())).collect()
}

fn spawn_checker(queue: Arc<Queue>) -> io::Result<JoinHandle<()>> {
    Builder::new().name("desk-checker".to_owned()).spawn(move || {
        let _watch = Watch(&queue);
        while let Some((turn, handed)) = queue.next_to_check() {
            let (groups, slips) = part(handed);
            let checked = check_all(&queue.keyring(), groups);
            queue.hand_on(turn, join(checked, slips));
        }
    })
}

/// Writes what has been checked, and answers. What a block needs of other cores is done by threads of the writer's
/// own: with everybody's it would wait behind the signatures that are being verified. There is one for each core, and one
/// that waits for the disk while a block is on its way.
pub(super) fn spawn_writer(
    queue: Arc<Queue>,
    sequencer: Sequencer,
    on_halt: impl FnOnce(Halt) + Send + 'static,
) -> io::Result<JoinHandle<Option<Sequencer>>> {
    let name = |number| if number == 0 { "desk-writer".to_owned() } else { format!("desk-writer-{number}") };
    let threads = rayon::current_num_threads() + 1;
    let own =
        ThreadPoolBuilder::new().num_threads(threads).thread_name(name).build().map_err(io::Error::other)?;
    Builder::new()
        .name("desk".to_owned())
        .spawn(move || own.install(|| write_all(&queue, sequencer, on_halt)))
}

/// The writer, until the desk is closed.
fn write_all(queue: &Queue, sequencer: Sequencer, on_halt: impl FnOnce(Halt)) -> Option<Sequencer> {
    let _watch = Watch(queue);
    let mut on_halt = Some(on_halt);
    let mut tell_of_halt = |sequencer: &Sequencer| {
        if let Some(halt) = sequencer.halted()
            && queue.halt(halt)
            && let Some(on_halt) = on_halt.take()
        {
            on_halt(halt.clone());
        }
    };
    let mut writer = Writer::new(queue, sequencer);
    loop {
        match queue.next_to_write(writer.is_idle()) {
            Work::Round(questions, ready) => {
                if !questions.is_empty() {
                    writer.end_what_is_coming();
                    tell_of_halt(&writer.sequencer);
                    writer.answer_questions(questions);
                }
                writer.take(ready);
                writer.go_on();
            }
            Work::Nothing if writer.is_idle() => writer.sequencer.vault().forget_old_caches(),
            Work::End if writer.is_idle() => break,
            Work::Nothing | Work::End => writer.go_on(),
        }
        writer.tell_of_new_keys();
        tell_of_halt(&writer.sequencer);
    }
    Some(writer.sequencer)
}
