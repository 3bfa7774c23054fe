//! Thousands of vectors that nobody wrote: accepted bytes, damaged at random. A reader may refuse or
//! accept them; what it accepts it must write again byte for byte, and it must never panic.

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use vandel_core::block::{Block, encode_unsigned};
use vandel_core::hash::Hash;
use vandel_core::id::{LedgerId, PublicKey};
use vandel_core::payload::{Header, Part};
use vandel_core::record::{Record, encode_record};
use vandel_core::statement::{Body, Seen, SignedStatement, Statement, assemble};
use vandel_core::time::Second;

use crate::check::{Prefix, check};
use crate::file::{Case, Field, to_hex};
use crate::ledger::Ledger;
use crate::world::take;
use crate::{made, payloads};

static CORPUS: LazyLock<Vec<(String, Case)>> = LazyLock::new(|| {
    let files = made().into_iter().filter(|(name, _)| name.starts_with("accept/"));
    let of_one_reader =
        ["event", "part", "statement", "record", "block", "header", "checkpoint", "trust", "key"];
    let files = files.filter(|(_, file)| of_one_reader.contains(&&*file.structure));
    files
        .flat_map(|(_, file)| file.cases.into_iter().map(move |case| (file.structure.clone(), case)))
        .collect()
});
static LEDGER: LazyLock<Ledger> = LazyLock::new(|| Ledger::build(&payloads::commitments()));

/// One act of damage.
#[derive(Clone, Debug)]
enum Damage {
    Flip(Index, u8),
    Set(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Cut(Index),
    Repeat(Index, Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    prop_oneof![
        (at(), 0..8_u8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        (at(), prop_oneof![Just(0), Just(1), Just(0x80), any::<u8>()])
            .prop_map(|(at, byte)| Damage::Insert(at, byte)),
        at().prop_map(Damage::Remove),
        at().prop_map(Damage::Cut),
        (at(), at()).prop_map(|(from, to)| Damage::Repeat(from, to)),
    ]
}

impl Damage {
    fn to(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let len = bytes.len();
        match self {
            Self::Flip(at, bit) => bytes[at.index(len)] ^= 1 << bit,
            Self::Set(at, byte) => bytes[at.index(len)] = *byte,
            Self::Insert(at, byte) => bytes.insert(at.index(len + 1), *byte),
            Self::Remove(at) => drop(bytes.remove(at.index(len))),
            Self::Cut(at) => bytes.truncate(at.index(len)),
            Self::Repeat(from, to) => {
                let (from, to) = (from.index(len).min(to.index(len)), from.index(len).max(to.index(len)));
                let piece = bytes[from..to].to_vec();
                bytes.splice(to..to, piece);
            }
        }
    }
}

/// The bytes that the library writes for what it reads in these; none if it refuses them.
fn written_again(structure: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    match structure {
        "statement" => SignedStatement::decode(bytes).ok().map(|signed| {
            assert_eq!(signed.statement.encode(), signed.signed_bytes);
            assemble(&signed.statement.encode(), &signed.signature, signed.second)
        }),
        "record" => Record::decode(bytes).ok().map(|record| {
            encode_record(record.number, record.time, &record.previous, record.statement_bytes)
        }),
        "block" => Block::decode(bytes).ok().map(|block| {
            let records = block.records.iter().map(|record| record.bytes);
            [encode_unsigned(&block.head, records), block.signature.to_vec()].concat()
        }),
        "header" => Header::decode(bytes).ok().map(|header| header.encode()),
        _ => None,
    }
}

fn case_of(bytes: &[u8], like: &Case) -> Case {
    Case { fields: vec![Field("bytes".to_owned(), to_hex(bytes), String::new())], ..like.clone() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_accepted_is_written_again_byte_for_byte(which: Index, damages in vec(damage(), 1..4)) {
        let (structure, case) = which.get(&CORPUS);
        let mut bytes = case.bytes();
        damages.iter().for_each(|damage| damage.to(&mut bytes));
        if structure == "key" && bytes.len() != 32 {
            return Ok(());
        }
        // For bodies, `check` itself encodes again and compares.
        let verdict = check(structure, &case_of(&bytes, case), &Prefix::default());
        if let Some(again) = written_again(structure, &bytes) {
            prop_assert!(verdict.is_ok());
            prop_assert_eq!(again, bytes);
        }
    }

    #[test]
    fn noise_makes_no_reader_panic(which: Index, bytes in vec(any::<u8>(), 0..600)) {
        let (structure, case) = which.get(&CORPUS);
        if structure != "key" || bytes.len() == 32 {
            drop(check(structure, &case_of(&bytes, case), &Prefix::default()));
        }
    }

    #[test]
    fn a_stored_part_is_its_salt_and_content(bytes in vec(any::<u8>(), 0..200)) {
        match Part::decode(&bytes) {
            Ok(part) => prop_assert_eq!(part.into_stored(), bytes),
            Err(_) => prop_assert!(bytes.len() < 32),
        }
    }

    #[test]
    fn a_sealed_statement_survives_the_wire(
        keys: [[u8; 32]; 4], size: u64, signature: [[u8; 32]; 2], number: u64, time: u64, previous: [u8; 32],
    ) {
        let [ledger, author, root, commitment] = keys;
        let statement = Statement {
            ledger: LedgerId(ledger),
            author: PublicKey(author),
            seen: Seen { size, root: Hash(root) },
            body: Body::Sealed(Hash(commitment)),
        };
        let unsigned = statement.encode();
        let signature: [u8; 64] = signature.concat().try_into().expect("64 bytes");
        let signed = assemble(&unsigned, &signature, None);
        let bytes = encode_record(number, Second(time), &Hash(previous), &signed);
        let read = Record::decode(&bytes).expect("its own encoding");
        prop_assert_eq!(bytes.len(), vandel_core::record::SEALED_RECORD_BYTES);
        prop_assert_eq!((read.number, read.time, read.previous), (number, Second(time), Hash(previous)));
        prop_assert_eq!(read.statement.signed_bytes, &unsigned[..]);
        prop_assert_eq!((&read.statement.statement, read.statement.signature), (&statement, signature));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_damaged_block_never_follows(after: Index, damages in vec(damage(), 1..4)) {
        let after = after.index(LEDGER.blocks.len());
        let mut bytes = LEDGER.blocks[after].clone();
        damages.iter().for_each(|damage| damage.to(&mut bytes));
        let mut chain = LEDGER.chains[after].clone();
        prop_assert_eq!(take(&mut chain, &bytes).is_ok(), bytes == LEDGER.blocks[after]);
    }
}
