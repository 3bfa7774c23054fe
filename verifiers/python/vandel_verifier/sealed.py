"""Sealed dossiers, opened with their recipient's key or passphrase (docs/dossier.md; RFC 9180, RFC 7914)."""

import base64
import hashlib
import hmac
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .dossier import Malformed, fault, read_sealed
from .verdict import Verdict

FORM = "vandel-sealed-dossier/1"
# What RFC 8410 puts before the 32 bytes of a private X25519 key.
_PRIVATE = bytes.fromhex("302e020100300506032b656e04220420")
_COST_MAX = {"log_n": 20, "r": 8, "p": 4}
_KEM, _HPKE = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x02"


class NotAuthorised(Exception):
    """Nothing was brought that opens it: exit 6."""


class NoKey(Exception):
    """What was brought is no key or passphrase, or the file asks for more than a machine should do: exit 2."""


def unseal(data, key_pem=None, passphrase=None):
    """The dossier inside, or a verdict if the file does not have the form."""
    try:
        sealed = read_sealed(data)
    except Malformed as error:
        verdict = Verdict("dossier")
        verdict.add(fault("malformed", str(error)))
        return verdict
    associated = f"{FORM}\n{sealed['recipient']}\n{sealed['expires']}".encode()
    if key_pem is None and passphrase is None:
        raise NotAuthorised(f"the dossier is sealed, for {sealed['recipient']}: --unseal-key or --unseal-passphrase-file")
    private = None if key_pem is None else _private_key(key_pem)
    word = None if passphrase is None else _first_line(passphrase)
    if (sealed["lock"] == "x25519") != (private is not None):
        raise NotAuthorised(f"it is sealed to another sort of lock: {sealed['lock']}")
    try:
        if private is not None:
            key, nonce = _receive(private, sealed["encapsulated"])
            return AESGCM(key).decrypt(nonce, sealed["sealed"], associated)
        if any(sealed[name] > most for name, most in _COST_MAX.items()):
            raise NoKey("its scrypt cost is out of bounds")
        n = 1 << sealed["log_n"]
        key = hashlib.scrypt(word, salt=sealed["salt"], n=n, r=sealed["r"], p=sealed["p"], maxmem=(1 << 31) - 1, dklen=32)
        return AESGCM(key).decrypt(sealed["sealed"][:12], sealed["sealed"][12:], associated)
    except (InvalidTag, ValueError):
        raise NotAuthorised("it does not open: the passphrase or key is another one, or the file was changed") from None


def _first_line(data):
    line = data.split(b"\n")[0].removesuffix(b"\r")
    try:
        line.decode("utf-8", "strict")
    except UnicodeDecodeError:
        line = b""
    if not line:
        raise NoKey("the first line of the file is no passphrase")
    return line


def _private_key(pem):
    found = re.search(rb"-----BEGIN PRIVATE KEY-----(.*?)-----END PRIVATE KEY-----", pem, re.DOTALL)
    try:
        der = base64.b64decode(b"".join(found[1].split()), validate=True) if found else b""
    except ValueError:
        der = b""
    if not der.startswith(_PRIVATE) or len(der) != len(_PRIVATE) + 32:
        raise NoKey("the file holds no X25519 private key in PEM")
    return X25519PrivateKey.from_private_bytes(der[len(_PRIVATE) :])


def _extract(suite, salt, label, ikm):
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, "sha256")


def _expand(suite, secret, label, info, length):
    # At most 32 bytes are asked for: one block of HKDF.
    message = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info + b"\x01"
    return hmac.digest(secret, message, "sha256")[:length]


def _receive(private, encapsulated):
    """Key and nonce of the first message (RFC 9180 sections 4.1 and 5.1, base mode)."""
    shared = private.exchange(X25519PublicKey.from_public_bytes(encapsulated))
    context = encapsulated + private.public_key().public_bytes_raw()
    shared = _expand(_KEM, _extract(_KEM, b"", b"eae_prk", shared), b"shared_secret", context, 32)
    schedule = b"\x00" + _extract(_HPKE, b"", b"psk_id_hash", b"") + _extract(_HPKE, b"", b"info_hash", FORM.encode())
    secret = _extract(_HPKE, shared, b"secret", b"")
    return _expand(_HPKE, secret, b"key", schedule, 32), _expand(_HPKE, secret, b"base_nonce", schedule, 12)
