"use strict";
// Bytes, text, hashes and domains (docs/format.md sections 1 and 1.2).
(function (vandel) {
  const subtle = globalThis.crypto.subtle;
  const encoder = new TextEncoder();

  /** The bytes of parts, run together. A part is bytes or text. */
  function join(...parts) {
    const all = parts.map((part) => (typeof part === "string" ? encoder.encode(part) : part));
    const joined = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of all) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  }

  /** SHA-256 over the parts, joined. */
  async function digest(...parts) {
    return new Uint8Array(await subtle.digest("SHA-256", join(...parts)));
  }

  /** The bytes that begin what is hashed or signed for one purpose. */
  const domain = (name) => encoder.encode(`vandel/v1/${name}\0`);

  const equal = (a, b) => a.length === b.length && a.every((byte, index) => byte === b[index]);
  const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

  /** The bytes of lower-case hexadecimal digits, or null. */
  function fromHex(text) {
    if (!/^(?:[0-9a-f]{2})*$/.test(text)) return null;
    return Uint8Array.from({ length: text.length / 2 }, (_, at) => parseInt(text.slice(2 * at, 2 * at + 2), 16));
  }

  /** Big-endian. */
  const number = (bytes) => bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);

  /** A number of 64 bits, big-endian. */
  const u64 = (value) => Uint8Array.from({ length: 8 }, (_, at) => Number((BigInt(value) >> BigInt(56 - 8 * at)) & 255n));

  /** Strict UTF-8, or null. */
  function toText(bytes) {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return null;
    }
  }

  function toBase64(bytes) {
    // In pieces, since a call takes only so many arguments.
    const pieces = [];
    for (let at = 0; at < bytes.length; at += 8192) pieces.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
    return btoa(pieces.join(""));
  }

  /** The bytes of canonical base64 with padding, or null. */
  function fromBase64(text) {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4) return null;
    let bytes;
    try {
      bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    } catch {
      return null;
    }
    return toBase64(bytes) === text ? bytes : null;
  }

  // Unicode's property White_Space.
  const WHITE_SPACE = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
  const CONTROL = /[\x00-\x1f\x7f-\x9f]/;
  const isBlank = (text) => [...text].every((character) => WHITE_SPACE.test(character));

  Object.assign(vandel, {
    CONTROL, EMPTY: new Uint8Array(0), WHITE_SPACE, ZERO: new Uint8Array(32), digest, domain, equal, fromBase64, fromHex,
    isBlank, join, number, toBase64, toHex, toText, u64, utf8: (text) => encoder.encode(text),
  });
})((globalThis.vandel ??= {}));
