//! A memory that is a quorum of witnesses (C2SP tlog-witness) on other machines, with a file beside it.
//!
//! The file comes first: it holds every tree head that this key has signed, before anybody else sees it, so a
//! head that only a minority has taken is not signed a second time for another tree. Then the witnesses are
//! asked, all at once, and a checkpoint is remembered when a strict majority of the fixed set has cosigned it.
//! Any two such majorities share a witness, and that witness has seen both: so no second history gets one, and
//! an instance that reaches no majority signs nothing that leaves.
//!
//! A witness can be down, slow or lying (a cosignature that does not verify): then it does not count. It can
//! have gone back, holding less than what it has cosigned: then it does not count either, until the operator
//! says so (`--trust-new-memory`), since it could help another history to a majority. And it can hold more
//! than this log has: then the log was cut, or another instance has gone on, and nothing leaves.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use vandel_core::checkpoint::Checkpoint;
use vandel_core::id::PublicKey;
use vandel_core::merkle::empty_root;
use vandel_core::note::{Note, NoteSignature, VerifierKey};
use vandel_core::signature::SigningKey;
use vandel_core::statement::Seen;
use vandel_core::witness::AddCheckpoint;

use super::highs::Highs;
use super::policy::MemoryPolicy;
use super::remote::{Heard, Job, Remote, Said};
use super::round::Round;
use super::{FileMemory, Memory, MemoryError, Prover};
use crate::disk::{Disk, Open};

/// How long to wait for witnesses.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For one answer.
    pub answer: Duration,
    /// For a majority, asking again those that gave no answer.
    pub majority: Duration,
    /// For the rest, once there is a majority.
    pub rest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { answer: seconds(5), majority: seconds(15), rest: Duration::from_millis(200) }
    }
}

/// How a quorum is opened.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file that notes how much each witness is known to have cosigned.
    pub highs: PathBuf,
    /// How long to wait.
    pub patience: Patience,
    /// Count witnesses again that have gone back.
    pub trust_new_memory: bool,
}

/// A memory of witnesses and a file.
pub struct QuorumMemory {
    disk: Arc<dyn Disk>,
    file: FileMemory,
    policy: MemoryPolicy,
    settings: Settings,
    witnesses: Vec<Standing>,
    heard: Receiver<Heard>,
    floor: u64,
}

/// A witness, and what is known of it.
struct Standing {
    remote: Remote,
    /// The size it holds, once it has said so.
    holds: Option<u64>,
    /// The largest size that it is known to have cosigned.
    high: u64,
    /// It holds less than it has cosigned.
    has_gone_back: bool,
    /// Why it did not count last time.
    trouble: Option<String>,
}

impl Standing {
    fn name(&self) -> &str {
        self.remote.key.name()
    }

    /// Takes note of the size it says it holds.
    fn says_it_holds(&mut self, size: u64) {
        if size < self.high {
            self.has_gone_back = true;
            self.trouble = Some(format!("it has gone back from {} records to {size}", self.high));
        }
        self.holds = Some(size);
    }
}

impl QuorumMemory {
    /// Opens the memory: asks every witness what it holds, and needs the answers of a strict majority.
    ///
    /// They are asked with a checkpoint of the empty tree, which is a beginning of every tree: so nothing is
    /// signed about a log that has not been compared with anything yet.
    ///
    /// # Errors
    /// [`MemoryError::NoMajority`] if too few answer.
    pub fn open(
        disk: Arc<dyn Disk>,
        file: FileMemory,
        policy: MemoryPolicy,
        checkpoint_key: &SigningKey,
        settings: Settings,
    ) -> Result<Self, MemoryError> {
        let (sender, heard) = channel();
        let highs = Highs::read(&*disk, &settings.highs);
        let mut witnesses = Vec::new();
        for (index, witness) in policy.witnesses().into_iter().enumerate() {
            let high = highs.of(&witness.key);
            let started = Remote::start(index, witness, settings.patience.answer, sender.clone());
            let remote =
                started.map_err(|source| MemoryError::Io { path: settings.highs.clone(), source })?;
            witnesses.push(Standing { remote, holds: None, high, has_gone_back: false, trouble: None });
        }
        let mut memory = Self { disk, file, policy, settings, witnesses, heard, floor: 0 };
        memory.ask_what_they_hold(checkpoint_key)?;
        Ok(memory)
    }

