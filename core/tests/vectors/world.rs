//! The people, keys and drafts that the vectors are made of. Everything is fixed: a key's seed is
//! SHA-256 of `vandel test vector key: ` and its name.

use vandel_core::block::{Block, BlockHead};
use vandel_core::chain::{Chain, check_signatures, possession_message};
use vandel_core::codec::encode_body;
use vandel_core::event::{BodySignature, OpenEvent};
use vandel_core::hash::{Domain, Hash, leaf_hash, sha256};
use vandel_core::id::{ActorId, LedgerId, PublicKey};
use vandel_core::signature::{SigningKey, public_key, sign};
use vandel_core::statement::{Body, Seen};
use vandel_core::time::{Day, Second};

use crate::fields::Fields;

/// 2026-03-20T09:46:40Z.
pub(crate) const START: u64 = 1_774_000_000;
/// 2026-03-20 in days after 1970-01-01.
pub(crate) const TODAY: i32 = 20_532;

pub(crate) fn secret(name: &str) -> SigningKey {
    SigningKey::from_bytes(&sha256(&[b"vandel test vector key: ", name.as_bytes()]).0)
}

pub(crate) fn public(name: &str) -> PublicKey {
    public_key(&secret(name))
}

pub(crate) fn actor(byte: u8) -> ActorId {
    ActorId([byte; 16])
}

pub(crate) fn day(days: i32) -> Day {
    Day::from_days_since_epoch(days).expect("a day that Vandel accepts")
}

/// Bytes that stand for random ones.
pub(crate) fn filler(name: &str) -> [u8; 32] {
    sha256(&[b"vandel test vector filler: ", name.as_bytes()]).0
}

pub(crate) fn possession(ledger: &LedgerId, holder: ActorId, name: &str) -> BodySignature {
    let message = possession_message(ledger, &holder, &public(name));
    BodySignature::from_bytes(&sign(&secret(name), Domain::Possession, &[&message]))
}

/// A record to be: every field may be set wrong before it is signed.
#[derive(Clone)]
pub(crate) struct RecordDraft {
    pub(crate) number: u64,
    pub(crate) time: u64,
    /// None: the hash of the record before.
    pub(crate) previous: Option<Hash>,
    pub(crate) ledger: LedgerId,
    pub(crate) seen: Seen,
    pub(crate) author: SigningKey,
    pub(crate) second: Option<SigningKey>,
    pub(crate) body: Body,
}

/// A block to be.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) head: BlockHead,
    /// The head of the chain before it.
    pub(crate) before: Hash,
    pub(crate) sequencer: SigningKey,
    pub(crate) records: Vec<RecordDraft>,
}

/// Who says what.
pub(crate) type Said<'s> = (&'s str, Option<&'s str>, Body);

pub(crate) fn open(event: OpenEvent) -> Body {
    Body::Open(Box::new(event))
}

impl Draft {
    /// The block that would follow on this chain.
    pub(crate) fn after(chain: &Chain, sequencer: &str, said: Vec<Said<'_>>) -> Self {
        let first = chain.size();
        let is_opening = first == 0;
        let record = |(index, (author, second, body)): (usize, Said<'_>)| RecordDraft {
            number: first + index as u64,
            time: START + 60 * chain.blocks,
            previous: None,
            ledger: if is_opening { LedgerId([0; 32]) } else { chain.ledger },
            seen: chain.tip(),
            author: secret(author),
            second: second.map(secret),
            body,
        };
        Self {
            head: BlockHead {
                ledger: chain.ledger,
                position: chain.blocks,
                previous: chain.block_head,
                first_record: first,
                sequencer: public(sequencer),
            },
            before: chain.head,
            sequencer: secret(sequencer),
            records: said.into_iter().enumerate().map(record).collect(),
        }
    }

