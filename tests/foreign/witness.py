"""A C2SP witness and a client of one, written from the specifications alone and sharing no code with Vandel.

    witness.py serve NAME SEED LOGKEY    cosigns what that log submits; prints its address and verifier key
    witness.py submit URL WITNESSKEY     submits the request on stdin; prints the size and root that were cosigned

Only Python's standard library. Ed25519 is RFC 8032's, slow and plain. State lives in memory: a witness for
tests, not for keeping.
"""

import base64
import hashlib
import http.client
import http.server
import json
import sys
import threading
import time
import urllib.parse

# --- Ed25519 (RFC 8032 section 5.1) ---
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def add(a, b):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = f - e, d - c, d + c, f + e
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, point):
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def encode(point):
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data):
    number = int.from_bytes(data, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def hash_scalar(*pieces):
    return int.from_bytes(hashlib.sha512(b"".join(pieces)).digest(), "little") % L


def expand(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254
    return scalar, digest[32:]


def public(seed):
    return encode(multiply(expand(seed)[0], BASE))


def sign(seed, message):
    scalar, prefix = expand(seed)
    key = public(seed)
    r = hash_scalar(prefix, message)
    point = encode(multiply(r, BASE))
    return point + ((r + hash_scalar(point, key, message) * scalar) % L).to_bytes(32, "little")


def verify(key, message, signature):
    if len(signature) != 64:
        return False
    a, r, s = decode(key), decode(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    expected = add(r, multiply(hash_scalar(signature[:32], key, message), a))
    return encode(multiply(s, BASE)) == encode(expected)


# --- signed notes, checkpoints, cosignatures ---
def key_id(name, kind, key):
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]


def vkey(name, kind, key):
    material = base64.b64encode(bytes([kind]) + key).decode()
    return f"{name}+{key_id(name, kind, key).hex()}+{material}"


def parse_vkey(text):
    name, identifier, material = text.split("+", 2)
    raw = base64.b64decode(material, validate=True)
    assert key_id(name, raw[0], raw[1:]).hex() == identifier
    return name, raw[0], raw[1:]


def parse_note(note):
    text, signatures = note.rsplit("\n\n", 1)
    lines = []
    for line in signatures.splitlines():
        dash, name, data = line.split(" ")
        assert dash == "\u2014"
        raw = base64.b64decode(data, validate=True)
        lines.append((name, raw[:4], raw[4:]))
    return text + "\n", lines


def parse_checkpoint(text):
    origin, size, root = text.splitlines()[:3]
    assert str(int(size)) == size
    root = base64.b64decode(root, validate=True)
    assert len(root) == 32
    return origin, int(size), root


def cosigned(seconds, text):
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


# --- consistency proofs (RFC 6962 section 2.1.2), by recursion over the tree's definition ---
def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def roots(old, new, old_root, proof, known):
    """The roots that a proof gives for the first `old` and for all `new` leaves; it is used up from the end."""
    if old == new:
        if known:
            return old_root, old_root
        last = proof.pop()
        return last, last
    split = 1
    while split * 2 < new:
        split *= 2
    sibling = proof.pop()
    if old <= split:
        before, after = roots(old, split, old_root, proof, known)
        return before, node(after, sibling)
    before, after = roots(old - split, new - split, old_root, proof, False)
    return node(sibling, before), node(sibling, after)


def continues(old, old_root, new, new_root, proof):
    if old == 0 or old == new:
        return not proof and (old == 0 or old_root == new_root)
    left = list(proof)
    try:
        found = roots(old, new, old_root, left, True)
    except IndexError:
        return False
    return not left and found == (old_root, new_root)


# --- the witness ---
class Witness:
    def __init__(self, name, seed, log):
        self.name, self.seed, self.log = name, seed, parse_vkey(log)
        self.size, self.root = 0, hashlib.sha256(b"").digest()
        self.lock = threading.Lock()

    def answer(self, body):
        head, note = body.split("\n\n", 1)
        lines = head.split("\n")
        old = int(lines[0].removeprefix("old "))
        proof = [base64.b64decode(line, validate=True) for line in lines[1:]]
        text, signatures = parse_note(note)
        origin, size, root = parse_checkpoint(text)
        name, kind, key = self.log
        if origin != name:
            return 404, "text/plain", "unknown log\n"
        ours = [raw for who, which, raw in signatures if who == name and which == key_id(name, kind, key)]
        if not any(verify(key, text.encode(), raw) for raw in ours):
            return 403, "text/plain", "no signature of the log\n"
        if old > size:
            return 400, "text/plain", "old is larger\n"
        with self.lock:
            if old != self.size or (old == size and root != self.root):
                return 409, "text/x.tlog.size", f"{self.size}\n"
            if not continues(old, self.root, size, root, proof):
                return 422, "text/plain", "not consistent\n"
            self.size, self.root = size, root
        seconds = int(time.time())
        signature = seconds.to_bytes(8, "big") + sign(self.seed, cosigned(seconds, text))
        data = base64.b64encode(key_id(self.name, 4, public(self.seed)) + signature).decode()
        return 200, "text/plain", f"\u2014 {self.name} {data}\n"


def serve(name, seed, log):
    witness = Witness(name, hashlib.sha256(seed.encode()).digest(), log)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.path != "/add-checkpoint":
                status, kind, text = 404, "text/plain", "no such path\n"
            else:
                try:
                    status, kind, text = witness.answer(body)
                except (ValueError, AssertionError, IndexError):
                    status, kind, text = 400, "text/plain", "malformed\n"
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    key = vkey(name, 4, public(witness.seed))
    print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}", "key": key}), flush=True)
    server.serve_forever()


def submit(url, witness):
    name, kind, key = parse_vkey(witness)
    assert kind == 4
    body = sys.stdin.buffer.read()
    place = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    connection.request("POST", place.path.rstrip("/") + "/add-checkpoint", body)
    response = connection.getresponse()
    answer = response.read().decode()
    if response.status != 200:
        print(json.dumps({"status": response.status, "type": response.headers["Content-Type"], "body": answer}))
        return
    text, _ = parse_note(body.decode().split("\n\n", 1)[1])
    _, lines = parse_note("x\n\n" + answer)
    for who, which, raw in lines:
        if who == name and which == key_id(name, kind, key):
            seconds = int.from_bytes(raw[:8], "big")
            assert verify(key, cosigned(seconds, text), raw[8:]), "the cosignature is bad"
            _, size, root = parse_checkpoint(text)
            print(json.dumps({"status": 200, "size": size, "root": root.hex(), "time": seconds}))
            return
    sys.exit("no cosignature by this witness")


if __name__ == "__main__":
    {"serve": serve, "submit": submit}[sys.argv[1]](*sys.argv[2:])
