// The official parser of AsyncAPI reads a document with everything it refers to.
// usage: node asyncapi.mjs FILE; prints how many channels, operations and messages it found.

import { readFileSync } from "node:fs";
import { Parser, fromFile } from "@asyncapi/parser";

const file = process.argv[2];
const { document, diagnostics } = await fromFile(new Parser(), file).parse();
const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 0);
for (const { message, path } of errors) console.error(`${path.join("/")}: ${message}`);
if (errors.length || !document) {
  console.error(`${file} is no valid AsyncAPI document (${readFileSync(file).length} bytes)`);
  process.exit(1);
}
console.log(
  JSON.stringify({
    version: document.version(),
    channels: document.channels().all().length,
    operations: document.operations().all().length,
    messages: document.messages().all().length,
  }),
);
