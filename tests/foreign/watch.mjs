// A dashboard in JavaScript, with the official client: what it gets, and what it is refused.
//
// usage: NODE_EXTRA_CA_CERTS=CA node watch.mjs URL CA SEED INBOX LEDGER
// A wss:// address goes over WebSocket, as in a browser; any other over TCP. Prints JSON lines: {"last": …},
// {"live": …} and at the end {"refused": N}. Stops after three live events.

import { readFileSync } from "node:fs";
import { nkeyAuthenticator, wsconnect } from "@nats-io/nats-core";
import { connect as tcpconnect } from "@nats-io/transport-node";
import WebSocket from "ws";

const [url, ca, seed, inbox, ledger] = process.argv.slice(2);
const PATIENCE = 60_000;
const ops = `vandel.${ledger}.feed.ops.>`;
const lastOps = `$JS.API.DIRECT.GET.VANDEL_FEED.vandel.${ledger}.feed.ops.heartbeat`;

const forbiddenToWatch = [
  `vandel.${ledger}.feed.case.>`,
  `vandel.${ledger}.feed.>`,
  `vandel.${ledger}.log`,
  `vandel.${ledger}.service.>`,
  "_INBOX.>",
  "_INBOX_SEQUENCER.>",
  "$SYS.>",
  "$JS.>",
  ">",
];
const forbiddenToSay = [
  `vandel.${ledger}.log`,
  `vandel.${ledger}.checkpoint`,
  `vandel.${ledger}.feed.ops.heartbeat`,
  `vandel.${ledger}.feed.case.recorded`,
  `vandel.${ledger}.service.submit`,
  "$JS.API.INFO",
  "$JS.API.STREAM.DELETE.VANDEL_FEED",
  "$JS.API.STREAM.UPDATE.VANDEL_FEED",
  "$JS.API.CONSUMER.CREATE.VANDEL_FEED",
  "$SRV.PING",
  "$SYS.REQ.SERVER.PING",
];

const say = (value) => console.log(JSON.stringify(value));

const options = {
  servers: url,
  authenticator: nkeyAuthenticator(new TextEncoder().encode(readFileSync(seed, "ascii").trim())),
  inboxPrefix: inbox,
  reconnect: false,
  timeout: PATIENCE,
};

let nats;
if (url.startsWith("wss://")) {
  globalThis.WebSocket = WebSocket; // what a browser has
  nats = await wsconnect(options);
} else {
  nats = await tcpconnect({ ...options, tls: { caFile: ca } });
}

const refusals = [];
const waiting = [];
(async () => {
  for await (const status of nats.status()) {
    const words = String(status.error ?? status.data ?? "").toLowerCase();
    if (words.includes("permissions violation")) (waiting.shift() ?? ((it) => refusals.push(it)))(words);
  }
})();
const refusal = () =>
  new Promise((resolve, reject) => {
    if (refusals.length) return resolve(refusals.shift());
    waiting.push(resolve);
    setTimeout(() => reject(new Error("nothing was refused")), PATIENCE).unref();
  });

const live = nats.subscribe(ops, { max: 3 });
const last = await nats.request(lastOps, "", { timeout: PATIENCE });
say({ last: last.json() });
for await (const message of live) {
  say({ live: message.json(), subject: message.subject, type: message.headers?.get("Content-Type") });
}
let refused = 0;
const expectRefusal = async (subject) => {
  await nats.flush();
  const words = await refusal();
  if (!words.includes(subject.toLowerCase())) throw new Error(`${subject}: ${words}`);
  refused += 1;
};
for (const subject of forbiddenToWatch) {
  nats.subscribe(subject, { callback: () => {} });
  await expectRefusal(subject);
}
for (const subject of forbiddenToSay) {
  nats.publish(subject, "{}");
  await expectRefusal(subject);
}
say({ refused });
await nats.close();
process.exit(0);
