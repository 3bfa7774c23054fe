"""Bodies of events and parts: postcard, read strictly (docs/format.md section 2).

A type is a function that reads a value of it. Overlong varints are noticed and refused once all has been
read, so that bytes that are no body at all are called that.
"""

from .refused import Refused

FIRST_DAY, LAST_DAY = -25567, 84005


class Reader:
    """Bytes and how far they have been read."""

    def __init__(self, data, what):
        self.data, self.at, self.what, self.overlong = data, 0, what, False

    def bad(self, why):
        raise Refused("BadBody", f"{self.what}: {why}")

    def take(self, count):
        end = self.at + count
        if end > len(self.data):
            self.bad("the bytes end inside a field")
        taken, self.at = self.data[self.at : end], end
        return taken

    def byte(self):
        return self.take(1)[0]

    def varint(self, bits):
        value = 0
        for index in range((bits + 6) // 7):
            byte = self.byte()
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                if value >> bits:
                    self.bad("a number is too large")
                self.overlong |= index > 0 and byte == 0
                return value
        self.bad("a number does not end")


def read_body(data, what, kind):
    """Reads bytes that are one value of a type and nothing else."""
    reader = Reader(data, what)
    value = kind(reader)
    if reader.at != len(data):
        raise Refused("Trailing", what)
    if reader.overlong:
        raise Refused("NotCanonical", what)
    return value


def u8(reader):
    return reader.byte()


def u16(reader):
    return reader.varint(16)


def u32(reader):
    return reader.varint(32)


def u64(reader):
    return reader.varint(64)


def day(reader):
    zigzag = reader.varint(32)
    number = (zigzag >> 1) ^ -(zigzag & 1)
    if not FIRST_DAY <= number <= LAST_DAY:
        reader.bad("a day is before 1900 or after 2199")
    return number


def flag(reader):
    byte = reader.byte()
    if byte > 1:
        reader.bad("a bool is neither 00 nor 01")
    return byte == 1


def fixed(count):
    return lambda reader: bytes(reader.take(count))


def raw(reader):
    return bytes(reader.take(reader.varint(64)))


def text(reader):
    try:
        return raw(reader).decode("utf-8", "strict")
    except UnicodeDecodeError:
        reader.bad("a text is not UTF-8")


def listed(kind):
    return lambda reader: [kind(reader) for _ in range(_count(reader))]


def _count(reader):
    count = reader.varint(64)
    # No element takes less than a byte, so a longer list cannot end.
    if count > len(reader.data):
        reader.bad("a list is longer than its bytes")
    return count


def option(kind):
    return lambda reader: kind(reader) if flag(reader) else None


def fields(**kinds):
    return lambda reader: {name: kind(reader) for name, kind in kinds.items()}


def term(*names):
    def read(reader):
        number = reader.varint(32)
        if number >= len(names):
            reader.bad(f"{number} is no term")
        return names[number]

    return read


def one_of(*variants):
    """An enum: each variant is a name and the type of its fields."""

    def read(reader):
        number = reader.varint(32)
        if number >= len(variants):
            reader.bad(f"{number} is no variant")
        name, kind = variants[number]
        return name, kind(reader)

    return read


nothing = fields()
actor = thread = identifier = fixed(16)
key = hashed = fixed(32)
signature = fixed(64)
