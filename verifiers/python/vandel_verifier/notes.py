"""Signed notes, checkpoints, cosignatures and trust files (docs/format.md section 9; C2SP)."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Optional

from . import ed25519
from .hashes import EMPTY_ROOT, WHITE_SPACE, digest
from .refused import Refused

NOTE_MAX = 65_536
SIGNATURES_MAX = 100
CHECKPOINT_KEY, COSIGNATURE_KEY = 1, 4
_DECIMAL = re.compile(r"0|[1-9][0-9]*", re.ASCII)


def decimal(text):
    """A decimal number of at most 64 bits without sign or leading zeros, or None."""
    if not _DECIMAL.fullmatch(text) or len(text) > 20 or int(text) >= 1 << 64:
        return None
    return int(text)


def decode_base64(text):
    """The bytes of canonical base64 with padding, or None."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None


def decode_hash(text):
    """32 bytes in base64, or None."""
    data = decode_base64(text)
    return data if data is not None and len(data) == 32 else None


def is_name(text):
    """Whether a text may name a key."""
    return text != "" and "+" not in text and not any(c in WHITE_SPACE for c in text)


@dataclass(frozen=True)
class VerifierKey:
    """A key that notes are verified with."""

    name: str
    kind: int
    key: bytes

    @property
    def id(self):
        return digest(self.name.encode(), b"\n", bytes([self.kind]), self.key)[:4]


def read_key(text):
    """Reads `name+id+base64`; gives None if it is none."""
    parts = text.split("+", 2)
    data = decode_base64(parts[2]) if len(parts) == 3 else None
    if data is None or len(data) != 33 or not is_name(parts[0]):
        return None
    key = VerifierKey(parts[0], data[0], data[1:])
    return key if key.id.hex() == parts[1] else None


def _text(data, limit, what):
    if len(data) > limit:
        raise Refused("Note.TooLong", what)
    try:
        return data.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise Refused("Note.NotUtf8", what) from None


@dataclass
class Note:
    """A text and its signature lines: (name, key id, signature)."""

    text: str
    signatures: list


def read_note(data):
    """Reads a signed note."""
    whole = _text(data, NOTE_MAX, "note")
    if any(ord(c) < 0x20 and c != "\n" for c in whole):
        raise Refused("Note.ControlCharacter", "a note has no control characters but line breaks")
    if not whole.endswith("\n"):
        raise Refused("Note.Unended", "the last line is not ended")
    text, separator, lines = whole.rpartition("\n\n")
    if not separator or not lines:
        raise Refused("Note.NoSeparator", "an empty line parts text and signatures")
    signatures = []
    for line in lines[:-1].split("\n"):
        parts = line.split(" ")
        data = decode_base64(parts[2]) if len(parts) == 3 else None
        if parts[0] != "\u2014" or data is None or len(data) < 5 or not is_name(parts[1]):
            raise Refused("Note.SignatureLine", line)
        signatures.append((parts[1], data[:4], data[4:]))
    if len(signatures) > SIGNATURES_MAX:
        raise Refused("Note.TooManySignatures", str(len(signatures)))
    return Note(text + "\n", signatures)


@dataclass
class Checkpoint:
    """Origin, size and root."""

    origin: str
    size: int
    root: bytes
    cosigners: list = field(default_factory=list)  # (verifier key, second)


def read_checkpoint(text):
    """Reads a checkpoint's text."""
    lines = text.split("\n")
    if len(lines) < 4:
        raise Refused("Checkpoint.Lines", "origin, size and root, one a line")
    if not lines[0]:
        raise Refused("Checkpoint.Origin", "it has none")
    size, root = decimal(lines[1]), decode_hash(lines[2])
    if size is None:
        raise Refused("Checkpoint.Size", lines[1])
    if root is None:
        raise Refused("Checkpoint.Root", lines[2])
    if size == 0 and root != EMPTY_ROOT:
        raise Refused("Checkpoint.EmptyRoot", "the empty tree has one root")
    if any(not line for line in lines[3:-1]):
        raise Refused("Checkpoint.Lines", "an extension line is not empty")
    return Checkpoint(lines[0], size, root)


def open_checkpoint(data, keys):
    """Verifies a signed checkpoint by the keys that the reader knows: the log's own must be among its signers."""
    note = read_note(data)
    checkpoint = read_checkpoint(note.text)
    known = {(key.name, key.id): key for key in keys}
    by_log, any_known = False, False
    for name, key_id, signature in note.signatures:
        key = known.get((name, key_id))
        if key is None:
            continue
        any_known = True
        if key.kind == CHECKPOINT_KEY:
            _verify(key, note.text.encode(), signature)
            by_log |= name == checkpoint.origin
        elif key.kind == COSIGNATURE_KEY:
            if len(signature) != 72:
                raise Refused("Signature.Mismatch", f"the cosignature of {name} has another length")
            second = int.from_bytes(signature[:8], "big")
            _verify(key, f"cosignature/v1\ntime {second}\n{note.text}".encode(), signature[8:])
            if all(other is not key for other, _ in checkpoint.cosigners):
                checkpoint.cosigners.append((key, second))
    if not any_known:
        raise Refused("Signature.Unsigned", "no key that is known here signed it")
    if not by_log:
        raise Refused("NotByLog", "the log itself did not sign it")
    return checkpoint


