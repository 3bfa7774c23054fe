"use strict";
// Dossiers (docs/dossier.md, D1 to D12).
(function (vandel) {
  const { CHECKPOINT_KEYS, POLICIES, Refused, Verdict, digest, domain, equal, fault, fromHex, holds, join, orFault, toHex, u64, utf8 } =
    vandel;
  const FORM = "vandel-dossier/1";
  const SEALED_FORM = "vandel-sealed-dossier/1";
  const DOSSIER_MAX = 67108864;
  const PROOF_MAX = 63;

  class Malformed extends Error {}

  function bad(expected) {
    throw new Malformed(`${expected} is expected`);
  }

  const number = (bits) => (value) =>
    typeof value === "bigint" && value >= 0n && value >> BigInt(bits) === 0n ? value : bad(`a number of ${bits} bits`);
  const text = (value) => (typeof value === "string" ? value : bad("a text"));
  const hex = (count) => (value) => {
    const bytes = fromHex(text(value));
    return bytes?.length === count ? bytes : bad(`${2 * count} hexadecimal digits`);
  };
  const base64 = (value) => vandel.fromBase64(text(value)) ?? bad("canonical base64");
  const oneOf = (...words) => (value) => (words.includes(value) ? value : bad(`one of ${words.join(", ")}`));
  const list = (form) => (value) => (Array.isArray(value) ? value.map((one) => form(one)) : bad("a list"));

  /** A row's subject: its sort and 32 bytes. */
  function subject(value) {
    if (text(value) === "checkpoint-keys") return { sort: 1, id: vandel.ZERO };
    if (value === "policies") return { sort: 2, id: vandel.ZERO };
    return value.startsWith("key:") ? { sort: 0, id: hex(32)(value.slice(4)) } : bad("key:, checkpoint-keys or policies");
  }

  /** An object's members in their order; those whose name ends in a question mark may be left out. */
  const members = (form) => (value) => {
    if (value === null || typeof value !== "object" || Array.isArray(value)) bad("an object");
    const named = Object.entries(form).map(([name, read]) => [name.replace("?", ""), read, name.endsWith("?")]);
    const present = named.filter(([name, , isOptional]) => !isOptional || Object.hasOwn(value, name));
    if (Object.keys(value).join() !== present.map(([name]) => name).join()) bad("an object of these members in their order");
    return Object.fromEntries(present.map(([name, read]) => [name, read(value[name])]));
  };

  const path = list(hex(32));
  const DOSSIER = members({
    type: text, ledger: hex(32), checkpoint: text,
    records: list(members({ record: number(64), bytes: base64, proof: path })),
    case: members({
      thread: hex(16),
      steps: list(members({
        record: number(64), header: base64, parts: list(members({ slot: number(8), bytes: base64 })),
        absent: list(members({
          slot: number(8), why: oneOf("withheld", "erased", "replaced"), "started?": number(64), "executed?": number(64),
          "by?": number(32),
        })),
      })),
    }),
    complete: members({
      cases: members({ published: number(64), rows: number(64), index: number(64), proof: path }),
      authority: members({
        published: number(64), rows: number(64),
        shown: list(members({ subject, records: list(number(64)), index: number(64), proof: path })),
      }),
      confirmed: list(number(64)),
    }),
  });

  // A sealed one's; what the lock needs is there and nothing else.
  const SEALED = members({
    type: text, recipient: text, expires: text, lock: oneOf("passphrase", "x25519"), "salt?": hex(32), "log_n?": number(8),
    "r?": number(32), "p?": number(32), "encapsulated?": hex(32), sealed: base64,
  });
  const LOCKS = { passphrase: "salt,log_n,r,p", x25519: "encapsulated" };

  /** The one spelling of a JSON value. */
  function written(value) {
    if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
    if (value !== null && typeof value === "object") {
      return `{${Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}:${written(one)}`).join(",")}}`;
    }
    return typeof value === "string" ? JSON.stringify(value) : String(value);
  }

  /** D1. */
  const read = (data) => readForm(data, DOSSIER, FORM, DOSSIER_MAX);

  /** A sealed dossier's members. */
  function readSealed(data) {
    const sealed = readForm(data, SEALED, SEALED_FORM, 2 * DOSSIER_MAX);
    const { type, recipient, expires, lock, sealed: content, ...own } = sealed;
    if (Object.keys(own).join() !== LOCKS[lock]) bad("what its lock needs, and nothing else,");
    if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(expires)) bad("a day in expires");
    return sealed;
  }

  function readForm(data, form, name, longest) {
    if (data.length > longest) bad("a shorter file");
    const source = vandel.toText(data) ?? bad("UTF-8");
    let value;
    try {
      value = vandel.readJson(source);
    } catch (error) {
      throw error instanceof Refused ? new Malformed(String(error)) : error;
    }
    const dossier = form(value);
    if (dossier.type !== name) bad(name);
    return `${written(value)}\n` === source ? dossier : bad("the one spelling of a dossier");
  }

  /** The digests that a reader has computed. */
  function readDigests(source) {
    const lines = source.split("\n");
    const ledger = /^ledger ([0-9a-f]{64})$/.exec(lines[1] ?? "");
    if (lines.length < 3 || lines[0] !== "vandel computed digests v1" || !ledger || lines.at(-1) !== "") {
      throw new Refused("Digests.Form", "it is no file of computed digests");
    }
    const digests = lines.slice(2, -1).map((line) => {
      const [, view, position, found] = /^(cases|authority) (0|[1-9][0-9]{0,19}) ([0-9a-f]{64})$/.exec(line) ?? [];
      if (!view || BigInt(position) >> 64n) throw new Refused("Digests.Form", line);
      return { view, position: BigInt(position), digest: fromHex(found) };
    });
    return { ledger: fromHex(ledger[1]), digests };
  }

  /** The verdict on a dossier. */
  async function verifyDossier(data, brought) {
    const verdict = new Verdict("dossier");
    let dossier;
    try {
      dossier = read(data);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      verdict.add(fault("malformed", error.message));
      return verdict;
    }
    verdict.ledger = toHex(dossier.ledger);
    await holds(() => judge(dossier, brought, verdict), (refused) => verdict.add(refused));
    return verdict;
  }

  async function judge(dossier, brought, verdict) {
    if (brought.ledger && !equal(brought.ledger, dossier.ledger)) throw fault("other-ledger", "it is of another ledger");
    const note = utf8(dossier.checkpoint);
    const claimed = await orFault("checkpoint", null, () => vandel.readCheckpoint(vandel.readNote(note).text));
    const records = await recordsOf(dossier.records, claimed);
    const excerpt = new vandel.Excerpt(dossier, await vandel.Chain.begin());
    await excerpt.judge(records);
    Object.assign(verdict, { origin: excerpt.chain.origin, size: claimed.size, root: toHex(claimed.root) });
    await weighCheckpoint(excerpt.chain, note, claimed, brought, verdict);
    const { below, signer, by } = await judgeComplete(excerpt, dossier, brought);
    if (excerpt.conduct) throw excerpt.conduct;
    if (!by.length) {
      verdict.notProven.push(
        `the case is complete below record ${below} by the word of the service key ${toHex(signer)} alone`,
      );
    }
    verdict.counts = {
      records: records.length, steps: excerpt.statements.length, complete_below: Number(below),
      later_steps: excerpt.statements.filter(({ record }) => record >= below).length, recomputed_by: by,
    };
    verdict.notChecked.push(
      "the links between records, the blocks, and the checkpoints that authors had seen: that takes the log",
      "the rules of conduct (V21 to V25, V27 to V42)",
    );
    if (dossier.case.steps.some(({ absent }) => absent.some(({ why }) => why === "withheld"))) {
      verdict.notChecked.push("what was withheld: it was not shown, and may or may not be there");
    }
  }

  function mustBeShort(proof) {
    if (proof.length > PROOF_MAX) throw new Refused("TooLong", `a proof has at most ${PROOF_MAX} hashes`);
  }

  /** D3. */
  async function recordsOf(shown, claimed) {
    const isAscending = shown.every(({ record }, index) => !index || shown[index - 1].record < record);
    if (!isAscending || shown[0]?.record !== 0n) throw fault("record", "the records do not begin with record 0 and ascend");
    const records = [];
    for (const { record: stated, bytes, proof } of shown) {
      const record = await orFault("record", stated, () => vandel.readRecord(bytes));
      if (record.number !== stated) throw fault("record", `its bytes are those of record ${record.number}`, stated);
      await orFault("inclusion", stated, async () => {
        mustBeShort(proof);
        await vandel.checkInclusion(await vandel.recordHash(record), stated, claimed.size, claimed.root, proof);
      });
      records.push(record);
    }
    return records;
  }

  /** D9. */
  async function weighCheckpoint(chain, note, claimed, { trust, requireWitnessed }, verdict) {
    if (claimed.origin !== chain.origin) throw fault("checkpoint", "it is of another origin than the ledger's");
    const key = chain.checkpointKey(claimed.size);
    const own = key ? [await vandel.verifierKey(chain.origin, vandel.CHECKPOINT_KEY, key)] : [];
    const witnesses = trust ? [...trust.witnesses.values()] : [];
    const opened = await orFault("checkpoint-signature", null, () => vandel.openCheckpoint(note, [...own, ...witnesses]));
    if (!trust) {
      verdict.notProven.push("there is no trust file: the dossier agrees with itself, no more");
      return;
    }
    const genesis = chain.checkpointKeys[0].key;
    if (!trust.logs.some((log) => log.name === chain.origin && equal(log.key, genesis))) {
      throw fault("trust-other-log", "the trust file names another log than this one");
    }
    const isMet = trust.isMet(vandel.outsiders(chain, opened.cosigners));
    verdict.anchor = trust.asksForWitnesses && isMet ? "witnessed" : "operator";
    if (!isMet) {
      verdict.notProven.push("the trust file's quorum of witnesses is not met");
    } else if (requireWitnessed && verdict.anchor !== "witnessed") {
      verdict.notProven.push("a quorum of witnesses is demanded and not met");
    }
  }

  /** A published digest that is shown. */
  function digestOf(excerpt, published, view) {
    const found = excerpt.digests.get(published);
    if (!found) throw fault("digest", "the record publishes no digest, or is not shown", published);
    const { event } = found;
    if (event.view !== view || event.version !== 1n) throw fault("digest", "it is of another view or version", published);
    if (event.position > published) {
      throw fault("digest", `it is of position ${event.position}, which had not come`, published);
    }
    return found;
  }

  const named = (view) => join(Uint8Array.of(utf8(view).length), view);
  const u32 = (value) => u64(value).subarray(4);
  const viewDigest = (view, ledger, position, rows, root) =>
    digest(domain("view-digest"), named(view), Uint8Array.of(0, 1), ledger, u64(position), u64(rows), root);
  const rowLeaf = (view, ...fields) => vandel.leafHash(join(domain("view-row"), named(view), ...fields));

  function rootOf(leaf, { index, proof }, rows, published) {
    return orFault("row-proof", published, () => {
      mustBeShort(proof);
      return vandel.rootOfPath(leaf, index, rows, proof);
    });
  }

  /** D10 and D11. */
  async function judgeComplete(excerpt, dossier, brought) {
    const { cases, authority } = dossier.complete;
    const { event, signer } = digestOf(excerpt, cases.published, "cases");
    const steps = excerpt.statements.filter(({ record }) => record < event.position);
    if (!steps.length) throw fault("completeness", "the digest is older than the case", cases.published);
    const leaf = await rowLeaf("cases", dossier.case.thread, u32(steps.length), steps.at(-1).hash);
    const root = await rootOf(leaf, cases, cases.rows, cases.published);
    if (!equal(await viewDigest("cases", dossier.ledger, event.position, cases.rows, root), event.digest)) {
      throw fault("completeness", `the published digest does not have this case with ${steps.length} steps`, cases.published);
    }
    const position = await judgeAuthority(excerpt, dossier.ledger, authority);
    const below = event.position < position ? event.position : position;
    return { below, signer, by: recomputedBy(excerpt, dossier, brought, event, signer) };
  }

  async function judgeAuthority(excerpt, ledger, { published, rows, shown }) {
    const { event } = digestOf(excerpt, published, "authority");
    const wrong = (what) => fault("authority", what, published);
    const known = (name) => (excerpt.authority.get(name) ?? []).filter((record) => record < event.position);
    const proved = new Set();
    for (const row of shown) {
      const { sort, id } = row.subject;
      const name = `${sort}:${toHex(id)}`;
      if (known(name).join() !== row.records.join()) throw wrong("the records of a row are not those that are shown");
      const fields = [Uint8Array.of(sort), id, u32(row.records.length), ...row.records.map(u64)];
      const root = await rootOf(await rowLeaf("authority", ...fields), row, rows, published);
      if (!equal(await viewDigest("authority", ledger, event.position, rows, root), event.digest)) {
        throw wrong("the published digest has no such row");
      }
      proved.add(name);
    }
    const needed = [...excerpt.signers, CHECKPOINT_KEYS, POLICIES];
    if (needed.some((name) => known(name).length && !proved.has(name))) {
      throw wrong("a row is missing of a key that signed, of the checkpoint keys or policies");
    }
    return event.position;
  }

  function recomputedBy(excerpt, dossier, { digests = [] }, event, signer) {
    const by = [];
    const { cases, confirmed } = dossier.complete;
    for (const own of digests.filter(({ ledger }) => equal(ledger, dossier.ledger)).flatMap((one) => one.digests)) {
      if (own.view !== "cases" || own.position !== event.position) continue;
      if (!equal(own.digest, event.digest)) {
        throw fault("digest-differs", "you computed another digest for this view and position", cases.published);
      }
      by.push("yourself");
    }
    const actorOf = (key) => toHex(excerpt.chain.keyring.get(key).actor);
    const known = new Set([actorOf(signer)]);
    for (const record of confirmed) {
      const other = digestOf(excerpt, record, "cases");
      const isSame = other.event.position === event.position && equal(other.event.digest, event.digest);
      if (!isSame || known.has(actorOf(other.signer))) {
        throw fault("confirmation", "it is not the same digest by a service not yet counted", record);
      }
      known.add(actorOf(other.signer));
      by.push(`the service key ${toHex(other.signer)}`);
    }
    return by;
  }

  Object.assign(vandel, { Malformed, readSealed, readDigests, verifyDossier });
})((globalThis.vandel ??= {}));