    fn ask_what_they_hold(&mut self, checkpoint_key: &SigningKey) -> Result<(), MemoryError> {
        let refuse = |why: String| MemoryError::Policy { path: self.settings.highs.clone(), why };
        let empty = Checkpoint::new(self.policy.origin(), 0, empty_root());
        let empty = empty.map_err(|error| refuse(error.to_string()))?;
        let note = empty.sign(checkpoint_key).map_err(|error| refuse(error.to_string()))?.to_string();
        let text = empty.to_string();
        let ask = |_: &Standing| {
            let request = AddCheckpoint { old: 0, proof: Vec::new(), note: note.clone() };
            Ok(Some(Job { text: text.clone(), size: 0, request }))
        };
        let mut round = Round::new(self.witnesses.len(), &self.settings.patience);
        while let Some(heard) = self.next(&mut round, ask)? {
            let standing = &mut self.witnesses[heard.index];
            match heard.said {
                Said::Cosigned(_) => standing.says_it_holds(0),
                Said::Holds(size) => standing.says_it_holds(size),
                Said::NotContinued(why) | Said::Nothing(why) => {
                    standing.trouble = Some(why);
                    continue;
                }
            }
            if std::mem::take(&mut standing.has_gone_back) {
                if self.settings.trust_new_memory {
                    (standing.high, standing.trouble) = (0, None);
                } else {
                    standing.has_gone_back = true;
                }
            }
            round.is_done[heard.index] = true;
            let answered = self.witnesses.iter().filter(|one| one.holds.is_some() && !one.has_gone_back);
            round.note_majority(answered.count() >= self.policy.majority());
        }
        self.floor = self.witnesses.iter().filter_map(|one| one.holds).max().unwrap_or(0);
        let answered: Vec<PublicKey> = self.keys(|one| one.holds.is_some() && !one.has_gone_back);
        if self.policy.suffices(&answered) {
            Ok(())
        } else {
            Err(self.no_majority("say what they hold", answered.len()))
        }
    }

    /// Asks whoever should be asked, and waits for the next answer; none when the round is over.
    fn next(
        &mut self,
        round: &mut Round,
        mut job: impl FnMut(&Standing) -> Result<Option<Job>, MemoryError>,
    ) -> Result<Option<Heard>, MemoryError> {
        loop {
            let now = Instant::now();
            for (index, standing) in self.witnesses.iter().enumerate() {
                if round.is_due(index, now) {
                    round.asked[index] = Some(now);
                    match job(standing)? {
                        Some(job) => round.is_waiting[index] = standing.remote.ask(job),
                        None => round.is_done[index] = true,
                    }
                }
            }
            let Some(wait) = round.wait(now) else { return Ok(None) };
            if let Ok(heard) = self.heard.recv_timeout(wait) {
                round.is_waiting[heard.index] = false;
                return Ok(Some(heard));
            }
        }
    }

    fn keys(&self, which: impl Fn(&Standing) -> bool) -> Vec<PublicKey> {
        let chosen = self.witnesses.iter().filter(|one| which(one));
        chosen.map(|one| one.remote.key.public_key()).collect()
    }

    fn no_majority(&self, did: &'static str, taken: usize) -> MemoryError {
        let silent = "it has not answered".to_owned();
        let why = |one: &Standing| {
            let trouble = one.trouble.clone().or_else(|| one.holds.is_none().then(|| silent.clone()))?;
            Some(format!("{}: {trouble}", one.name()))
        };
        MemoryError::NoMajority {
            did,
            taken,
            of: self.witnesses.len(),
            needed: self.policy.majority(),
            why: self.witnesses.iter().filter_map(why).collect(),
        }
    }

    /// Submits a checkpoint that the file has taken until a majority has cosigned it.
    fn submit(
        &mut self,
        note: &str,
        checkpoint: &Checkpoint,
        prove: Prover<'_>,
    ) -> Result<Vec<NoteSignature>, MemoryError> {
        let (size, text) = (checkpoint.size(), checkpoint.to_string());
        let mut proofs = Proofs { known: Vec::new(), prove };
        let mut round = Round::new(self.witnesses.len(), &self.settings.patience);
        let mut signatures: Vec<(PublicKey, NoteSignature)> = Vec::new();
        let ahead = self.witnesses.iter().find(|one| one.holds.is_some_and(|held| held > size));
        let mut contradiction = ahead.map(|one| one.is_ahead(size));
        loop {
            let ask = |standing: &Standing| {
                let old = standing.holds.unwrap_or(0);
                if old > size {
                    return Ok(None);
                }
                let request = AddCheckpoint { old, proof: proofs.from(old)?, note: note.to_owned() };
                Ok(Some(Job { text: text.clone(), size, request }))
            };
            let Some(heard) = self.next(&mut round, ask)? else { break };
            let standing = &mut self.witnesses[heard.index];
            match heard.said {
                Said::Cosigned(_) if heard.size != size => {
                    standing.holds = standing.holds.max(Some(heard.size))
                }
                Said::Cosigned(signature) => {
                    standing.holds = Some(size);
                    round.is_done[heard.index] = true;
                    if !standing.has_gone_back {
                        (standing.high, standing.trouble) = (size, None);
                        signatures.push((standing.remote.key.public_key(), signature));
                    }
                }
                Said::Holds(held) if held > size => {
                    standing.holds = Some(held);
                    standing.trouble = Some(format!("it holds {held} records"));
                    contradiction = Some(standing.is_ahead(size));
                    round.is_done[heard.index] = true;
                }
                Said::Holds(held) if held == heard.old => {
                    contradiction = Some(standing.forks(size, "another root for this size".to_owned()));
                    round.is_done[heard.index] = true;
                }
                // It holds another size than was thought: asked again at once, with the proof from there.
                Said::Holds(held) => {
                    standing.says_it_holds(held);
                    round.ask_again(heard.index);
                }
                Said::NotContinued(why) => {
                    contradiction = Some(standing.forks(size, why));
                    round.is_done[heard.index] = true;
                }
                Said::Nothing(why) => standing.trouble = Some(why),
            }
            let cosigners: Vec<PublicKey> = signatures.iter().map(|(key, _)| *key).collect();
            round.note_majority(self.policy.suffices(&cosigners));
        }
        let taken = signatures.len();
        match contradiction {
            _ if round.majority_at.is_some() => Ok(signatures.into_iter().map(|(_, line)| line).collect()),
            Some(contradiction) => Err(contradiction),
            None => Err(self.no_majority("have cosigned", taken)),
        }
    }

