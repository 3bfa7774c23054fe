"""A tiles folder as a log (docs/format.md section 5.5)."""

from .evidence import verify_log
from .hashes import Frontier, leaf_hash
from .notes import read_checkpoint, read_note
from .refused import Refused
from .segments import Log
from .verdict import Verdict

WIDTH = 256
_HEAD = 118  # of a block, before its records
_FRAME = _HEAD + 64
_COUNT = slice(82, 86)


class Folder:
    """The files of a folder on disk."""

    def __init__(self, root):
        self.root = root

    def read(self, path):
        """A file's bytes, or None if it is not there."""
        try:
            return (self.root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def names(self, path):
        """The names in a folder, or None if it is not there."""
        folder = self.root / path
        return {entry.name for entry in folder.iterdir()} if folder.is_dir() else None


class Given:
    """Files given by path: for the test vectors and for tests."""

    def __init__(self, files):
        self.files = files

    def read(self, path):
        return self.files.get(path)

    def names(self, path):
        start = path + "/"
        found = {name.removeprefix(start).split("/")[0] for name in self.files if name.startswith(start)}
        return found or None


def _path(series, index, width):
    """`tile/0/x001/234`, or `tile/0/x001/234.p/7` for what does not fill a file."""
    groups = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03}")
    return f"{series}/{'/'.join(groups)}" + ("" if width == WIDTH else f".p/{width}")


class _Reader:
    """Puts blocks together from frames and entries, until as many records are there as the checkpoint has."""

    def __init__(self, files, size, log):
        self.files, self.size, self.log = files, size, log
        self.frames, self.frame_files = [], 0
        self.entries, self.entry_files = [], 0
        self.hashes = []

    def read(self):
        while len(self.hashes) < self.size:
            frame = self._frame()
            count = int.from_bytes(frame[_COUNT], "big")
            while len(self.entries) < count:
                self._entries()
            records, self.entries = self.entries[:count], self.entries[count:]
            self.hashes += map(leaf_hash, records)
            led = b"".join(len(record).to_bytes(4, "big") + record for record in records)
            self.log.blocks.append(frame[:_HEAD] + led + frame[_HEAD:])

    def _frame(self):
        if not self.frames:
            index, series = self.frame_files, "vandel/blocks"
            width, path = WIDTH, _path(series, index, WIDTH)
            data = self.files.read(path)
            if data is None:
                names = self.files.names(f"{path}.p") or set()
                width = max((part for part in range(1, WIDTH) if str(part) in names), default=0)
                path = _path(series, index, width)
                data = self.files.read(path) if width else None
            if data is None:
                raise Refused("Tiles.BlocksEnd", f"the blocks end after {len(self.hashes)} of {self.size} records")
            if len(data) != width * _FRAME:
                raise Refused("Tiles.Blocks", f"{path} does not hold {width} blocks and nothing more")
            self.frames = [data[at : at + _FRAME] for at in range(0, len(data), _FRAME)]
            self.frame_files += 1
        return self.frames.pop(0)

    def _entries(self):
        first = self.entry_files * WIDTH
        if first >= self.size:
            raise Refused("Tiles.BlocksBeyond", f"the blocks ask for more records than {self.size}")
        width = min(self.size - first, WIDTH)
        for series, length_bytes in (("tile/entries", 2), ("vandel/entries", 4)):
            path = _path(series, self.entry_files, width)
            data = self.files.read(path)
            if data is not None:
                self.entries += _cut(data, width, length_bytes, path)
                self.entry_files += 1
                return
        raise Refused("Tiles.Missing", f"{_path('tile/entries', self.entry_files, width)} is missing")


def _cut(data, width, length_bytes, path):
    """The entries of a bundle."""
    entries, at = [], 0
    for _ in range(width):
        length = int.from_bytes(data[at : at + length_bytes], "big")
        at += length_bytes
        entries.append(data[at : at + length])
        at += length
        if at > len(data):
            break
    if at != len(data):
        raise Refused("Tiles.Entries", f"{path} does not hold {width} entries and nothing more")
    return entries


def _check_hashes(files, hashes):
    """Every hash tile against the records, level by level."""
    level = 0
    while hashes:
        for index in range(0, len(hashes), WIDTH):
            run = hashes[index : index + WIDTH]
            path = _path(f"tile/{level}", index // WIDTH, len(run))
            found = files.read(path)
            if found is None:
                raise Refused("Tiles.Missing", f"{path} is missing")
            if found != b"".join(run):
                raise Refused("Tiles.Hashes", f"{path} is not the tile of these records")
        hashes = [_root(hashes[at : at + WIDTH]) for at in range(0, len(hashes) - WIDTH + 1, WIDTH)]
        level += 1


def _root(leaves):
    tree = Frontier()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def read_tiles(files):
    """The blocks, and how the folder ends: whole, damaged, or without blocks (None)."""
    log = Log()
    try:
        size = read_checkpoint(read_note(files.read("checkpoint") or b"").text).size
    except Refused as refused:
        return log.damaged(f"no checkpoint that can be read: {refused}", False, "Tiles.Checkpoint")
    if files.names("vandel/blocks") is None:
        return None
    reader = _Reader(files, size, log)
    try:
        reader.read()
    except Refused as refused:
        return log.damaged(refused.what, True, refused.name)
    try:
        _check_hashes(files, reader.hashes)
    except Refused as refused:
        return log.damaged(refused.what, False, refused.name)
    return log


def known(blocks, others, chains):
    """The chain after those blocks that are the first of others, of which the chains are known."""
    alike = 0
    while alike < min(len(blocks), len(others)) and blocks[alike] == others[alike]:
        alike += 1
    return chains[alike]


def verify_tiles(files, brought, before=None):
    """The verdict on a tiles folder. `before` gives the chain after blocks that were judged before."""
    log = read_tiles(files)
    if log is None:
        verdict = Verdict("log")
        verdict.not_proven.append("the folder has no vandel/blocks: nothing by which their signatures could be verified")
        return verdict
    return verify_log(log, brought, before(log.blocks) if before else None)
