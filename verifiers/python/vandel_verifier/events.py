"""The open events (docs/format.md section 4)."""

from .postcard import (
    actor, day, fields, fixed, hashed, identifier, key, listed, one_of, option, read_body, signature, term, text,
    u16, u64,
)

ROLES = (
    "handler", "decider", "reviewer", "data-protection officer", "controller's delegate", "auditor", "service",
    "administrator",
)
scope = fields(controller=option(identifier), unit=option(identifier), assignment=option(identifier))
grant = fields(role=term(*ROLES), scope=scope, begins=day, until=option(day))
founder = fields(actor=actor, key=key)
_two = lambda kind: lambda reader: [kind(reader), kind(reader)]

EVENT = one_of(
    ("LedgerOpened", fields(
        origin=text, checkpoint_key=key, service=actor, service_key=key, administrators=_two(founder), day=day,
        predecessor=option(text))),
    ("SequencerStarted", fields(instance=fixed(16))),
    ("KeyEnrolled", fields(
        actor=actor, key=key, grants=listed(grant), expires=option(u64), possession=signature)),
    ("KeyRotated", fields(old=key, new=key, expires=option(u64), possession=signature)),
    ("KeyRevoked", fields(
        key=key, reason=term("duties ended", "lost", "compromised"), suspect_since=option(u64))),
    ("CheckpointKeyRotated", fields(new=key, possession=signature)),
    ("PolicyAdopted", fields(pack=text, begins=day, confirmed_by=text)),
    ("DisposalAdopted", fields(
        body=text, number=text, decided=day, classes=listed(text), begins=day, until=option(day))),
    ("DigestPublished", fields(view=text, version=u16, position=u64, digest=hashed)),
    ("StatisticsCommitted", fields(begins=day, until=day, commitment=hashed)),
    ("ErasureStarted", fields(records=listed(u64), plan=hashed, expires=u64)),
    ("ErasureExecuted", fields(
        started=u64, root_cell=term("file", "passphrase file", "transit", "token"), epoch=u64, manifest=hashed)),
    ("ErasureCompleted", fields(started=u64, oldest_epoch=u64)),
)


def read_event(data):
    """(the event's name, its fields)."""
    return read_body(data, "event", EVENT)
