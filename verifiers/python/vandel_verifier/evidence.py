"""What is held against the chain: its end, checkpoints, receipts, the auditor's memory (V15 to V17)."""

from dataclasses import dataclass, field
from typing import Optional

from .chain import Chain
from .hashes import check_inclusion
from .keyring import outsiders
from .notes import CHECKPOINT_KEY, VerifierKey, open_checkpoint, read_checkpoint, read_note
from .payload import APPROVAL, check_approval, open_payload
from .policy import NOT_JUDGED
from .refused import Refused
from .verdict import Verdict


@dataclass
class Brought:
    """What the auditor brings."""

    trust: object = None
    checkpoints: list = field(default_factory=list)  # signed notes
    kept: list = field(default_factory=list)  # signed notes that the auditor kept itself
    receipts: list = field(default_factory=list)  # proofs
    ledger: Optional[bytes] = None
    require_witnessed: bool = False
    digests: list = field(default_factory=list)  # views that the reader of a dossier computed: (ledger, [...])
    openings: Optional[dict] = None  # record: (header, parts)


def verify_log(log, brought, before=None):
    """The verdict on a log. `before` is a chain that has taken the first blocks already."""
    verdict = Verdict("log")
    chain = before.copy() if before else Chain()
    is_stopped = False
    for block in log.blocks[chain.blocks :]:
        try:
            chain.take(block)
        except Refused as refused:
            verdict.add(refused)
            is_stopped = True
            break
    verdict.counts = dict(chain.counts, records=chain.records, blocks=chain.blocks)
    is_whole = not is_stopped and log.end != "damaged"
    if chain.ledger is not None:
        verdict.ledger, verdict.origin = chain.ledger.hex(), chain.origin
    verdict.size, verdict.root = chain.records, chain.tree.root().hex()
    if brought.ledger is not None and brought.ledger != chain.ledger:
        verdict.add(Refused("OtherLedger", "another ledger than the one asked for", 0), record=0)
    claimed = _Weighing(verdict, chain, brought, is_whole).weigh()
    if not is_stopped:
        _judge_end(verdict, log, chain, claimed)
    if brought.openings is not None and is_whole:
        _judge_contents(verdict, chain, brought.openings)
    elif brought.openings is None:
        verdict.not_checked.append("the contents of sealed records (coverage and conduct): no openings were given")
    verdict.not_checked.append(NOT_JUDGED)
    verdict.not_checked.append("whether every step that was taken was recorded")
    return verdict


def _judge_end(verdict, log, chain, claimed):
    """V15."""
    place = chain.records if log.is_next else None
    if log.end == "damaged":
        verdict.add(Refused(log.fault, log.why, chain.blocks if log.is_next else None), record=place)
    elif log.end == "torn" and (chain.records == 0 or claimed > chain.records):
        verdict.add(Refused("Log.Torn", log.why, chain.blocks), record=place)
    elif chain.records == 0:
        verdict.add(Refused("Log.Empty", "the log holds no block", 0), record=0)
    elif log.end == "torn":
        verdict.not_checked.append(f"a torn end: {log.why}")


