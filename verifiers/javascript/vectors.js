"use strict";
// Reads the test vectors as a stranger would: what each structure's bytes must give (schemas/vectors/v1/README.md).
const fs = require("node:fs");
const path = require("node:path");
const { vandel } = require("./index.js");

const hex = (text) => vandel.fromHex(text);
const bytesOf = (vector) => hex(vector.fields.map(([, value]) => value).join(""));
const named = (vector) => Object.fromEntries(vector.fields.map(([name, value]) => [name, hex(value)]));
const hashes = (data) => Array.from({ length: data.length / 32 }, (_, at) => data.subarray(32 * at, 32 * at + 32));

function payloadOf(vector) {
  const parts = new Map();
  let [header, commitment] = [vandel.EMPTY, vandel.EMPTY];
  for (const [name, value] of Object.entries(named(vector))) {
    if (name === "commitment") commitment = value;
    else if (name.startsWith("header/")) header = vandel.join(header, value);
    else {
      const slot = Number(/^part ([0-9])\//.exec(name)[1]);
      parts.set(slot, vandel.join(parts.get(slot) ?? vandel.EMPTY, value));
    }
  }
  return { commitment, header, parts };
}

/** Readers by structure; `before` holds the chain before each block of the accepted ledger. */
/** A file of evidence, which may be a change of another vector's. */
async function readEvidence(vector, wholes) {
  const { of, from, to, trust, digests, exit } = vector.context;
  const base = of && wholes.get(of);
  const bytes = of
    ? vandel.join(base.subarray(0, Number(from)), bytesOf(vector), base.subarray(Number(to)))
    : bytesOf(vector);
  const brought = {
    trust: trust ? await vandel.readTrust(vandel.utf8(trust)) : null, digests: digests ? [vandel.readDigests(digests)] : [],
  };
  let verdict;
  try {
    verdict = await vandel.verifyFile(bytes, brought);
  } catch (error) {
    throw error instanceof vandel.Unreadable ? new vandel.Refused("Form", error.message) : error;
  }
  const [finding] = verdict.findings;
  if (finding) throw new vandel.Refused(finding.error, finding.what, null, finding.record);
  if (String(verdict.exit) !== exit) throw new Error(`${vector.name} ends with ${verdict.exit}`);
}

/** A tiles folder, which may be a change of another vector's. */
async function readFolder(vector, folders, known) {
  const { of, from, to, remove, trust } = vector.context;
  let files = Object.entries(named(vector));
  if (from) {
    const [[name, data]] = files;
    const whole = folders.get(of).get(name);
    files = [[name, vandel.join(whole.subarray(0, Number(from)), data, whole.subarray(Number(to)))]];
  }
  const all = new Map([...(of ? folders.get(of) : []), ...files]);
  all.delete(remove);
  const brought = {
    trust: trust ? await vandel.readTrust(vandel.utf8(trust)) : null, checkpoints: all.has("checkpoint") ? [all.get("checkpoint")] : [],
  };
  judged(await vandel.verifyTiles(vandel.givenFiles(all), brought, known), vector);
}

/** A verdict's first finding is the refusal; without one it must end as the vector says. */
function judged(verdict, vector) {
  const [finding] = verdict.findings;
  if (finding) throw new vandel.Refused(finding.error, finding.what, finding.block, finding.record);
  if (String(verdict.exit) !== vector.context.exit) throw new Error(`${vector.name} ends with ${verdict.exit}`);
}

const readers = (before, wholes) => ({
  event: (vector) => vandel.readEvent(bytesOf(vector)),
  statement: (vector) => vandel.readStatement(bytesOf(vector)),
  record: (vector) => vandel.readRecord(bytesOf(vector)),
  block: (vector) => vandel.readBlock(bytesOf(vector)),
  header: (vector) => vandel.readHeader(bytesOf(vector)),
  part: (vector) => vandel.readPart(Number(vector.context.slot), bytesOf(vector)),
  key: (vector) => vandel.checkKey(bytesOf(vector)),
  trust: (vector) => vandel.readTrust(bytesOf(vector)),
  dossier: (vector) => readEvidence(vector, wholes.dossiers),
  certificate: (vector) => readEvidence(vector, wholes.certificates),
  tiles: (vector) => readFolder(vector, wholes.tiles, (blocks) => vandel.known(blocks, wholes.ledger, before)),
  async chain(vector) {
    const chain = before[Number(vector.context.after)].copy();
    await chain.take(bytesOf(vector));
    const then = {
      "then block hash": vandel.toHex(chain.blockHash), "then head": vandel.toHex(chain.head),
      "then records": String(chain.records), "then root": vandel.toHex(await chain.tree.root()),
    };
    for (const [name, value] of Object.entries(then)) {
      if ((vector.context[name] ?? value) !== value) throw new Error(`${name} is ${value}`);
    }
  },
  payload(vector) {
    const { commitment, header, parts } = payloadOf(vector);
    return vandel.openPayload(commitment, header, parts);
  },
  async approval(vector) {
    const { commitment, header, parts } = payloadOf(vector);
    const bodies = await vandel.openPayload(commitment, header, parts);
    const author = hex(vector.context.author);
    await vandel.checkApproval(before.at(-1).ledger, author, header, bodies.get(vandel.APPROVAL));
  },
  signature(vector) {
    const { key, R, S, message } = named(vector);
    return vandel.verifySignature(key, message, vandel.join(R, S));
  },
  inclusion(vector) {
    const { leaf, index, size, root, proof } = named(vector);
    return vandel.checkInclusion(leaf, vandel.number(index), vandel.number(size), root, hashes(proof));
  },
  consistency(vector) {
    const fields = named(vector);
    const [old, size] = [vandel.number(fields["old size"]), vandel.number(fields["new size"])];
    return vandel.checkConsistency(old, fields["old root"], size, fields["new root"], hashes(fields.proof));
  },
  async checkpoint(vector) {
    const keys = await Promise.all(vector.context.keys.split(" ").map(vandel.readKey));
    return vandel.openCheckpoint(bytesOf(vector), keys);
  },
});

const readFile = (file) => JSON.parse(fs.readFileSync(file, "utf8"));

/** Gives a line for each vector: the refusal with its place, or null. */
async function* readAll(folder) {
  const before = [await vandel.Chain.begin()];
  for (const vector of readFile(path.join(folder, "accept", "ledger.json")).cases) {
    const chain = before.at(-1).copy();
    await chain.take(bytesOf(vector));
    before.push(chain);
  }
  const folders = readFile(path.join(folder, "accept", "tiles.json")).cases;
  const wholes = {
    ledger: readFile(path.join(folder, "accept", "ledger.json")).cases.map(bytesOf),
    tiles: new Map(folders.map((vector) => [vector.name, new Map(Object.entries(named(vector)))])),
  };
  for (const kind of ["dossiers", "certificates"]) {
    const { cases } = readFile(path.join(folder, "accept", `${kind}.json`));
    wholes[kind] = new Map(cases.map((vector) => [vector.name, bytesOf(vector)]));
  }
  const read = readers(before, wholes);
  for (const sort of ["accept", "reject"]) {
    for (const file of fs.readdirSync(path.join(folder, sort)).sort()) {
      const { structure, cases } = readFile(path.join(folder, sort, file));
      for (const vector of cases) {
        let error = null;
        await vandel.holds(
          async () => read[structure](vector),
          ({ name, block, record }) => {
            error = { name, block, record: record === null ? null : Number(record) };
          },
        );
        yield { file: `${sort}/${file}`, name: vector.name, error };
      }
    }
  }
}

module.exports = { readAll };
