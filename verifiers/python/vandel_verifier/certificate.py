"""Erasure certificates (docs/certificate.md, C1 to C16)."""

import json
import re
from contextlib import contextmanager
from datetime import date, timedelta

from . import ed25519
from .hashes import check_inclusion, digest, domain
from .notes import open_checkpoint
from .postcard import (
    LAST_DAY, day, fields, fixed, hashed, listed, one_of, option, read_body, term, text, thread, u32, u64)
from .refused import Refused
from .structure import read_record
from .verdict import Verdict

FORM = "vandel-erasure-certificate/2"
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
_LIVE = ("vault bundles", "vault shards", "root cell", "views", "admission snapshot", "caches in memory")
_FIXED = [(sink, "destroyed") for sink in _LIVE]
_FIXED += [(sink, "no-content") for sink in ("chain and its copies", "feed")]
_KINDS = ("backup-data", "backup-keys", "root-cell-copy", "export", "report", "hr-file", "paper")
_COPIES = _KINDS[:3]
_made = fields(
    sink=fixed(16), kind=term(*_KINDS), epoch=u64, expires=option(day), cases=listed(fixed(16)), place=text)
_entry = fields(
    ledger=hashed, number=u64, previous=hashed, at=u64,
    what=one_of(
        ("Made", _made), ("Destroyed", fields(sink=fixed(16), words=text)),
        ("NotReachable", fields(sink=fixed(16), words=text))))

