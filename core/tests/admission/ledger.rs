//! A ledger in memory: founded, with the shipped policy, people in every role and one assessed position.

use std::collections::BTreeMap;

use vandel_core::admit::{Occasion as Judging, Proposal, Refusal, State, admit};
use vandel_core::block::{Block, BlockHead, encode_unsigned};
use vandel_core::chain::{Chain, FaultKind, OpenRefusal, check_signatures, possession_message};
use vandel_core::event::{
    Administrator, Approval, BodySignature, Grant, KeyEnrolled, LedgerOpened, OpenEvent, PolicyAdopted, Role,
    Scope,
};
use vandel_core::hash::{Domain, Hash};
use vandel_core::id::{ActorId, LedgerId};
use vandel_core::merkle::empty_root;
use vandel_core::payload::{Part, Payload, Slot, approval_message};
use vandel_core::record::encode_record;
use vandel_core::signature::{SigningKey, public_key, sign};
use vandel_core::statement::{Body, Seen, Statement, assemble, ledger_id, statement_hash};
use vandel_core::thread::Threads;
use vandel_core::time::{Day, Second};

use crate::moves::Move;

pub(crate) const SE_2026: &str = include_str!("../../../schemas/policy/se-2026.toml");

/// The people. A person's actor id and key are made from this number; `SECOND_KEY` is one that the
/// decider holds besides.
pub(crate) const ANNA: u8 = 1; // administrator
pub(crate) const BO: u8 = 2; // administrator
pub(crate) const SERVICE: u8 = 3;
pub(crate) const DECIDER: u8 = 4;
pub(crate) const HANDLER: u8 = 5;
pub(crate) const REVIEWER: u8 = 6;
pub(crate) const DELEGATE: u8 = 7;
pub(crate) const OFFICER: u8 = 8; // data-protection officer
pub(crate) const AUDITOR: u8 = 9;
pub(crate) const OTHER_DECIDER: u8 = 10;
pub(crate) const SECOND_KEY: u8 = 11;
pub(crate) const STRANGER: u8 = 99;

pub(crate) fn key(who: u8) -> SigningKey {
    SigningKey::from_bytes(&[who; 32])
}

pub(crate) fn actor(who: u8) -> ActorId {
    ActorId([if who == SECOND_KEY { DECIDER } else { who }; 16])
}

pub(crate) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// Ten in the morning, UTC, of a day.
pub(crate) fn morning(text: &str) -> Second {
    let days = u64::try_from(day(text).days_since_epoch()).unwrap();
    Second(days * 86_400 + 36_000)
}

pub(crate) const TODAY: &str = "2026-03-20";

/// The whole state that admission sees, and the role under which cases are opened.
#[derive(Clone)]
pub(crate) struct Ledger {
    pub(crate) chain: Chain,
    pub(crate) threads: Threads,
    pub(crate) role: &'static str,
    pub(crate) at: Second,
    /// What an audit reads: the blocks, and the payload of each sealed record.
    pub(crate) blocks: Vec<Vec<u8>>,
    pub(crate) payloads: BTreeMap<u64, Payload>,
}

/// What a step looks like when it is signed.
pub(crate) struct Signed {
    pub(crate) bytes: Vec<u8>,
    pub(crate) hash: Hash,
    pub(crate) statement: Statement,
    pub(crate) payload: Payload,
}

pub(crate) fn possession(ledger: &LedgerId, holder: &SigningKey, who: ActorId) -> BodySignature {
    let message = possession_message(ledger, &who, &public_key(holder));
    BodySignature::from_bytes(&sign(holder, Domain::Possession, &[&message]))
}

pub(crate) fn founding() -> LedgerOpened {
    LedgerOpened {
        origin: "vandel.test/ledger".to_owned(),
        checkpoint_key: public_key(&key(50)),
        service: actor(SERVICE),
        service_key: public_key(&key(SERVICE)),
        administrators: [ANNA, BO].map(|who| Administrator { actor: actor(who), key: public_key(&key(who)) }),
        day: day("2026-01-01"),
        predecessor: None,
    }
}

