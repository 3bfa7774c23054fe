"""Files that are verified alone: proofs, checkpoints, dossiers, certificates."""

import re

from .certificate import NoCertificate, verify_certificate
from .dossier import BEGINS, SEALED_BEGINS, verify_dossier
from .hashes import check_inclusion
from .notes import PROOF_HEAD, open_checkpoint, read_proof
from .refused import Refused
from .segments import Log, read_segment_file
from .verdict import Verdict


# A name, a size, and after an empty line a signature.
_CHECKPOINT = re.compile("[^\n]*\n[0-9]+\n.*\n\n\u2014 ".encode(), re.DOTALL)


class Unreadable(Exception):
    """A file of no kind that is known here, or one that does not have the form of its kind: exit 2."""


def verify_file(data, brought, verify_log):
    """The verdict on a file, by what it begins with."""
    if data.startswith(b"VANDLOG1"):
        return verify_log(read_segment_file(data, Log()), brought)
    if data.startswith(BEGINS):
        return verify_dossier(data, brought)
    if data.startswith(SEALED_BEGINS):
        raise Unreadable("the dossier is sealed: open it first (vandel case unseal, or docs/dossier.md)")
    if brought.trust is None:
        raise Unreadable("a trust file is needed: --trust FILE")
    if data.startswith(PROOF_HEAD.encode()):
        return verify_proof(data, brought.trust)
    if data.lstrip().startswith(b"{"):
        try:
            return verify_certificate(data, brought.trust)
        except NoCertificate as error:
            raise Unreadable(str(error)) from None
    if _CHECKPOINT.match(data):
        verdict = Verdict("checkpoint")
        _open(verdict, data, brought.trust)
        return verdict
    raise Unreadable("neither a segment, a proof, a dossier, a certificate nor a checkpoint")


def _open(verdict, note, trust):
    """Opens a checkpoint by a trust file alone. Not signed by its log: not proven."""
    try:
        checkpoint = open_checkpoint(note, [*trust.logs, *trust.witnesses.values()])
    except Refused as refused:
        if refused.name in ("Signature.Unsigned", "NotByLog"):
            verdict.not_proven.append(f"the checkpoint: {refused}")
        else:
            verdict.add(refused)
        return None
    verdict.origin, verdict.size, verdict.root = checkpoint.origin, checkpoint.size, checkpoint.root.hex()
    verdict.anchor = "witnessed" if trust.asks_for_witnesses else "operator"
    if not trust.is_met([key for key, _ in checkpoint.cosigners]):
        verdict.not_proven.append("the witnesses that cosigned do not make the trust file's quorum")
    return checkpoint


def verify_proof(data, trust):
    """The verdict on a `.tlog-proof`."""
    try:
        proof = read_proof(data)
    except Refused as refused:
        raise Unreadable(str(refused)) from None
    verdict = Verdict("proof")
    checkpoint = _open(verdict, proof.checkpoint, trust)
    if checkpoint is not None:
        try:
            check_inclusion(proof.hash, proof.record, checkpoint.size, checkpoint.root, proof.path)
        except Refused as refused:
            verdict.add(refused.under("Inclusion"), record=proof.record)
    verdict.counts = {"record": proof.record}
    verdict.not_checked.append("the record's content: the proof holds its hash alone")
    return verdict
