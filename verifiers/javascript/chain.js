"use strict";
// The chain: blocks in their order, judged one by one (docs/format.md section 10, V1 to V14).
(function (vandel) {
  const { ACTS, Frontier, Keyring, Refused, ZERO, domain, equal, join, toHex, under } = vandel;

  /** What is known after some blocks. A refused block leaves it of no use: copy it before. */
  class Chain {
    static async begin() {
      const chain = new Chain();
      return Object.assign(chain, {
        ledger: null, origin: null, records: 0n, blocks: 0, head: ZERO, time: 0n, blockHash: ZERO, sequencer: null,
        keyring: new Keyring(), checkpointKeys: [], tree: new Frontier(), lastPolicyFrom: -Infinity, erasures: new Map(),
        // The roots at the block boundaries.
        roots: new Map([[0n, await new Frontier().root()]]),
        sealed: new Map(), hashes: [], counts: { signatures: 0, open: 0, sealed: 0 },
      });
    }

    copy() {
      return Object.assign(new Chain(), this, {
        keyring: this.keyring.copy(), tree: this.tree.copy(), roots: new Map(this.roots), sealed: new Map(this.sealed),
        hashes: [...this.hashes], counts: { ...this.counts },
      });
    }

    /** The key that signs checkpoints of a size. */
    checkpointKey(size) {
      return this.checkpointKeys.findLast(({ from }) => from <= size)?.key;
    }

    /** Takes the next block, or refuses it. */
    async take(data) {
      const first = this.records;
      let block;
      try {
        block = vandel.readBlock(data);
      } catch (refused) {
        if (!(refused instanceof Refused)) throw refused;
        // If the instance signed these bytes, the record that cannot be read is meant; else any may be.
        const signed = this.sequencer && (await isSigned(this.sequencer, data));
        refused.names = first + BigInt(signed ? (refused.record ?? 0) : 0);
        refused.block = this.blocks;
        throw refused;
      }
      try {
        await this.takeBlock(block);
      } catch (refused) {
        if (!(refused instanceof Refused)) throw refused;
        await nameRecord(refused, block, first);
        refused.block = this.blocks;
        throw refused;
      }
    }

    async takeBlock(block) {
      if (this.blocks === 0) await this.openLedger(block);
      if (!equal(block.ledger, this.ledger)) throw new Refused("Ledger", "the block is of another ledger");
      if (block.position !== BigInt(this.blocks)) {
        throw new Refused("BlockPosition", `${block.position} where ${this.blocks} comes`);
      }
      if (!equal(block.previous, this.blockHash)) throw new Refused("BlockPrevious", "the block before is another");
      if (block.firstRecord !== this.records) {
        throw new Refused("RecordNumber", `the block counts from ${block.firstRecord}, not from ${this.records}`);
      }
      this.judgeSequencer(block);
      const seen = new Map(this.roots);
      for (const [index, record] of block.records.entries()) {
        try {
          await this.takeRecord(record, index, seen);
        } catch (refused) {
          if (refused instanceof Refused) refused.record = this.records;
          throw refused;
        }
      }
      const message = join(domain("block"), block.data.subarray(0, -64));
      await under("Signature.Block", vandel.verifySignature(block.sequencer, message, block.signature));
      this.counts.signatures += 1;
      this.roots.set(this.records, await this.tree.root());
      this.blockHash = await vandel.blockHash(block);
      this.blocks += 1;
    }

    /** V2. */
    async openLedger(block) {
      const { statement } = block.records[0];
      if (statement.event?.variant !== "LedgerOpened") {
        throw new Refused("Open.NotOpened", "the ledger does not begin with its opening", null, 0n);
      }
      this.ledger = await vandel.ledgerId(statement);
      this.sequencer = statement.event.serviceKey;
    }

    /** V4. */
    judgeSequencer(block) {
      const [first] = block.records;
      const starts = first.statement.event?.variant === "SequencerStarted";
      if (!equal(block.sequencer, starts ? first.statement.author : this.sequencer)) {
        throw new Refused("NotTheStartedSequencer", toHex(block.sequencer));
      }
      if (this.blocks > 0) this.keyring.maySign(block.sequencer, first.time, "Sequencer");
    }

    async takeRecord(record, index, seen) {
      const { statement } = record;
      if (record.number !== this.records) throw new Refused("RecordNumber", `${record.number} where ${this.records} comes`);
      if (!equal(record.previous, this.head)) throw new Refused("RecordPrevious", "the record before is another");
      if (record.time < this.time) throw new Refused("TimeRunsBack", `${record.time} after ${this.time}`);
      const expected = this.records ? this.ledger : ZERO;
      if (!equal(statement.ledger, expected)) throw new Refused("Ledger", "the statement is of another ledger");
      const root = seen.get(statement.seenSize);
      if (!root) throw new Refused("SeenSize", `no block before this one ends at ${statement.seenSize}`);
      if (!equal(root, statement.seenRoot)) throw new Refused("SeenRoot", `another root at ${statement.seenSize}`);
      if (statement.event) {
        await this.takeEvent(record, index);
        this.counts.open += 1;
      } else {
        this.keyring.maySign(statement.author, record.time, "Author");
        await this.verifySignatures(statement);
        this.sealed.set(record.number, statement);
        this.counts.sealed += 1;
      }
      this.head = await vandel.recordHash(record);
      this.time = record.time;
      this.hashes.push(this.head);
      await this.tree.append(this.head);
      this.records += 1n;
    }

    /** V10 to V13. */
    async takeEvent(record, index) {
      const { event } = record.statement;
      if (event.variant === "LedgerOpened" && this.records) throw new Refused("Open.OpenedAgain", "record 0 alone opens");
      vandel.judgeSigners(this, record, event);
      if (event.variant === "SequencerStarted" && index) throw new Refused("Open.StartNotFirst", "a start opens its block");
      await ACTS[event.variant](this, record, event);
      await this.verifySignatures(record.statement);
    }

    async verifySignatures({ unsigned, author, signature, second }) {
      const message = join(domain("statement"), unsigned);
      await under("Signature.Author", vandel.verifySignature(author, message, signature));
      if (second) await under("Signature.Second", vandel.verifySignature(second.key, message, second.signature));
      this.counts.signatures += second ? 2 : 1;
    }
  }

  /** Which record a report names for a block that reads and is refused. */
  async function nameRecord(refused, block, first) {
    if (refused.record === null) {
      refused.names = first;
      const last = first + BigInt(block.records.length) - 1n;
      if (refused.name.startsWith("Signature.Block.") && last > first) refused.through = last;
    } else if (refused.name === "RecordPrevious" && !(await isSigned(block.sequencer, block.data))) {
      // The block was changed after it was signed: then rather the record before than the link to it.
      refused.names = refused.record - 1n > first ? refused.record - 1n : first;
    } else {
      refused.names = refused.record;
    }
  }

  /** Whether a block's bytes end in a signature by this key over all before it. */
  async function isSigned(key, data) {
    if (data.length < 64) return false;
    try {
      await vandel.verifySignature(key, join(domain("block"), data.subarray(0, -64)), data.subarray(-64));
      return true;
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused;
      return false;
    }
  }

  Object.assign(vandel, { Chain });
})((globalThis.vandel ??= {}));
