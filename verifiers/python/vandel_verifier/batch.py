"""Many cases in one process, for tests: a JSON object a line comes in, a JSON object a line goes out.

`{"base": [block, …]}` sets the blocks that later cases are changes of. A case is one of

- `{"keep": k, "blocks": […], "then": j, "trust": text, "checkpoints": […], "kept": […], "receipts": […]}`: the
  first k blocks of the base, these, and the base's from j on;
- `{"file": hex, "trust": text, "digests": [text, …]}`: a file that is verified alone; the digests are those that the
  reader of a dossier has computed;
- `{"tiles": {path: hex, …}, "trust": text}`: a tiles folder; its `checkpoint` is brought along;
- `{"signature": {"key", "message", "signature"}}`, `{"key": hex}`: one check of section 1.3.

Bytes are hexadecimal digits. The answer is the verdict, `{"error": name}` or `{"unreadable": why}`.
"""

import json

from . import ed25519
from .chain import Chain
from .dossier import read_digests
from .evidence import Brought, verify_log
from .files import Unreadable, verify_file
from .notes import read_proof, read_trust
from .refused import Refused
from .segments import Log
from .tiles import Given, known, verify_tiles


class Batch:
    """The base and the chain after each of its blocks."""

    def __init__(self):
        self.base, self.chains = [], [Chain()]

    def answer(self, case):
        """Answers one line."""
        if "base" in case:
            return self._set_base([bytes.fromhex(block) for block in case["base"]])
        if "signature" in case or "key" in case:
            return self._check(case)
        try:
            brought = self._brought(case)
            if "file" in case:
                verdict = verify_file(bytes.fromhex(case["file"]), brought, verify_log)
            elif "tiles" in case:
                files = {path: bytes.fromhex(data) for path, data in case["tiles"].items()}
                brought.checkpoints += [files["checkpoint"]] if "checkpoint" in files else []
                verdict = verify_tiles(Given(files), brought, lambda blocks: known(blocks, self.base, self.chains))
            else:
                verdict = self._log(case, brought)
        except (Unreadable, Refused) as error:
            return {"unreadable": str(error), "exit": 2}
        return verdict.as_json()

    def _set_base(self, blocks):
        self.base, self.chains = blocks, [Chain()]
        for block in blocks:
            chain = self.chains[-1].copy()
            chain.take(block)
            self.chains.append(chain)
        return {"base": len(blocks)}

    def _check(self, case):
        try:
            if "key" in case:
                ed25519.check_key(bytes.fromhex(case["key"]))
            else:
                signed = {name: bytes.fromhex(value) for name, value in case["signature"].items()}
                ed25519.verify(signed["key"], signed["message"], signed["signature"])
        except Refused as refused:
            return {"error": refused.name}
        return {"error": None}

    def _brought(self, case):
        brought = Brought(require_witnessed=case.get("require_witnessed", False))
        if "trust" in case:
            brought.trust = read_trust(case["trust"].encode())
        brought.checkpoints = [bytes.fromhex(note) for note in case.get("checkpoints", [])]
        brought.kept = [bytes.fromhex(note) for note in case.get("kept", [])]
        brought.receipts = [read_proof(bytes.fromhex(proof)) for proof in case.get("receipts", [])]
        brought.digests = [read_digests(text) for text in case.get("digests", [])]
        if "ledger" in case:
            brought.ledger = bytes.fromhex(case["ledger"])
        return brought

    def _log(self, case, brought):
        keep = case["keep"]
        blocks = self.base[:keep] + [bytes.fromhex(block) for block in case["blocks"]] + self.base[case["then"] :]
        return verify_log(Log(blocks=blocks), brought, self.chains[keep])


def run_batch(lines, out):
    """Answers line by line until the input ends."""
    batch = Batch()
    for line in lines:
        out.write(json.dumps(batch.answer(json.loads(line))) + "\n")
        out.flush()
    return 0
