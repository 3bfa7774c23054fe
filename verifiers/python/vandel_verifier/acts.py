"""The rules of open events, one by one, and what they change (docs/format.md sections 8 and 10, V10 to V12)."""

from . import ed25519
from .hashes import WHITE_SPACE, domain
from .keyring import EVERYWHERE, Entry
from .policy import check_pack
from .refused import Refused

# Roles of the author and, where there are two, of the second person.
_ADMINISTRATOR = ("administrator",)
_SERVICE = ("service",)
_ORDERS = ("administrator", "handler")
_DELEGATE = ("controller's delegate",)
SIGNERS = {
    "SequencerStarted": (_SERVICE, None),
    "KeyEnrolled": (_ADMINISTRATOR, _ADMINISTRATOR),
    "KeyRotated": (_ADMINISTRATOR, _ADMINISTRATOR),
    "KeyRevoked": (_ADMINISTRATOR, _ADMINISTRATOR),
    "CheckpointKeyRotated": (_ADMINISTRATOR, _ADMINISTRATOR),
    "PolicyAdopted": (_ADMINISTRATOR, _ADMINISTRATOR),
    "DisposalAdopted": (_ADMINISTRATOR, ("administrator", "controller's delegate")),
    "DigestPublished": (_SERVICE, None),
    "StatisticsCommitted": (("service", "administrator", "data-protection officer"), None),
    "ErasureStarted": (_ORDERS, _DELEGATE),
    "ErasureExecuted": (_SERVICE, None),
    "ErasureCompleted": (_ORDERS, _DELEGATE),
}


def judge_signers(chain, record, name, event):
    """V10: how many signed, whether they may, whether they are two people, and in which roles."""
    statement = record.statement
    author, second = statement.author, statement.second and statement.second[0]
    if name == "LedgerOpened":
        _judge_founders(author, second, event)
        return
    author_roles, second_roles = SIGNERS[name]
    if (second is None) != (second_roles is None):
        raise Refused("Open.SignatureCount", name)
    entry = chain.keyring.may_sign(author, record.time, "Open.Key")
    if second is not None:
        other = chain.keyring.may_sign(second, record.time, "Open.Key")
        if entry.actor == other.actor:
            raise Refused("Open.SamePerson", name)
    is_own = name == "KeyRotated" and author == event["old"]
    if not is_own and not chain.keyring.holds(author, author_roles, record.time):
        raise Refused("Open.Role", "the author's")
    if second is not None and not chain.keyring.holds(second, second_roles, record.time):
        raise Refused("Open.Role", "the second person's")


def _judge_founders(author, second, event):
    if second is None:
        raise Refused("Open.SignatureCount", "LedgerOpened")
    first, other = event["administrators"]
    if (author, second) != (first["key"], other["key"]):
        raise Refused("Open.Role", "not the two named administrators")
    if first["actor"] == other["actor"]:
        raise Refused("Open.SamePerson", "LedgerOpened")


def _sound(key):
    try:
        ed25519.check_key(key)
    except Refused as refused:
        raise refused.under("Open.BadKey") from None


def _possession(chain, actor, key, signature):
    try:
        ed25519.verify(key, domain("possession") + chain.ledger + actor + key, signature)
    except Refused as refused:
        raise refused.under("Open.Possession") from None


def _is_checkpoint_key(chain, key):
    return any(key == known for _, known in chain.checkpoint_keys)


def opened(chain, record, event):
    """LedgerOpened."""
    keys = [event["checkpoint_key"], event["service_key"]] + [one["key"] for one in event["administrators"]]
    origin = event["origin"]
    if not 1 <= len(origin.encode()) <= 200 or any(c in WHITE_SPACE or c == "+" or _is_control(c) for c in origin):
        raise Refused("Open.Origin", "an origin is a key name")
    for key in keys:
        _sound(key)
    if len(set(keys)) != len(keys):
        raise Refused("Open.KeyKnown", "each key has one use")
    grant = lambda role: ({"role": role, "scope": dict(EVERYWHERE), "begins": event["day"], "until": None},)
    for one in event["administrators"]:
        chain.keyring.entries[one["key"]] = Entry(one["actor"], grant("administrator"), record.number)
    chain.keyring.entries[event["service_key"]] = Entry(event["service"], grant("service"), record.number)
    chain.checkpoint_keys = [(0, event["checkpoint_key"])]
    chain.origin = origin


def _is_control(character):
    return ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0


def started(chain, record, event):
    """SequencerStarted."""
    chain.sequencer = record.statement.author


