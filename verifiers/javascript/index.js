"use strict";
// The verifier's parts in their order, for Node. The page names the same files in the same order.
const PARTS = [
  "refused", "bytes", "ed25519", "tree", "postcard", "structure", "keyring", "acts", "payload", "toml", "policy", "chain",
  "notes", "segments", "verdict", "evidence", "tiles", "json", "files", "excerpt", "dossier", "sealed", "certificate",
];
for (const part of PARTS) require(`./${part}.js`);
module.exports = { PARTS, vandel: globalThis.vandel };
