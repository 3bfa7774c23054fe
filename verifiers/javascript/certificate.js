"use strict";
// Erasure certificates (docs/certificate.md, C1 to C14).
(function (vandel) {
  const { COMPARTMENTS, Refused, Verdict, digest, domain, equal, fromHex, holds, join, readBody, toHex, u64: bytesOf } = vandel;
  const { day, fields, fixed, id, list, option, term, text, u32, u64 } = vandel.types;
  const FORM = "vandel-erasure-certificate/1";
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
  const SINKS = [
    ...["vault bundles", "vault shards", "views", "admission snapshot"].map((sink) => [sink, "destroyed"]),
    ...["backups", "exports", "reports", "HR files", "paper"].map((sink) => [sink, "not-reachable"]),
  ];
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
    sinks: [{ sink: "text", state: "text" }], checkpoint: "text",
  };
  const wrong = (step, what) => new Refused(`Certificate.${step}`, what);

  function unhex(value, count = null) {
    const bytes = fromHex(value);
    if (!bytes || (count !== null && bytes.length !== count)) throw wrong("C1", "not the hexadecimal digits that belong there");
    return bytes;
  }

  function shownSecond(second) {
    if (second / 86400n > BigInt(vandel.LAST_DAY)) return `second ${second}`;
    return new Date(Number(second) * 1000).toISOString().replace(".000Z", "Z");
  }
  const shownDay = (number) => new Date(number * 86400000).toISOString().slice(0, 10);

  /** The verdict on a certificate. A text that is none is refused with `Form`. */
  async function verifyCertificate(source, trust) {
    const certificate = vandel.readJson(source);
    if (!vandel.hasForm(certificate, CERTIFICATE) || certificate.type !== FORM) {
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
    const started = await place(certificate.started, checkpoint);
    const executed = await place(certificate.executed, checkpoint);
    const event = eventOf(started, "ErasureStarted", "C4");
    const line = await followPlan(certificate, event);
    const ledger = unhex(certificate.ledger, 32);
    if (![started, executed].every(({ statement }) => equal(statement.ledger, ledger))) {
      throw wrong("C8", "a record is of another ledger");
    }
    followPeople(certificate, started.statement);
    if (event.expires < started.time) throw wrong("C10", "the approval had expired when the erasure began");
    const end = eventOf(executed, "ErasureExecuted", "C11");
    if (end.started !== started.number || executed.number <= started.number) {
      throw wrong("C11", "the second record ends another erasure");
    }
    const others = new Set(line.compartments.map(({ compartment }) => compartment));
    others.delete("identity");
    const [cell, assurance] = CELLS[end.rootCell];
    const { evidence } = certificate;
    const isEvidence = evidence.root_cell === cell && evidence.assurance === assurance && evidence.epoch === end.epoch &&
      evidence.manifest === toHex(end.manifest) && evidence.keys === BigInt(new Set(line.identities).size + others.size);
    if (!isEvidence) throw wrong("C12", "the evidence is not what the end's record says");
    const isSink = ({ sink, state }, index) => sink === SINKS[index]?.[0] && state === SINKS[index][1];
    if (certificate.sinks.length !== SINKS.length || !certificate.sinks.every(isSink)) {
      throw wrong("C13", "the sinks claim more than an erasure shows");
    }
  }

  function eventOf(record, variant, step) {
    const { event } = record.statement;
    if (event?.variant !== variant) throw wrong(step, `a record is no ${variant}`);
    return event;
  }

  /** C3. */
  async function place(proven, checkpoint) {
    let record;
    const check = async () => {
      record = vandel.readRecord(unhex(proven.bytes));
      const path = proven.proof.map((node) => unhex(node, 32));
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
    const head = join(unhex(certificate.ledger, 32), zigzag, varint(plan.disposal));
    const lines = plan.lines.map((line) => unhex(line, 32));
    const found = await digest(domain("plan"), "plan", bytesOf(head.length), head, bytesOf(lines.length), ...lines);
    if (!equal(found, event.plan) || plan.hash !== `sha256:${toHex(found)}`) {
      throw wrong("C5", "the plan is not the one that two people signed");
    }
    const data = unhex(plan.line_bytes);
    let line;
    await holds(
      () => (line = readBody(data, "line", LINE)),
      (refused) => {
        throw wrong("C6", String(refused));
      },
    );
    const own = lines[Number(plan.line)];
    if (!own || !equal(own, await digest(domain("plan"), "line", unhex(plan.line_salt, 32), data))) {
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

  /** C9. */
  function followPeople({ ordered_by: orderer, approved_by: approver }, { author, second }) {
    if (orderer.key !== toHex(author) || !second || approver.key !== toHex(second.key)) {
      throw wrong("C9", "a person named did not sign");
    }
    if (orderer.actor === approver.actor || orderer.key === approver.key) throw wrong("C9", "one person ordered and approved");
  }

  Object.assign(vandel, { verifyCertificate });
})((globalThis.vandel ??= {}));