    /// The block's fields, signed.
    pub(crate) fn fields(&self) -> Fields {
        let head = &self.head;
        let mut fields = Fields::new()
            .u16("block version", 1)
            .raw("block ledger", head.ledger.0, "ledger id")
            .u64("block position", head.position)
            .raw("block previous", head.previous.0, "hash of the block before; zero in block 0")
            .u64("first record", head.first_record)
            .u32("record count", u32::try_from(self.records.len()).expect("few records"))
            .raw("sequencer", head.sequencer.0, "the instance's public key");
        let mut previous = self.before;
        for (index, draft) in self.records.iter().enumerate() {
            let record = draft.fields(previous);
            let length = u32::try_from(record.bytes().len()).expect("short records");
            previous = leaf_hash(&record.bytes());
            fields = fields.u32(&format!("{index}/length"), length).inner(&format!("{index}/"), record);
        }
        self.sign(fields)
    }

    /// Signs fields that were changed afterwards.
    pub(crate) fn sign(&self, fields: Fields) -> Fields {
        let signature = sign(&self.sequencer, Domain::Block, &[&fields.bytes()]);
        fields.raw("block signature", signature, "Ed25519 over vandel/v1/block 00 and everything before")
    }
}

impl RecordDraft {
    pub(crate) fn fields(&self, before: Hash) -> Fields {
        Fields::new()
            .u16("record version", 1)
            .u64("number", self.number)
            .u64("time", self.time)
            .raw("previous", self.previous.unwrap_or(before).0, "hash of the record before; zero in record 0")
            .inner("", self.statement_fields())
    }

    /// The statement as it is signed.
    pub(crate) fn unsigned_fields(&self) -> Fields {
        let fields = Fields::new().u16("version", 1);
        let (sort, meaning) = match &self.body {
            Body::Open(_) => (1, "open"),
            Body::Sealed(_) => (2, "sealed"),
        };
        let fields = fields
            .raw("sort", [sort], format!("{sort}: {meaning}"))
            .raw("ledger", self.ledger.0, "ledger id; zero in the opening statement")
            .raw("author", public_key(&self.author).0, "the author's public key")
            .u64("seen size", self.seen.size)
            .raw("seen root", self.seen.root.0, "root of the tree at that size");
        match &self.body {
            Body::Open(event) => {
                let body = encode_body(event);
                let length = u32::try_from(body.len()).expect("a short body");
                fields.u32("event length", length).raw("event", body, event.kind().name())
            }
            Body::Sealed(commitment) => fields.raw("commitment", commitment.0, "commitment to the payload"),
        }
    }

    /// The signed statement.
    pub(crate) fn statement_fields(&self) -> Fields {
        self.signed(self.unsigned_fields())
    }

    /// Signs a statement's fields, perhaps changed ones.
    pub(crate) fn signed(&self, fields: Fields) -> Fields {
        let bytes = fields.bytes();
        let over = "Ed25519 over vandel/v1/statement 00 and the statement";
        let fields = fields
            .raw("author signature", sign(&self.author, Domain::Statement, &[&bytes]), over)
            .raw("signature count", [u8::from(self.second.is_some())], "further signatures");
        match &self.second {
            None => fields,
            Some(second) => fields
                .raw("second key", public_key(second).0, "the second person's public key")
                .raw("second signature", sign(second, Domain::Statement, &[&bytes]), over),
        }
    }
}

/// Judges a block's bytes as an audit does: structure and rules, then signatures.
pub(crate) fn take(chain: &mut Chain, bytes: &[u8]) -> Result<(), crate::file::Expected> {
    let position = chain.blocks;
    let block = Block::decode(bytes).map_err(|error| {
        let record = error.record_index.map(|index| chain.size() + u64::from(index));
        crate::check::decode_error(&error.error).at(position, record)
    })?;
    let mut checks = Vec::new();
    chain.take(&block, &mut checks, |_, _| {}).map_err(|fault| crate::check::fault(&fault))?;
    check_signatures(&checks).map_err(|fault| crate::check::fault(&fault))
}

pub(crate) fn second(at: u64) -> Second {
    Second(at)
}
