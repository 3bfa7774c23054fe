//! A whole small ledger, in which every open event and a few sealed steps occur.

use vandel_core::chain::Chain;
use vandel_core::event::{
    Administrator, CheckpointKeyRotated, DigestPublished, DisposalDecision, ErasureCompleted,
    ErasureExecuted, ErasureStarted, Grant, KeyEnrolled, KeyRevoked, KeyRotated, LedgerOpened, OpenEvent,
    PolicyAdopted, Revocation, Role, RootCellKind, Scope, SequencerStarted, StatisticsCommitted,
};
use vandel_core::hash::Hash;
use vandel_core::id::{ActorId, LedgerId};
use vandel_core::statement::Body;

use crate::file::Case;
use crate::world::{Draft, Said, TODAY, actor, day, filler, open, possession, public, second, take};

/// A pack with one role, for which the law forbids a check: the smallest that can be adopted.
pub(crate) const PACK: &str = "name = \"small\"\nversion = \"1\"\ntitle = { sv = \"Litet\", en = \"Small\" }\n\
jurisdiction = \"SE\"\nreads = { class = \"reads\", trigger = \"reading\", keep = \"2y\" }\nlocal = [\"reads\"]\n\
[[class]]\nname = \"reads\"\nsv = \"Läslogg\"\nen = \"Log of readings\"\n[[role]]\ncode = \"CLERK\"\n\
title = { sv = \"Registrator\", en = \"Clerk\" }\nlaw = \"regeringsformen 2 kap. 6 §\"\n\
in_force_from = \"2026-01-01\"\nduty = \"forbidden\"\n";

pub(crate) const ALICE: u8 = 0xa1;
pub(crate) const BOB: u8 = 0xb0;
pub(crate) const CAROL: u8 = 0xca;
pub(crate) const DORA: u8 = 0xd0;
pub(crate) const ERIK: u8 = 0xe1;
pub(crate) const SERVICE: u8 = 0x51;

/// The ledger, and every chain that stood between its blocks.
pub(crate) struct Ledger {
    /// `chains[n]` is the chain after `n` blocks.
    pub(crate) chains: Vec<Chain>,
    pub(crate) blocks: Vec<Vec<u8>>,
    cases: Vec<Case>,
}

pub(crate) fn opened() -> LedgerOpened {
    LedgerOpened {
        origin: "vandel.example/vectors".to_owned(),
        checkpoint_key: public("checkpoint"),
        service: actor(SERVICE),
        service_key: public("service"),
        administrators: [
            Administrator { actor: actor(ALICE), key: public("alice") },
            Administrator { actor: actor(BOB), key: public("bob") },
        ],
        day: day(TODAY),
        predecessor: None,
    }
}

pub(crate) fn grant(role: Role) -> Grant {
    Grant { role, scope: Scope::default(), from: day(TODAY), until: None }
}

pub(crate) fn enrolled(ledger: &LedgerId, holder: u8, name: &str, role: Role) -> KeyEnrolled {
    KeyEnrolled {
        actor: actor(holder),
        key: public(name),
        grants: vec![grant(role)],
        expires: None,
        possession: possession(ledger, actor(holder), name),
    }
}

pub(crate) fn rotated(ledger: &LedgerId) -> KeyRotated {
    KeyRotated {
        old: public("carol"),
        new: public("carol 2"),
        expires: Some(second(1_900_000_000)),
        possession: possession(ledger, actor(CAROL), "carol 2"),
    }
}

pub(crate) fn checkpoint_rotated(ledger: &LedgerId) -> CheckpointKeyRotated {
    let possession = possession(ledger, ActorId([0; 16]), "checkpoint 2");
    CheckpointKeyRotated { new: public("checkpoint 2"), possession }
}

pub(crate) fn policy() -> PolicyAdopted {
    PolicyAdopted {
        pack: PACK.to_owned(),
        from: day(TODAY),
        confirmed_by: "Kommunjuristen, dnr 1".to_owned(),
    }
}

pub(crate) fn disposal() -> DisposalDecision {
    DisposalDecision {
        body: "Arkivnämnden".to_owned(),
        number: "2026-03-01 § 7".to_owned(),
        decided: day(TODAY - 19),
        classes: vec!["note".to_owned()],
        from: day(TODAY),
        until: Some(day(TODAY + 3_652)),
    }
}

pub(crate) fn revoked() -> KeyRevoked {
    KeyRevoked {
        key: public("erik"),
        reason: Revocation::Compromised,
        suspect_since: Some(second(crate::world::START)),
    }
}

pub(crate) fn digest() -> DigestPublished {
    DigestPublished { view: "cases".to_owned(), version: 1, position: 11, digest: Hash(filler("digest")) }
}

pub(crate) fn statistics() -> StatisticsCommitted {
    let commitment = Hash(filler("statistics"));
    StatisticsCommitted { from: day(TODAY - 79), until: day(TODAY), commitment }
}

pub(crate) fn erasure() -> ErasureStarted {
    let plan = Hash(filler("plan"));
    ErasureStarted { records: vec![7, 8], plan, expires: second(crate::world::START + 86_400) }
}

pub(crate) fn executed() -> ErasureExecuted {
    let manifest = Hash(filler("manifest"));
    ErasureExecuted { started: 17, root_cell: RootCellKind::File, epoch: 2, manifest }
}

