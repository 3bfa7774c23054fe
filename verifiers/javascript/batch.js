"use strict";
// Many cases in one process, for tests: a JSON object a line comes in, a JSON object a line goes out. The objects
// are those of the verifier in Python (verifiers/python/vandel_verifier/batch.py describes them).
const readline = require("node:readline");
const { vandel } = require("./index.js");

const hex = (text) => vandel.fromHex(text);

class Batch {
  async answer(line) {
    if (line.base) return this.setBase(line.base.map(hex));
    if (line.key || line.signature) return this.check(line);
    try {
      const brought = await broughtBy(line);
      if (line.file !== undefined) return await vandel.verifyFile(hex(line.file), brought);
      if (line.tiles !== undefined) {
        const files = new Map(Object.entries(line.tiles).map(([name, data]) => [name, hex(data)]));
        if (files.has("checkpoint")) brought.checkpoints.push(files.get("checkpoint"));
        return await vandel.verifyTiles(vandel.givenFiles(files), brought, (blocks) => vandel.known(blocks, this.base, this.chains));
      }
      const blocks = [...this.base.slice(0, line.keep), ...line.blocks.map(hex), ...this.base.slice(line.then)];
      return await vandel.verifyLog(new vandel.Log(blocks), brought, this.chains[line.keep]);
    } catch (error) {
      if (!(error instanceof vandel.Unreadable || error instanceof vandel.Refused)) throw error;
      return { unreadable: error.message, exit: 2 };
    }
  }

  async setBase(blocks) {
    this.base = blocks;
    this.chains = [await vandel.Chain.begin()];
    for (const block of blocks) {
      const chain = this.chains.at(-1).copy();
      await chain.take(block);
      this.chains.push(chain);
    }
    return { base: blocks.length };
  }

  async check({ key, signature: signed }) {
    let name = null;
    const check = key
      ? () => vandel.checkKey(hex(key))
      : () => vandel.verifySignature(hex(signed.key), hex(signed.message), hex(signed.signature));
    await vandel.holds(check, (refused) => (name = refused.name));
    return { error: name };
  }
}

async function broughtBy(line) {
  return {
    trust: line.trust === undefined ? null : await vandel.readTrust(vandel.utf8(line.trust)),
    checkpoints: (line.checkpoints ?? []).map(hex),
    kept: (line.kept ?? []).map(hex),
    receipts: (line.receipts ?? []).map((proof) => vandel.readProof(hex(proof))),
    digests: (line.digests ?? []).map(vandel.readDigests),
    ledger: line.ledger ? hex(line.ledger) : null,
    requireWitnessed: line.require_witnessed ?? false,
  };
}

/** Answers line by line until the input ends. */
async function runBatch(input, output) {
  const batch = new Batch();
  for await (const line of readline.createInterface({ input })) {
    output.write(`${JSON.stringify(await batch.answer(JSON.parse(line)))}\n`);
  }
  return 0;
}

module.exports = { runBatch };
