//! Open events: who may say them, and what they change.
//!
//! The rules here are part of integrity: anyone with the chain can check them. Two people means two
//! actors, not two keys of one (decision 9).

use crate::chain::fault::{FaultKind, Place, SignatureCheck, SignatureOf};
use crate::chain::{Chain, OpenRefusal};
use crate::event::{
    CheckpointKeyRotated, ErasureCompleted, ErasureExecuted, ErasureStarted, Grant, KeyEnrolled, KeyRevoked,
    KeyRotated, LedgerOpened, OpenEvent, OpenKind, PolicyAdopted, Role, Scope,
};
use crate::hash::Domain;
use crate::id::{ActorId, LedgerId, PublicKey};
use crate::keyring::KeyRefusal;
use crate::limits::{ERASURE_RECORDS_MAX, GRANTS_MAX, POLICY_BYTES_MAX};
use crate::policy::PolicyPack;
use crate::record::Record;
use crate::signature::{VerifyingKey, check_key};
use crate::statement::Body;
use crate::time::Second;

/// What a new key signs (under [`Domain::Possession`]) to prove that its holder takes part.
#[must_use]
pub fn possession_message(ledger: &LedgerId, actor: &ActorId, key: &PublicKey) -> Vec<u8> {
    [&ledger.0[..], &actor.0, &key.0].concat()
}

