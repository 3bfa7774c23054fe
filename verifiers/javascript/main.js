"use strict";
// `node main.js PATH --trust FILE`: verify a ledger, a log folder, a tiles folder, a segment, a proof, a
// checkpoint, a dossier or a certificate.
const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { parseArgs } = require("node:util");
const { vandel } = require("./index.js");
const { runBatch } = require("./batch.js");
const { readAll } = require("./vectors.js");

const USAGE = 2;
const IO = 5;
const NOT_AUTHORISED = 6;
const NOT_FOUND = 7;
const HELP = `usage: node main.js PATH [--trust FILE] [--checkpoint FILE]... [--kept FILE]... [--receipts FOLDER]
                    [--digests FILE]... [--ledger ID] [--require-witnessed] [--json]
                    [--unseal-key FILE | --unseal-passphrase-file FILE]

PATH is a home, a folder of segments or of tiles, or a file: a segment, a proof, a checkpoint, a dossier, a
certificate.
exit: 0 verified, 2 not readable as what it should be, 3 violation, 4 not proven, 5 I/O, 6 sealed to somebody
else, 7 not found`;

const OPTIONS = {
  trust: { type: "string" }, checkpoint: { type: "string", multiple: true }, kept: { type: "string", multiple: true },
  digests: { type: "string", multiple: true }, receipts: { type: "string" }, ledger: { type: "string" }, "require-witnessed": { type: "boolean" },
  "unseal-key": { type: "string" }, "unseal-passphrase-file": { type: "string" },
  json: { type: "boolean" }, help: { type: "boolean", short: "h" },
};

async function readable(file, read) {
  try {
    return await read(new Uint8Array(fs.readFileSync(file)));
  } catch (error) {
    throw error instanceof vandel.Refused ? new vandel.Unreadable(`${file}: ${error}`) : error;
  }
}

async function broughtBy(values, root) {
  if (values.ledger && !/^[0-9a-f]{64}$/.test(values.ledger)) throw new vandel.Unreadable("--ledger: 64 hexadecimal digits");
  const bytes = (file) => new Uint8Array(fs.readFileSync(file));
  const beside = root ? ["public/checkpoint", "checkpoint", "memory/checkpoint"].map((file) => path.join(root, file)) : [];
  const receipts = values.receipts ? fs.readdirSync(values.receipts).sort() : [];
  return {
    trust: values.trust ? await readable(values.trust, vandel.readTrust) : null,
    ledger: values.ledger ? vandel.fromHex(values.ledger) : null,
    requireWitnessed: values["require-witnessed"] ?? false,
    checkpoints: [...beside.filter((file) => fs.existsSync(file)), ...(values.checkpoint ?? [])].map(bytes),
    kept: (values.kept ?? []).map(bytes),
    digests: await Promise.all((values.digests ?? []).map((file) => readable(file, (data) => vandel.readDigests(vandel.toText(data) ?? "")))),
    receipts: await Promise.all(receipts.map((name) => readable(path.join(values.receipts, name), vandel.readProof))),
  };
}

/** What the recipient of a sealed dossier brings. */
function unsealing(values) {
  const [key, passphrase] = ["unseal-key", "unseal-passphrase-file"].map((name) => values[name] && new Uint8Array(fs.readFileSync(values[name])));
  const scrypt = (word, { salt, log_n, r, p }) => {
    const cost = { N: 2 ** Number(log_n), r: Number(r), p: Number(p), maxmem: 2 ** 31 };
    return new Uint8Array(crypto.scryptSync(word, salt, 32, cost));
  };
  return { key, passphrase, scrypt };
}

/** What a call on the disk gives, or null if there is nothing of that name. */
function ifThere(call) {
  try {
    return call();
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw error;
  }
}

const isFolder = (place) => ifThere(() => fs.statSync(place).isDirectory()) ?? false;

const filesBelow = (root) => ({
  read: (name) => ifThere(() => new Uint8Array(fs.readFileSync(path.join(root, name)))),
  names: (name) => ifThere(() => fs.readdirSync(path.join(root, name))),
});

async function verifyPath(place, values) {
  if (fs.statSync(place).isFile()) {
    let data = new Uint8Array(fs.readFileSync(place));
    if (vandel.isSealed(data)) data = await vandel.unseal(data, unsealing(values));
    return data instanceof vandel.Verdict ? data : vandel.verifyFile(data, await broughtBy(values, null));
  }
  if (isFolder(path.join(place, "tile"))) return vandel.verifyTiles(filesBelow(place), await broughtBy(values, place));
  const isSegments = fs.readdirSync(place).some((name) => /^segment-.*\.vlog$/.test(name));
  const [root, folder] = isSegments ? [path.dirname(path.resolve(place)), place] : [place, path.join(place, "log")];
  const brought = await broughtBy(values, root);
  if (!fs.existsSync(folder)) return vandel.verifyLog(new vandel.Log().damaged("there is no folder of the log"), brought);
  // A folder among the segments is no segment: its name says so.
  const dataOf = (file) => (isFolder(file) ? vandel.EMPTY : new Uint8Array(fs.readFileSync(file)));
  const files = fs.readdirSync(folder).map((name) => ({ name, data: dataOf(path.join(folder, name)) }));
  return vandel.verifyLog(vandel.readLog(files), brought);
}

function asText(verdict) {
  const said = verdict.toJSON();
  const lines = [`${said.verdict.toUpperCase()}: ${said.kind}, ${said.size} records, anchor ${said.anchor}`];
  for (const { step, record, through, what } of said.findings) {
    const place = record === null ? "no one record" : `record ${record}${through === null ? "" : ` to ${through}`}`;
    lines.push(`  ${step || "-"} ${place}: ${what}`);
  }
  said.not_proven.forEach((line) => lines.push(`  not proven: ${line}`));
  said.not_checked.forEach((line) => lines.push(`  not checked: ${line}`));
  return lines.join("\n");
}

async function main(words) {
  if (words[0] === "batch") return runBatch(process.stdin, process.stdout);
  if (words[0] === "vectors" && words.length === 2) {
    for await (const line of readAll(words[1])) console.log(JSON.stringify(line));
    return 0;
  }
  try {
    const { values, positionals } = parseArgs({ args: words, options: OPTIONS, allowPositionals: true });
    if (values.help || positionals.length !== 1) {
      console.log(HELP);
      return values.help ? 0 : USAGE;
    }
    const verdict = await verifyPath(positionals[0], values);
    console.log(values.json ? JSON.stringify(verdict, null, 2) : asText(verdict));
    return verdict.exit;
  } catch (error) {
    const isKnown = error instanceof vandel.Unreadable || error instanceof vandel.NotAuthorised;
    if (error.code === undefined && !isKnown) throw error;
    console.error(`error: ${error.message}`);
    if (error instanceof vandel.NotAuthorised) return NOT_AUTHORISED;
    if (error.code === "ENOENT") return NOT_FOUND;
    return error.syscall ? IO : USAGE;
  }
}

// Node 20 says of Ed25519 in WebCrypto that it is experimental, on every start.
process.removeAllListeners("warning");
process.on("warning", (warning) => warning.name === "ExperimentalWarning" || console.error(warning));
main(process.argv.slice(2)).then((code) => (process.exitCode = code));
