"use strict";
// The records of a dossier, in the order of the log: keys as they were, and the case's own chain (docs/dossier.md, D4 to D8).
(function (vandel) {
  const { ACTS, APPROVAL, Refused, ZERO, domain, equal, holds, join, toHex } = vandel;
  const [SPINE, IDENTITY, PROCESS] = [0, 1, 2];
  const SALT = 32;
  const PART_MAX = 262144;
  const SHOWN = [
    "LedgerOpened", "KeyEnrolled", "KeyRotated", "KeyRevoked", "CheckpointKeyRotated", "PolicyAdopted", "DigestPublished",
    "ErasureStarted", "ErasureExecuted",
  ];
  const NOT_IN_CASES = ["position_assessed", "record_read"];

  /** A refusal by its code, with the record that a report names. */
  const fault = (code, what, record = null) => new Refused(`Dossier.${code}`, what).naming(record);

  /** Runs a check; a refusal inside becomes this fault. */
  async function orFault(code, record, check) {
    let found;
    await holds(
      async () => (found = await check()),
      (refused) => {
        throw fault(code, String(refused), record);
      },
    );
    return found;
  }

  /** A row of the view over authority by a name: its sort and its subject in hexadecimal digits. */
  const subjectName = (sort, subject) => `${sort}:${toHex(subject)}`;
  const keyName = (key) => subjectName(0, key);
  const CHECKPOINT_KEYS = subjectName(1, ZERO);
  const POLICIES = subjectName(2, ZERO);

  /** What an open event speaks of in the view over authority. */
  function subjectsOf(event) {
    switch (event.variant) {
      case "LedgerOpened":
        return [...[event.first.key, event.second.key, event.serviceKey].map(keyName), CHECKPOINT_KEYS];
      case "KeyRotated":
        return [event.old, event.new].map(keyName);
      case "KeyEnrolled":
      case "KeyRevoked":
        return [keyName(event.key)];
      case "CheckpointKeyRotated":
        return [CHECKPOINT_KEYS];
      case "PolicyAdopted":
        return [POLICIES];
      default:
        return [];
    }
  }

  /** What the shown records have told. */
  class Excerpt {
    constructor(dossier, chain) {
      Object.assign(this, {
        dossier, chain, authority: new Map(), digests: new Map(), erasures: new Map(), signers: new Set(), statements: [],
        kinds: [], isEroded: false,
        // The first fault of conduct, which is told last.
        conduct: null,
      });
    }

    /** D4 to D8. */
    async judge(records) {
      const steps = [...this.dossier.case.steps];
      for (const record of records) {
        const { statement, number } = record;
        if (statement.event) {
          this.noteEvent(record);
        } else {
          const step = steps.shift();
          if (step?.record !== number) throw fault("record", "a sealed record is none of the case's steps", number);
          await this.takeStep(record, step);
        }
        await orFault("rule", number, () => this.take(record));
        if (number === 0n && !equal(this.chain.ledger, this.dossier.ledger)) {
          throw fault("other-ledger", "record 0 opens another ledger", 0n);
        }
        this.signers.add(keyName(statement.author));
        if (statement.second) this.signers.add(keyName(statement.second.key));
      }
      if (steps.length) throw fault("step", "a step's record is not among the records");
      if (this.kinds[0] !== "case_opened") throw fault("step", "the case does not begin with its opening");
      await this.verifySignatures(records);
      this.judgeAbsent();
    }

    noteEvent({ number, statement }) {
      const { event } = statement;
      if (!SHOWN.includes(event.variant)) throw fault("record", `a dossier shows no ${event.variant}`, number);
      for (const subject of new Set(subjectsOf(event))) {
        this.authority.set(subject, [...(this.authority.get(subject) ?? []), number]);
      }
      if (event.variant === "DigestPublished") this.digests.set(number, { event, signer: statement.author });
      if (event.variant === "ErasureStarted") this.erasures.set(number, { records: new Set(event.records) });
      const ended = event.variant === "ErasureExecuted" && this.erasures.get(event.started);
      if (ended) ended.executed = number;
    }

    /** V6, V7, V9 to V12; signatures come later, all together. */
    async take({ number, time, statement }) {
      const { chain } = this;
      const { event, author } = statement;
      if (number === 0n) {
        if (event?.variant !== "LedgerOpened") throw new Refused("Open.NotOpened", "the ledger does not begin with its opening");
        chain.ledger = await vandel.ledgerId(statement);
      }
      if (!equal(statement.ledger, number ? chain.ledger : ZERO)) throw new Refused("Ledger", "of another ledger");
      if (time < chain.time) throw new Refused("TimeRunsBack", `${time} after ${chain.time}`);
      if (event) {
        if (event.variant === "LedgerOpened" && number) throw new Refused("Open.OpenedAgain", "record 0 alone opens");
        const record = { number, time, statement };
        vandel.judgeSigners(chain, record, event);
        await ACTS[event.variant](chain, record, event);
      } else {
        chain.keyring.maySign(author, time, "Author");
      }
      chain.time = time;
    }

    /** D6. */
    async takeStep(record, step) {
      const { number, statement } = record;
      const slots = step.parts.map(({ slot }) => Number(slot));
      const parts = new Map(step.parts.map(({ slot, bytes }) => [Number(slot), bytes]));
      await orFault("step", number, () => {
        vandel.readHeader(step.header);
        const isSized = step.parts.every(({ bytes }) => bytes.length >= SALT && bytes.length <= SALT + PART_MAX);
        if (!isAscending(slots) || slots.some((slot) => slot > APPROVAL) || !isSized) {
          throw new Refused("Slots", "parts are out of order, in no slot, or of no length that a part has");
        }
      });
      const bodies = await orFault("commitment", number, () => vandel.openPayload(statement.commitment, step.header, parts));
      const spine = bodies.get(SPINE);
      this.judgeThread(number, spine);
      judgeSlots(step, slots, spine.kind, number);
      this.isEroded ||= step.absent.length > 0;
      await orFault("rule", number, () => this.judgePlace(record, spine.kind));
      await holds(() => this.judgeApproval(record, step, bodies.get(APPROVAL)), (refused) => {
        this.conduct ??= fault("rule", String(refused), number);
      });
      this.statements.push({ record: number, hash: await vandel.statementHash(statement) });
      this.kinds.push(spine.kind);
      if (bodies.has(APPROVAL)) this.signers.add(keyName(bodies.get(APPROVAL).key));
    }

    judgeThread(record, { thread, number, previous }) {
      const last = this.statements.at(-1)?.hash ?? ZERO;
      const next = this.statements.length;
      if (!equal(thread, this.dossier.case.thread)) throw fault("thread", "the step belongs to another thread", record);
      if (number !== BigInt(next)) throw fault("thread", `step ${number}, where ${next} comes next`, record);
      if (!equal(previous, last)) throw fault("thread", "the step follows another statement than the last", record);
    }

    /** V9 and V20. */
    judgePlace({ time, statement }, kind) {
      this.chain.keyring.maySign(statement.author, time, "Author");
      const isFirst = !this.statements.length;
      if (NOT_IN_CASES.includes(kind) || (kind === "case_opened") !== isFirst) {
        throw new Refused("Conduct.V20", `${kind} does not belong here`);
      }
    }

    /** D12, of V26 what the file shows. The other rules of conduct are not judged here. */
    async judgeApproval({ time, statement }, step, approval) {
      if (!approval || this.isEroded) return;
      const { keyring, ledger } = this.chain;
      const other = keyring.maySign(approval.key, time, "Conduct.V26");
      if (equal(other.actor, keyring.get(statement.author).actor)) throw new Refused("Conduct.V26", "the approver is the author");
      if (!keyring.holds(approval.key, ["controller's delegate"], time)) {
        throw new Refused("Conduct.V26", "the approver is no delegate");
      }
      await vandel.checkApproval(ledger, statement.author, step.header, approval);
    }

    /** D7. */
    async verifySignatures(records) {
      for (const { number, statement } of records) {
        const { unsigned, author, signature, second } = statement;
        const message = join(domain("statement"), unsigned);
        await orFault("signature", number, async () => {
          await vandel.verifySignature(author, message, signature);
          if (second) await vandel.verifySignature(second.key, message, second.signature);
        });
      }
    }

    /** D8. */
    judgeAbsent() {
      for (const [number, step] of this.dossier.case.steps.entries()) {
        const wrong = step.absent.find((part) => !this.isAbsentRightly(number, step.record, part));
        if (wrong) {
          throw fault("absent", `slot ${wrong.slot} of step ${number} is not shown, and not for the reason given`, step.record);
        }
      }
    }

    isAbsentRightly(number, record, { slot, why, started, executed, by }) {
      if (why === "withheld") return started === undefined && executed === undefined && by === undefined;
      if (why === "replaced") {
        const later = by !== undefined && by > BigInt(number) ? this.kinds[Number(by)] : null;
        const isAlone = started === undefined && executed === undefined;
        return isAlone && slot === BigInt(IDENTITY) && ["identity_changed", "reassigned"].includes(later);
      }
      const erasure = this.erasures.get(started);
      return by === undefined && erasure?.records.has(record) === true && erasure.executed === executed;
    }
  }

  const isAscending = (slots) => slots.every((slot, index) => !index || slots[index - 1] < slot);

  /** Each part that the kind has is either shown or said to be absent, the spine is shown, and no more is said. */
  function judgeSlots(step, here, kind, record) {
    const absent = step.absent.map(({ slot }) => Number(slot));
    const may = [...Object.keys(vandel.shapeOf(kind)).map(Number), ...(kind === "released" ? [APPROVAL] : [])];
    const must = kind === "decision_made" ? [PROCESS] : may;
    const isSound = isAscending(absent) && here.includes(SPINE) && absent.every((slot) => may.includes(slot)) &&
      must.every((slot) => here.includes(slot) || absent.includes(slot)) && !absent.some((slot) => here.includes(slot));
    if (!isSound) throw fault("step", "a part that the step has is neither shown nor said to be absent, or both", record);
  }

  Object.assign(vandel, { CHECKPOINT_KEYS, Excerpt, POLICIES, fault, orFault });
})((globalThis.vandel ??= {}));
