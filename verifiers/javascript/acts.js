"use strict";
// The rules of open events, one by one, and what they change (docs/format.md sections 8 and 10, V10 to V12).
(function (vandel) {
  const { CONTROL, Refused, WHITE_SPACE, domain, equal, isBlank, join, sameActor, toHex, utf8 } = vandel;
  const ADMINISTRATOR = ["administrator"];
  const SERVICE = ["service"];
  const ORDERS = ["administrator", "handler"];
  const DELEGATE = ["controller's delegate"];
  // Roles of the author and, where there are two, of the second person.
  const SIGNERS = {
    SequencerStarted: [SERVICE],
    KeyEnrolled: [ADMINISTRATOR, ADMINISTRATOR],
    KeyRotated: [ADMINISTRATOR, ADMINISTRATOR],
    KeyRevoked: [ADMINISTRATOR, ADMINISTRATOR],
    CheckpointKeyRotated: [ADMINISTRATOR, ADMINISTRATOR],
    PolicyAdopted: [ADMINISTRATOR, ADMINISTRATOR],
    DisposalAdopted: [ADMINISTRATOR, [...ADMINISTRATOR, ...DELEGATE]],
    DigestPublished: [SERVICE],
    StatisticsCommitted: [["service", "administrator", "data-protection officer"]],
    ErasureStarted: [ORDERS, DELEGATE],
    ErasureExecuted: [SERVICE],
    ErasureCompleted: [ORDERS, DELEGATE],
  };

  /** V10. */
  function judgeSigners(chain, record, event) {
    const { author, second } = record.statement;
    if (event.variant === "LedgerOpened") return judgeFounders(author, second, event);
    const [authorRoles, secondRoles] = SIGNERS[event.variant];
    if (!second !== !secondRoles) throw new Refused("Open.SignatureCount", event.variant);
    const entry = chain.keyring.maySign(author, record.time, "Open.Key");
    if (second && sameActor(entry, chain.keyring.maySign(second.key, record.time, "Open.Key"))) {
      throw new Refused("Open.SamePerson", event.variant);
    }
    const isOwn = event.variant === "KeyRotated" && equal(author, event.old);
    if (!isOwn && !chain.keyring.holds(author, authorRoles, record.time)) throw new Refused("Open.Role", "the author's");
    if (second && !chain.keyring.holds(second.key, secondRoles, record.time)) {
      throw new Refused("Open.Role", "the second person's");
    }
  }

  function judgeFounders(author, second, event) {
    if (!second) throw new Refused("Open.SignatureCount", "LedgerOpened");
    if (!equal(author, event.first.key) || !equal(second.key, event.second.key)) {
      throw new Refused("Open.Role", "not the two named administrators");
    }
    if (sameActor(event.first, event.second)) throw new Refused("Open.SamePerson", "LedgerOpened");
  }

  async function under(prefix, check) {
    try {
      await check;
    } catch (refused) {
      throw refused instanceof Refused ? refused.under(prefix) : refused;
    }
  }

  const sound = (key) => under("Open.BadKey", vandel.checkKey(key));

  function possession(chain, actor, key, signature) {
    const message = join(domain("possession"), chain.ledger, actor, key);
    return under("Open.Possession", vandel.verifySignature(key, message, signature));
  }

  const isCheckpointKey = (chain, key) => chain.checkpointKeys.some((known) => equal(known.key, key));

  function mustBeNew(chain, key) {
    if (chain.keyring.get(key) || isCheckpointKey(chain, key)) throw new Refused("Open.KeyKnown", "the new key is not new");
  }

  function mustLeaveTwo(chain, record) {
    if (chain.keyring.administrators(record.time) < 2) throw new Refused("Open.LastAdministrators", "two people must remain");
  }

  const ACTS = {
    async LedgerOpened(chain, record, event) {
      const { origin, checkpointKey, serviceKey, first, second } = event;
      const length = utf8(origin).length;
      const isName = length >= 1 && length <= 200 && !WHITE_SPACE.test(origin) && !CONTROL.test(origin) && !origin.includes("+");
      if (!isName) throw new Refused("Open.Origin", "an origin is a key name");
      const keys = [checkpointKey, serviceKey, first.key, second.key];
      for (const key of keys) await sound(key);
      if (new Set(keys.map(toHex)).size !== keys.length) throw new Refused("Open.KeyKnown", "each key has one use");
      const scope = { controller: null, unit: null, assignment: null };
      const grants = (role) => [{ role, scope, from: event.day, until: null }];
      for (const { actor, key } of [first, second]) {
        chain.keyring.set(key, { actor, grants: grants("administrator"), enrolledAt: record.number });
      }
      chain.keyring.set(serviceKey, { actor: event.service, grants: grants("service"), enrolledAt: record.number });
      chain.checkpointKeys = [{ from: 0n, key: checkpointKey }];
      chain.origin = origin;
    },

    SequencerStarted(chain, record) {
      chain.sequencer = record.statement.author;
    },

    async KeyEnrolled(chain, record, { actor, key, grants, expires, possession: proof }) {
      await sound(key);
      await possession(chain, actor, key, proof);
      const known = chain.keyring.get(key);
      if (isCheckpointKey(chain, key) || (known && (!equal(known.actor, actor) || known.endedAt !== null))) {
        throw new Refused("Open.KeyKnown", "the key has another use, holder, or has ended");
      }
      const isBackwards = grants.some((grant) => grant.until !== null && grant.until < grant.from);
      if (grants.length < 1 || grants.length > 64 || isBackwards) {
        throw new Refused("Open.Grants", "none, more than 64, or one that ends before it begins");
      }
      chain.keyring.set(key, { actor, grants, enrolledAt: known ? known.enrolledAt : record.number, lastSecond: expires });
      mustLeaveTwo(chain, record);
    },

    async KeyRotated(chain, record, event) {
      const entry = chain.keyring.maySign(event.old, record.time, "Open.Key");
      await sound(event.new);
      await possession(chain, entry.actor, event.new, event.possession);
      mustBeNew(chain, event.new);
      const { actor, grants } = entry;
      chain.keyring.set(event.new, { actor, grants, enrolledAt: record.number, lastSecond: event.expires });
      chain.keyring.end(event.old, record.number);
    },

    KeyRevoked(chain, record, { key }) {
      const entry = chain.keyring.get(key);
      if (!entry) throw new Refused("Open.Key.Unknown", "nothing to revoke");
      if (entry.endedAt !== null) throw new Refused("Open.Key.Ended", "it has ended");
      chain.keyring.end(key, record.number);
      mustLeaveTwo(chain, record);
    },

    async CheckpointKeyRotated(chain, record, event) {
      await sound(event.new);
      await possession(chain, new Uint8Array(16), event.new, event.possession);
      mustBeNew(chain, event.new);
      chain.checkpointKeys = [...chain.checkpointKeys, { from: record.number + 1n, key: event.new }];
    },

    PolicyAdopted(chain, record, { pack, from, confirmedBy }) {
      if (isBlank(confirmedBy)) throw new Refused("Open.Policy", "confirmed by nobody");
      try {
        vandel.checkPack(pack);
      } catch (refused) {
        throw refused instanceof Refused ? new Refused("Open.Policy", String(refused)) : refused;
      }
      if (from < chain.lastPolicyFrom) throw new Refused("Open.PolicyOrder", "its first day is before the last policy's");
      chain.lastPolicyFrom = from;
    },

    DisposalAdopted(chain, record, { body, number, classes, from, until }) {
      const isEarly = until !== null && until < from;
      if (!classes.length || [body, number, ...classes].some(isBlank) || isEarly) {
        throw new Refused("Open.Disposal", "a blank, no class, or an end before the beginning");
      }
    },

    ErasureStarted(chain, record, { records, expires }) {
      const ascends = records.every((one, index) => index === 0 || records[index - 1] < one);
      if (records.length < 1 || records.length > 16384 || !ascends || records.at(-1) >= record.number) {
        throw new Refused("Open.ErasureRecords", "none, too many, out of order, or not yet there");
      }
      if (record.time > expires) throw new Refused("Open.ApprovalExpired", `it expired at ${expires}`);
      chain.erasures = new Map(chain.erasures).set(record.number, { state: "started", records: new Set(records) });
    },

    ErasureExecuted: (chain, record, event) => advance(chain, event, "started", "executed"),
    ErasureCompleted: (chain, record, event) => advance(chain, event, "executed", "completed"),
    DigestPublished() {},
    StatisticsCommitted() {},
  };

  function advance(chain, event, before, after) {
    const erasure = chain.erasures.get(event.started);
    if (erasure?.state !== before) {
      throw new Refused("Open.ErasureState", `record ${event.started} is no erasure that is ${before}`);
    }
    chain.erasures = new Map(chain.erasures).set(event.started, { ...erasure, state: after });
  }

  Object.assign(vandel, { ACTS, judgeSigners, under });
})((globalThis.vandel ??= {}));
