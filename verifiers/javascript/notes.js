"use strict";
// Signed notes, checkpoints, cosignatures, trust files and proofs (docs/format.md section 9; C2SP).
(function (vandel) {
  const { Refused, WHITE_SPACE, digest, equal, fromBase64, number, toHex, toText, utf8 } = vandel;
  const NOTE_MAX = 65536;
  const SIGNATURES_MAX = 100;
  const CHECKPOINT_KEY = 1;
  const COSIGNATURE_KEY = 4;

  /** A number of at most 64 bits without sign or leading zeros, or null. */
  function decimal(text) {
    if (!/^(?:0|[1-9][0-9]{0,19})$/.test(text)) return null;
    const value = BigInt(text);
    return value >> 64n ? null : value;
  }

  /** 32 bytes in base64, or null. */
  function decodeHash(text) {
    const data = fromBase64(text);
    return data?.length === 32 ? data : null;
  }

  const isName = (text) => text !== "" && !text.includes("+") && !WHITE_SPACE.test(text);

  /** A key that notes are verified with. */
  async function verifierKey(name, kind, key) {
    const id = (await digest(name, "\n", Uint8Array.of(kind), key)).subarray(0, 4);
    return { name, kind, key, id: toHex(id) };
  }

  /** Reads `name+id+base64`; gives null if it is none. */
  async function readKey(text) {
    const [, name, id, encoded] = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(text) ?? [];
    const data = encoded === undefined ? null : fromBase64(encoded);
    if (data?.length !== 33 || !isName(name)) return null;
    const key = await verifierKey(name, data[0], data.subarray(1));
    return key.id === id ? key : null;
  }

  function textOf(data, limit, what) {
    if (data.length > limit) throw new Refused("Note.TooLong", what);
    const text = toText(data);
    if (text === null) throw new Refused("Note.NotUtf8", what);
    return text;
  }

  /** Reads a signed note: its text, and name, id and bytes of each signature. */
  function readNote(data) {
    const whole = textOf(data, NOTE_MAX, "note");
    if (/[\x00-\x09\x0b-\x1f]/.test(whole)) {
      throw new Refused("Note.ControlCharacter", "a note has no control characters but line breaks");
    }
    if (!whole.endsWith("\n")) throw new Refused("Note.Unended", "the last line is not ended");
    const at = whole.lastIndexOf("\n\n");
    const lines = whole.slice(at + 2);
    if (at < 0 || !lines) throw new Refused("Note.NoSeparator", "an empty line parts text and signatures");
    const signatures = lines.slice(0, -1).split("\n").map((line) => {
      const [dash, name, encoded, ...more] = line.split(" ");
      const bytes = encoded === undefined || more.length ? null : fromBase64(encoded);
      if (dash !== "\u2014" || !bytes || bytes.length < 5 || !isName(name)) throw new Refused("Note.SignatureLine", line);
      return { name, id: toHex(bytes.subarray(0, 4)), signature: bytes.subarray(4) };
    });
    if (signatures.length > SIGNATURES_MAX) throw new Refused("Note.TooManySignatures", String(signatures.length));
    return { text: whole.slice(0, at + 1), signatures };
  }

  /** Reads a checkpoint's text. */
  async function readCheckpoint(text) {
    const lines = text.split("\n");
    if (lines.length < 4) throw new Refused("Checkpoint.Lines", "origin, size and root, one a line");
    const [origin, sizeText, rootText, ...more] = lines;
    if (!origin) throw new Refused("Checkpoint.Origin", "it has none");
    const [size, root] = [decimal(sizeText), decodeHash(rootText)];
    if (size === null) throw new Refused("Checkpoint.Size", sizeText);
    if (root === null) throw new Refused("Checkpoint.Root", rootText);
    if (size === 0n && !equal(root, await digest())) throw new Refused("Checkpoint.EmptyRoot", "the empty tree has one root");
    if (more.slice(0, -1).includes("")) throw new Refused("Checkpoint.Lines", "an extension line is not empty");
    return { origin, size, root, cosigners: [] };
  }

  /** Verifies a signed checkpoint by the keys that the reader knows: the log's own must be among its signers. */
  async function openCheckpoint(data, keys) {
    const note = readNote(data);
    const checkpoint = await readCheckpoint(note.text);
    let [isByLog, isByAnyKnown] = [false, false];
    for (const { name, id, signature } of note.signatures) {
      const key = keys.find((known) => known.name === name && known.id === id);
      if (!key) continue;
      isByAnyKnown = true;
      if (key.kind === CHECKPOINT_KEY) {
        await verifyLine(key, utf8(note.text), signature);
        isByLog ||= name === checkpoint.origin;
      } else if (key.kind === COSIGNATURE_KEY) {
        const second = signature.length === 72 ? number(signature.subarray(0, 8)) : 0n;
        await verifyLine(key, utf8(`cosignature/v1\ntime ${second}\n${note.text}`), signature.subarray(8));
        if (!checkpoint.cosigners.includes(key)) checkpoint.cosigners.push(key);
      }
    }
    if (!isByAnyKnown) throw new Refused("Signature.Unsigned", "no key that is known here signed it");
    if (!isByLog) throw new Refused("NotByLog", "the log itself did not sign it");
    return checkpoint;
  }

  async function verifyLine(key, message, signature) {
    if (signature.length !== 64) throw new Refused("Signature.Mismatch", `the signature of ${key.name} has another length`);
    await vandel.under("Signature", vandel.verifySignature(key.key, message, signature));
  }

  /** Whom an auditor trusts. */
  class Trust {
    constructor() {
      Object.assign(this, { logs: [], witnesses: new Map(), groups: new Map(), quorum: null });
    }

    get asksForWitnesses() {
      return this.quorum !== "none";
    }

    get keys() {
      return [...this.logs, ...this.witnesses.values()];
    }

    /** Whether keys that cosigned make the quorum. */
    isMet(cosigners, name = this.quorum) {
      if (name === "none") return true;
      const witness = this.witnesses.get(name);
      if (witness) return cosigners.includes(witness);
      const { threshold, members } = this.groups.get(name);
      return members.filter((member) => this.isMet(cosigners, member)).length >= threshold;
    }

    knows(name) {
      return this.witnesses.has(name) || this.groups.has(name);
    }
  }

  /** Reads a trust file. */
  async function readTrust(data) {
    const whole = textOf(data, NOTE_MAX, "trust file");
    if (whole && !whole.endsWith("\n")) throw new Refused("Unended", "the last line is not ended");
    const trust = new Trust();
    for (const line of whole.split("\n")) {
      const words = line.split(/[ \t]+/).filter((word) => word);
      if (words.length && !words[0].startsWith("#")) await readLine(trust, words);
    }
    if (trust.quorum === null) throw new Refused("NoQuorum", "a quorum line must be there");
    return trust;
  }

  async function readLine(trust, [keyword, ...rest]) {
    const counts = { log: [1, 2], witness: [2, 3], group: [3, Infinity], quorum: [1, 1] };
    if (!Object.hasOwn(counts, keyword)) throw new Refused("Line.Keyword", keyword);
    const [least, most] = counts[keyword];
    if (rest.length < least || rest.length > most) throw new Refused("Line.Words", rest.join(" "));
    const [name] = rest;
    if (keyword === "log") {
      trust.logs.push(await lineKey(trust, name, CHECKPOINT_KEY));
    } else if (keyword === "witness") {
      mustBeNewName(trust, name);
      trust.witnesses.set(name, await lineKey(trust, rest[1], COSIGNATURE_KEY));
    } else if (keyword === "group") {
      readGroup(trust, ...rest);
    } else {
      if (trust.quorum !== null) throw new Refused("Line.SecondQuorum", name);
      if (name !== "none" && !trust.knows(name)) throw new Refused("Line.UnknownName", name);
      trust.quorum = name;
    }
  }

  async function lineKey(trust, text, kind) {
    const key = await readKey(text);
    if (!key) throw new Refused("Line.Key", text);
    if (key.kind !== kind) throw new Refused("Line.KeyKind", text);
    if (trust.keys.some((known) => equal(known.key, key.key))) throw new Refused("Line.DuplicateKey", text);
    return key;
  }

  function mustBeNewName(trust, name) {
    if (name === "none" || trust.knows(name)) throw new Refused("Line.DuplicateName", name);
  }

  function readGroup(trust, name, thresholdText, ...members) {
    mustBeNewName(trust, name);
    const unknown = members.find((member) => !trust.knows(member));
    if (unknown !== undefined) throw new Refused("Line.UnknownName", unknown);
    if (new Set(members).size !== members.length) throw new Refused("Line.MemberTwice", name);
    const words = { any: 1n, all: BigInt(members.length) };
    const threshold = Object.hasOwn(words, thresholdText) ? words[thresholdText] : decimal(thresholdText);
    if (!threshold || threshold > BigInt(members.length)) throw new Refused("Line.Threshold", thresholdText);
    trust.groups.set(name, { threshold: Number(threshold), members });
  }

  const PROOF_HEAD = "c2sp.org/tlog-proof@v1";

  /** Reads a `.tlog-proof`: a record's place and hash, its audit path, and the signed checkpoint. */
  function readProof(data) {
    const whole = textOf(data, 2 * NOTE_MAX, "proof");
    const at = whole.indexOf("\n\n");
    const [head, extra, index, ...nodes] = whole.slice(0, Math.max(at, 0)).split("\n");
    const hash = /^extra [^ ]*$/.test(extra) ? decodeHash(extra.slice(6)) : null;
    const record = /^index [^ ]*$/.test(index) ? decimal(index.slice(6)) : null;
    const path = nodes.map(decodeHash);
    if (at < 0 || head !== PROOF_HEAD || hash === null || record === null || path.includes(null) || path.length > 63) {
      throw new Refused("Proof.Form", "a line is not what it should be");
    }
    return { record, hash, path, checkpoint: utf8(whole.slice(at + 2)) };
  }

  Object.assign(vandel, {
    CHECKPOINT_KEY, PROOF_HEAD, openCheckpoint, readCheckpoint, readKey, readNote, readProof, readTrust, verifierKey,
  });
})((globalThis.vandel ??= {}));
