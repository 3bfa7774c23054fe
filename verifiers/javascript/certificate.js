"use strict";
// Erasure certificates (docs/certificate.md, C1 to C16).
(function (vandel) {
  const { COMPARTMENTS, Refused, Verdict, digest, domain, equal, fromHex, holds, join, readBody, toHex, u64: bytesOf } = vandel;
  const { day, fields, fixed, hash, id, list, oneOf, option, term, text, u32, u64 } = vandel.types;
  const FORM = "vandel-erasure-certificate/2";
  const ground = fields({
    compartment: term(...COMPARTMENTS), reason: term("retention", "request", "withdrawal"), class: option(text), due: day,
  });
  const LINE = fields({
    pseudonym: fixed(8), thread: id, identities: list(u32), records: list(u64), compartments: list(ground),
  });
  const CELLS = {
    file: ["file",
      "best effort: the old root's bytes are overwritten, but a solid-state drive, a journal, a snapshot " +
      "or a copy of the file may keep them"],
    "passphrase file": ["sealed-file",
      "best effort: the old root's bytes are overwritten, but a kept copy of the sealed file opens with " +
      "the same passphrase"],
    transit: ["transit", "as surely as the engine forgets trimmed key versions"],
    token: ["token", "as surely as the token destroys its objects"],
  };
  const FIXED = [
    ...["vault bundles", "vault shards", "root cell", "views", "admission snapshot", "caches in memory"]
      .map((sink) => [sink, "destroyed"]),
    ...["chain and its copies", "feed"].map((sink) => [sink, "no-content"]),
  ];
  const KINDS = ["backup-data", "backup-keys", "root-cell-copy", "export", "report", "hr-file", "paper"];
  const COPIES = KINDS.slice(0, 3);
  const END = fields({ sink: id, words: text });
  const ENTRY = fields({
    ledger: hash, number: u64, previous: hash, at: u64,
    what: oneOf({
      Made: fields({ sink: id, kind: term(...KINDS), epoch: u64, expires: option(day), cases: list(id), place: text }),
      Destroyed: END,
      NotReachable: END,
    }),
  });
  const PERSON = { actor: "text", key: "text", enrolled_at: "number" };
  const PROVEN = { record: "number", time: "text", bytes: "text", proof: ["text"] };
  const CERTIFICATE = {
    type: "text", ledger: "text", pseudonym: "text",
    compartments: [{ compartment: "text", class: "text?", due: "text", ground: "text" }], records: ["number"],
    plan: {
      hash: "text", as_of: "text", disposal: "number", line: "number", line_bytes: "text", line_salt: "text", lines: ["text"],
    },
    ordered_by: PERSON, approved_by: PERSON, started: PROVEN, executed: PROVEN,
    evidence: { root_cell: "text", assurance: "text", epoch: "number", manifest: "text", keys: "number" },
    state: "text", sinks: [{ sink: "text", state: "text", made: "text?", acknowledged: "text?", told: "text?" }],
    backup_horizon: "text?", checkpoint: "text",
  };
  const COMPLETED = { record: PROVEN, said_by: PERSON, confirmed_by: PERSON };

  /** Everything but the completion, which is null or has a form of its own. */
  function isCertificate(value) {
    if (!value || typeof value !== "object" || !("completed" in value)) return false;
    const { completed, ...others } = value;
    return vandel.hasForm(others, CERTIFICATE) && (completed === null || vandel.hasForm(completed, COMPLETED));
  }

  const wrong = (step, what) => new Refused(`Certificate.${step}`, what);

  function unhex(value, step, count = null) {
    const bytes = fromHex(value);
    if (!bytes || (count !== null && bytes.length !== count)) throw wrong(step, "not the hexadecimal digits that belong there");
    return bytes;
  }

  /** What is refused inside is a fault of this record. */
  async function about(record, check) {
    let found;
    await holds(
      async () => (found = await check()),
      (refused) => {
        throw refused.naming(record);
      },
    );
    return found;
  }

  function shownSecond(second) {
    if (second / 86400n > BigInt(vandel.LAST_DAY)) return `second ${second}`;
    return new Date(Number(second) * 1000).toISOString().replace(".000Z", "Z");
  }
  const shownDay = (number) => new Date(number * 86400000).toISOString().slice(0, 10);

  /** The verdict on a certificate. A text that is none is refused with `Form`. */
  async function verifyCertificate(source, trust) {
    const certificate = vandel.readJson(source);
    if (!isCertificate(certificate) || certificate.type !== FORM) {
      throw new Refused("Form", `it is no ${FORM}, or a member is missing, unknown or of another type`);
    }
    const verdict = new Verdict("certificate");
    verdict.ledger = certificate.ledger;
    const checkpoint = await vandel.openAlone(verdict, vandel.utf8(certificate.checkpoint), trust);
    if (!checkpoint) return verdict;
    await holds(() => follow(certificate, checkpoint), (refused) => verdict.add(refused));
    verdict.notChecked.push(
      "backups, exports, reports, HR files and paper", "what a copy of an older root key would open",
      "the home: whether keys, payloads and views are gone there",
      "whose the keys are and which roles they held: the chain tells",
    );
    return verdict;
  }

  async function follow(certificate, checkpoint) {
    const [first, second] = [certificate.started.record, certificate.executed.record];
    const started = await place(certificate.started, checkpoint);
    const executed = await place(certificate.executed, checkpoint);
    const line = await about(first, () => followPlan(certificate, eventOf(started, "ErasureStarted", "C4")));
    const ledger = fromHex(certificate.ledger);
    for (const { number, statement } of [started, executed]) {
      if (!equal(statement.ledger, ledger)) throw wrong("C8", "a record is of another ledger").naming(number);
    }
    await about(first, () => {
      followPeople([certificate.ordered_by, certificate.approved_by], started.statement, "C9");
      const { expires } = started.statement.event;
      if (expires < started.time) throw wrong("C10", "the approval had expired when the erasure began");
    });
    const end = await about(second, () => followEnd(certificate, started, executed, line));
    await followCompletion(certificate, end, checkpoint);
    await followSinks(certificate, ledger, end.epoch);
  }

  /** C11 and C12. */
  function followEnd({ evidence }, started, executed, line) {
    const end = eventOf(executed, "ErasureExecuted", "C11");
    if (end.started !== started.number || executed.number <= started.number) {
      throw wrong("C11", "the second record ends another erasure");
    }
    const others = new Set(line.compartments.map(({ compartment }) => compartment));
    others.delete("identity");
    const [cell, assurance] = CELLS[end.rootCell];
    const isEvidence = evidence.root_cell === cell && evidence.assurance === assurance && evidence.epoch === end.epoch &&
      evidence.manifest === toHex(end.manifest) && evidence.keys === BigInt(new Set(line.identities).size + others.size);
    if (!isEvidence) throw wrong("C12", "the evidence is not what the end's record says");
    return end;
  }

  /** C14. */
  async function followCompletion({ state, completed, executed }, end, checkpoint) {
    if (state !== (completed ? "completed" : "executed")) {
      throw wrong("C14", "the state is not the one that the records show").naming(executed.record);
    }
    if (!completed) return;
    const record = await place(completed.record, checkpoint);
    await about(completed.record.record, () => {
      const event = eventOf(record, "ErasureCompleted", "C14");
      if (event.started !== end.started || event.oldestEpoch < end.epoch) {
        throw wrong("C14", "the third record completes another erasure");
      }
      followPeople([completed.said_by, completed.confirmed_by], record.statement, "C14");
    });
  }

  /** C13 and C15. */
  async function followSinks({ sinks, state, backup_horizon: horizon }, ledger, epoch) {
    const [first, others] = [sinks.slice(0, FIXED.length), sinks.slice(FIXED.length)];
    const isBare = ({ made, acknowledged, told }) => made === null && acknowledged === null && told === null;
    const isFixed = (one, index) => one.sink === FIXED[index][0] && one.state === FIXED[index][1] && isBare(one);
    if (first.length !== FIXED.length || !first.every(isFixed)) {
      throw wrong("C13", "the sinks claim more than an erasure shows");
    }
    if (!KINDS.every((kind) => others.some(({ sink }) => sink === kind))) throw wrong("C13", "a kind of sink is missing");
    const left = [];
    for (const one of others) left.push(...(await followSink(one, ledger, epoch)));
    if (left.length && state === "completed") throw wrong("C15", "it is called completed, and an older copy is left");
    const last = left.length && !left.includes(null) ? shownDay(Math.max(...left)) : null;
    if (horizon !== last) throw wrong("C15", "the backup horizon is not what the entries say");
  }

  /** C13: the last days of the older copies that are left, one or none. */
  async function followSink({ sink, state, made: by, acknowledged, told }, ledger, epoch) {
    if (!KINDS.includes(sink)) throw wrong("C13", "a sink is of no known kind");
    if (by === null) {
      if (state !== "not-reachable" || acknowledged !== null || told !== null) {
        throw wrong("C13", "a sink is acknowledged that nobody entered");
      }
      return [];
    }
    const { entry } = await signed(by, ledger);
    const made = entry.what;
    if (made.variant !== "Made" || made.kind !== sink) throw wrong("C13", "an entry is of another kind of sink");
    const until = made.expires === null ? "" : `, until ${shownDay(made.expires)}`;
    let words = `${toHex(made.sink)}: ${made.place}, made ${shownSecond(entry.at)}${until}`;
    let found = "outstanding";
    if (acknowledged !== null) {
      const { entry: end, key } = await signed(acknowledged, ledger);
      if (end.what.variant === "Made" || !equal(end.what.sink, made.sink)) {
        throw wrong("C13", "an acknowledgement is of another sink");
      }
      found = end.what.variant === "Destroyed" ? "attested" : "not-reachable";
      words += `; ${shownSecond(end.at)} ${end.what.words}, signed by ${toHex(key)}`;
    }
    if (state !== found || told !== words) throw wrong("C13", "a sink is not what its entries say");
    return COPIES.includes(sink) && made.epoch < epoch && found !== "attested" ? [made.expires] : [];
  }

  /** An entry of the register of sinks, and who signed it. */
  async function signed(value, ledger) {
    const bytes = unhex(value, "C13");
    if (bytes.length < 96) throw wrong("C13", "an entry is too short");
    const [body, key, signature] = [bytes.slice(0, -96), bytes.slice(-96, -64), bytes.slice(-64)];
    let entry;
    const check = async () => {
      await vandel.verifySignature(key, join(domain("sink"), body), signature);
      entry = readBody(body, "sink", ENTRY);
    };
    await holds(check, (refused) => {
      throw wrong("C13", String(refused));
    });
    if (!equal(entry.ledger, ledger)) throw wrong("C13", "an entry is of another ledger");
    return { entry, key };
  }

  function eventOf(record, variant, step) {
    const { event } = record.statement;
    if (event?.variant !== variant) throw wrong(step, `a record is no ${variant}`);
    return event;
  }

  /** C3. */
  const place = (proven, checkpoint) => about(proven.record, () => placed(proven, checkpoint));

  async function placed(proven, checkpoint) {
    let record;
    const check = async () => {
      record = vandel.readRecord(unhex(proven.bytes, "C3"));
      const path = proven.proof.map((node) => unhex(node, "C3", 32));
      await vandel.checkInclusion(await vandel.recordHash(record), record.number, checkpoint.size, checkpoint.root, path);
      const { author, signature, second, unsigned } = record.statement;
      const message = join(domain("statement"), unsigned);
      await vandel.verifySignature(author, message, signature);
      if (second) await vandel.verifySignature(second.key, message, second.signature);
    };
    await holds(check, (refused) => {
      throw wrong("C3", `record ${proven.record}: ${refused}`);
    });
    if (record.number !== proven.record || shownSecond(record.time) !== proven.time) {
      throw wrong("C3", "a record's number or time is not the one stated");
    }
    return record;
  }

  function varint(value) {
    const bytes = [];
    for (; value > 0x7fn; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80);
    return Uint8Array.of(...bytes, Number(value));
  }

  /** C5 to C7. */
  async function followPlan(certificate, event) {
    const { plan } = certificate;
    const asOf = Date.parse(`${plan.as_of}T00:00:00Z`) / 86400000;
    if (!Number.isInteger(asOf) || shownDay(asOf) !== plan.as_of) throw wrong("C5", "the plan's day is none");
    const zigzag = varint(BigInt(asOf >= 0 ? 2 * asOf : -2 * asOf - 1));
    const head = join(unhex(certificate.ledger, "C5", 32), zigzag, varint(plan.disposal));
    const lines = plan.lines.map((line) => unhex(line, "C5", 32));
    const found = await digest(domain("plan"), "plan", bytesOf(head.length), head, bytesOf(lines.length), ...lines);
    if (!equal(found, event.plan) || plan.hash !== `sha256:${toHex(found)}`) {
      throw wrong("C5", "the plan is not the one that two people signed");
    }
    const data = unhex(plan.line_bytes, "C6");
    let line;
    await holds(
      () => (line = readBody(data, "line", LINE)),
      (refused) => {
        throw wrong("C6", String(refused));
      },
    );
    const own = lines[Number(plan.line)];
    if (!own || !equal(own, await digest(domain("plan"), "line", unhex(plan.line_salt, "C6", 32), data))) {
      throw wrong("C6", "the line is not of the plan");
    }
    const went = line.compartments.map((one) => [one.compartment, one.class, shownDay(one.due), one.reason]);
    const said = certificate.compartments.map((one) => [one.compartment, one.class, one.due, one.ground]);
    const isSaid = JSON.stringify(went) === JSON.stringify(said) && certificate.records.join() === line.records.join() &&
      certificate.pseudonym === toHex(line.pseudonym);
    if (!isSaid) throw wrong("C7", "compartments, records or pseudonym are not the line's");
    if (!line.records.every((record) => event.records.includes(record))) {
      throw wrong("C7", "a record of the line is not among those that two people signed");
    }
    return line;
  }

  /** C9 and C14. */
  function followPeople([first, other], { author, second }, step) {
    if (first.key !== toHex(author) || !second || other.key !== toHex(second.key)) {
      throw wrong(step, "a person named did not sign");
    }
    if (first.actor === other.actor || first.key === other.key) throw wrong(step, "one person signed for two");
  }

  Object.assign(vandel, { verifyCertificate });
})((globalThis.vandel ??= {}));
