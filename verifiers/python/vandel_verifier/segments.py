"""The files of a log (docs/format.md section 5.4)."""

import re
from dataclasses import dataclass, field
from typing import Optional

from .structure import BLOCK_MAX

HEADER = 52
FRAME = 20
_NAME = re.compile(r"segment-([0-9]{20})\.vlog")


def _table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ 0x82F63B78 * (byte & 1)
        table.append(byte)
    return table


_TABLE = _table()


def crc32c(data):
    """CRC-32C (Castagnoli)."""
    table, crc = _TABLE, 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


@dataclass
class Log:
    """The blocks, and how the files end: whole, torn or damaged."""

    blocks: list = field(default_factory=list)
    end: str = "whole"
    why: str = ""
    # Damage stands where the next block should be, so that a record can be named.
    is_next: bool = True
    ledger: Optional[bytes] = None
    fault: str = "Log.Damaged"

    def damaged(self, why, is_next=True, fault="Log.Damaged"):
        self.end, self.why, self.is_next, self.fault = "damaged", why, is_next, fault
        return self


def _frame(data, at, position):
    """The block of the frame at an offset, or None if the frame is not sound. Any position if None is asked for."""
    if data[at : at + 4] != b"VBLK" or at + FRAME > len(data):
        return None
    found = int.from_bytes(data[at + 4 : at + 12], "big")
    length = int.from_bytes(data[at + 12 : at + 16], "big")
    end = at + FRAME + length
    if length > BLOCK_MAX or end > len(data) or (position is not None and found != position):
        return None
    block = data[at + FRAME : end]
    if crc32c(data[at + 4 : at + 16] + block) != int.from_bytes(data[at + 16 : at + FRAME], "big"):
        return None
    return block


def _sound_frame_after(data, at):
    at = data.find(b"VBLK", at)
    while at >= 0:
        if _frame(data, at, None) is not None:
            return True
        at = data.find(b"VBLK", at + 1)
    return False


def read_log(folder):
    """Reads all segments of a folder."""
    log = Log()
    if not folder.is_dir():
        return log.damaged("there is no folder of the log")
    names = sorted(path.name for path in folder.iterdir())
    foreign = [name for name in names if not _NAME.fullmatch(name)]
    if foreign:
        return log.damaged(f"{foreign[0]} is no segment", is_next=False)
    if not names:
        return log.damaged("the log has no segment")
    for index, name in enumerate(names):
        is_last = index + 1 == len(names)
        if not _read_segment(log, name, (folder / name).read_bytes(), is_last):
            break
    return log


def _read_segment(log, name, data, is_last):
    """Reads one segment's frames; False if nothing after it can be read."""
    position = int(_NAME.fullmatch(name)[1])
    if position != len(log.blocks):
        log.damaged(f"{name} does not begin where the one before ends")
        return False
    header, ledger = data[:HEADER], data[8:40]
    checksum = int.from_bytes(header[48:], "big")
    sound = len(header) == HEADER and header[:8] == b"VANDLOG1" and crc32c(header[:48]) == checksum
    sound = sound and int.from_bytes(header[40:48], "big") == position
    if not sound:
        if is_last and len(data) <= HEADER:
            log.end, log.why = "torn", f"{name}: the header is cut short or unsound, with nothing after it"
        else:
            log.damaged(f"{name}: the header is unsound")
        return False
    if log.ledger is not None and log.ledger != ledger:
        log.damaged(f"{name} is of another ledger")
        return False
    log.ledger = ledger
    at = HEADER
    while at < len(data):
        block = _frame(data, at, len(log.blocks))
        if block is None:
            rest = len(data) - at
            if is_last and rest <= FRAME + BLOCK_MAX and not _sound_frame_after(data, at + 1):
                log.end, log.why = "torn", f"{name}: {rest} bytes at {at} are no frame"
            else:
                log.damaged(f"{name}: the frame at {at} is unsound")
            return False
        log.blocks.append(block)
        at += FRAME + len(block)
    return True


def read_segment_file(data, log):
    """Reads one segment as if it were the whole log."""
    _read_segment(log, "segment-" + 20 * "0" + ".vlog", data, True)
    return log
