"use strict";
// Keys over time (docs/format.md section 8).
(function (vandel) {
  const { LAST_DAY, Refused, equal, toHex } = vandel;
  // Held for the whole ledger; the others may be held anywhere.
  const FOR_THE_WHOLE = ["administrator", "service", "data-protection officer"];
  const isEverywhere = ({ controller, unit, assignment }) => !controller && !unit && !assignment;

  /** The latest civil day that can have begun in Sweden at a second. */
  function latestDay(second) {
    const day = (second + 7200n) / 86400n;
    return day > BigInt(LAST_DAY) ? LAST_DAY : Number(day);
  }

  /** Those cosigners whose keys are none of this ledger's own: nobody is a witness to itself. */
  const outsiders = ({ keyring, checkpointKeys }, cosigners) =>
    cosigners.filter(({ key }) => !keyring.get(key) && !checkpointKeys.some((known) => equal(known.key, key)));

  /** All keys that were ever enrolled. An entry has actor, grants, enrolledAt, lastSecond, endedAt. */
  class Keyring {
    constructor(entries = new Map()) {
      this.entries = new Map(entries);
    }

    copy() {
      return new Keyring(this.entries);
    }

    get(key) {
      return this.entries.get(toHex(key));
    }

    set(key, entry) {
      this.entries.set(toHex(key), { lastSecond: null, endedAt: null, ...entry });
    }

    end(key, record) {
      this.set(key, { ...this.get(key), endedAt: record });
    }

    /** Refuses a key that may not sign at a second, and gives its entry. */
    maySign(key, second, prefix) {
      const entry = this.get(key);
      const refusal = whyNot(entry, second);
      if (refusal) throw new Refused(`${prefix}.${refusal}`, `key ${toHex(key)}`);
      return entry;
    }

    holds(key, roles, second) {
      return holdsRole(this.get(key), roles, second);
    }

    /** How many people hold `administrator` through keys that may sign. */
    administrators(second) {
      const all = [...this.entries.values()];
      const holders = all.filter((entry) => !whyNot(entry, second) && holdsRole(entry, ["administrator"], second));
      return new Set(holders.map((entry) => toHex(entry.actor))).size;
    }
  }

  function whyNot(entry, second) {
    if (!entry) return "Unknown";
    if (entry.endedAt !== null) return "Ended";
    return entry.lastSecond !== null && entry.lastSecond < second ? "Expired" : null;
  }

  function holdsRole(entry, roles, second) {
    const today = latestDay(second);
    return entry.grants.some((grant) => {
      const isInForce = grant.from <= today && (grant.until === null || today <= grant.until);
      const isWhole = isEverywhere(grant.scope) || !FOR_THE_WHOLE.includes(grant.role);
      return roles.includes(grant.role) && isInForce && isWhole;
    });
  }

  Object.assign(vandel, { Keyring, outsiders, latestDay, sameActor: (one, other) => equal(one.actor, other.actor) });
})((globalThis.vandel ??= {}));
