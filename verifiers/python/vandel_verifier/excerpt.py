"""The records of a dossier, in the order of the log: keys as they were, and the case's own chain (D4 to D8)."""

from . import ed25519
from .acts import ACTS, judge_signers
from .chain import Chain
from .hashes import ZERO, domain
from .payload import APPROVAL, IDENTITY, PART_MAX, PROCESS, SPINE, check_approval, open_payload, read_header, shape_of
from .refused import Refused

_SHOWN = (
    "LedgerOpened", "KeyEnrolled", "KeyRotated", "KeyRevoked", "CheckpointKeyRotated", "PolicyAdopted",
    "DigestPublished", "ErasureStarted", "ErasureExecuted",
)
# Section 6.1: which kinds begin or belong to threads of other sorts.
SALT = 32
_NOT_IN_CASES = ("position_assessed", "record_read")


def fault(code, what, record=None):
    """A refusal by its code, with the record that a report names."""
    return Refused(f"Dossier.{code}", what).naming(record)


def subjects_of(name, event):
    """What an open event speaks of in the view `authority`: (sort, subject)."""
    if name == "LedgerOpened":
        keys = [one["key"] for one in event["administrators"]] + [event["service_key"]]
        return [(0, key) for key in keys] + [(1, ZERO)]
    if name == "KeyRotated":
        return [(0, event["old"]), (0, event["new"])]
    if name in ("KeyEnrolled", "KeyRevoked"):
        return [(0, event["key"])]
    return {"CheckpointKeyRotated": [(1, ZERO)], "PolicyAdopted": [(2, ZERO)]}.get(name, [])


