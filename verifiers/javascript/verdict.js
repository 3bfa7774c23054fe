"use strict";
// Verdicts: what was found, on what it rests, and what was not checked.
(function (vandel) {
  const { Refused, stepOf } = vandel;
  const plain = (number) => (number === null || number === undefined ? null : Number(number));

  class Verdict {
    constructor(kind) {
      Object.assign(this, {
        kind, ledger: null, origin: null, size: 0, root: null, anchor: "none", findings: [], notProven: [], notChecked: [],
        counts: {},
      });
    }

    /** Adds a refusal as a finding. */
    add(refused, record = null, through = null) {
      this.findings.push({
        error: refused.name, what: String(refused), record: plain(refused.names ?? record), block: plain(refused.block),
        through: plain(refused.through ?? through), step: stepOf(refused.name, refused.record),
      });
    }

    /** 0 verified, 3 violation, 4 not proven. */
    get exit() {
      return this.findings.length ? 3 : this.notProven.length ? 4 : 0;
    }

    toJSON() {
      // In the order of their records; what concerns a span comes after what does not, and what has no place last.
      const place = ({ record, through }) => [through ?? record ?? Infinity, through === null ? 0 : 1];
      this.findings.sort((one, other) => {
        const [a, b] = [place(one), place(other)];
        return a[0] === b[0] ? a[1] - b[1] : a[0] - b[0];
      });
      return {
        kind: this.kind, verdict: { 0: "verified", 3: "violation", 4: "not proven" }[this.exit], exit: this.exit,
        ledger: this.ledger, origin: this.origin, size: plain(this.size), root: this.root,
        anchor: this.exit === 0 ? this.anchor : "none", findings: this.findings, not_proven: this.notProven,
        not_checked: this.notChecked, counts: this.counts,
      };
    }
  }

  /** Runs a check; a refusal is given to `refused`. True if it held. */
  async function holds(check, refused) {
    try {
      await check();
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refused(error);
      return false;
    }
  }

  Object.assign(vandel, { Verdict, holds });
})((globalThis.vandel ??= {}));
