//! What `cargo xtask instructions` counts under callgrind: our own hot paths, with signing, verifying and hashing
//! stubbed out (`--cfg vandel_stubbed`, see `vandel_core::stubbed`). `instructions SCENARIO TIMES` does a thing so
//! often; two counts with different times, subtracted, leave the thing alone.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a fixture, and a command line tool"
)]

#[path = "../tests/world/mod.rs"]
mod world;

use std::hint::black_box;

use vandel_core::block::Block;
use vandel_core::chain::Chain;
use vandel_core::event::{Kind, Process, Step};
use vandel_core::hash::Hash;
use vandel_core::id::ThreadId;
use vandel_core::merkle::{Frontier, prove_appended};
use vandel_core::statement::Body;
use vandel_ledger::author::sign_step;
use vandel_ledger::opening::OpenLedger;
use vandel_ledger::sealing::{Unsealed, from_opened};
use vandel_ledger::submission::Submission;

use world::World;

/// How many events one turn of a scenario goes through.
const EVENTS: u32 = 200;

/// A ledger with some events in it.
struct Stage {
    world: World,
    ledger: OpenLedger,
    /// The blocks with the events.
    blocks: Vec<Vec<u8>>,
    /// What was known before them.
    chain: Chain,
    next: u32,
}

impl Stage {
    fn set() -> Self {
        let world = World::found();
        let mut ledger = world.open();
        world.prepare(&mut ledger.sequencer);
        let chain = ledger.sequencer.chain().clone();
        let first = chain.blocks;
        let mut stage = Self { world, ledger, blocks: Vec::new(), chain, next: 0 };
        stage.append();
        let blocks = stage.ledger.sequencer.log().blocks_from(first);
        stage.blocks = blocks.map(|block| block.unwrap().bytes).collect();
        stage
    }

    fn signed(&mut self) -> Vec<Vec<Submission>> {
        let sequencer = &self.ledger.sequencer;
        let groups = (self.next..self.next + EVENTS).map(|number| {
            let mut thread = [0xA5; 16];
            thread[..4].copy_from_slice(&number.to_be_bytes());
            let spine = sequencer
                .next_spine(ThreadId(thread), Kind::PositionAssessed, world::today())
                .expect("the threads");
            let mut step = Step::new(spine);
            step.process = Some(Process::PositionAssessed(world::assessment()));
            let signed = sign_step(&sequencer.standpoint(), &self.world.decider, None, &step, None);
            vec![signed.unwrap().submission]
        });
        let groups = groups.collect();
        self.next += EVENTS;
        groups
    }

    fn append(&mut self) {
        let groups = self.signed();
        for answer in self.ledger.sequencer.commit(groups) {
            black_box(answer.unwrap());
        }
    }

    fn decoded(&self) -> impl Iterator<Item = Block<'_>> {
        self.blocks.iter().map(|block| Block::decode(block).unwrap())
    }
}

/// One turn of a scenario.
type Turn = fn(&mut Stage);

/// By name, and how many turns are taken as one, so that cheap ones stand out from what setting the stage takes: that
/// differs a little from run to run. The same names stand in `xtask/instructions.txt`.
const SCENARIOS: [(&str, u32, Turn); 6] = [
    ("sign", 5, |stage| drop(black_box(stage.signed()))),
    ("sign-and-append", 2, Stage::append),
    ("decode", 60, |stage| stage.decoded().for_each(|block| drop(black_box(block)))),
    ("fold-chain", 40, |stage| {
        let mut chain = stage.chain.clone();
        let mut checks = Vec::new();
        let blocks: Vec<Block<'_>> = stage.decoded().collect();
        blocks.iter().for_each(|block| chain.take(block, &mut checks, |_, _| {}).unwrap());
        black_box((chain.head, checks.len()));
    }),
    ("open-payloads", 4, |stage| {
        let vault = stage.ledger.sequencer.vault();
        for block in stage.decoded() {
            let records = block.records.iter().filter_map(|record| match &record.statement.statement.body {
                Body::Sealed(commitment) => Some((record.number, commitment)),
                Body::Open(_) => None,
            });
            let records: Vec<(u64, &Hash)> = records.collect();
            vault.see_all(
                &records,
                |(number, _)| *number,
                |(_, commitment), held| {
                    let Unsealed::Payload(payload) = from_opened(held.unwrap().unwrap()) else {
                        panic!("erased")
                    };
                    black_box(payload.open(commitment).unwrap());
                },
            );
        }
    }),
    ("prove", 60, |_| {
        let leaves: Vec<Hash> =
            (0..EVENTS).map(|number| Hash([u8::try_from(number % 251).unwrap(); 32])).collect();
        black_box(prove_appended(&Frontier::default(), &leaves));
    }),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, times] = &arguments[..] else {
        SCENARIOS.iter().for_each(|(name, ..)| println!("{name}"));
        return;
    };
    if !vandel_core::stubbed::IS_STUBBED {
        eprintln!("signing, verifying and hashing are real here: count with `cargo xtask instructions`");
        std::process::exit(2);
    }
    let (_, turns, turn) = SCENARIOS.iter().find(|(known, ..)| known == name).expect("a scenario");
    let mut stage = Stage::set();
    (0..turns * times.parse::<u32>().expect("a number")).for_each(|_| turn(&mut stage));
    println!("{}", EVENTS * turns);
}