impl Chain {
    /// Judges an open event at its place and folds it in.
    pub(super) fn take_open<'a>(
        &mut self,
        event: &OpenEvent,
        record: &Record<'a>,
        checks: &mut Vec<SignatureCheck<'a>>,
    ) -> Result<(), FaultKind> {
        self.judge_open(event, record).map_err(FaultKind::Open)?;
        self.apply_open(event, record.number, record.time, record.statement.statement.author);
        if let Some((key, signature)) = record.statement.second {
            checks.push(SignatureCheck {
                place: Place { block: self.blocks, record: Some(record.number) },
                of: SignatureOf::Second,
                // Judged before its effect, like the author's.
                key: VerifyingKey::new(&key).map_err(|_| FaultKind::Author(KeyRefusal::Unknown(key)))?,
                message: record.statement.signed_bytes,
                signature,
            });
        }
        Ok(())
    }

    /// The author's key as it stands after the record's own effect, which matters for the opening
    /// statement alone: that one enrols its authors.
    pub(super) fn author_key(&self, record: &Record<'_>) -> Result<VerifyingKey, FaultKind> {
        let author = record.statement.statement.author;
        if let Body::Open(_) = &record.statement.statement.body {
            // Judged before its effect: a key may end by its own statement (rotation).
            return VerifyingKey::new(&author).map_err(|_| FaultKind::Author(KeyRefusal::Unknown(author)));
        }
        let signer = self.keyring.signer(&author, record.time);
        signer.map(|(_, verifying)| verifying.clone()).map_err(FaultKind::Author)
    }

    /// Judges an open event at the next place of this chain, without its signatures.
    pub fn judge_open(&self, event: &OpenEvent, record: &Record<'_>) -> Result<(), OpenRefusal> {
        let signers = Signers {
            chain: self,
            kind: event.kind(),
            author: record.statement.statement.author,
            second: record.statement.second.map(|(key, _)| key),
            at: record.time,
        };
        if let OpenEvent::LedgerOpened(opened) = event {
            return if record.number == 0 {
                self.judge_opening(opened, &signers)
            } else {
                Err(OpenRefusal::OpenedAgain)
            };
        }
        signers.judge_count(event)?;
        signers.judge_people()?;
        signers.judge_roles(event)?;
        match event {
            OpenEvent::LedgerOpened(_) | OpenEvent::SequencerStarted(_) => Ok(()),
            OpenEvent::DigestPublished(_) | OpenEvent::StatisticsCommitted(_) => Ok(()),
            OpenEvent::KeyEnrolled(enrolled) => self.judge_enrolment(enrolled, record.time),
            OpenEvent::KeyRotated(rotated) => self.judge_rotation(rotated, record.time),
            OpenEvent::KeyRevoked(revoked) => self.judge_revocation(revoked, record.time),
            OpenEvent::CheckpointKeyRotated(rotated) => self.judge_checkpoint_key(rotated),
            OpenEvent::PolicyAdopted(adopted) => self.judge_policy(adopted).map(|_| ()),
            OpenEvent::DisposalAdopted(decision) => {
                let named = [&decision.body, &decision.number];
                let named = named.into_iter().chain(&decision.classes).all(|text| !text.trim().is_empty());
                let ends = decision.until.is_none_or(|until| decision.from <= until);
                let complete = named && ends && !decision.classes.is_empty();
                if complete { Ok(()) } else { Err(OpenRefusal::Disposal) }
            }
            OpenEvent::ErasureStarted(erasure) => self.judge_erasure(erasure, record.time),
            OpenEvent::ErasureExecuted(ErasureExecuted { started, .. }) => {
                let waits = self.erasures.get(started).is_some_and(|erasure| erasure.executed.is_none());
                if waits { Ok(()) } else { Err(OpenRefusal::ErasureState { started: *started }) }
            }
            OpenEvent::ErasureCompleted(ErasureCompleted { started, .. }) => {
                let waits = self
                    .erasures
                    .get(started)
                    .is_some_and(|erasure| erasure.executed.is_some() && erasure.completed.is_none());
                if waits { Ok(()) } else { Err(OpenRefusal::ErasureState { started: *started }) }
            }
        }
    }

    fn judge_opening(&self, opened: &LedgerOpened, signers: &Signers<'_>) -> Result<(), OpenRefusal> {
        let [first, second] = opened.administrators;
        let kind = OpenKind::LedgerOpened;
        if signers.second.is_none() {
            return Err(OpenRefusal::SignatureCount { kind, needed: 2, found: 1 });
        }
        if first.actor == second.actor {
            return Err(OpenRefusal::SamePerson { kind, actor: first.actor });
        }
        for (named, signed) in [(first.key, Some(signers.author)), (second.key, signers.second)] {
            if Some(named) != signed {
                return Err(OpenRefusal::Role { kind, role: Role::Administrator, key: named });
            }
        }
        let keys = [first.key, second.key, opened.service_key, opened.checkpoint_key];
        for (index, key) in keys.iter().enumerate() {
            check_key(key).map_err(|error| OpenRefusal::BadKey { key: *key, error })?;
            if keys[..index].contains(key) {
                return Err(OpenRefusal::KeyKnown { key: *key });
            }
        }
        let origin = &opened.origin;
        let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if origin.is_empty() || origin.len() > 200 || origin.contains(bad) {
            return Err(OpenRefusal::Origin { origin: origin.clone() });
        }
        Ok(())
    }

    fn judge_enrolment(&self, enrolled: &KeyEnrolled, at: Second) -> Result<(), OpenRefusal> {
        let KeyEnrolled { actor, key, grants, possession, .. } = enrolled;
        let verifying = check_key(key).map_err(|error| OpenRefusal::BadKey { key: *key, error })?;
        verifying
            .verify(
                Domain::Possession,
                &[&possession_message(&self.ledger, actor, key)],
                &possession.to_bytes(),
            )
            .map_err(|error| OpenRefusal::Possession { key: *key, error })?;
        let checkpoint_key = self.checkpoint_keys.iter().any(|(_, known)| known == key);
        let other = self.keyring.get(key).is_some_and(|entry| entry.actor != *actor || entry.end.is_some());
        if other || checkpoint_key {
            return Err(OpenRefusal::KeyKnown { key: *key });
        }
        let in_order = |grant: &Grant| grant.until.is_none_or(|until| grant.from <= until);
        let count = (1..=GRANTS_MAX).contains(&grants.len());
        if !(count && grants.iter().all(in_order)) {
            return Err(OpenRefusal::Grants);
        }
        // Replacing grants can take the role away like a revocation.
        let day = at.latest_day_in_sweden();
        let administers = grants.iter().any(|grant| {
            grant.role == Role::Administrator && grant.scope == Scope::default() && grant.in_force_on(day)
        });
        if !administers && self.keyring.administrators_without(key, at) < 2 {
            return Err(OpenRefusal::LastAdministrators);
        }
        Ok(())
    }

    fn judge_rotation(&self, rotated: &KeyRotated, at: Second) -> Result<(), OpenRefusal> {
        let (entry, _) = self.keyring.signer(&rotated.old, at)?;
        let key = rotated.new;
        let verifying = check_key(&key).map_err(|error| OpenRefusal::BadKey { key, error })?;
        let message = possession_message(&self.ledger, &entry.actor, &key);
        verifying
            .verify(Domain::Possession, &[&message], &rotated.possession.to_bytes())
            .map_err(|error| OpenRefusal::Possession { key, error })?;
        let known =
            self.keyring.get(&key).is_some() || self.checkpoint_keys.iter().any(|(_, one)| *one == key);
        if known { Err(OpenRefusal::KeyKnown { key }) } else { Ok(()) }
    }

    fn judge_revocation(&self, revoked: &KeyRevoked, at: Second) -> Result<(), OpenRefusal> {
        let entry = self.keyring.get(&revoked.key).ok_or(KeyRefusal::Unknown(revoked.key))?;
        if let Some(end) = entry.end {
            return Err(KeyRefusal::Ended { key: revoked.key, at: end.at }.into());
        }
        if self.keyring.administrators_without(&revoked.key, at) < 2 {
            return Err(OpenRefusal::LastAdministrators);
        }
        Ok(())
    }

    fn judge_checkpoint_key(&self, rotated: &CheckpointKeyRotated) -> Result<(), OpenRefusal> {
        let key = rotated.new;
        let verifying = check_key(&key).map_err(|error| OpenRefusal::BadKey { key, error })?;
        let message = possession_message(&self.ledger, &ActorId([0; 16]), &key);
        verifying
            .verify(Domain::Possession, &[&message], &rotated.possession.to_bytes())
            .map_err(|error| OpenRefusal::Possession { key, error })?;
        let known =
            self.keyring.get(&key).is_some() || self.checkpoint_keys.iter().any(|(_, one)| *one == key);
        if known { Err(OpenRefusal::KeyKnown { key }) } else { Ok(()) }
    }

    pub(super) fn judge_policy(&self, adopted: &PolicyAdopted) -> Result<PolicyPack, OpenRefusal> {
        if adopted.pack.len() > POLICY_BYTES_MAX || adopted.confirmed_by.trim().is_empty() {
            let reason = "it is too long, or nobody has confirmed it".to_owned();
            return Err(OpenRefusal::Policy { reason });
        }
        let pack = PolicyPack::parse_for_adoption(&adopted.pack)
            .map_err(|error| OpenRefusal::Policy { reason: error.to_string() })?;
        match self.policies.last() {
            Some(last) if adopted.from < last.from => {
                Err(OpenRefusal::PolicyOrder { from: adopted.from, last: last.from })
            }
            _ => Ok(pack),
        }
    }

    fn judge_erasure(&self, erasure: &ErasureStarted, at: Second) -> Result<(), OpenRefusal> {
        let records = &erasure.records;
        let ascending = records.windows(2).all(|pair| pair[0] < pair[1]);
        let count = (1..=ERASURE_RECORDS_MAX).contains(&records.len());
        let there = records.last().is_some_and(|last| *last < self.size());
        if !(ascending && count && there) {
            return Err(OpenRefusal::ErasureRecords);
        }
        if at <= erasure.expires {
            Ok(())
        } else {
            Err(OpenRefusal::ApprovalExpired { expired: erasure.expires })
        }
    }
}

