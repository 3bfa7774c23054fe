//! What open events change.

use crate::chain::{AdoptedPolicy, Chain, Erasure};
use crate::event::{ErasureStarted, Grant, LedgerOpened, OpenEvent, Role, Scope};
use crate::id::{ActorId, PublicKey};
use crate::keyring::{KeyEnd, KeyEnding, KeyEntry};
use crate::signature::check_key;
use crate::time::Second;

impl Chain {
    /// What the event changes. Only for events that [`Chain::judge_open`] has passed.
    pub(super) fn apply_open(&mut self, event: &OpenEvent, number: u64, at: Second, author: PublicKey) {
        match event {
            OpenEvent::LedgerOpened(opened) => self.apply_opening(opened, at),
            OpenEvent::SequencerStarted(_) => self.sequencer = author,
            OpenEvent::KeyEnrolled(enrolled) => {
                let since = self
                    .keyring
                    .get(&enrolled.key)
                    .map_or((number, at), |entry| (entry.enrolled_at, entry.since));
                self.enrol(enrolled.key, enrolled.actor, enrolled.grants.clone(), since, enrolled.expires);
            }
            OpenEvent::KeyRotated(rotated) => {
                if let Some(entry) = self.keyring.get(&rotated.old).cloned() {
                    self.enrol(rotated.new, entry.actor, entry.grants, (number, at), rotated.expires);
                    let how = KeyEnding::Rotated(rotated.new);
                    self.keyring.end(&rotated.old, KeyEnd { at: number, how, suspect_since: None });
                }
            }
            OpenEvent::KeyRevoked(revoked) => {
                let how = KeyEnding::Revoked(revoked.reason);
                let end = KeyEnd { at: number, how, suspect_since: revoked.suspect_since };
                self.keyring.end(&revoked.key, end);
            }
            OpenEvent::CheckpointKeyRotated(rotated) => self.checkpoint_keys.push((number + 1, rotated.new)),
            OpenEvent::PolicyAdopted(adopted) => {
                if let Ok(pack) = self.judge_policy(adopted) {
                    let text = adopted.pack.clone();
                    self.policies.push(AdoptedPolicy {
                        record: number,
                        from: adopted.from,
                        text,
                        pack: pack.into(),
                    });
                }
            }
            OpenEvent::DisposalAdopted(decision) => {
                self.disposals.insert(number, decision.clone());
            }
            OpenEvent::DigestPublished(_) | OpenEvent::StatisticsCommitted(_) => {}
            OpenEvent::ErasureStarted(ErasureStarted { records, plan, .. }) => {
                let erasure = Erasure {
                    records: records.clone(),
                    plan: *plan,
                    executed: None,
                    vault: None,
                    completed: None,
                };
                self.erasures.insert(number, erasure);
            }
            OpenEvent::ErasureExecuted(executed) => {
                if let Some(erasure) = self.erasures.get_mut(&executed.started) {
                    erasure.executed = Some((number, executed.root_cell));
                    erasure.vault = Some((executed.epoch, executed.manifest));
                }
            }
            OpenEvent::ErasureCompleted(completed) => {
                if let Some(erasure) = self.erasures.get_mut(&completed.started) {
                    erasure.completed = Some(number);
                }
            }
        }
    }

    fn apply_opening(&mut self, opened: &LedgerOpened, at: Second) {
        self.origin.clone_from(&opened.origin);
        self.predecessor.clone_from(&opened.predecessor);
        self.sequencer = opened.service_key;
        self.checkpoint_keys.push((0, opened.checkpoint_key));
        let grant = |role| vec![Grant { role, scope: Scope::default(), from: opened.day, until: None }];
        for administrator in opened.administrators {
            self.enrol(administrator.key, administrator.actor, grant(Role::Administrator), (0, at), None);
        }
        self.enrol(opened.service_key, opened.service, grant(Role::Service), (0, at), None);
    }

    fn enrol(
        &mut self,
        key: PublicKey,
        actor: ActorId,
        grants: Vec<Grant>,
        since: (u64, Second),
        expires: Option<Second>,
    ) {
        // Judged before: the key is a point of the prime-order group.
        if let Ok(verifying) = check_key(&key) {
            let entry = KeyEntry { actor, grants, enrolled_at: since.0, since: since.1, expires, end: None };
            self.keyring.insert(verifying, entry);
        }
    }
}