pub(crate) fn completed() -> ErasureCompleted {
    ErasureCompleted { started: 17, oldest_epoch: 2 }
}

impl Ledger {
    /// Builds it; `commitments` are those of the sealed steps, in order.
    pub(crate) fn build(commitments: &[Hash; 3]) -> Self {
        let mut ledger =
            Self { chains: vec![Chain::before_opening()], blocks: Vec::new(), cases: Vec::new() };
        let sealed = |index: usize| Body::Sealed(commitments[index]);
        let started = |name| open(OpenEvent::SequencerStarted(instance(name)));
        let both = |event| ("alice", Some("bob"), open(event));
        ledger.add("opening", "service", |_| vec![both(OpenEvent::LedgerOpened(opened()))]);
        ledger.add("the first instance starts", "service", |_| vec![("service", None, started("one"))]);
        ledger.add("three keys are enrolled", "service", |chain| {
            let enrol = |holder, name, role| {
                both(OpenEvent::KeyEnrolled(enrolled(&chain.ledger, holder, name, role)))
            };
            vec![
                enrol(CAROL, "carol", Role::Decider),
                enrol(DORA, "dora", Role::ControllersDelegate),
                enrol(ERIK, "erik", Role::Handler),
            ]
        });
        ledger.add("a policy is adopted", "service", |_| vec![both(OpenEvent::PolicyAdopted(policy()))]);
        ledger.add("a disposal decision is adopted", "service", |_| {
            vec![("bob", Some("dora"), open(OpenEvent::DisposalAdopted(disposal())))]
        });
        ledger.add("two sealed steps", "service", |_| {
            vec![("carol", None, sealed(0)), ("carol", None, sealed(1))]
        });
        ledger.add(
            "a key is handed over by its holder, and the checkpoint key replaced",
            "service",
            |chain| {
                let own = open(OpenEvent::KeyRotated(rotated(&chain.ledger)));
                let log = OpenEvent::CheckpointKeyRotated(checkpoint_rotated(&chain.ledger));
                vec![("carol", Some("alice"), own), both(log)]
            },
        );
        ledger.add("a key is revoked, and a second service enrolled", "service", |chain| {
            let service = enrolled(&chain.ledger, 0x52, "service 2", Role::Service);
            vec![both(OpenEvent::KeyRevoked(revoked())), both(OpenEvent::KeyEnrolled(service))]
        });
        ledger.add("the second service takes over", "service 2", |_| {
            vec![
                ("service 2", None, started("two")),
                ("service 2", None, open(OpenEvent::DigestPublished(digest()))),
                ("service 2", None, open(OpenEvent::StatisticsCommitted(statistics()))),
            ]
        });
        ledger.add("a step under the new key", "service 2", |_| vec![("carol 2", None, sealed(2))]);
        ledger.add("an erasure starts", "service 2", |_| {
            vec![("alice", Some("dora"), open(OpenEvent::ErasureStarted(erasure())))]
        });
        ledger.add("it is carried out", "service 2", |chain| {
            let started = chain.size() - 1;
            vec![(
                "service",
                None,
                open(OpenEvent::ErasureExecuted(ErasureExecuted { started, ..executed() })),
            )]
        });
        ledger.add("and completed", "service 2", |chain| {
            let started = chain.size() - 2;
            let completed = ErasureCompleted { started, ..completed() };
            vec![("bob", Some("dora"), open(OpenEvent::ErasureCompleted(completed)))]
        });
        ledger
    }

    fn add<'s>(&mut self, comment: &str, sequencer: &str, said: impl FnOnce(&Chain) -> Vec<Said<'s>>) {
        let mut chain = self.chains.last().expect("the chain before").clone();
        let said = said(&chain);
        if chain.blocks == 0 {
            // The block names the ledger whose id its own first record gives.
            chain.ledger = vandel_core::statement::ledger_id(
                &Draft::after(&chain, sequencer, said.clone()).records[0].unsigned_fields().bytes(),
            );
        }
        let draft = Draft::after(&chain, sequencer, said);
        let fields = draft.fields();
        let bytes = fields.bytes();
        take(&mut chain, &bytes).unwrap_or_else(|error| panic!("{comment}: {error:?}"));
        let case = fields
            .accept(&format!("block {}", chain.blocks - 1), comment)
            .context("after", chain.blocks - 1)
            .context("then records", chain.size())
            .context("then root", chain.frontier.root())
            .context("then head", chain.head)
            .context("then block hash", chain.block_head);
        self.cases.push(case);
        self.chains.push(chain);
        self.blocks.push(bytes);
    }

    pub(crate) fn id(&self) -> LedgerId {
        self.chains[1].ledger
    }

    /// The draft of a block that might follow after so many blocks.
    pub(crate) fn draft(&self, after: usize, said: Vec<Said<'_>>) -> Draft {
        let sequencer = if after > 8 { "service 2" } else { "service" };
        Draft::after(&self.chains[after], sequencer, said)
    }

    pub(crate) fn cases(&self) -> Vec<Case> {
        self.cases.clone()
    }
}

pub(crate) fn instance(name: &str) -> SequencerStarted {
    SequencerStarted { instance: *filler(name).first_chunk().expect("32 bytes hold 16") }
}
