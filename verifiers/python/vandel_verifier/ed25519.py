"""Strict Ed25519 (docs/format.md section 1.3).

`cryptography` (OpenSSL) computes the equation of RFC 8032 and compares R byte for byte. What it lets
pass and the format refuses is checked here: keys in another spelling or of small order, an R of small
order or in another spelling, S not below L; and at enrolment keys outside the prime-order group.
"""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .refused import Refused

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


def _recover_x(y, sign):
    """The x of a point with this y, its lowest bit being `sign`; None if there is none."""
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P:
        return None
    if x == 0 and sign:
        return None
    return P - x if x & 1 != sign else x


def _add(a, b):
    """The complete addition law in extended coordinates (RFC 8032 section 5.1.4)."""
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e = (y1 - x1) * (y2 - x2) % P
    f = (y1 + x1) * (y2 + x2) % P
    g = 2 * t1 * t2 * D % P
    h = 2 * z1 * z2 % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return i * j % P, k * m % P, j * k % P, i * m % P


def _multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


def _is_identity(point):
    x, y, z, _ = point
    return x % P == 0 and (y - z) % P == 0


def _point(key):
    """The point that 32 bytes spell, in extended coordinates."""
    number = int.from_bytes(key, "little")
    y, sign = number & (2**255 - 1), number >> 255
    if y >= P or (sign and y in (1, P - 1)):
        raise Refused("NotCanonical", "a second spelling of a point")
    x = _recover_x(y, sign)
    if x is None:
        raise Refused("NotOnCurve", "no point of the curve")
    return x, y, 1, x * y % P


@lru_cache(maxsize=65536)
def _judge(key):
    """(point, None) for a key that may verify signatures, else (None, the refusal's name)."""
    try:
        point = _point(key)
    except Refused as refused:
        return None, refused.name
    if _is_identity(_multiply(8, point)):
        return None, "SmallOrder"
    return point, None


@lru_cache(maxsize=65536)
def _has_torsion(key):
    return not _is_identity(_multiply(L, _judge(key)[0]))


def check_key(key):
    """Refuses a key that may not be enrolled."""
    _, refused = _judge(key)
    if refused is None and _has_torsion(key):
        refused = "Torsion"
    if refused is not None:
        raise Refused(refused, "the key is not sound")


def _small_order_ys():
    """The y of the eight points of small order: 1, -1, 0 and the two of order eight."""
    # A point of order eight doubles to one with y = 0: y^2 = -x^2, so D y^4 + 2 y^2 - 1 = 0.
    ys = {0, 1, P - 1}
    for root in (1, P - 1):
        square = (-1 + root * _square_root(1 + D)) * pow(D, P - 2, P) % P
        y = _square_root(square)
        if y is not None:
            ys |= {y, P - y}
    return ys


def _square_root(number):
    root = pow(number, (P + 3) // 8, P)
    if (root * root - number) % P:
        root = root * ROOT_OF_MINUS_1 % P
    return root if (root * root - number) % P == 0 else None


_SMALL_ORDER_YS = _small_order_ys()


@lru_cache(maxsize=1 << 18)
def _verdict(key, message, signature):
    _, refused = _judge(key)
    if refused is not None:
        return f"Key.{refused}"
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    y = int.from_bytes(r, "little") & (2**255 - 1)
    if s >= L or y >= P or y in _SMALL_ORDER_YS:
        return "Mismatch"
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return "Mismatch"
    return None


def verify(key, message, signature):
    """Refuses a signature that is not strictly valid."""
    refused = _verdict(bytes(key), bytes(message), bytes(signature))
    if refused is not None:
        raise Refused(refused, "the signature does not hold")
