"""The chain: blocks in their order, judged one by one (docs/format.md section 10, V1 to V14)."""

from . import ed25519
from .acts import ACTS, judge_signers
from .hashes import EMPTY_ROOT, ZERO, Frontier, domain
from .keyring import Keyring
from .refused import Refused
from .structure import read_block


class Chain:
    """What is known after some blocks. A failed block leaves it as it was."""

    def __init__(self):
        self.ledger = None
        self.origin = None
        self.records = 0
        self.blocks = 0
        self.head = ZERO
        self.time = 0
        self.block_hash = ZERO
        self.sequencer = None
        self.keyring = Keyring()
        self.checkpoint_keys = []
        self.tree = Frontier()
        self.roots = {0: EMPTY_ROOT}  # at the block boundaries
        self.policies = []
        self.erasures = {}
        self.sealed = {}  # record number: (commitment, author, time)
        self.hashes = []
        self.counts = {"signatures": 0, "open": 0, "sealed": 0}

    def copy(self):
        other = Chain()
        other.__dict__.update(self.__dict__)
        other.keyring, other.tree = self.keyring.copy(), self.tree.copy()
        other.roots, other.sealed, other.counts = dict(self.roots), dict(self.sealed), dict(self.counts)
        other.hashes = list(self.hashes)
        return other

    def checkpoint_key(self, size):
        """The key that signs checkpoints of a size."""
        fitting = [key for first, key in self.checkpoint_keys if first <= size]
        return fitting[-1] if fitting else None

    def take(self, data):
        """Takes the next block, or refuses it: then only a copy made before is of use."""
        first = self.records
        try:
            block = read_block(data)
        except Refused as refused:
            # If the instance signed these bytes, the record that cannot be read is meant; else any may be.
            signed = self.sequencer is not None and _is_signed(self.sequencer, data)
            refused.names = first + ((refused.record or 0) if signed else 0)
            raise refused.at(block=self.blocks) from None
        try:
            self._take_block(block)
        except Refused as refused:
            _name_record(refused, block, first)
            raise refused.at(block=self.blocks) from None

    def _take_block(self, block):
        if self.blocks == 0:
            self._begin(block)
        if block.ledger != self.ledger:
            raise Refused("Ledger", "the block is of another ledger")
        if block.position != self.blocks:
            raise Refused("BlockPosition", f"{block.position} where {self.blocks} comes")
        if block.previous != self.block_hash:
            raise Refused("BlockPrevious", "the block before is another")
        if block.first_record != self.records:
            raise Refused("RecordNumber", f"the block counts from {block.first_record}, not from {self.records}")
        self._judge_sequencer(block)
        seen = dict(self.roots)
        for index, record in enumerate(block.records):
            try:
                self._take_record(record, index, seen)
            except Refused as refused:
                raise refused.at(record=self.records) from None
        try:
            ed25519.verify(block.sequencer, domain("block") + block.data[:-64], block.signature)
        except Refused as refused:
            raise refused.under("Signature.Block") from None
        self.counts["signatures"] += 1
        self.roots[self.records] = self.tree.root()
        self.block_hash = block.hash
        self.blocks += 1

    def _begin(self, block):
        """V2."""
        opening = block.records[0].statement
        if opening.event is None or opening.event[0] != "LedgerOpened":
            raise Refused("Open.NotOpened", "the ledger does not begin with its opening").at(record=0)
        self.ledger = opening.ledger_id
        self.sequencer = opening.event[1]["service_key"]

    def _judge_sequencer(self, block):
        """V4."""
        first = block.records[0]
        event = first.statement.event
        starts = event is not None and event[0] == "SequencerStarted"
        expected = first.statement.author if starts else self.sequencer
        if block.sequencer != expected:
            raise Refused("NotTheStartedSequencer", block.sequencer.hex())
        if self.blocks > 0:
            self.keyring.may_sign(block.sequencer, first.time, "Sequencer")

    def _take_record(self, record, index, seen):
        statement = record.statement
        if record.number != self.records:
            raise Refused("RecordNumber", f"{record.number} where {self.records} comes")
        if record.previous != self.head:
            raise Refused("RecordPrevious", "the record before is another")
        if record.time < self.time:
            raise Refused("TimeRunsBack", f"{record.time} after {self.time}")
        if statement.ledger != (self.ledger if self.records else ZERO):
            raise Refused("Ledger", "the statement is of another ledger")
        if statement.seen_size not in seen:
            raise Refused("SeenSize", f"no block before this one ends at {statement.seen_size}")
        if statement.seen_root != seen[statement.seen_size]:
            raise Refused("SeenRoot", f"another root at {statement.seen_size}")
        if statement.event is None:
            self.keyring.may_sign(statement.author, record.time, "Author")
            self._verify_signatures(statement)
            self.sealed[record.number] = (statement.commitment, statement.author, record.time)
            self.counts["sealed"] += 1
        else:
            self._take_event(record, index)
            self.counts["open"] += 1
        self.head, self.time = record.hash, record.time
        self.hashes.append(self.head)
        self.tree.append(self.head)
        self.records += 1

    def _take_event(self, record, index):
        """V10 to V13."""
        name, event = record.statement.event
        if name == "LedgerOpened" and self.records > 0:
            raise Refused("Open.OpenedAgain", "record 0 alone opens")
        judge_signers(self, record, name, event)
        if name == "SequencerStarted" and index > 0:
            raise Refused("Open.StartNotFirst", "a start opens its block")
        ACTS[name](self, record, event)
        self._verify_signatures(record.statement)

    def _verify_signatures(self, statement):
        message = domain("statement") + statement.unsigned
        for prefix, signed in (("Author", (statement.author, statement.signature)), ("Second", statement.second)):
            if signed is None:
                continue
            try:
                ed25519.verify(signed[0], message, signed[1])
            except Refused as refused:
                raise refused.under(f"Signature.{prefix}") from None
            self.counts["signatures"] += 1


def _name_record(refused, block, first):
    """Which record a report names for a block that reads and is refused."""
    if refused.record is None:
        refused.names = first
        last = first + len(block.records) - 1
        if refused.name.startswith("Signature.Block.") and last > first:
            refused.through = last
    elif refused.name == "RecordPrevious" and not _is_signed(block.sequencer, block.data):
        # The block was changed after it was signed: then rather the record before than the link to it.
        refused.names = max(refused.record - 1, first)
    else:
        refused.names = refused.record


def _is_signed(key, data):
    """Whether a block's bytes end in a signature by this key over all before it."""
    try:
        ed25519.verify(key, domain("block") + data[:-64], data[-64:])
    except Refused:
        return False
    return True
