//! The threads of a desk.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle, panicking};

use rayon::ThreadPoolBuilder;

use super::queue::{Question, Queue, Ready, Slip, Work, join, part};
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
/// own: with everybody's it would wait behind the signatures that are being verified.
pub(super) fn spawn_writer(
    queue: Arc<Queue>,
    sequencer: Sequencer,
    on_halt: impl FnOnce(Halt) + Send + 'static,
) -> io::Result<JoinHandle<Option<Sequencer>>> {
    let name = |number| if number == 0 { "desk-writer".to_owned() } else { format!("desk-writer-{number}") };
    let own = ThreadPoolBuilder::new().thread_name(name).build().map_err(io::Error::other)?;
    Builder::new()
        .name("desk".to_owned())
        .spawn(move || own.install(|| write_all(&queue, sequencer, on_halt)))
}

/// The writer, until the desk is closed.
fn write_all(queue: &Queue, mut sequencer: Sequencer, on_halt: impl FnOnce(Halt)) -> Option<Sequencer> {
    let _watch = Watch(queue);
    let mut on_halt = Some(on_halt);
    // A key that was enrolled once stays known, so their number tells whether there are new ones.
    let mut known = sequencer.chain().keyring.entries().len();
    loop {
        let (questions, groups) = match queue.next_to_write() {
            Work::Round(questions, groups) => (questions, groups),
            Work::Idle => {
                sequencer.vault().forget_old_caches();
                continue;
            }
            Work::End => break,
        };
        answer_questions(&mut sequencer, questions);
        write(queue, &mut sequencer, groups);
        let keyring = &sequencer.chain().keyring;
        if keyring.entries().len() != known {
            known = keyring.entries().len();
            queue.set_keyring(keyring.clone());
        }
        if let Some(halt) = sequencer.halted()
            && queue.halt(halt)
            && let Some(on_halt) = on_halt.take()
        {
            on_halt(halt.clone());
        }
    }
    Some(sequencer)
}

/// Questions come before the next block: they are short, and people wait for them.
fn answer_questions(sequencer: &mut Sequencer, questions: VecDeque<Question>) {
    questions.into_iter().for_each(|question| question(sequencer));
}

fn write(queue: &Queue, sequencer: &mut Sequencer, ready: Vec<Ready>) {
    if ready.is_empty() {
        return;
    }
    let mut slips: Vec<Option<Slip>> = Vec::with_capacity(ready.len());
    let (mut checked, mut places) = (Vec::new(), Vec::new());
    for Ready { checked: groups, slip } in ready {
        places.extend((0..groups.len()).map(|group| (slips.len(), group)));
        checked.extend(groups);
        slips.push(Some(slip));
    }
    sequencer.commit_checked(checked, |index, answer| {
        let (number, group) = places[index];
        if let Some(slip) = slips[number].take_if(|slip| slip.note(group, answer)) {
            queue.answer(slip);
        }
    });
}