pub(crate) fn adoption(pack: &str) -> OpenEvent {
    OpenEvent::PolicyAdopted(PolicyAdopted {
        pack: pack.to_owned(),
        from: day("2022-01-01"),
        confirmed_by: "Kommunjuristen, dnr 1".to_owned(),
    })
}

pub(crate) fn everywhere(role: Role) -> Grant {
    Grant { role, scope: Scope::default(), from: day("2026-01-01"), until: None }
}

/// A ledger whose cases are opened under this role of the shipped pack.
pub(crate) fn ledger(role: &'static str) -> Ledger {
    ledger_with(SE_2026, role)
}

pub(crate) fn ledger_with(pack: &str, role: &'static str) -> Ledger {
    let mut ledger = empty(role);
    ledger.say(adoption(pack)).unwrap();
    for (who, role) in [
        (DECIDER, Role::Decider),
        (SECOND_KEY, Role::Reviewer),
        (HANDLER, Role::Handler),
        (REVIEWER, Role::Reviewer),
        (DELEGATE, Role::ControllersDelegate),
        (OFFICER, Role::DataProtectionOfficer),
        (AUDITOR, Role::Auditor),
        (OTHER_DECIDER, Role::Decider),
    ] {
        ledger.enrol(who, vec![everywhere(role)]);
    }
    ledger.take(crate::moves::assessed_position());
    ledger
}

/// Founded, and nothing more.
pub(crate) fn empty(role: &'static str) -> Ledger {
    let chain = Chain::before_opening();
    let at = morning(TODAY);
    let (threads, blocks, payloads) = (Threads::default(), Vec::new(), BTreeMap::new());
    let mut ledger = Ledger { chain, threads, role, at, blocks, payloads };
    ledger.say_as(OpenEvent::LedgerOpened(founding()), ANNA, Some(BO)).unwrap();
    ledger
}

impl Ledger {
    pub(crate) fn enrolment(&self, who: u8, grants: Vec<Grant>) -> KeyEnrolled {
        let possession = possession(&self.chain.ledger, &key(who), actor(who));
        KeyEnrolled { actor: actor(who), key: public_key(&key(who)), grants, expires: None, possession }
    }

    pub(crate) fn enrol(&mut self, who: u8, grants: Vec<Grant>) {
        let enrolled = self.enrolment(who, grants);
        self.say(OpenEvent::KeyEnrolled(enrolled)).unwrap();
    }

    /// An open event by both administrators, or by the service where one signature is asked for.
    pub(crate) fn say(&mut self, event: OpenEvent) -> Result<u64, OpenRefusal> {
        if event.needs_second_signature() {
            self.say_as(event, ANNA, Some(BO))
        } else {
            self.say_as(event, SERVICE, None)
        }
    }

    pub(crate) fn say_as(
        &mut self,
        event: OpenEvent,
        author: u8,
        second: Option<u8>,
    ) -> Result<u64, OpenRefusal> {
        let started = matches!(event, OpenEvent::SequencerStarted(_)).then_some(author);
        let body = Body::Open(Box::new(event));
        let bytes = self.statement(author, body).encode();
        let sign_as = |who: u8| (public_key(&key(who)), sign(&key(who), Domain::Statement, &[&bytes]));
        let signed = assemble(&bytes, &sign_as(author).1, second.map(sign_as));
        self.append(&[signed], started.unwrap_or(SERVICE)).map_err(|fault| match fault {
            FaultKind::Open(refusal) => refusal,
            other => panic!("another fault than an open event's: {other}"),
        })
    }

    fn statement(&self, author: u8, body: Body) -> Statement {
        let first = self.chain.size() == 0;
        let ledger = if first { LedgerId([0; 32]) } else { self.chain.ledger };
        let seen = if first { Seen { size: 0, root: empty_root() } } else { self.chain.tip() };
        Statement { ledger, author: public_key(&key(author)), seen, body }
    }

