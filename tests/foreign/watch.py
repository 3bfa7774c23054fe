"""A dashboard in Python, with the official client: what it gets, and what it is refused.

usage: watch.py URL CA SEED INBOX LEDGER
Prints JSON lines: {"last": …}, {"live": …} and at the end {"refused": N}. Stops after three live events.
"""

import asyncio
import json
import ssl
import sys

import nats

URL, CA, SEED, INBOX, LEDGER = sys.argv[1:6]
PATIENCE = 60
OPS = f"vandel.{LEDGER}.feed.ops.>"
LAST = f"$JS.API.DIRECT.GET.VANDEL_FEED.vandel.{LEDGER}.feed.ops.heartbeat"

FORBIDDEN_TO_WATCH = [
    f"vandel.{LEDGER}.feed.case.>",
    f"vandel.{LEDGER}.feed.>",
    f"vandel.{LEDGER}.log",
    f"vandel.{LEDGER}.service.>",
    "_INBOX.>",
    "_INBOX_SEQUENCER.>",
    "_INBOX_AUTHOR.>",
    "$SYS.>",
    "$JS.>",
    ">",
]
FORBIDDEN_TO_SAY = [
    f"vandel.{LEDGER}.log",
    f"vandel.{LEDGER}.checkpoint",
    f"vandel.{LEDGER}.feed.ops.heartbeat",
    f"vandel.{LEDGER}.feed.case.recorded",
    f"vandel.{LEDGER}.service.submit",
    "$JS.API.INFO",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.INFO.VANDEL_FEED",
    "$JS.API.STREAM.DELETE.VANDEL_FEED",
    "$JS.API.STREAM.PURGE.VANDEL_FEED",
    "$JS.API.STREAM.UPDATE.VANDEL_FEED",
    "$JS.API.CONSUMER.CREATE.VANDEL_FEED",
    "$JS.API.STREAM.MSG.GET.VANDEL_FEED",
    "$SRV.PING",
    "$SYS.REQ.SERVER.PING",
]


def say(value):
    print(json.dumps(value), flush=True)


async def connect(on_error):
    with open(SEED, encoding="ascii") as file:
        seed = file.read().strip()
    return await nats.connect(
        URL,
        tls=ssl.create_default_context(cafile=CA),
        nkeys_seed_str=seed,
        inbox_prefix=INBOX.encode(),
        error_cb=on_error,
        connect_timeout=PATIENCE,
        allow_reconnect=False,
    )


async def main():
    refusals = asyncio.Queue()

    async def on_error(error):
        await refusals.put(str(error).lower())

    client = await connect(on_error)
    live = await client.subscribe(OPS)
    last = await client.request(LAST, b"", timeout=PATIENCE)
    say({"last": json.loads(last.data)})
    for _ in range(3):
        message = await live.next_msg(timeout=PATIENCE)
        headers = message.headers or {}
        say({"live": json.loads(message.data), "subject": message.subject, "type": headers.get("Content-Type")})
    refused = 0
    for forbidden, attempt in [(FORBIDDEN_TO_WATCH, client.subscribe), (FORBIDDEN_TO_SAY, client.publish)]:
        for subject in forbidden:
            if attempt == client.publish:
                await attempt(subject, b"{}")
            else:
                await attempt(subject)
            await client.flush()
            words = await asyncio.wait_for(refusals.get(), PATIENCE)
            assert "permissions violation" in words and f'"{subject.lower()}"' in words, (subject, words)
            refused += 1
    say({"refused": refused})
    await client.close()


asyncio.run(main())
