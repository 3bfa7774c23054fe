"""Erasure certificates (docs/certificate.md, C1 to C14)."""

import json
import re
from datetime import date, timedelta

from . import ed25519
from .hashes import check_inclusion, digest, domain
from .notes import open_checkpoint
from .postcard import LAST_DAY, day, fields, fixed, hashed, listed, option, read_body, term, text, thread, u32, u64
from .refused import Refused
from .structure import read_record
from .verdict import Verdict

FORM = "vandel-erasure-certificate/1"
_COMPARTMENTS = ("spine", "identity", "process", "note", "copy", "assessment", "reads")
_ground = fields(
    compartment=term(*_COMPARTMENTS), reason=term("retention", "request", "withdrawal"), cls=option(text), due=day)
_line = fields(
    pseudonym=fixed(8), thread=thread, identities=listed(u32), records=listed(u64), compartments=listed(_ground))

_CELLS = {
    "file": (
        "file",
        "best effort: the old root's bytes are overwritten, but a solid-state drive, a journal, a snapshot "
        "or a copy of the file may keep them"),
    "passphrase file": (
        "sealed-file",
        "best effort: the old root's bytes are overwritten, but a kept copy of the sealed file opens with "
        "the same passphrase"),
    "transit": ("transit", "as surely as the engine forgets trimmed key versions"),
    "token": ("token", "as surely as the token destroys its objects"),
}
_SINKS = [(sink, "destroyed") for sink in ("vault bundles", "vault shards", "views", "admission snapshot")]
_SINKS += [(sink, "not-reachable") for sink in ("backups", "exports", "reports", "HR files", "paper")]

_WENT = {"compartment": str, "class": (str, None), "due": str, "ground": str}
_PERSON = {"actor": str, "key": str, "enrolled_at": int}
_PROVEN = {"record": int, "time": str, "bytes": str, "proof": [str]}
_CERTIFICATE = {
    "type": str, "ledger": str, "pseudonym": str, "compartments": [_WENT], "records": [int],
    "plan": {
        "hash": str, "as_of": str, "disposal": int, "line": int, "line_bytes": str, "line_salt": str, "lines": [str]},
    "ordered_by": _PERSON, "approved_by": _PERSON, "started": _PROVEN, "executed": _PROVEN,
    "evidence": {"root_cell": str, "assurance": str, "epoch": int, "manifest": str, "keys": int},
    "sinks": [{"sink": str, "state": str}], "checkpoint": str,
}


class NoCertificate(Exception):
    """The file is no certificate at all."""


def has_form(value, form):
    """Whether a JSON value has a form: objects have exactly their members."""
    if isinstance(form, dict):
        return type(value) is dict and value.keys() == form.keys() and all(
            has_form(value[name], inner) for name, inner in form.items())
    if isinstance(form, list):
        return type(value) is list and all(has_form(one, form[0]) for one in value)
    if isinstance(form, tuple):
        return value is None or type(value) is form[0]
    if form is int:
        return type(value) is int and 0 <= value < 1 << 64
    return type(value) is form