class _Weighing:
    """Holds everything signed or remembered against the chain."""

    def __init__(self, verdict, chain, brought, is_whole):
        self.verdict, self.chain, self.brought, self.is_whole = verdict, chain, brought, is_whole
        self.agreeing, self.contradicting, self.claimed = [], [], 0
        self.is_witnessed, self.is_remembered = False, False

    def weigh(self):
        """Gives the largest size that anything signed or remembered speaks of."""
        names_this_log = self._trust_names_this_log()
        for note in self.brought.checkpoints:
            self._weigh_checkpoint(note, "Checkpoint")
        for note in self.brought.kept:
            self._weigh_checkpoint(note, "Remembered")
        for proof in self.brought.receipts:
            self._weigh_receipt(proof)
        for claim in self.contradicting:
            self._report(*claim)
        self._choose(names_this_log)
        return self.claimed

    def _trust_names_this_log(self):
        trust, chain = self.brought.trust, self.chain
        if trust is None or not chain.checkpoint_keys:
            return False
        genesis = (chain.origin, chain.checkpoint_keys[0][1])
        named = any((log.name, log.key) == genesis for log in trust.logs)
        if not named and trust.logs:
            self.verdict.add(Refused("Trust.OtherLog", "the trust file names another log", 0), record=0)
        return named

    def _open(self, note):
        claim = read_checkpoint(read_note(note).text)
        if claim.origin != self.chain.origin:
            raise Refused("OtherLog", f"it is of {claim.origin}")
        keys = [VerifierKey(self.chain.origin, CHECKPOINT_KEY, self.chain.checkpoint_key(claim.size))]
        if self.brought.trust is not None:
            keys += self.brought.trust.witnesses.values()
        return open_checkpoint(note, keys)

    def _weigh_checkpoint(self, note, sort):
        if self.chain.blocks == 0:
            return
        try:
            opened = self._open(note)
        except Refused as refused:
            self.verdict.add(Refused(f"Checkpoint.{refused.name}", f"a checkpoint is refused: {refused}"))
            return
        self.claimed = max(self.claimed, opened.size)
        if self._agrees(f"{sort}.Differs", opened.size, opened.root):
            self.is_remembered |= sort == "Remembered" and opened.size > 0
            trust = self.brought.trust
            if trust is not None and trust.asks_for_witnesses:
                self.is_witnessed |= trust.is_met(outsiders(self.chain, opened.cosigners))

    def _weigh_receipt(self, proof):
        if self.chain.blocks == 0:
            return
        try:
            opened = self._open(proof.checkpoint)
            check_inclusion(proof.hash, proof.record, opened.size, opened.root, proof.path)
        except Refused as refused:
            self.verdict.not_checked.append(f"the receipt for record {proof.record} proves nothing: {refused}")
            return
        self.claimed = max(self.claimed, opened.size)
        self._agrees("Receipt.Differs", opened.size, opened.root)
        if proof.record < len(self.chain.hashes):
            if self.chain.hashes[proof.record] != proof.hash:
                what = "a receipt was given for another record in this place"
                self.verdict.add(Refused("Receipt.Record", what), record=proof.record)
        elif self.is_whole:
            what = "a receipt was given for a record that is not there"
            self.verdict.add(Refused("Receipt.Record", what), record=proof.record)

    def _agrees(self, name, size, root):
        # Where reading stopped inside a block, its first records have no root to compare with.
        if size > max(self.chain.roots) and not self.is_whole:
            return False
        if self.chain.roots.get(size) == root:
            self.agreeing.append(size)
            return True
        self.contradicting.append((name, size))
        return False

    def _report(self, name, size):
        """Where two histories part is known only between the largest size on which they agree and this one."""
        found = self.chain.records
        if size > found:
            what = f"something signed speaks of {size} records; the log ends after {found}"
            self.verdict.add(Refused("Checkpoint.RecordsMissing", what), record=found, through=size - 1)
            return
        agreed = max((agreed for agreed in self.agreeing if agreed < size), default=0)
        what = f"another tree of {size} records is signed or remembered: history was rewritten"
        self.verdict.add(Refused(name, what), record=agreed, through=size - 1 if size > agreed + 1 else None)

    def _choose(self, names_this_log):
        """V17."""
        verdict, trust = self.verdict, self.brought.trust
        confirmed = max(self.agreeing, default=0)
        if trust is None and not self.is_remembered:
            verdict.not_proven.append("there is no trust file: the log agrees with itself, no more")
        elif trust is not None and not names_this_log:
            verdict.not_proven.append("the trust file names no checkpoint key of this log")
        elif confirmed == 0:
            verdict.not_proven.append("no signed checkpoint covers any part of the log")
        elif trust is not None and trust.asks_for_witnesses and not self.is_witnessed:
            verdict.not_proven.append("the trust file's quorum of witnesses is not met")
        if self.brought.require_witnessed and not self.is_witnessed:
            verdict.not_proven.append("a quorum of witnesses is demanded and not met")
        if not verdict.not_proven:
            kinds = {"remembered": self.is_remembered, "witnessed": self.is_witnessed, "operator": True}
            verdict.anchor = next(kind for kind, holds in kinds.items() if holds)
        if confirmed < self.chain.records and confirmed:
            beyond = f"records {confirmed} to {self.chain.records - 1} are sound and pending: no checkpoint covers them"
            verdict.not_checked.append(beyond)


def _judge_contents(verdict, chain, openings):
    """V18, and V19 without its exception's proof: which records are gone without an erasure that names them."""
    erased = set().union(*(records for _, records in chain.erasures.values()), set())
    for record, (commitment, author, _) in chain.sealed.items():
        header, parts = openings.get(record, (None, {}))
        if header is None:
            if record not in erased:
                verdict.add(Refused("Coverage.Missing", "nothing is held, and no erasure names it"), record=record)
            continue
        try:
            bodies = open_payload(commitment, header, parts)
            if APPROVAL in bodies:
                check_approval(chain.ledger, author, header, bodies[APPROVAL])
        except Refused as refused:
            verdict.add(refused, record=record)
    verdict.counts["opened"] = sum(record in openings for record in chain.sealed)
