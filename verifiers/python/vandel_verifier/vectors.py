"""Reads the test vectors as a stranger would: what each structure's bytes must give (schemas/vectors/v1/README.md)."""

import json

from . import ed25519
from .chain import Chain
from .dossier import read_digests
from .events import read_event
from .evidence import Brought
from .files import Unreadable, verify_file
from .hashes import check_consistency, check_inclusion
from .notes import open_checkpoint, read_key, read_trust
from .payload import APPROVAL, check_approval, open_payload, read_header, read_part
from .refused import Refused
from .structure import read_block, read_record, read_statement
from .tiles import Given, known, verify_tiles


def bytes_of(case):
    """The fields of a vector, run together."""
    return bytes.fromhex("".join(value for _, value, _ in case["fields"]))


def _named(case):
    return {name: bytes.fromhex(value) for name, value, _ in case["fields"]}


def _hashes(data):
    return [data[at : at + 32] for at in range(0, len(data), 32)]


def _payload(case):
    header, parts, commitment = b"", {}, b""
    for name, value in _named(case).items():
        if name == "commitment":
            commitment = value
        elif name.startswith("header/"):
            header += value
        else:
            slot = int(name.split("/")[0].removeprefix("part "))
            parts[slot] = parts.get(slot, b"") + value
    return commitment, header, parts


class Reader:
    """Reads vectors; chains follow the blocks of the accepted ledger."""

    def __init__(self, folder):
        ledger = json.loads((folder / "accept" / "ledger.json").read_text())
        self.wholes = {}
        for kind in ("dossiers", "certificates"):
            whole = json.loads((folder / "accept" / f"{kind}.json").read_text())["cases"]
            self.wholes[kind] = {case["name"]: bytes_of(case) for case in whole}
        folders = json.loads((folder / "accept" / "tiles.json").read_text())["cases"]
        self.folders = {case["name"]: _named(case) for case in folders}
        self.blocks = [bytes_of(case) for case in ledger["cases"]]
        self.before = [Chain()]
        for case in ledger["cases"]:
            chain = self.before[-1].copy()
            chain.take(bytes_of(case))
            self.before.append(chain)

    def read(self, structure, case):
        """Raises `Refused` if the vector's bytes must be refused."""
        getattr(self, structure)(case)

    def event(self, case):
        read_event(bytes_of(case))

    def statement(self, case):
        read_statement(bytes_of(case))

    def record(self, case):
        read_record(bytes_of(case))

    def block(self, case):
        read_block(bytes_of(case))

    def header(self, case):
        read_header(bytes_of(case))

    def chain(self, case):
        chain = self.before[int(case["context"]["after"])].copy()
        chain.take(bytes_of(case))
        context = case["context"]
        then = {
            "then block hash": chain.block_hash.hex(), "then head": chain.head.hex(),
            "then records": str(chain.records), "then root": chain.tree.root().hex(),
        }
        for name, value in then.items():
            assert context.get(name, value) == value, name

    def part(self, case):
        read_part(int(case["context"]["slot"]), bytes_of(case))

    def payload(self, case):
        open_payload(*_payload(case))

    def approval(self, case):
        commitment, header, parts = _payload(case)
        bodies = open_payload(commitment, header, parts)
        author = bytes.fromhex(case["context"]["author"])
        check_approval(self.before[-1].ledger, author, header, bodies[APPROVAL])

    def key(self, case):
        ed25519.check_key(bytes_of(case))

    def signature(self, case):
        named = _named(case)
        ed25519.verify(named["key"], named["message"], named["R"] + named["S"])

    def inclusion(self, case):
        named = _named(case)
        index, size = (int.from_bytes(named[name], "big") for name in ("index", "size"))
        check_inclusion(named["leaf"], index, size, named["root"], _hashes(named["proof"]))

    def consistency(self, case):
        named = _named(case)
        old, new = (int.from_bytes(named[name], "big") for name in ("old size", "new size"))
        check_consistency(old, named["old root"], new, named["new root"], _hashes(named["proof"]))

    def checkpoint(self, case):
        open_checkpoint(bytes_of(case), [read_key(key) for key in case["context"]["keys"].split(" ")])

    def dossier(self, case):
        self._file(case, self.wholes["dossiers"])

    def certificate(self, case):
        self._file(case, self.wholes["certificates"])

    def _file(self, case, wholes):
        data, context = bytes_of(case), case["context"]
        if "of" in context:
            base = wholes[context["of"]]
            data = base[: int(context["from"])] + data + base[int(context["to"]) :]
        brought = Brought()
        if "trust" in context:
            brought.trust = read_trust(context["trust"].encode())
        if "digests" in context:
            brought.digests = [read_digests(context["digests"])]
        try:
            verdict = verify_file(data, brought, None)
        except Unreadable as error:
            raise Refused("Form", str(error)) from None
        for finding in verdict.findings:
            raise Refused(finding.error, finding.what, record=finding.record)
        assert str(verdict.exit) == context["exit"], case["name"]

    def tiles(self, case):
        context, files = case["context"], _named(case)
        if "from" in context:
            [(path, data)] = files.items()
            whole = self.folders[context["of"]][path]
            files = {path: whole[: int(context["from"])] + data + whole[int(context["to"]) :]}
        files = self.folders.get(context.get("of"), {}) | files
        files = {path: data for path, data in files.items() if path != context.get("remove")}
        brought = Brought(checkpoints=[files["checkpoint"]] if "checkpoint" in files else [])
        if "trust" in context:
            brought.trust = read_trust(context["trust"].encode())
        self._judged(verify_tiles(Given(files), brought, lambda blocks: known(blocks, self.blocks, self.before)), case)

    def _judged(self, verdict, case):
        for finding in verdict.findings:
            raise Refused(finding.error, finding.what, block=finding.block, record=finding.record)
        assert str(verdict.exit) == case["context"]["exit"], case["name"]

    def trust(self, case):
        read_trust(bytes_of(case))


def read_all(folder):
    """One line for each vector: what was read, and the refusal with its place or nothing."""
    reader = Reader(folder)
    for sort in ("accept", "reject"):
        for path in sorted((folder / sort).iterdir()):
            file = json.loads(path.read_text())
            for case in file["cases"]:
                line = {"file": f"{sort}/{path.name}", "name": case["name"], "error": None}
                try:
                    reader.read(file["structure"], case)
                except Refused as refused:
                    line["error"] = {"name": refused.name, "block": refused.block, "record": refused.record}
                yield line
