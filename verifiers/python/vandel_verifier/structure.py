"""Statements, records and blocks (docs/format.md sections 3 and 5)."""

from dataclasses import dataclass
from typing import Optional

from .events import read_event
from .hashes import digest, domain, leaf_hash
from .refused import Refused

STATEMENT_MAX = 262_144
EVENT_MAX = 262_144
RECORD_MAX = 263_168
BLOCK_MAX = 786_432
RECORDS_MAX = 1_000


class Cursor:
    """Reads fields of fixed and stated length."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count, what):
        end = self.at + count
        if end > len(self.data):
            raise Refused("Truncated", what)
        taken, self.at = self.data[self.at : end], end
        return taken

    def number(self, count, what):
        return int.from_bytes(self.take(count, what), "big")

    def led(self, limit, what):
        """A length-led field."""
        length = self.number(4, what)
        if length > limit:
            raise Refused("TooLong", what)
        return self.take(length, what)

    def version(self, what):
        if self.number(2, what) != 1:
            raise Refused("UnknownVersion", what)

    def end(self, what):
        if self.at != len(self.data):
            raise Refused("Trailing", what)


@dataclass
class Statement:
    """A signed statement."""

    unsigned: bytes
    ledger: bytes
    author: bytes
    seen_size: int
    seen_root: bytes
    commitment: Optional[bytes]
    event: Optional[tuple]
    signature: bytes
    second: Optional[tuple]

    @property
    def hash(self):
        return digest(domain("statement-hash"), self.unsigned)

    @property
    def ledger_id(self):
        """The ledger's id, if this is the opening statement."""
        return digest(domain("ledger-id"), self.unsigned)


@dataclass
class Record:
    """A statement in its place."""

    data: bytes
    number: int
    time: int
    previous: bytes
    statement: Statement

    @property
    def hash(self):
        return leaf_hash(self.data)


@dataclass
class Block:
    """The records that became durable together."""

    data: bytes
    ledger: bytes
    position: int
    previous: bytes
    first_record: int
    sequencer: bytes
    records: list
    signature: bytes

    @property
    def hash(self):
        return digest(domain("block-hash"), self.data)


def read_statement(data):
    """Reads a signed statement."""
    if len(data) > STATEMENT_MAX:
        raise Refused("TooLong", "statement")
    cursor = Cursor(data)
    cursor.version("statement")
    sort = cursor.number(1, "statement sort")
    if sort not in (1, 2):
        raise Refused("BadValue", "statement sort")
    ledger = cursor.take(32, "ledger id")
    author = cursor.take(32, "author key")
    seen_size = cursor.number(8, "seen size")
    seen_root = cursor.take(32, "seen root")
    commitment = event = None
    if sort == 2:
        commitment = cursor.take(32, "commitment")
    else:
        event = read_event(cursor.led(EVENT_MAX, "event"))
    unsigned = data[: cursor.at]
    signature = cursor.take(64, "author signature")
    count = cursor.number(1, "signature count")
    if count > (1 if sort == 1 else 0):
        raise Refused("BadValue", "signature count")
    second = (cursor.take(32, "second key"), cursor.take(64, "second signature")) if count else None
    cursor.end("statement")
    return Statement(unsigned, ledger, author, seen_size, seen_root, commitment, event, signature, second)


def read_record(data):
    """Reads a record."""
    if len(data) > RECORD_MAX:
        raise Refused("TooLong", "record")
    cursor = Cursor(data)
    cursor.version("record")
    number = cursor.number(8, "record number")
    time = cursor.number(8, "record time")
    previous = cursor.take(32, "previous hash")
    return Record(data, number, time, previous, read_statement(data[cursor.at :]))


def read_block(data):
    """Reads a block. A refusal inside a record carries the record's index in the block."""
    if len(data) > BLOCK_MAX:
        raise Refused("TooLong", "block")
    cursor = Cursor(data)
    cursor.version("block")
    ledger = cursor.take(32, "ledger id")
    position = cursor.number(8, "block position")
    previous = cursor.take(32, "previous block hash")
    first_record = cursor.number(8, "first record number")
    count = cursor.number(4, "record count")
    if not 1 <= count <= RECORDS_MAX:
        raise Refused("BadValue", "record count")
    sequencer = cursor.take(32, "sequencer key")
    # All records are cut from the block before any is read.
    cut = [_at(index, lambda: cursor.led(RECORD_MAX, "record")) for index in range(count)]
    signature = cursor.take(64, "block signature")
    cursor.end("block")
    records = [_at(index, lambda: read_record(record)) for index, record in enumerate(cut)]
    return Block(data, ledger, position, previous, first_record, sequencer, records, signature)


def _at(index, read):
    """Reads, and lets a refusal carry the record's index."""
    try:
        return read()
    except Refused as refused:
        raise refused.at(record=index) from None
