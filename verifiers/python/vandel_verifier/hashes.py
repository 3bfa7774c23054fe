"""Hashes, domains and the tree (docs/format.md sections 1.2 and 5.3)."""

from hashlib import sha256

from .refused import Refused

EMPTY_ROOT = sha256(b"").digest()
ZERO = bytes(32)
# Unicode's property White_Space (docs/format.md section 1).
WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
    "\u202f\u205f\u3000"
)


def digest(*parts):
    """SHA-256 over the parts, joined."""
    state = sha256()
    for part in parts:
        state.update(part)
    return state.digest()


def domain(name):
    """The bytes that begin what is hashed or signed for one purpose."""
    return b"vandel/v1/" + name.encode("ascii") + b"\x00"


def leaf_hash(record):
    """A record's hash, which is its leaf in the tree."""
    return digest(b"\x00", record)


def node_hash(left, right):
    """An inner node."""
    return digest(b"\x01", left, right)


class Frontier:
    """The roots of the full subtrees along the tree's right edge: enough to append and to give the root."""

    def __init__(self):
        self.size = 0
        self.peaks = []  # (height, hash), from the left

    def copy(self):
        other = Frontier()
        other.size, other.peaks = self.size, list(self.peaks)
        return other

    def append(self, leaf):
        height, node = 0, leaf
        while self.peaks and self.peaks[-1][0] == height:
            node = node_hash(self.peaks.pop()[1], node)
            height += 1
        self.peaks.append((height, node))
        self.size += 1

    def root(self):
        if not self.peaks:
            return EMPTY_ROOT
        node = self.peaks[-1][1]
        for _, left in reversed(self.peaks[:-1]):
            node = node_hash(left, node)
        return node


def check_inclusion(leaf, index, size, root, proof):
    """RFC 9162 section 2.1.3.2."""
    if root_of_path(leaf, index, size, proof) != root:
        raise Refused("RootDiffers", "the proof leads to another root")


def root_of_path(leaf, index, size, proof):
    """The root that a leaf and its audit path lead to."""
    if index >= size:
        raise Refused("NoSuchLeaf", f"leaf {index} of {size}")
    number, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise Refused("TooLong", "the proof has a hash too many")
        if number & 1 or number == last:
            node = node_hash(sibling, node)
            while not number & 1 and number:
                number >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        number >>= 1
        last >>= 1
    if last:
        raise Refused("TooShort", "the proof lacks a hash")
    return node


def check_consistency(old_size, old_root, new_size, new_root, proof):
    """RFC 9162 section 2.1.4.2, and the two cases that it leaves out: from nothing, and of itself."""
    if old_size > new_size:
        raise Refused("Shrinking", "the tree got smaller")
    if old_size == 0 and old_root != EMPTY_ROOT:
        raise Refused("EmptyRootDiffers", "the empty tree has one root")
    if old_size == 0 or old_size == new_size:
        if proof:
            raise Refused("TooLong", "nothing is to be proved")
        if old_size == new_size and old_root != new_root:
            raise Refused("Fork", "two trees of one size")
        return
    number, last = old_size - 1, new_size - 1
    while number & 1:
        number >>= 1
        last >>= 1
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise Refused("TooShort", "the proof lacks a hash")
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise Refused("TooLong", "the proof has a hash too many")
        if number & 1 or number == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not number & 1 and number:
                number >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        number >>= 1
        last >>= 1
    if last:
        raise Refused("TooShort", "the proof lacks a hash")
    if old != old_root:
        raise Refused("OldRootDiffers", "the proof is of another older tree")
    if new != new_root:
        raise Refused("NewRootDiffers", "the proof is of another newer tree")