/// Who signed an open event, judged at its place.
struct Signers<'c> {
    chain: &'c Chain,
    kind: OpenKind,
    author: PublicKey,
    second: Option<PublicKey>,
    at: Second,
}

impl Signers<'_> {
    fn judge_count(&self, event: &OpenEvent) -> Result<(), OpenRefusal> {
        let needed = 1 + u8::from(event.needs_second_signature());
        let found = 1 + u8::from(self.second.is_some());
        if needed == found {
            Ok(())
        } else {
            Err(OpenRefusal::SignatureCount { kind: self.kind, needed, found })
        }
    }

    fn judge_people(&self) -> Result<(), OpenRefusal> {
        let (author, _) = self.chain.keyring.signer(&self.author, self.at)?;
        if let Some(second) = self.second {
            let (second, _) = self.chain.keyring.signer(&second, self.at)?;
            if second.actor == author.actor {
                return Err(OpenRefusal::SamePerson { kind: self.kind, actor: author.actor });
            }
        }
        Ok(())
    }

    fn judge_roles(&self, event: &OpenEvent) -> Result<(), OpenRefusal> {
        use Role::{Administrator, ControllersDelegate, DataProtectionOfficer, Handler, Service};
        let (author, second): (&[Role], &[Role]) = match event {
            OpenEvent::SequencerStarted(_)
            | OpenEvent::DigestPublished(_)
            | OpenEvent::ErasureExecuted(_) => (&[Service], &[]),
            OpenEvent::StatisticsCommitted(_) => (&[Service, Administrator, DataProtectionOfficer], &[]),
            // The key's own holder may hand it over together with an administrator.
            OpenEvent::KeyRotated(rotated) if rotated.old == self.author => (&[], &[Administrator]),
            OpenEvent::DisposalAdopted(_) => (&[Administrator], &[Administrator, ControllersDelegate]),
            OpenEvent::ErasureStarted(_) | OpenEvent::ErasureCompleted(_) => {
                (&[Administrator, Handler], &[ControllersDelegate])
            }
            _ => (&[Administrator], &[Administrator]),
        };
        self.judge_role(&self.author, author)?;
        self.second.map_or(Ok(()), |key| self.judge_role(&key, second))
    }

    fn judge_role(&self, key: &PublicKey, roles: &[Role]) -> Result<(), OpenRefusal> {
        let Some(first) = roles.first() else { return Ok(()) };
        let (entry, _) = self.chain.keyring.signer(key, self.at)?;
        let day = self.at.latest_day_in_sweden();
        let any_scope =
            |role: Role| entry.grants.iter().any(|grant| grant.role == role && grant.in_force_on(day));
        let holds = |role: &Role| match role {
            // A handler or delegate acts for some board; which one stands in the sealed plan.
            Handler | ControllersDelegate => any_scope(*role),
            _ => entry.holds(*role, &Scope::default(), day),
        };
        use Role::{ControllersDelegate, Handler};
        if roles.iter().any(holds) {
            Ok(())
        } else {
            Err(OpenRefusal::Role { kind: self.kind, role: *first, key: *key })
        }
    }
}