def _verify(key, message, signature):
    if len(signature) != 64:
        raise Refused("Signature.Mismatch", f"the signature of {key.name} has another length")
    try:
        ed25519.verify(key.key, message, signature)
    except Refused as refused:
        raise refused.under("Signature") from None


@dataclass
class Trust:
    """Whom an auditor trusts."""

    logs: list = field(default_factory=list)
    witnesses: dict = field(default_factory=dict)
    groups: dict = field(default_factory=dict)  # name: (threshold, members)
    quorum: Optional[str] = None

    @property
    def asks_for_witnesses(self):
        return self.quorum != "none"

    def is_met(self, cosigners, name=None):
        """Whether keys that cosigned make the quorum."""
        name = self.quorum if name is None else name
        if name == "none":
            return True
        if name in self.witnesses:
            return self.witnesses[name] in cosigners
        threshold, members = self.groups[name]
        return sum(self.is_met(cosigners, member) for member in members) >= threshold


def read_trust(data):
    """Reads a trust file."""
    whole = _text(data, NOTE_MAX, "trust file")
    if whole and not whole.endswith("\n"):
        raise Refused("Unended", "the last line is not ended")
    trust, keys = Trust(), set()
    for line in whole.split("\n"):
        words = [word for word in re.split("[ \t]+", line) if word]
        if words and not words[0].startswith("#"):
            _read_line(trust, keys, words)
    if trust.quorum is None:
        raise Refused("NoQuorum", "a quorum line must be there")
    return trust


def _read_line(trust, keys, words):
    keyword, rest = words[0], words[1:]
    if keyword == "log" and len(rest) in (1, 2):
        trust.logs.append(_line_key(keys, rest[0], CHECKPOINT_KEY))
    elif keyword == "witness" and len(rest) in (2, 3):
        _new_name(trust, rest[0])
        trust.witnesses[rest[0]] = _line_key(keys, rest[1], COSIGNATURE_KEY)
    elif keyword == "group" and len(rest) >= 3:
        _read_group(trust, *rest[:2], rest[2:])
    elif keyword == "quorum" and len(rest) == 1:
        if trust.quorum is not None:
            raise Refused("Line.SecondQuorum", rest[0])
        if rest[0] != "none" and rest[0] not in trust.witnesses and rest[0] not in trust.groups:
            raise Refused("Line.UnknownName", rest[0])
        trust.quorum = rest[0]
    elif keyword in ("log", "witness", "group", "quorum"):
        raise Refused("Line.Words", " ".join(words))
    else:
        raise Refused("Line.Keyword", keyword)


def _line_key(keys, text, kind):
    key = read_key(text)
    if key is None:
        raise Refused("Line.Key", text)
    if key.kind != kind:
        raise Refused("Line.KeyKind", text)
    if key.key in keys:
        raise Refused("Line.DuplicateKey", text)
    keys.add(key.key)
    return key


def _new_name(trust, name):
    if name == "none" or name in trust.witnesses or name in trust.groups:
        raise Refused("Line.DuplicateName", name)


def _read_group(trust, name, threshold, members):
    _new_name(trust, name)
    for member in members:
        if member not in trust.witnesses and member not in trust.groups:
            raise Refused("Line.UnknownName", member)
    if len(set(members)) != len(members):
        raise Refused("Line.MemberTwice", name)
    count = {"any": 1, "all": len(members)}.get(threshold) or decimal(threshold)
    if not count or count > len(members):
        raise Refused("Line.Threshold", threshold)
    trust.groups[name] = (count, members)


PROOF_HEAD = "c2sp.org/tlog-proof@v1"


@dataclass
class Proof:
    """A `.tlog-proof`: a record's place and hash, its audit path, and the signed checkpoint."""

    record: int
    hash: bytes
    path: list
    checkpoint: bytes


def read_proof(data):
    """Reads a `.tlog-proof`."""
    whole = _text(data, NOTE_MAX * 2, "proof")
    head, separator, checkpoint = whole.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines[0] != PROOF_HEAD or len(lines) < 3:
        raise Refused("Proof.Form", f"it does not begin {PROOF_HEAD}")
    extra, index = lines[1].split(" "), lines[2].split(" ")
    leaf = decode_hash(extra[1]) if len(extra) == 2 and extra[0] == "extra" else None
    record = decimal(index[1]) if len(index) == 2 and index[0] == "index" else None
    path = [decode_hash(line) for line in lines[3:]]
    if leaf is None or record is None or None in path or len(path) > 63:
        raise Refused("Proof.Form", "a line is not what it should be")
    return Proof(record, leaf, path, checkpoint.encode())
