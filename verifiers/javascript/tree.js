"use strict";
// The tree and its proofs (docs/format.md section 5.3).
(function (vandel) {
  const { Refused, digest, equal } = vandel;
  const leafHash = (record) => digest(Uint8Array.of(0), record);
  const nodeHash = (left, right) => digest(Uint8Array.of(1), left, right);

  /** The roots of the full subtrees along the right edge: enough to append and to give the root. */
  class Frontier {
    constructor(size = 0, peaks = []) {
      this.size = size;
      this.peaks = peaks; // [height, hash], from the left
    }

    copy() {
      return new Frontier(this.size, [...this.peaks]);
    }

    async append(leaf) {
      let [height, node] = [0, leaf];
      while (this.peaks.length && this.peaks.at(-1)[0] === height) {
        node = await nodeHash(this.peaks.pop()[1], node);
        height += 1;
      }
      this.peaks.push([height, node]);
      this.size += 1;
    }

    async root() {
      if (!this.peaks.length) return digest();
      let node = this.peaks.at(-1)[1];
      for (const [, left] of this.peaks.slice(0, -1).reverse()) node = await nodeHash(left, node);
      return node;
    }
  }

  /** RFC 9162 section 2.1.3.2. Index and size are BigInts. */
  async function checkInclusion(leaf, index, size, root, proof) {
    if (!equal(await rootOfPath(leaf, index, size, proof), root)) {
      throw new Refused("RootDiffers", "the proof leads to another root");
    }
  }

  /** The root that a leaf and its audit path lead to. */
  async function rootOfPath(leaf, index, size, proof) {
    if (index >= size) throw new Refused("NoSuchLeaf", `leaf ${index} of ${size}`);
    let [at, last, node] = [index, size - 1n, leaf];
    for (const sibling of proof) {
      if (last === 0n) throw new Refused("TooLong", "the proof has a hash too many");
      if (at & 1n || at === last) {
        node = await nodeHash(sibling, node);
        while (!(at & 1n) && at) [at, last] = [at >> 1n, last >> 1n];
      } else {
        node = await nodeHash(node, sibling);
      }
      [at, last] = [at >> 1n, last >> 1n];
    }
    if (last) throw new Refused("TooShort", "the proof lacks a hash");
    return node;
  }

  /** RFC 9162 section 2.1.4.2, and the two cases that it leaves out: from nothing, and of itself. */
  async function checkConsistency(oldSize, oldRoot, newSize, newRoot, proof) {
    if (oldSize > newSize) throw new Refused("Shrinking", "the tree got smaller");
    if (oldSize === 0n && !equal(oldRoot, await digest())) throw new Refused("EmptyRootDiffers", "the empty tree has one root");
    if (oldSize === 0n || oldSize === newSize) {
      if (proof.length) throw new Refused("TooLong", "nothing is to be proved");
      if (oldSize === newSize && !equal(oldRoot, newRoot)) throw new Refused("Fork", "two trees of one size");
      return;
    }
    let [at, last] = [oldSize - 1n, newSize - 1n];
    while (at & 1n) [at, last] = [at >> 1n, last >> 1n];
    const isPower = (oldSize & (oldSize - 1n)) === 0n;
    const path = isPower ? [oldRoot, ...proof] : proof;
    if (!path.length) throw new Refused("TooShort", "the proof lacks a hash");
    let [older, newer] = [path[0], path[0]];
    for (const sibling of path.slice(1)) {
      if (last === 0n) throw new Refused("TooLong", "the proof has a hash too many");
      if (at & 1n || at === last) {
        [older, newer] = [await nodeHash(sibling, older), await nodeHash(sibling, newer)];
        while (!(at & 1n) && at) [at, last] = [at >> 1n, last >> 1n];
      } else {
        newer = await nodeHash(newer, sibling);
      }
      [at, last] = [at >> 1n, last >> 1n];
    }
    if (last) throw new Refused("TooShort", "the proof lacks a hash");
    if (!equal(older, oldRoot)) throw new Refused("OldRootDiffers", "the proof is of another older tree");
    if (!equal(newer, newRoot)) throw new Refused("NewRootDiffers", "the proof is of another newer tree");
  }

  Object.assign(vandel, { Frontier, checkConsistency, checkInclusion, leafHash, rootOfPath });
})((globalThis.vandel ??= {}));
