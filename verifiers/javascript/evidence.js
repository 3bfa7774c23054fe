"use strict";
// What is held against the chain: its end, checkpoints, receipts, the auditor's memory (V15 to V17).
(function (vandel) {
  const { APPROVAL, Chain, Refused, Verdict, equal, holds, toHex } = vandel;

  /** The verdict on a log. `before` is a chain that has taken the first blocks already. */
  async function verifyLog(log, brought, before = null) {
    const verdict = new Verdict("log");
    const chain = before ? before.copy() : await Chain.begin();
    let isStopped = false;
    for (const block of log.blocks.slice(chain.blocks)) {
      const took = await holds(() => chain.take(block), (refused) => verdict.add(refused));
      if (!took) {
        isStopped = true;
        break;
      }
    }
    Object.assign(verdict, {
      counts: { ...chain.counts, records: Number(chain.records), blocks: chain.blocks },
      ledger: chain.ledger && toHex(chain.ledger), origin: chain.origin, size: chain.records,
      root: toHex(await chain.tree.root()),
    });
    if (brought.ledger && !(chain.ledger && equal(brought.ledger, chain.ledger))) {
      verdict.add(new Refused("OtherLedger", "another ledger than the one asked for", 0), 0);
    }
    const isWhole = !isStopped && log.end !== "damaged";
    const claimed = await new Weighing(verdict, chain, brought, isWhole).weigh();
    if (!isStopped) judgeEnd(verdict, log, chain, claimed);
    if (!brought.openings) {
      verdict.notChecked.push("the contents of sealed records (coverage and conduct): no openings were given");
    } else if (isWhole) {
      await judgeContents(verdict, chain, brought.openings);
    }
    verdict.notChecked.push(vandel.NOT_JUDGED, "whether every step that was taken was recorded");
    return verdict;
  }

  /** V15. */
  function judgeEnd(verdict, log, chain, claimed) {
    const place = log.isNext ? chain.records : null;
    if (log.end === "damaged") {
      verdict.add(new Refused(log.fault, log.why, log.isNext ? chain.blocks : null), place);
    } else if (log.end === "torn" && (chain.records === 0n || claimed > chain.records)) {
      verdict.add(new Refused("Log.Torn", log.why, chain.blocks), place);
    } else if (chain.records === 0n) {
      verdict.add(new Refused("Log.Empty", "the log holds no block", 0), 0);
    } else if (log.end === "torn") {
      verdict.notChecked.push(`a torn end: ${log.why}`);
    }
  }

  /** Holds everything signed or remembered against the chain. */
  class Weighing {
    constructor(verdict, chain, brought, isWhole) {
      Object.assign(this, {
        verdict, chain, brought, isWhole, agreeing: [], contradicting: [], claimed: 0n, isWitnessed: false,
        isRemembered: false,
      });
    }

    /** Gives the largest size that anything signed or remembered speaks of. */
    async weigh() {
      const { checkpoints = [], kept = [], receipts = [] } = this.brought;
      const namesThisLog = this.trustNamesThisLog();
      if (this.chain.blocks > 0) {
        for (const note of checkpoints) await this.weighCheckpoint(note, "Checkpoint");
        for (const note of kept) await this.weighCheckpoint(note, "Remembered");
        for (const proof of receipts) await this.weighReceipt(proof);
      }
      this.contradicting.forEach(([name, size]) => this.report(name, size));
      this.choose(namesThisLog);
      return this.claimed;
    }

    trustNamesThisLog() {
      const { brought: { trust }, chain } = this;
      if (!trust || !chain.checkpointKeys.length) return false;
      const isNamed = trust.logs.some((log) => log.name === chain.origin && equal(log.key, chain.checkpointKeys[0].key));
      if (!isNamed && trust.logs.length) {
        this.verdict.add(new Refused("Trust.OtherLog", "the trust file names another log", 0), 0);
      }
      return isNamed;
    }

    async open(note) {
      const claim = await vandel.readCheckpoint(vandel.readNote(note).text);
      if (claim.origin !== this.chain.origin) throw new Refused("OtherLog", `it is of ${claim.origin}`);
      const key = await vandel.verifierKey(this.chain.origin, vandel.CHECKPOINT_KEY, this.chain.checkpointKey(claim.size));
      return vandel.openCheckpoint(note, [key, ...(this.brought.trust?.witnesses.values() ?? [])]);
    }

    async weighCheckpoint(note, sort) {
      let opened;
      const isOpened = await holds(
        async () => (opened = await this.open(note)),
        (refused) => this.verdict.add(new Refused(`Checkpoint.${refused.name}`, `a checkpoint is refused: ${refused}`)),
      );
      if (!isOpened) return;
      if (opened.size > this.claimed) this.claimed = opened.size;
      if (!this.agrees(`${sort}.Differs`, opened.size, opened.root)) return;
      this.isRemembered ||= sort === "Remembered" && opened.size > 0n;
      const { trust } = this.brought;
      if (trust?.asksForWitnesses) this.isWitnessed ||= trust.isMet(vandel.outsiders(this.chain, opened.cosigners));
    }

    async weighReceipt(proof) {
      let opened;
      const isSound = await holds(
        async () => {
          opened = await this.open(proof.checkpoint);
          await vandel.checkInclusion(proof.hash, proof.record, opened.size, opened.root, proof.path);
        },
        (refused) => this.verdict.notChecked.push(`the receipt for record ${proof.record} proves nothing: ${refused}`),
      );
      if (!isSound) return;
      if (opened.size > this.claimed) this.claimed = opened.size;
      this.agrees("Receipt.Differs", opened.size, opened.root);
      if (proof.record < this.chain.records) {
        if (!equal(this.chain.hashes[Number(proof.record)], proof.hash)) {
          this.verdict.add(new Refused("Receipt.Record", "a receipt was given for another record in this place"), proof.record);
        }
      } else if (this.isWhole) {
        this.verdict.add(new Refused("Receipt.Record", "a receipt was given for a record that is not there"), proof.record);
      }
    }

    agrees(name, size, root) {
      // Where reading stopped inside a block, its first records have no root to compare with.
      const reached = [...this.chain.roots.keys()].at(-1);
      if (size > reached && !this.isWhole) return false;
      const own = this.chain.roots.get(size);
      const isSame = own !== undefined && equal(own, root);
      if (isSame) this.agreeing.push(size);
      else this.contradicting.push([name, size]);
      return isSame;
    }

    /** Where two histories part is known only between the largest size on which they agree and this one. */
    report(name, size) {
      const found = this.chain.records;
      if (size > found) {
        const what = `something signed speaks of ${size} records; the log ends after ${found}`;
        this.verdict.add(new Refused("Checkpoint.RecordsMissing", what), found, size - 1n);
        return;
      }
      const agreed = this.agreeing.filter((one) => one < size).reduce((most, one) => (one > most ? one : most), 0n);
      const what = `another tree of ${size} records is signed or remembered: history was rewritten`;
      this.verdict.add(new Refused(name, what), agreed, size > agreed + 1n ? size - 1n : null);
    }

    /** V17. */
    choose(namesThisLog) {
      const { verdict, brought: { trust, requireWitnessed } } = this;
      const confirmed = this.agreeing.reduce((most, one) => (one > most ? one : most), 0n);
      if (!trust && !this.isRemembered) {
        verdict.notProven.push("there is no trust file: the log agrees with itself, no more");
      } else if (trust && !namesThisLog) {
        verdict.notProven.push("the trust file names no checkpoint key of this log");
      } else if (confirmed === 0n) {
        verdict.notProven.push("no signed checkpoint covers any part of the log");
      } else if (trust?.asksForWitnesses && !this.isWitnessed) {
        verdict.notProven.push("the trust file's quorum of witnesses is not met");
      }
      if (requireWitnessed && !this.isWitnessed) verdict.notProven.push("a quorum of witnesses is demanded and not met");
      if (!verdict.notProven.length) {
        verdict.anchor = this.isRemembered ? "remembered" : this.isWitnessed ? "witnessed" : "operator";
      }
      if (confirmed && confirmed < this.chain.records) {
        const last = this.chain.records - 1n;
        verdict.notChecked.push(`records ${confirmed} to ${last} are sound and pending: no checkpoint covers them`);
      }
    }
  }

  /** V18, and V19: which records are gone without an erasure that names them. */
  async function judgeContents(verdict, chain, openings) {
    const erased = new Set([...chain.erasures.values()].flatMap(({ records }) => [...records]));
    for (const [record, { commitment, author }] of chain.sealed) {
      const held = openings.get(record);
      if (!held) {
        if (!erased.has(record)) verdict.add(new Refused("Coverage.Missing", "nothing is held, and no erasure names it"), record);
        continue;
      }
      const check = async () => {
        const bodies = await vandel.openPayload(commitment, held.header, held.parts);
        if (bodies.has(APPROVAL)) await vandel.checkApproval(chain.ledger, author, held.header, bodies.get(APPROVAL));
      };
      await holds(check, (refused) => verdict.add(refused, record));
    }
    verdict.counts.opened = [...chain.sealed.keys()].filter((record) => openings.has(record)).length;
  }

  Object.assign(vandel, { verifyLog });
})((globalThis.vandel ??= {}));