def enrolled(chain, record, event):
    """KeyEnrolled."""
    key, ring = event["key"], chain.keyring
    _sound(key)
    _possession(chain, event["actor"], key, event["possession"])
    known = ring.entries.get(key)
    if _is_checkpoint_key(chain, key) or known and (known.actor != event["actor"] or known.ended_at is not None):
        raise Refused("Open.KeyKnown", "the key has another use, holder, or has ended")
    grants = event["grants"]
    backwards = any(one["until"] is not None and one["until"] < one["begins"] for one in grants)
    if not 1 <= len(grants) <= 64 or backwards:
        raise Refused("Open.Grants", "none, more than 64, or one that ends before it begins")
    before = known.enrolled_at if known else record.number
    ring.entries[key] = Entry(event["actor"], tuple(grants), before, event["expires"])
    if ring.administrators(record.time) < 2:
        raise Refused("Open.LastAdministrators", "two people must remain")


def rotated(chain, record, event):
    """KeyRotated."""
    old, new, ring = event["old"], event["new"], chain.keyring
    entry = ring.may_sign(old, record.time, "Open.Key")
    _sound(new)
    _possession(chain, entry.actor, new, event["possession"])
    if new in ring.entries or _is_checkpoint_key(chain, new):
        raise Refused("Open.KeyKnown", "the new key is not new")
    ring.entries[new] = Entry(entry.actor, entry.grants, record.number, event["expires"])
    ring.end(old, record.number)


def revoked(chain, record, event):
    """KeyRevoked."""
    key, ring = event["key"], chain.keyring
    entry = ring.entries.get(key)
    if entry is None:
        raise Refused("Open.Key.Unknown", "nothing to revoke")
    if entry.ended_at is not None:
        raise Refused("Open.Key.Ended", "it has ended")
    ring.end(key, record.number)
    if ring.administrators(record.time) < 2:
        raise Refused("Open.LastAdministrators", "two people must remain")


def checkpoint_key_rotated(chain, record, event):
    """CheckpointKeyRotated."""
    new = event["new"]
    _sound(new)
    _possession(chain, bytes(16), new, event["possession"])
    if new in chain.keyring.entries or _is_checkpoint_key(chain, new):
        raise Refused("Open.KeyKnown", "the new key is not new")
    chain.checkpoint_keys = chain.checkpoint_keys + [(record.number + 1, new)]


def policy_adopted(chain, record, event):
    """PolicyAdopted."""
    if not event["confirmed_by"].strip(WHITE_SPACE):
        raise Refused("Open.Policy", "confirmed by nobody")
    try:
        check_pack(event["pack"])
    except Refused as refused:
        raise Refused("Open.Policy", str(refused)) from None
    if chain.policies and event["begins"] < chain.policies[-1][1]:
        raise Refused("Open.PolicyOrder", "its first day is before the last policy's")
    chain.policies = chain.policies + [(record.number, event["begins"])]


def disposal_adopted(chain, record, event):
    """DisposalAdopted."""
    texts = [event["body"], event["number"], *event["classes"]]
    ends_early = event["until"] is not None and event["until"] < event["begins"]
    if not event["classes"] or any(not text.strip(WHITE_SPACE) for text in texts) or ends_early:
        raise Refused("Open.Disposal", "a blank, no class, or an end before the beginning")


def erasure_started(chain, record, event):
    """ErasureStarted."""
    records = event["records"]
    ascends = all(one < other for one, other in zip(records, records[1:]))
    if not 1 <= len(records) <= 16_384 or not ascends or records[-1] >= record.number:
        raise Refused("Open.ErasureRecords", "none, too many, out of order, or not yet there")
    if record.time > event["expires"]:
        raise Refused("Open.ApprovalExpired", f"it expired at {event['expires']}")
    chain.erasures = {**chain.erasures, record.number: ("started", frozenset(records))}


def _advance(chain, event, before, after):
    state = chain.erasures.get(event["started"])
    if state is None or state[0] != before:
        raise Refused("Open.ErasureState", f"record {event['started']} is no erasure that is {before}")
    chain.erasures = {**chain.erasures, event["started"]: (after, state[1])}


def erasure_executed(chain, record, event):
    """ErasureExecuted."""
    _advance(chain, event, "started", "executed")


def erasure_completed(chain, record, event):
    """ErasureCompleted."""
    _advance(chain, event, "executed", "completed")


def no_rule(chain, record, event):
    """Events that have no rule of their own and change nothing."""


ACTS = {
    "LedgerOpened": opened,
    "SequencerStarted": started,
    "KeyEnrolled": enrolled,
    "KeyRotated": rotated,
    "KeyRevoked": revoked,
    "CheckpointKeyRotated": checkpoint_key_rotated,
    "PolicyAdopted": policy_adopted,
    "DisposalAdopted": disposal_adopted,
    "DigestPublished": no_rule,
    "StatisticsCommitted": no_rule,
    "ErasureStarted": erasure_started,
    "ErasureExecuted": erasure_executed,
    "ErasureCompleted": erasure_completed,
}