_WENT = {"compartment": str, "class": (str, None), "due": str, "ground": str}
_PERSON = {"actor": str, "key": str, "enrolled_at": int}
_PROVEN = {"record": int, "time": str, "bytes": str, "proof": [str]}
_CERTIFICATE = {
    "type": str, "ledger": str, "pseudonym": str, "compartments": [_WENT], "records": [int],
    "plan": {
        "hash": str, "as_of": str, "disposal": int, "line": int, "line_bytes": str, "line_salt": str, "lines": [str]},
    "ordered_by": _PERSON, "approved_by": _PERSON, "started": _PROVEN, "executed": _PROVEN,
    "evidence": {"root_cell": str, "assurance": str, "epoch": int, "manifest": str, "keys": int},
    "state": str, "completed": ({"record": _PROVEN, "said_by": _PERSON, "confirmed_by": _PERSON}, None),
    "sinks": [{
        "sink": str, "state": str, "made": (str, None), "acknowledged": (str, None), "told": (str, None)}],
    "backup_horizon": (str, None), "checkpoint": str,
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
        return value is None or has_form(value, form[0])
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


def unhex(value, step, count=None):
    """The bytes of lower-case hexadecimal digits, as a step needs them."""
    if not re.fullmatch("(?:[0-9a-f]{2})*", value) or count is not None and len(value) != 2 * count:
        raise _wrong(step, "not the hexadecimal digits that belong there")
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
    first, second = (certificate[name]["record"] for name in ("started", "executed"))
    started, executed = (_place(certificate[name], checkpoint) for name in ("started", "executed"))
    with _about(first):
        event = _event(started, "ErasureStarted", "C4")
        line = _follow_plan(certificate, event)
    ledger = bytes.fromhex(certificate["ledger"])
    for record in (started, executed):
        if record.statement.ledger != ledger:
            raise _wrong("C8", "a record is of another ledger").naming(record.number)
    with _about(first):
        _follow_people([certificate["ordered_by"], certificate["approved_by"]], started, "C9")
        if event["expires"] < started.time:
            raise _wrong("C10", "the approval had expired when the erasure began")
    with _about(second):
        end = _follow_end(certificate, started, executed, line)
    _follow_completion(certificate, end, checkpoint)
    _follow_sinks(certificate, ledger, end["epoch"])


@contextmanager
def _about(record):
    """What is refused inside is a fault of this record."""
    try:
        yield
    except Refused as refused:
        raise refused.naming(record) from None


def _follow_end(certificate, started, executed, line):
    """C11 and C12."""
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
    return end


def _event(record, name, step):
    if record.statement.event is None or record.statement.event[0] != name:
        raise _wrong(step, f"a record is no {name}")
    return record.statement.event[1]


def _place(proven, checkpoint):
    """C3."""
    with _about(proven["record"]):
        return _placed(proven, checkpoint)


def _placed(proven, checkpoint):
    try:
        record = read_record(unhex(proven["bytes"], "C3"))
        proof = [unhex(node, "C3", 32) for node in proven["proof"]]
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
    head = unhex(certificate["ledger"], "C5", 32) + _varint(zigzag) + _varint(plan["disposal"])
    lines = [unhex(line, "C5", 32) for line in plan["lines"]]
    counts = len(head).to_bytes(8, "big"), len(lines).to_bytes(8, "big")
    found = digest(domain("plan"), b"plan", counts[0], head, counts[1], *lines)
    if found != event["plan"] or plan["hash"] != f"sha256:{found.hex()}":
        raise _wrong("C5", "the plan is not the one that two people signed")
    data = unhex(plan["line_bytes"], "C6")
    try:
        line = read_body(data, "line", _line)
    except Refused as refused:
        raise _wrong("C6", str(refused)) from None
    hash_of_line = digest(domain("plan"), b"line", unhex(plan["line_salt"], "C6", 32), data)
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


def _follow_people(people, record, step):
    """C9 and C14."""
    statement = record.statement
    signed = [statement.author.hex(), statement.second[0].hex() if statement.second else None]
    if [person["key"] for person in people] != signed:
        raise _wrong(step, "a person named did not sign")
    if people[0]["actor"] == people[1]["actor"] or people[0]["key"] == people[1]["key"]:
        raise _wrong(step, "one person signed for two")


def _follow_completion(certificate, end, checkpoint):
    """C14."""
    completed = certificate["completed"]
    if certificate["state"] != ("executed" if completed is None else "completed"):
        what = "the state is not the one that the records show"
        raise _wrong("C14", what).naming(certificate["executed"]["record"])
    if completed is None:
        return
    record = _place(completed["record"], checkpoint)
    with _about(completed["record"]["record"]):
        event = _event(record, "ErasureCompleted", "C14")
        if event["started"] != end["started"] or event["oldest_epoch"] < end["epoch"]:
            raise _wrong("C14", "the third record completes another erasure")
        _follow_people([completed["said_by"], completed["confirmed_by"]], record, "C14")


def _follow_sinks(certificate, ledger, epoch):
    """C13 and C15."""
    sinks = certificate["sinks"]
    first, others = sinks[:len(_FIXED)], sinks[len(_FIXED):]
    bare = all(one[name] is None for one in first for name in ("made", "acknowledged", "told"))
    if [(one["sink"], one["state"]) for one in first] != _FIXED or not bare:
        raise _wrong("C13", "the sinks claim more than an erasure shows")
    if not set(_KINDS) <= {one["sink"] for one in others}:
        raise _wrong("C13", "a kind of sink is missing")
    left = [day for one in others for day in _follow_sink(one, ledger, epoch)]
    if left and certificate["state"] == "completed":
        raise _wrong("C15", "it is called completed, and an older copy is left")
    last = _shown_day(max(left)) if left and None not in left else None
    if certificate["backup_horizon"] != last:
        raise _wrong("C15", "the backup horizon is not what the entries say")


def _follow_sink(one, ledger, epoch):
    """C13: the last days of the older copies that are left, one or none."""
    if one["sink"] not in _KINDS:
        raise _wrong("C13", "a sink is of no known kind")
    if one["made"] is None:
        if one["state"] != "not-reachable" or one["acknowledged"] is not None or one["told"] is not None:
            raise _wrong("C13", "a sink is acknowledged that nobody entered")
        return []
    entry, _ = _signed(one["made"], ledger)
    name, made = entry["what"]
    if name != "Made" or made["kind"] != one["sink"]:
        raise _wrong("C13", "an entry is of another kind of sink")
    until = "" if made["expires"] is None else f", until {_shown_day(made['expires'])}"
    told = f"{made['sink'].hex()}: {made['place']}, made {_shown_second(entry['at'])}{until}"
    state = "outstanding"
    if one["acknowledged"] is not None:
        end, key = _signed(one["acknowledged"], ledger)
        name, what = end["what"]
        if name == "Made" or what["sink"] != made["sink"]:
            raise _wrong("C13", "an acknowledgement is of another sink")
        state = "attested" if name == "Destroyed" else "not-reachable"
        told += f"; {_shown_second(end['at'])} {what['words']}, signed by {key.hex()}"
    if (one["state"], one["told"]) != (state, told):
        raise _wrong("C13", "a sink is not what its entries say")
    is_left = one["sink"] in _COPIES and made["epoch"] < epoch and state != "attested"
    return [made["expires"]] if is_left else []


def _signed(value, ledger):
    """An entry of the register of sinks, and who signed it."""
    data = unhex(value, "C13")
    body, key, signature = data[:-96], data[-96:-64], data[-64:]
    try:
        if len(data) < 96:
            raise Refused("Truncated", "sink")
        ed25519.verify(key, domain("sink") + body, signature)
        entry = read_body(body, "sink", _entry)
    except Refused as refused:
        raise _wrong("C13", str(refused)) from None
    if entry["ledger"] != ledger:
        raise _wrong("C13", "an entry is of another ledger")
    return entry, key