def once(pairs):
    """An object whose members stand once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def read_json(data, form, what):
    """Reads a file that has a form exactly."""
    try:
        value = json.loads(data.decode("utf-8", "strict"), object_pairs_hook=once)
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        raise NoCertificate(f"no JSON: {error}") from None
    if not has_form(value, form):
        raise NoCertificate(f"a member of the {what} is missing, unknown or of another type")
    return value


def _wrong(step, what):
    return Refused(f"Certificate.{step}", what)


def unhex(value, count=None):
    """The bytes of lower-case hexadecimal digits."""
    if not re.fullmatch("(?:[0-9a-f]{2})*", value) or count is not None and len(value) != 2 * count:
        raise _wrong("C1", "not the hexadecimal digits that belong there")
    return bytes.fromhex(value)


def _shown_second(second):
    whole, rest = divmod(second, 86400)
    if whole > LAST_DAY:
        return f"second {second}"
    shown = date(1970, 1, 1) + timedelta(days=whole)
    return f"{shown}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}Z"


def _shown_day(number):
    return str(date(1970, 1, 1) + timedelta(days=number))


def verify_certificate(data, trust):
    """The verdict on a certificate."""
    certificate = read_json(data, _CERTIFICATE, "certificate")
    if certificate["type"] != FORM:
        raise NoCertificate(f"it is no {FORM}")
    verdict = Verdict("certificate", ledger=certificate["ledger"])
    try:
        checkpoint = open_checkpoint(certificate["checkpoint"].encode(), [*trust.logs, *trust.witnesses.values()])
    except Refused as refused:
        if refused.name in ("Signature.Unsigned", "NotByLog"):
            verdict.not_proven.append(f"the checkpoint: {refused}")
        else:
            verdict.add(refused)
        return verdict
    verdict.origin, verdict.size, verdict.root = checkpoint.origin, checkpoint.size, checkpoint.root.hex()
    try:
        _follow(certificate, checkpoint)
    except Refused as refused:
        verdict.add(refused)
    if not trust.is_met([key for key, _ in checkpoint.cosigners]):
        verdict.not_proven.append("the witnesses that cosigned do not make the trust file's quorum")
    verdict.anchor = "witnessed" if trust.asks_for_witnesses else "operator"
    verdict.not_checked += [
        "backups, exports, reports, HR files and paper", "what a copy of an older root key would open",
        "the home: whether keys, payloads and views are gone there",
        "whose the keys are and which roles they held: the chain tells",
    ]
    return verdict


def _follow(certificate, checkpoint):
    started, executed = (_place(certificate[name], checkpoint) for name in ("started", "executed"))
    event = _event(started, "ErasureStarted", "C4")
    line = _follow_plan(certificate, event)
    ledger = unhex(certificate["ledger"], 32)
    if any(record.statement.ledger != ledger for record in (started, executed)):
        raise _wrong("C8", "a record is of another ledger")
    _follow_people(certificate, started)
    if event["expires"] < started.time:
        raise _wrong("C10", "the approval had expired when the erasure began")
    end = _event(executed, "ErasureExecuted", "C11")
    if end["started"] != started.number or executed.number <= started.number:
        raise _wrong("C11", "the second record ends another erasure")
    others = {ground["compartment"] for ground in line["compartments"]} - {"identity"}
    cell, assurance = _CELLS[end["root_cell"]]
    evidence = {
        "root_cell": cell, "assurance": assurance, "epoch": end["epoch"], "manifest": end["manifest"].hex(),
        "keys": len(set(line["identities"])) + len(others),
    }
    if certificate["evidence"] != evidence:
        raise _wrong("C12", "the evidence is not what the end's record says")
    if [(one["sink"], one["state"]) for one in certificate["sinks"]] != _SINKS:
        raise _wrong("C13", "the sinks claim more than an erasure shows")


def _event(record, name, step):
    if record.statement.event is None or record.statement.event[0] != name:
        raise _wrong(step, f"a record is no {name}")
    return record.statement.event[1]


def _place(proven, checkpoint):
    """C3."""
    try:
        record = read_record(unhex(proven["bytes"]))
        proof = [unhex(node, 32) for node in proven["proof"]]
        check_inclusion(record.hash, record.number, checkpoint.size, checkpoint.root, proof)
        statement = record.statement
        for signed in ((statement.author, statement.signature), statement.second):
            if signed is not None:
                ed25519.verify(signed[0], domain("statement") + statement.unsigned, signed[1])
    except Refused as refused:
        raise _wrong("C3", f"record {proven['record']}: {refused}") from None
    if record.number != proven["record"] or _shown_second(record.time) != proven["time"]:
        raise _wrong("C3", "a record's number or time is not the one stated")
    return record


def _varint(number):
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(data + bytes([number]))


def _follow_plan(certificate, event):
    """C5 to C7."""
    plan = certificate["plan"]
    try:
        as_of = (date.fromisoformat(plan["as_of"]) - date(1970, 1, 1)).days
        if _shown_day(as_of) != plan["as_of"]:
            raise ValueError
    except ValueError:
        raise _wrong("C5", "the plan's day is none") from None
    zigzag = 2 * as_of if as_of >= 0 else -2 * as_of - 1
    head = unhex(certificate["ledger"], 32) + _varint(zigzag) + _varint(plan["disposal"])
    lines = [unhex(line, 32) for line in plan["lines"]]
    counts = len(head).to_bytes(8, "big"), len(lines).to_bytes(8, "big")
    found = digest(domain("plan"), b"plan", counts[0], head, counts[1], *lines)
    if found != event["plan"] or plan["hash"] != f"sha256:{found.hex()}":
        raise _wrong("C5", "the plan is not the one that two people signed")
    data = unhex(plan["line_bytes"])
    try:
        line = read_body(data, "line", _line)
    except Refused as refused:
        raise _wrong("C6", str(refused)) from None
    hash_of_line = digest(domain("plan"), b"line", unhex(plan["line_salt"], 32), data)
    if plan["line"] >= len(lines) or lines[plan["line"]] != hash_of_line:
        raise _wrong("C6", "the line is not of the plan")
    went = [
        {"compartment": ground["compartment"], "class": ground["cls"], "due": _shown_day(ground["due"]),
         "ground": ground["reason"]}
        for ground in line["compartments"]
    ]
    said = (certificate["compartments"], certificate["records"], certificate["pseudonym"])
    if said != (went, line["records"], line["pseudonym"].hex()):
        raise _wrong("C7", "compartments, records or pseudonym are not the line's")
    if not set(line["records"]) <= set(event["records"]):
        raise _wrong("C7", "a record of the line is not among those that two people signed")
    return line


def _follow_people(certificate, started):
    """C9."""
    statement = started.statement
    signed = [statement.author.hex(), statement.second[0].hex() if statement.second else None]
    people = [certificate["ordered_by"], certificate["approved_by"]]
    if [person["key"] for person in people] != signed:
        raise _wrong("C9", "a person named did not sign")
    if people[0]["actor"] == people[1]["actor"] or people[0]["key"] == people[1]["key"]:
        raise _wrong("C9", "one person ordered and approved")
