"""`python -m vandel_verifier`: verify a ledger, a log folder, a tiles folder, a segment, a proof, a checkpoint, a
dossier or a certificate."""

import argparse
import json
import re
import sys
from pathlib import Path

from .batch import run_batch
from .dossier import SEALED_BEGINS, read_digests
from .evidence import Brought, verify_log
from .files import Unreadable, verify_file
from .notes import read_proof, read_trust
from .refused import Refused
from .sealed import NoKey, NotAuthorised, unseal
from .segments import read_log
from .tiles import Folder, verify_tiles
from .vectors import read_all
from .verdict import Verdict

NOT_FOUND, USAGE, IO, NOT_AUTHORISED = 7, 2, 5, 6


def _parser():
    parser = argparse.ArgumentParser(
        prog="vandel_verifier", description=__doc__,
        epilog="exit: 0 verified, 2 not readable as what it should be, 3 violation, 4 not proven, 5 I/O, 6 sealed to "
        "somebody else, 7 not found")
    parser.add_argument("path", type=Path, help="a home, a folder of segments or of tiles, or a file")
    parser.add_argument("--trust", type=Path, help="the trust file, kept by the auditor")
    parser.add_argument("--checkpoint", type=Path, action="append", default=[], help="a signed checkpoint")
    parser.add_argument("--kept", type=Path, action="append", default=[], help="a checkpoint that you kept yourself")
    parser.add_argument("--receipts", type=Path, help="a folder of .tlog-proof files")
    parser.add_argument("--digests", type=Path, action="append", default=[], help="digests that you have computed")
    parser.add_argument("--unseal-key", type=Path, help="for a sealed dossier: its recipient's X25519 private key, PEM")
    parser.add_argument("--unseal-passphrase-file", type=Path, help="for a sealed dossier: a file with the passphrase")
    parser.add_argument("--ledger", help="the ledger's id: it must be this one")
    parser.add_argument("--require-witnessed", action="store_true", help="nothing less than a quorum of witnesses")
    parser.add_argument("--json", action="store_true", help="the verdict as JSON")
    return parser


def _brought(arguments, root):
    brought = Brought(require_witnessed=arguments.require_witnessed)
    if arguments.trust:
        try:
            brought.trust = read_trust(arguments.trust.read_bytes())
        except Refused as refused:
            raise Unreadable(f"{arguments.trust}: {refused}") from None
    if arguments.ledger:
        if not re.fullmatch("[0-9a-f]{64}", arguments.ledger):
            raise Unreadable("--ledger: 64 hexadecimal digits")
        brought.ledger = bytes.fromhex(arguments.ledger)
    beside = [root / "public" / "checkpoint", root / "checkpoint", root / "memory" / "checkpoint"]
    brought.checkpoints = [path.read_bytes() for path in beside if path.is_file()]
    brought.checkpoints += [path.read_bytes() for path in arguments.checkpoint]
    brought.kept = [path.read_bytes() for path in arguments.kept]
    for path in arguments.digests:
        try:
            brought.digests.append(read_digests(path.read_text("utf-8", "strict")))
        except (Refused, UnicodeDecodeError) as error:
            raise Unreadable(f"{path}: {error}") from None
    for path in sorted(arguments.receipts.iterdir()) if arguments.receipts else []:
        try:
            brought.receipts.append(read_proof(path.read_bytes()))
        except Refused as refused:
            raise Unreadable(f"{path}: {refused}") from None
    return brought


def verify_path(arguments):
    """The verdict on a path."""
    path = arguments.path
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there")
    if path.is_file():
        data = path.read_bytes()
        if data.startswith(SEALED_BEGINS):
            given = [arguments.unseal_key, arguments.unseal_passphrase_file]
            data = unseal(data, *[file.read_bytes() if file else None for file in given])
            if isinstance(data, Verdict):
                return data
        return verify_file(data, _brought(arguments, path.parent / "-"), verify_log)
    if (path / "tile").is_dir():
        return verify_tiles(Folder(path), _brought(arguments, path))
    is_segments = any(path.glob("segment-*.vlog"))
    brought = _brought(arguments, path.parent if is_segments else path)
    return verify_log(read_log(path if is_segments else path / "log"), brought)


def main(words):
    """Runs a command; gives the exit code."""
    if words[:1] == ["batch"]:
        return run_batch(sys.stdin, sys.stdout)
    if words[:1] == ["vectors"] and len(words) == 2:
        for line in read_all(Path(words[1])):
            print(json.dumps(line))
        return 0
    arguments = _parser().parse_args(words)
    try:
        verdict = verify_path(arguments)
    except (Unreadable, NoKey) as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    except NotAuthorised as error:
        print(f"error: {error}", file=sys.stderr)
        return NOT_AUTHORISED
    except FileNotFoundError as error:
        print(f"error: {error}", file=sys.stderr)
        return NOT_FOUND
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return IO
    print(json.dumps(verdict.as_json(), indent=2) if arguments.json else verdict.as_text())
    return verdict.exit


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
