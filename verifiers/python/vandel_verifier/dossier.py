"""Dossiers (docs/dossier.md, D1 to D12)."""

import json
import re

from .certificate import once
from .excerpt import Excerpt, fault
from .hashes import check_inclusion, digest, domain, leaf_hash, root_of_path
from .notes import CHECKPOINT_KEY, VerifierKey, decimal, decode_base64, open_checkpoint, read_checkpoint, read_note
from .keyring import outsiders
from .refused import Refused
from .structure import read_record
from .verdict import Verdict

FORM = "vandel-dossier/1"
SEALED_FORM = "vandel-sealed-dossier/1"
BEGINS = b'{"type":"vandel-dossier/'
SEALED_BEGINS = b'{"type":"vandel-sealed-dossier/'
DOSSIER_MAX = 67_108_864
PROOF_MAX = 63


class Malformed(Exception):
    """A file that does not have the form of a dossier."""


def _number(bits):
    def read(value):
        if type(value) is not int or not 0 <= value < 1 << bits:
            raise Malformed(f"a number of {bits} bits is expected")
        return value

    return read


def _text(value):
    if type(value) is not str:
        raise Malformed("a text is expected")
    return value


def _hex(count):
    def read(value):
        if not re.fullmatch("[0-9a-f]*", _text(value)) or len(value) != 2 * count:
            raise Malformed(f"{2 * count} hexadecimal digits are expected")
        return bytes.fromhex(value)

    return read


def _base64(value):
    data = decode_base64(_text(value))
    if data is None:
        raise Malformed("canonical base64 is expected")
    return data


def _one_of(*words):
    def read(value):
        if value not in words:
            raise Malformed(f"one of {', '.join(words)} is expected")
        return value

    return read


def _subject(value):
    """(sort, subject) of a row of the view over authority."""
    named = {"checkpoint-keys": (1, bytes(32)), "policies": (2, bytes(32))}
    if _text(value) in named:
        return named[value]
    if not value.startswith("key:"):
        raise Malformed("key:, checkpoint-keys or policies is expected")
    return 0, _hex(32)(value.removeprefix("key:"))


_u64, _path = _number(64), [_hex(32)]
# Members in their order; those that end in a question mark may be left out.
_DOSSIER = {
    "type": _text, "ledger": _hex(32), "checkpoint": _text,
    "records": [{"record": _u64, "bytes": _base64, "proof": _path}],
    "case": {"thread": _hex(16), "steps": [{
        "record": _u64, "header": _base64, "parts": [{"slot": _number(8), "bytes": _base64}],
        "absent": [{
            "slot": _number(8), "why": _one_of("withheld", "erased", "replaced"), "started?": _u64,
            "executed?": _u64, "by?": _number(32)}]}]},
    "complete": {
        "cases": {"published": _u64, "rows": _u64, "index": _u64, "proof": _path},
        "authority": {
            "published": _u64, "rows": _u64,
            "shown": [{"subject": _subject, "records": [_u64], "index": _u64, "proof": _path}]},
        "confirmed": [_u64]},
}


def _shaped(value, form):
    if isinstance(form, list):
        if type(value) is not list:
            raise Malformed("a list is expected")
        return [_shaped(one, form[0]) for one in value]
    if not isinstance(form, dict):
        return form(value)
    if type(value) is not dict:
        raise Malformed("an object is expected")
    names = [name for name in form if not name.endswith("?") or name[:-1] in value]
    if list(value) != [name.removesuffix("?") for name in names]:
        raise Malformed("members are missing, unknown or out of order")
    return {name.removesuffix("?"): _shaped(value[name.removesuffix("?")], form[name]) for name in names}


# A sealed one's, in the order of docs/dossier.md; what the lock needs is there and nothing else.
_SEALED = {
    "type": _text, "recipient": _text, "expires": _text, "lock": _one_of("passphrase", "x25519"), "salt?": _hex(32),
    "log_n?": _number(8), "r?": _number(32), "p?": _number(32), "encapsulated?": _hex(32), "sealed": _base64,
}
_LOCKS = {"passphrase": {"salt", "log_n", "r", "p"}, "x25519": {"encapsulated"}}


def _read(data):
    """D1."""
    return _read_form(data, _DOSSIER, FORM, DOSSIER_MAX)


def read_sealed(data):
    """A sealed dossier's members."""
    sealed = _read_form(data, _SEALED, SEALED_FORM, 2 * DOSSIER_MAX)
    if set(sealed) - {"type", "recipient", "expires", "lock", "sealed"} != _LOCKS[sealed["lock"]]:
        raise Malformed("the lock has other members than its own")
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", sealed["expires"]):
        raise Malformed("expires is no day")
    return sealed


