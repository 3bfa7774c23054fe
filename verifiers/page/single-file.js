"use strict";
// `node single-file.js > vandel-verify.html`: the page with its scripts inside, to hand to somebody as one file.
const fs = require("node:fs");
const path = require("node:path");

const read = (name) => fs.readFileSync(path.join(__dirname, name), "utf8");
const inlined = read("index.html").replace(/<script src="([^"]+)"><\/script>/g, (_, source) => {
  const script = read(source);
  if (script.includes("</script")) throw new Error(`${source} would end its own element`);
  return `<script>\n${script}</script>`;
});
process.stdout.write(inlined);
