"use strict";
// Bodies of events and parts: postcard, read strictly (docs/format.md section 2).
//
// A type is a function that reads a value of it. Overlong varints are noticed and refused once all has been
// read, so that bytes that are no body at all are called that.
(function (vandel) {
  const { Refused } = vandel;
  const FIRST_DAY = -25567;
  const LAST_DAY = 84005;

  class Reader {
    constructor(data, what) {
      Object.assign(this, { data, what, at: 0, isOverlong: false });
    }

    bad(why) {
      throw new Refused("BadBody", `${this.what}: ${why}`);
    }

    take(count) {
      if (count > this.data.length - this.at) this.bad("the bytes end inside a field");
      this.at += count;
      return this.data.subarray(this.at - count, this.at);
    }

    byte() {
      return this.take(1)[0];
    }

    /** A BigInt of at most so many bits. */
    varint(bits) {
      let value = 0n;
      for (let index = 0; index < Math.ceil(bits / 7); index += 1) {
        const byte = this.byte();
        value |= BigInt(byte & 0x7f) << BigInt(7 * index);
        if (byte < 0x80) {
          if (value >> BigInt(bits)) this.bad("a number is too large");
          this.isOverlong ||= index > 0 && byte === 0;
          return value;
        }
      }
      return this.bad("a number does not end");
    }

    /** A count of things that take a byte each at least. */
    count() {
      const count = this.varint(64);
      if (count > BigInt(this.data.length)) this.bad("longer than its bytes");
      return Number(count);
    }
  }

  /** Reads bytes that are one value of a type and nothing else. */
  function readBody(data, what, type) {
    const reader = new Reader(data, what);
    const value = type(reader);
    if (reader.at !== data.length) throw new Refused("Trailing", what);
    if (reader.isOverlong) throw new Refused("NotCanonical", what);
    return value;
  }

  const types = {
    u8: (reader) => reader.byte(),
    u16: (reader) => reader.varint(16),
    u32: (reader) => reader.varint(32),
    u64: (reader) => reader.varint(64),
    day(reader) {
      const zigzag = Number(reader.varint(32));
      const day = zigzag % 2 ? -(zigzag + 1) / 2 : zigzag / 2;
      if (day < FIRST_DAY || day > LAST_DAY) reader.bad("a day is before 1900 or after 2199");
      return day;
    },
    flag(reader) {
      const byte = reader.byte();
      if (byte > 1) reader.bad("a bool is neither 00 nor 01");
      return byte === 1;
    },
    raw: (reader) => reader.take(reader.count()),
    text(reader) {
      const text = vandel.toText(types.raw(reader));
      return text ?? reader.bad("a text is not UTF-8");
    },
    fixed: (count) => (reader) => reader.take(count),
    list: (type) => (reader) => Array.from({ length: reader.count() }, () => type(reader)),
    option: (type) => (reader) => (types.flag(reader) ? type(reader) : null),
    fields: (named) => (reader) => Object.fromEntries(Object.entries(named).map(([name, type]) => [name, type(reader)])),
    term: (...names) => (reader) => {
      const number = reader.varint(32);
      return number < names.length ? names[Number(number)] : reader.bad(`${number} is no term`);
    },
    /** An enum: names and the types of their fields. */
    oneOf(variants) {
      const all = Object.entries(variants);
      return (reader) => {
        const number = reader.varint(32);
        if (number >= all.length) reader.bad(`${number} is no variant`);
        const [variant, type] = all[Number(number)];
        return { variant, ...type(reader) };
      };
    },
  };
  types.nothing = types.fields({});
  types.id = types.fixed(16);
  types.key = types.hash = types.fixed(32);
  types.signature = types.fixed(64);

  Object.assign(vandel, { LAST_DAY, readBody, types });
})((globalThis.vandel ??= {}));