def _read_form(data, form, name, longest):
    if len(data) > longest:
        raise Malformed("it is longer than a dossier may be")
    try:
        value = json.loads(data.decode("utf-8", "strict"), object_pairs_hook=once)
        written = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    except (ValueError, RecursionError) as error:
        raise Malformed(f"no JSON: {error}") from None
    read = _shaped(value, form)
    if read["type"] != name:
        raise Malformed(f"it is no {name}")
    if written != data:
        raise Malformed("it is not written in the one spelling")
    return read


def read_digests(text):
    """The digests that a reader has computed: (ledger, [(view, position, digest)])."""
    lines = text.split("\n")
    ledger = re.fullmatch("ledger ([0-9a-f]{64})", lines[1]) if len(lines) > 2 else None
    if lines[0] != "vandel computed digests v1" or ledger is None or lines[-1] != "":
        raise Refused("Digests.Form", "it is no file of computed digests")
    found = []
    for line in lines[2:-1]:
        parts = re.fullmatch("(cases|authority) ([0-9]+) ([0-9a-f]{64})", line)
        position = decimal(parts[2]) if parts else None
        if position is None:
            raise Refused("Digests.Form", line)
        found.append((parts[1], position, bytes.fromhex(parts[3])))
    return bytes.fromhex(ledger[1]), found


def verify_dossier(data, brought):
    """The verdict on a dossier."""
    verdict = Verdict("dossier")
    try:
        dossier = _read(data)
    except Malformed as error:
        verdict.add(fault("malformed", str(error)))
        return verdict
    verdict.ledger = dossier["ledger"].hex()
    try:
        _judge(dossier, brought, verdict)
    except Refused as refused:
        verdict.add(refused)
    return verdict


def _judge(dossier, brought, verdict):
    if brought.ledger not in (None, dossier["ledger"]):
        raise fault("other-ledger", f"it is of another ledger than {brought.ledger.hex()}")
    try:
        claimed = read_checkpoint(read_note(dossier["checkpoint"].encode()).text)
    except Refused as refused:
        raise fault("checkpoint", str(refused)) from None
    records = _records(dossier["records"], claimed)
    excerpt = Excerpt(dossier)
    excerpt.judge(records)
    verdict.origin, verdict.size, verdict.root = excerpt.chain.origin, claimed.size, claimed.root.hex()
    _weigh_checkpoint(excerpt.chain, dossier["checkpoint"], claimed, brought, verdict)
    below, key, recomputed_by = _judge_complete(excerpt, dossier, brought)
    if excerpt.conduct is not None:
        raise excerpt.conduct
    if not recomputed_by:
        what = f"the case is complete below record {below} by the word of the service key {key.hex()} alone"
        verdict.not_proven.append(what)
    later = sum(record >= below for record, _ in excerpt.statements)
    verdict.counts = {
        "records": len(records), "steps": len(excerpt.statements), "complete_below": below, "later_steps": later,
        "recomputed_by": recomputed_by}
    verdict.not_checked += [
        "the links between records, the blocks, and the checkpoints that authors had seen: that takes the log",
        "the rules of conduct (V21 to V25, V27 to V42)",
    ]
    if any(part["why"] == "withheld" for step in dossier["case"]["steps"] for part in step["absent"]):
        verdict.not_checked.append("what was withheld: it was not shown, and may or may not be there")


def _records(shown, claimed):
    """D3."""
    numbers = [one["record"] for one in shown]
    if numbers != sorted(set(numbers)) or numbers[:1] != [0]:
        raise fault("record", "the records do not begin with record 0 and ascend")
    records = []
    for one in shown:
        try:
            record = read_record(one["bytes"])
        except Refused as refused:
            raise fault("record", str(refused), one["record"]) from None
        if record.number != one["record"]:
            raise fault("record", f"its bytes are those of record {record.number}", one["record"])
        try:
            _check_length(one["proof"])
            check_inclusion(record.hash, record.number, claimed.size, claimed.root, one["proof"])
        except Refused as refused:
            raise fault("inclusion", str(refused), one["record"]) from None
        records.append(record)
    return records


def _check_length(proof):
    if len(proof) > PROOF_MAX:
        raise Refused("TooLong", f"a proof has at most {PROOF_MAX} hashes")


def _weigh_checkpoint(chain, note, claimed, brought, verdict):
    """D9."""
    if claimed.origin != chain.origin:
        raise fault("checkpoint", "it is of another origin than the ledger's")
    trust, key = brought.trust, chain.checkpoint_key(claimed.size)
    witnesses = list(trust.witnesses.values()) if trust else []
    try:
        own = [VerifierKey(chain.origin, CHECKPOINT_KEY, key)] if key else []
        opened = open_checkpoint(note.encode(), own + witnesses)
    except Refused as refused:
        raise fault("checkpoint-signature", str(refused)) from None
    if trust is None:
        verdict.not_proven.append("there is no trust file: the dossier agrees with itself, no more")
        return
    genesis = chain.checkpoint_keys[0][1]
    if not any(log.name == chain.origin and log.key == genesis for log in trust.logs):
        raise fault("trust-other-log", "the trust file names another log than this one")
    is_met = trust.is_met(outsiders(chain, opened.cosigners))
    verdict.anchor = "witnessed" if trust.asks_for_witnesses and is_met else "operator"
    if not is_met:
        verdict.not_proven.append("the trust file's quorum of witnesses is not met")
    elif brought.require_witnessed and verdict.anchor != "witnessed":
        verdict.not_proven.append("a quorum of witnesses is demanded and not met")


