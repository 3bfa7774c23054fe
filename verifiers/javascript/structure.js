"use strict";
// Open events, statements, records and blocks (docs/format.md sections 3 to 5).
(function (vandel) {
  const { Refused, digest, domain, leafHash, number, readBody } = vandel;
  const { day, fields, fixed, hash, id, key, list, oneOf, option, signature, term, text, u16, u64 } = vandel.types;
  const STATEMENT_MAX = 262144;
  const EVENT_MAX = 262144;
  const RECORD_MAX = 263168;
  const BLOCK_MAX = 786432;
  const RECORDS_MAX = 1000;

  const role = term(
    "handler", "decider", "reviewer", "data-protection officer", "controller's delegate", "auditor", "service",
    "administrator",
  );
  const scope = fields({ controller: option(id), unit: option(id), assignment: option(id) });
  const grant = fields({ role, scope, from: day, until: option(day) });
  const founder = fields({ actor: id, key });
  const EVENT = oneOf({
    LedgerOpened: fields({
      origin: text, checkpointKey: key, service: id, serviceKey: key, first: founder, second: founder, day,
      predecessor: option(text),
    }),
    SequencerStarted: fields({ instance: fixed(16) }),
    KeyEnrolled: fields({ actor: id, key, grants: list(grant), expires: option(u64), possession: signature }),
    KeyRotated: fields({ old: key, new: key, expires: option(u64), possession: signature }),
    KeyRevoked: fields({ key, reason: term("duties ended", "lost", "compromised"), suspectSince: option(u64) }),
    CheckpointKeyRotated: fields({ new: key, possession: signature }),
    PolicyAdopted: fields({ pack: text, from: day, confirmedBy: text }),
    DisposalAdopted: fields({ body: text, number: text, decided: day, classes: list(text), from: day, until: option(day) }),
    DigestPublished: fields({ view: text, version: u16, position: u64, digest: hash }),
    StatisticsCommitted: fields({ from: day, until: day, commitment: hash }),
    ErasureStarted: fields({ records: list(u64), plan: hash, expires: u64 }),
    ErasureExecuted: fields({
      started: u64, rootCell: term("file", "passphrase file", "transit", "token"), epoch: u64, manifest: hash,
    }),
    ErasureCompleted: fields({ started: u64, oldestEpoch: u64 }),
  });
  const readEvent = (data) => readBody(data, "event", EVENT);

  /** Reads fields of fixed and stated length. */
  class Cursor {
    constructor(data) {
      Object.assign(this, { data, at: 0 });
    }

    take(count, what) {
      if (count > this.data.length - this.at) throw new Refused("Truncated", what);
      this.at += count;
      return this.data.subarray(this.at - count, this.at);
    }

    number(count, what) {
      return number(this.take(count, what));
    }

    /** A length-led field. */
    led(limit, what) {
      const length = Number(this.number(4, what));
      if (length > limit) throw new Refused("TooLong", what);
      return this.take(length, what);
    }

    version(what) {
      if (this.number(2, what) !== 1n) throw new Refused("UnknownVersion", what);
    }

    end(what) {
      if (this.at !== this.data.length) throw new Refused("Trailing", what);
    }
  }

  function readStatement(data) {
    if (data.length > STATEMENT_MAX) throw new Refused("TooLong", "statement");
    const cursor = new Cursor(data);
    cursor.version("statement");
    const sort = cursor.number(1, "statement sort");
    if (sort !== 1n && sort !== 2n) throw new Refused("BadValue", "statement sort");
    const isOpen = sort === 1n;
    const statement = {
      ledger: cursor.take(32, "ledger id"),
      author: cursor.take(32, "author key"),
      seenSize: cursor.number(8, "seen size"),
      seenRoot: cursor.take(32, "seen root"),
      commitment: isOpen ? null : cursor.take(32, "commitment"),
      event: isOpen ? readEvent(cursor.led(EVENT_MAX, "event")) : null,
    };
    statement.unsigned = data.subarray(0, cursor.at);
    statement.signature = cursor.take(64, "author signature");
    const count = cursor.number(1, "signature count");
    if (count > (isOpen ? 1n : 0n)) throw new Refused("BadValue", "signature count");
    statement.second = count
      ? { key: cursor.take(32, "second key"), signature: cursor.take(64, "second signature") }
      : null;
    cursor.end("statement");
    return statement;
  }

  function readRecord(data) {
    if (data.length > RECORD_MAX) throw new Refused("TooLong", "record");
    const cursor = new Cursor(data);
    cursor.version("record");
    return {
      data,
      number: cursor.number(8, "record number"),
      time: cursor.number(8, "record time"),
      previous: cursor.take(32, "previous hash"),
      statement: readStatement(data.subarray(cursor.at)),
    };
  }

  /** Reads, and lets a refusal carry the record's index. */
  function atIndex(index, read) {
    try {
      return read();
    } catch (refused) {
      if (refused instanceof Refused) refused.record = index;
      throw refused;
    }
  }

  /** Reads a block. All records are cut from it before any is read. */
  function readBlock(data) {
    if (data.length > BLOCK_MAX) throw new Refused("TooLong", "block");
    const cursor = new Cursor(data);
    cursor.version("block");
    const block = {
      data,
      ledger: cursor.take(32, "ledger id"),
      position: cursor.number(8, "block position"),
      previous: cursor.take(32, "previous block hash"),
      firstRecord: cursor.number(8, "first record number"),
    };
    const count = Number(cursor.number(4, "record count"));
    if (count < 1 || count > RECORDS_MAX) throw new Refused("BadValue", "record count");
    block.sequencer = cursor.take(32, "sequencer key");
    const cut = Array.from({ length: count }, (_, index) => atIndex(index, () => cursor.led(RECORD_MAX, "record")));
    block.signature = cursor.take(64, "block signature");
    cursor.end("block");
    block.records = cut.map((record, index) => atIndex(index, () => readRecord(record)));
    return block;
  }

  Object.assign(vandel, {
    BLOCK_MAX, Cursor, readBlock, readEvent, readRecord, readStatement,
    recordHash: (record) => leafHash(record.data),
    blockHash: (block) => digest(domain("block-hash"), block.data),
    ledgerId: (statement) => digest(domain("ledger-id"), statement.unsigned),
    statementHash: (statement) => digest(domain("statement-hash"), statement.unsigned),
  });
})((globalThis.vandel ??= {}));
