"use strict";
// A tiles folder as a log (docs/format.md section 5.5).
(function (vandel) {
  const { EMPTY, Frontier, Log, Refused, Verdict, equal, holds, join, leafHash, number } = vandel;
  const WIDTH = 256;
  const HEAD = 118; // of a block, before its records
  const FRAME = HEAD + 64;

  /** `tile/0/x001/234`, or `tile/0/x001/234.p/7` for what does not fill a file. */
  function pathOf(series, index, width) {
    const groups = [String(index % 1000).padStart(3, "0")];
    for (let rest = Math.floor(index / 1000); rest; rest = Math.floor(rest / 1000)) {
      groups.unshift(`x${String(rest % 1000).padStart(3, "0")}`);
    }
    return `${series}/${groups.join("/")}${width === WIDTH ? "" : `.p/${width}`}`;
  }

  /** Files given by path: `read` gives bytes or null, `names` the names in a folder or null. */
  const givenFiles = (files) => ({
    read: (path) => files.get(path) ?? null,
    names(folder) {
      const below = [...files.keys()].filter((path) => path.startsWith(`${folder}/`));
      return below.length ? below.map((path) => path.slice(folder.length + 1).split("/")[0]) : null;
    },
  });

  /** Puts blocks together from frames and entries, until as many records are there as the checkpoint has. */
  class Reader {
    constructor(files, size, log) {
      Object.assign(this, { files, size, log, frames: [], frameFiles: 0, entries: [], entryFiles: 0, hashes: [] });
    }

    async read() {
      while (this.hashes.length < this.size) {
        if (!this.frames.length) this.readFrames();
        const frame = this.frames.shift();
        const count = Number(number(frame.subarray(82, 86)));
        while (this.entries.length < count) this.readEntries();
        const records = this.entries.splice(0, count);
        const led = [];
        for (const record of records) {
          this.hashes.push(await leafHash(record));
          led.push(vandel.u64(record.length).subarray(4), record);
        }
        this.log.blocks.push(join(frame.subarray(0, HEAD), ...led, frame.subarray(HEAD)));
      }
    }

    readFrames() {
      const series = "vandel/blocks";
      let [width, path] = [WIDTH, pathOf(series, this.frameFiles, WIDTH)];
      let data = this.files.read(path);
      if (!data) {
        const names = new Set(this.files.names(`${path}.p`) ?? []);
        for (width = WIDTH - 1; width && !names.has(String(width)); ) width -= 1;
        path = pathOf(series, this.frameFiles, width);
        data = width ? this.files.read(path) : null;
      }
      if (!data) throw new Refused("Tiles.BlocksEnd", `the blocks end after ${this.hashes.length} of ${this.size} records`);
      if (data.length !== width * FRAME) throw new Refused("Tiles.Blocks", `${path} does not hold ${width} blocks and nothing more`);
      for (let at = 0; at < data.length; at += FRAME) this.frames.push(data.subarray(at, at + FRAME));
      this.frameFiles += 1;
    }

    readEntries() {
      const first = this.entryFiles * WIDTH;
      if (first >= this.size) throw new Refused("Tiles.BlocksBeyond", `the blocks ask for more records than ${this.size}`);
      const width = Math.min(this.size - first, WIDTH);
      for (const [series, lengthBytes] of [["tile/entries", 2], ["vandel/entries", 4]]) {
        const path = pathOf(series, this.entryFiles, width);
        const data = this.files.read(path);
        if (!data) continue;
        this.entries.push(...cut(data, width, lengthBytes, path));
        this.entryFiles += 1;
        return;
      }
      throw new Refused("Tiles.Missing", `${pathOf("tile/entries", this.entryFiles, width)} is missing`);
    }
  }

  /** The entries of a bundle. */
  function cut(data, width, lengthBytes, path) {
    const entries = [];
    let at = 0;
    for (let count = 0; count < width && at <= data.length; count += 1) {
      const length = Number(number(data.subarray(at, at + lengthBytes)));
      at += lengthBytes;
      entries.push(data.subarray(at, at + length));
      at += length;
    }
    if (at !== data.length || entries.length !== width) {
      throw new Refused("Tiles.Entries", `${path} does not hold ${width} entries and nothing more`);
    }
    return entries;
  }

  async function rootOf(leaves) {
    const tree = new Frontier();
    for (const leaf of leaves) await tree.append(leaf);
    return tree.root();
  }

  /** Every hash tile against the records, level by level. */
  async function checkHashes(files, records) {
    for (let [level, hashes] = [0, records]; hashes.length; level += 1) {
      const above = [];
      for (let at = 0; at < hashes.length; at += WIDTH) {
        const run = hashes.slice(at, at + WIDTH);
        const path = pathOf(`tile/${level}`, at / WIDTH, run.length);
        const found = files.read(path);
        if (!found) throw new Refused("Tiles.Missing", `${path} is missing`);
        if (!equal(found, join(...run))) throw new Refused("Tiles.Hashes", `${path} is not the tile of these records`);
        if (run.length === WIDTH) above.push(await rootOf(run));
      }
      hashes = above;
    }
  }

  /** The blocks, and how the folder ends: whole, damaged, or without blocks (null). */
  async function readTiles(files) {
    const log = new Log();
    const broken = (isNext) => (refused) => log.damaged(refused.what, isNext, refused.name);
    let size = 0;
    const isReadable = await holds(
      async () => ({ size } = await vandel.readCheckpoint(vandel.readNote(files.read("checkpoint") ?? EMPTY).text)),
      (refused) => log.damaged(`no checkpoint that can be read: ${refused}`, false, "Tiles.Checkpoint"),
    );
    if (!isReadable) return log;
    if (!files.names("vandel/blocks")) return null;
    const reader = new Reader(files, Number(size), log);
    const isRead = await holds(() => reader.read(), broken(true));
    if (isRead) await holds(() => checkHashes(files, reader.hashes), broken(false));
    return log;
  }

  /** The verdict on a tiles folder. `known` gives the chain after blocks that were judged before. */
  async function verifyTiles(files, brought, known = null) {
    const log = await readTiles(files);
    if (log) return vandel.verifyLog(log, brought, known && known(log.blocks));
    const verdict = new Verdict("log");
    verdict.notProven.push("the folder has no vandel/blocks: nothing by which their signatures could be verified");
    return verdict;
  }

  /** The chain after those blocks that are the first of others, of which the chains are known. */
  function known(blocks, others, chains) {
    let alike = 0;
    while (alike < Math.min(blocks.length, others.length) && equal(blocks[alike], others[alike])) alike += 1;
    return chains[alike];
  }

  Object.assign(vandel, { givenFiles, known, verifyTiles });
})((globalThis.vandel ??= {}));
