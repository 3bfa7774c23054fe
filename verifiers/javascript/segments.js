"use strict";
// The files of a log (docs/format.md section 5.4).
(function (vandel) {
  const { BLOCK_MAX, equal, number, toText } = vandel;
  const HEADER = 52;
  const FRAME = 20;
  const NAME = /^segment-([0-9]{20})\.vlog$/;

  const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
    for (let bit = 0; bit < 8; bit += 1) byte = (byte >>> 1) ^ (byte & 1 ? 0x82f63b78 : 0);
    return byte;
  });

  /** CRC-32C (Castagnoli) over parts. */
  function crc32c(...parts) {
    let crc = 0xffffffff;
    for (const part of parts) for (const byte of part) crc = TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
    return BigInt((crc ^ 0xffffffff) >>> 0);
  }

  /** The blocks, and how the files end: whole, torn or damaged. */
  class Log {
    constructor(blocks = []) {
      Object.assign(this, { blocks, end: "whole", why: "", isNext: true, ledger: null, fault: "Log.Damaged" });
    }

    damaged(why, isNext = true, fault = "Log.Damaged") {
      return Object.assign(this, { end: "damaged", why, isNext, fault });
    }
  }

  /** The block of the frame at an offset, or null if it is not sound. Any position will do if none is given. */
  function frameAt(data, at, position = null) {
    if (at + FRAME > data.length || toText(data.subarray(at, at + 4)) !== "VBLK") return null;
    const length = Number(number(data.subarray(at + 12, at + 16)));
    const end = at + FRAME + length;
    const isElsewhere = position !== null && number(data.subarray(at + 4, at + 12)) !== BigInt(position);
    if (length > BLOCK_MAX || end > data.length || isElsewhere) return null;
    const block = data.subarray(at + FRAME, end);
    return crc32c(data.subarray(at + 4, at + 16), block) === number(data.subarray(at + 16, at + FRAME)) ? block : null;
  }

  function hasSoundFrameFrom(data, at) {
    for (; at + FRAME <= data.length; at += 1) if (data[at] === 0x56 && frameAt(data, at)) return true;
    return false;
  }

  /** Reads all segments: names and bytes. */
  function readLog(files) {
    const log = new Log();
    const sorted = [...files].sort((one, other) => (one.name < other.name ? -1 : 1));
    const foreign = sorted.find(({ name }) => !NAME.test(name));
    if (foreign) return log.damaged(`${foreign.name} is no segment`, false);
    if (!sorted.length) return log.damaged("the log has no segment");
    sorted.every(({ name, data }, index) => readSegment(log, name, data, index + 1 === sorted.length));
    return log;
  }

  /** Reads one segment's frames; false if nothing after it can be read. */
  function readSegment(log, name, data, isLast) {
    const position = BigInt(NAME.exec(name)[1]);
    if (position !== BigInt(log.blocks.length)) {
      log.damaged(`${name} does not begin where the one before ends`);
      return false;
    }
    if (!isHeader(data, position)) {
      if (isLast && data.length <= HEADER) {
        Object.assign(log, { end: "torn", why: `${name}: the header is cut short or unsound, with nothing after it` });
      } else {
        log.damaged(`${name}: the header is unsound`);
      }
      return false;
    }
    const ledger = data.subarray(8, 40);
    if (log.ledger && !equal(log.ledger, ledger)) {
      log.damaged(`${name} is of another ledger`);
      return false;
    }
    log.ledger = ledger;
    for (let at = HEADER; at < data.length; ) {
      const block = frameAt(data, at, log.blocks.length);
      if (!block) {
        const rest = data.length - at;
        if (isLast && rest <= FRAME + BLOCK_MAX && !hasSoundFrameFrom(data, at + 1)) {
          Object.assign(log, { end: "torn", why: `${name}: ${rest} bytes at ${at} are no frame` });
        } else {
          log.damaged(`${name}: the frame at ${at} is unsound`);
        }
        return false;
      }
      log.blocks.push(block);
      at += FRAME + block.length;
    }
    return true;
  }

  function isHeader(data, position) {
    return (
      data.length >= HEADER && toText(data.subarray(0, 8)) === "VANDLOG1" && number(data.subarray(40, 48)) === position &&
      crc32c(data.subarray(0, 48)) === number(data.subarray(48, HEADER))
    );
  }

  Object.assign(vandel, { Log, readLog });
})((globalThis.vandel ??= {}));