    /// Notes how much each has cosigned. Not synced: it only helps to notice a witness that goes back.
    fn note_highs(&self) {
        let lines = self.witnesses.iter().map(|one| format!("{} {}\n", one.remote.key, one.high));
        let beside = self.settings.highs.with_extension("new");
        let _ = self.disk.remove(&beside);
        let written = self
            .disk
            .open(&beside, Open::CreateNew)
            .and_then(|file| file.write_all_at(lines.collect::<String>().as_bytes(), 0));
        let _ = written.and_then(|()| self.disk.rename(&beside, &self.settings.highs));
    }
}

impl Standing {
    fn is_ahead(&self, found: u64) -> MemoryError {
        let held = self.holds.unwrap_or_default();
        MemoryError::WitnessAhead { witness: self.name().to_owned(), held, found }
    }

    fn forks(&mut self, size: u64, why: String) -> MemoryError {
        self.trouble = Some(format!("it holds another history: {why}"));
        MemoryError::WitnessFork { witness: self.name().to_owned(), size, why }
    }
}

impl Memory for QuorumMemory {
    fn latest(&self) -> Seen {
        self.file.latest()
    }

    fn floor(&self) -> u64 {
        self.floor.max(self.file.latest().size)
    }

    fn advance(
        &mut self,
        note: &str,
        checkpoint: &Checkpoint,
        prove: Prover<'_>,
    ) -> Result<String, MemoryError> {
        self.file.advance(note, checkpoint, &mut *prove)?;
        let signatures = self.submit(note, checkpoint, prove)?;
        self.floor = self.floor.max(checkpoint.size());
        self.note_highs();
        let unsigned = |error: vandel_core::note::NoteError| MemoryError::Policy {
            path: self.settings.highs.clone(),
            why: error.to_string(),
        };
        let mut cosigned = Note::parse(note.as_bytes()).map_err(unsigned)?;
        for signature in signatures {
            cosigned.attach(signature).map_err(unsigned)?;
        }
        Ok(cosigned.to_string())
    }

    fn note(&self) -> Option<&str> {
        self.file.note()
    }

    fn has_settled(&self, published: &str) -> bool {
        let parse = |note: &str| Note::parse(note.as_bytes()).ok();
        let (Some(ours), Some(published)) = (self.note().and_then(parse), parse(published)) else {
            return false;
        };
        let counted = self.witnesses.iter().filter(|one| !one.has_gone_back);
        let known: Vec<VerifierKey> = counted.map(|one| one.remote.key.clone()).collect();
        let cosigners = published.open(&known).unwrap_or_default();
        let cosigners: Vec<PublicKey> = cosigners.iter().map(|signed| signed.key.public_key()).collect();
        ours.text() == published.text() && self.policy.suffices(&cosigners)
    }

    fn take_over(&mut self) -> Result<(), MemoryError> {
        self.file.take_over()
    }

    fn witnesses(&self) -> usize {
        self.witnesses.len()
    }

    fn remarks(&self) -> Vec<String> {
        let troubled = |one: &Standing| {
            one.trouble.as_ref().map(|why| format!("the witness {} does not count: {why}", one.name()))
        };
        self.witnesses.iter().filter_map(troubled).collect()
    }
}

/// Consistency proofs by the size they start from, each made once.
struct Proofs<'a> {
    known: Vec<(u64, Vec<vandel_core::hash::Hash>)>,
    prove: Prover<'a>,
}

impl Proofs<'_> {
    fn from(&mut self, size: u64) -> Result<Vec<vandel_core::hash::Hash>, MemoryError> {
        if let Some((_, proof)) = self.known.iter().find(|(known, _)| *known == size) {
            return Ok(proof.clone());
        }
        let proof = if size == 0 { Ok(Vec::new()) } else { (self.prove)(size) };
        let proof = proof.map_err(|why| MemoryError::Unproven { size, why })?;
        self.known.push((size, proof.clone()));
        Ok(proof)
    }
}