class Excerpt:
    """What the shown records have told."""

    def __init__(self, dossier):
        self.dossier = dossier
        self.chain = Chain()
        self.authority = {}  # (sort, subject): the records that speak of it
        self.digests = {}  # record: (event, signer)
        self.erasures = {}  # the start's record: [its records, the end's record or None]
        self.signers = set()
        self.statements = []  # (record, statement hash) of each step
        self.kinds = []
        self.eroded = False
        self.conduct = None  # the first fault of conduct, which is told last

    def judge(self, records):
        """D4 to D8."""
        steps = iter(self.dossier["case"]["steps"])
        for record in records:
            name, event = record.statement.event or (None, None)
            if name is None:
                step = next(steps, None)
                if step is None or step["record"] != record.number:
                    raise fault("record", "a sealed record is none of the case's steps", record.number)
                self._take_step(record, step)
            else:
                self._note_event(record, name, event)
            try:
                self._take(record, name, event)
            except Refused as refused:
                raise fault("rule", str(refused), record.number) from None
            if record.number == 0 and self.chain.ledger != self.dossier["ledger"]:
                raise fault("other-ledger", "record 0 opens another ledger", 0)
            self.signers.add(record.statement.author)
            if record.statement.second:
                self.signers.add(record.statement.second[0])
        if next(steps, None) is not None:
            raise fault("step", "a step's record is not among the records")
        if not self.kinds or self.kinds[0] != "case_opened":
            raise fault("step", "the case does not begin with its opening")
        self._verify_signatures(records)
        self._judge_absent()

    def _note_event(self, record, name, event):
        if name not in _SHOWN:
            raise fault("record", f"a dossier shows no {name}", record.number)
        for subject in subjects_of(name, event):
            known = self.authority.setdefault(subject, [])
            if record.number not in known:
                known.append(record.number)
        if name == "DigestPublished":
            self.digests[record.number] = (event, record.statement.author)
        elif name == "ErasureStarted":
            self.erasures[record.number] = [event["records"], None]
        elif name == "ErasureExecuted" and event["started"] in self.erasures:
            self.erasures[event["started"]][1] = record.number

    def _take(self, record, name, event):
        """V6, V7, V9 to V12; signatures come later, all together."""
        chain = self.chain
        if record.number == 0:
            if name != "LedgerOpened":
                raise Refused("Open.NotOpened", "the ledger does not begin with its opening")
            chain.ledger = record.statement.ledger_id
        if record.statement.ledger != (chain.ledger if record.number else ZERO):
            raise Refused("Ledger", "the statement is of another ledger")
        if record.time < chain.time:
            raise Refused("TimeRunsBack", f"{record.time} after {chain.time}")
        if name is None:
            chain.keyring.may_sign(record.statement.author, record.time, "Author")
        else:
            if name == "LedgerOpened" and record.number > 0:
                raise Refused("Open.OpenedAgain", "record 0 alone opens")
            judge_signers(chain, record, name, event)
            ACTS[name](chain, record, event)
        chain.time = record.time

    def _take_step(self, record, step):
        """D6."""
        try:
            parts = {part["slot"]: part["bytes"] for part in step["parts"]}
            slots = [part["slot"] for part in step["parts"]]
            read_header(step["header"])
            if slots != sorted(set(slots)) or any(slot > APPROVAL for slot in slots):
                raise Refused("Slots", "the parts are not in the order of their slots")
            if not all(SALT <= len(stored) <= SALT + PART_MAX for stored in parts.values()):
                raise Refused("Slots", "a part has no length that a part has")
        except Refused as refused:
            raise fault("step", str(refused), record.number) from None
        try:
            bodies = open_payload(record.statement.commitment, step["header"], parts)
        except Refused as refused:
            raise fault("commitment", str(refused), record.number) from None
        self._judge_thread(record, bodies[SPINE])
        _judge_slots(step, bodies[SPINE]["kind"], record.number)
        self.eroded |= bool(step["absent"])
        try:
            self._judge_place(record, bodies[SPINE]["kind"])
        except Refused as refused:
            raise fault("rule", str(refused), record.number) from None
        try:
            self._judge_approval(record, step, bodies.get(APPROVAL))
        except Refused as refused:
            self.conduct = self.conduct or fault("rule", str(refused), record.number)
        self.statements.append((record.number, record.statement.hash))
        self.kinds.append(bodies[SPINE]["kind"])
        if APPROVAL in bodies:
            self.signers.add(bodies[APPROVAL]["key"])

    def _judge_thread(self, record, spine):
        last = self.statements[-1][1] if self.statements else ZERO
        if spine["thread"] != self.dossier["case"]["thread"]:
            raise fault("thread", "the step belongs to another thread", record.number)
        if spine["number"] != len(self.statements):
            raise fault("thread", f"step {spine['number']}, where {len(self.statements)} comes next", record.number)
        if spine["previous"] != last:
            raise fault("thread", "the step follows another statement than the last", record.number)

    def _judge_place(self, record, kind):
        """V9 and V20."""
        self.chain.keyring.may_sign(record.statement.author, record.time, "Author")
        if kind in _NOT_IN_CASES or (kind == "case_opened") != (not self.statements):
            raise Refused("Conduct.V20", f"{kind} does not belong here")

    def _judge_approval(self, record, step, body):
        """D12, of V26 what the file shows. The other rules of conduct are not judged here."""
        if body is None or self.eroded:
            return
        statement, keyring = record.statement, self.chain.keyring
        other = keyring.may_sign(body["key"], record.time, "Conduct.V26")
        if other.actor == keyring.entries[statement.author].actor:
            raise Refused("Conduct.V26", "the approver is the author")
        if not keyring.holds(body["key"], ("controller's delegate",), record.time):
            raise Refused("Conduct.V26", "the approver is no delegate")
        check_approval(self.chain.ledger, statement.author, step["header"], body)

    def _verify_signatures(self, records):
        """D7."""
        for record in records:
            message = domain("statement") + record.statement.unsigned
            for signed in ((record.statement.author, record.statement.signature), record.statement.second):
                try:
                    if signed is not None:
                        ed25519.verify(signed[0], message, signed[1])
                except Refused as refused:
                    raise fault("signature", str(refused), record.number) from None

    def _judge_absent(self):
        """D8."""
        for number, step in enumerate(self.dossier["case"]["steps"]):
            for part in step["absent"]:
                if not self._is_absent_rightly(number, step["record"], part):
                    what = f"slot {part['slot']} of step {number} is not shown, and not for the reason given"
                    raise fault("absent", what, step["record"])

    def _is_absent_rightly(self, number, record, part):
        why, given = part["why"], {name for name in ("started", "executed", "by") if name in part}
        if why == "withheld":
            return not given
        if why == "replaced":
            later = self.kinds[part["by"]] if given == {"by"} and number < part["by"] < len(self.kinds) else None
            return part["slot"] == IDENTITY and later in ("identity_changed", "reassigned")
        records, executed = self.erasures.get(part.get("started"), ((), None))
        return "by" not in given and record in records and executed == part.get("executed")


def _judge_slots(step, kind, record):
    """Each part that the kind has is either shown or said to be absent, the spine is shown, and no more is said."""
    here = {part["slot"] for part in step["parts"]}
    slots = [part["slot"] for part in step["absent"]]
    must = {SPINE} | set(shape_of(kind)) | ({APPROVAL} if kind == "released" else set())
    may = set(must)
    if kind == "decision_made":
        must = {SPINE, PROCESS}
    sound = slots == sorted(set(slots)) and must <= here | set(slots) and set(slots) <= may - {SPINE}
    if not sound or here & set(slots) or SPINE not in here:
        raise fault("step", "a part that the step has is neither shown nor said to be absent, or both", record)