    /// One block of these statements, with every signature checked.
    pub(crate) fn append(&mut self, statements: &[Vec<u8>], sequencer: u8) -> Result<u64, FaultKind> {
        let chain = &self.chain;
        let opening = &statements[0][..statements[0].len().saturating_sub(64 + 1 + 96)];
        let ledger = if chain.size() == 0 { ledger_id(opening) } else { chain.ledger };
        let (mut previous, mut records) = (chain.head, Vec::new());
        for (number, statement) in (chain.size()..).zip(statements) {
            let record = encode_record(number, self.at, &previous, statement);
            previous = vandel_core::hash::leaf_hash(&record);
            records.push(record);
        }
        let head = BlockHead {
            ledger,
            position: chain.blocks,
            previous: chain.block_head,
            first_record: chain.size(),
            sequencer: public_key(&key(sequencer)),
        };
        let mut block = encode_unsigned(&head, records.iter().map(Vec::as_slice));
        let signature = sign(&key(sequencer), Domain::Block, &[&block]);
        block.extend_from_slice(&signature);
        let mut after = chain.clone();
        let mut checks = Vec::new();
        after.take(&Block::decode(&block).unwrap(), &mut checks, |_, _| {}).map_err(|fault| fault.kind)?;
        check_signatures(&checks).unwrap();
        self.chain = after;
        self.blocks.push(block);
        Ok(self.chain.size() - 1)
    }

    /// A step as its author would sign it.
    pub(crate) fn sign(&self, what: &Move) -> Signed {
        let step = what.step(self);
        let mut next = 0_u8;
        let mut payload = Payload::from_step(&step, || {
            next += 1;
            [next; 32]
        });
        let mut statement = self.statement(what.by, Body::Sealed(payload.header.commitment()));
        if let Some(approver) = what.approver {
            let ledger = self.chain.ledger;
            let message = approval_message(&ledger, &statement.author, &payload.header);
            let mut signature = sign(&key(approver), Domain::Approval, &[&message]);
            signature[0] ^= u8::from(what.spoils_approval);
            let approval = Approval {
                key: public_key(&key(approver)),
                signature: BodySignature::from_bytes(&signature),
            };
            let content = vandel_core::codec::encode_body(&approval);
            payload.set(Slot::Approval, Part::new([200; 32], &content));
            statement.body = Body::Sealed(payload.header.commitment());
        }
        if what.sees_another_history {
            statement.seen.root = Hash([9; 32]);
        }
        let bytes = statement.encode();
        let signature = sign(&key(what.by), Domain::Statement, &[&bytes]);
        Signed { hash: statement_hash(&bytes), bytes: assemble(&bytes, &signature, None), statement, payload }
    }

    pub(crate) fn judge(&self, what: &Move, judging: Judging) -> Result<ActorId, Refusal> {
        let signed = self.sign(what);
        let Body::Sealed(commitment) = signed.statement.body else { panic!("a step is sealed") };
        let step = signed.payload.open(&commitment).map_err(|error| match error {
            vandel_core::payload::PayloadError::Shape(shape) => Refusal::Shape(shape),
            other => panic!("the fixture seals soundly: {other}"),
        })?;
        let proposal = Proposal {
            statement: &signed.statement,
            header: &signed.payload.header,
            step: &step,
            evidence: what.evidence.as_ref().filter(|_| judging == Judging::New),
            at: self.at,
        };
        admit(State { chain: &self.chain, threads: &self.threads }, proposal, judging)
    }

    /// Takes a step that must be admitted.
    #[track_caller]
    pub(crate) fn take(&mut self, what: Move) -> Signed {
        let who = match self.judge(&what, Judging::New) {
            Ok(who) => who,
            Err(refusal) => panic!("{} was refused: {refusal}", what.kind.name()),
        };
        self.put(&what, who)
    }

    /// Puts a step into the log, whether it would be admitted or not.
    pub(crate) fn put(&mut self, what: &Move, who: ActorId) -> Signed {
        let signed = self.sign(what);
        let Body::Sealed(commitment) = signed.statement.body else { panic!("a step is sealed") };
        let step = signed.payload.open(&commitment).unwrap();
        let record = self.append(std::slice::from_ref(&signed.bytes), SERVICE).unwrap();
        self.threads.fold(&step, who, record, signed.hash);
        self.payloads.insert(record, signed.payload.clone());
        signed
    }
}