def _digest(excerpt, published, view):
    """A published digest that is shown: (event, signer)."""
    event, signer = excerpt.digests.get(published, (None, None))
    if event is None:
        raise fault("digest", "the record publishes no digest, or is not shown", published)
    if (event["view"], event["version"]) != (view, 1):
        raise fault("digest", "it is of another view or version", published)
    if event["position"] > published:
        raise fault("digest", f"it is of position {event['position']}, which had not come", published)
    return event, signer


def _view_digest(view, ledger, position, rows, root):
    name = view.encode()
    return digest(
        domain("view-digest"), bytes([len(name)]), name, b"\x00\x01", ledger, position.to_bytes(8, "big"),
        rows.to_bytes(8, "big"), root)


def _row_leaf(view, *fields):
    name = view.encode()
    return leaf_hash(b"".join((domain("view-row"), bytes([len(name)]), name, *fields)))


def _root(leaf, index, rows, proof, published):
    try:
        _check_length(proof)
        return root_of_path(leaf, index, rows, proof)
    except Refused as refused:
        raise fault("row-proof", str(refused), published) from None


def _judge_complete(excerpt, dossier, brought):
    """D10 and D11: (below which record, by which key, recomputed by whom)."""
    ledger, cases = dossier["ledger"], dossier["complete"]["cases"]
    published = cases["published"]
    event, signer = _digest(excerpt, published, "cases")
    steps = [one for one in excerpt.statements if one[0] < event["position"]]
    if not steps:
        raise fault("completeness", "the digest is older than the case", published)
    leaf = _row_leaf("cases", dossier["case"]["thread"], len(steps).to_bytes(4, "big"), steps[-1][1])
    root = _root(leaf, cases["index"], cases["rows"], cases["proof"], published)
    if _view_digest("cases", ledger, event["position"], cases["rows"], root) != event["digest"]:
        what = f"the published digest does not have this case with {len(steps)} steps"
        raise fault("completeness", what, published)
    position = _judge_authority(excerpt, ledger, dossier["complete"]["authority"])
    return min(event["position"], position), signer, _recomputed_by(excerpt, dossier, brought, event, signer)


def _judge_authority(excerpt, ledger, shown):
    published = shown["published"]
    event, _ = _digest(excerpt, published, "authority")
    position = event["position"]
    known = {
        subject: before for subject, records in excerpt.authority.items()
        if (before := [record for record in records if record < position])}
    proved = set()
    for row in shown["shown"]:
        sort, subject = row["subject"]
        if known.get(row["subject"], []) != row["records"]:
            raise fault("authority", "the records of a row are not those that are shown", published)
        numbers = b"".join(record.to_bytes(8, "big") for record in row["records"])
        leaf = _row_leaf("authority", bytes([sort]), subject, len(row["records"]).to_bytes(4, "big"), numbers)
        root = _root(leaf, row["index"], shown["rows"], row["proof"], published)
        if _view_digest("authority", ledger, position, shown["rows"], root) != event["digest"]:
            raise fault("authority", "the published digest has no such row", published)
        proved.add(row["subject"])
    needed = {(0, key) for key in excerpt.signers} | {(1, bytes(32)), (2, bytes(32))}
    if any(subject in known and subject not in proved for subject in needed):
        raise fault("authority", "a row is missing of a key that signed, of the checkpoint keys or policies", published)
    return position


def _recomputed_by(excerpt, dossier, brought, event, signer):
    by = []
    for ledger, digests in brought.digests:
        for view, position, found in digests if ledger == dossier["ledger"] else []:
            if (view, position) != ("cases", event["position"]):
                continue
            if found != event["digest"]:
                what = "you computed another digest for this view and position"
                raise fault("digest-differs", what, dossier["complete"]["cases"]["published"])
            by.append("yourself")
    entries = excerpt.chain.keyring.entries
    known = {entries[signer].actor}
    for record in dossier["complete"]["confirmed"]:
        other, key = _digest(excerpt, record, "cases")
        same = (other["position"], other["digest"]) == (event["position"], event["digest"])
        if not same or entries[key].actor in known:
            raise fault("confirmation", "it is not the same digest by a service not yet counted", record)
        known.add(entries[key].actor)
        by.append(f"the service key {key.hex()}")
    return by
