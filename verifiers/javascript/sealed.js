"use strict";
// Sealed dossiers, opened with their recipient's key or passphrase (docs/dossier.md; RFC 9180, RFC 7914).
(function (vandel) {
  const { Verdict, ZERO, equal, fault, fromHex, join, toText, utf8 } = vandel;
  const subtle = globalThis.crypto.subtle;
  const FORM = "vandel-sealed-dossier/1";
  // What RFC 8410 puts before the 32 bytes of a private X25519 key.
  const PRIVATE = fromHex("302e020100300506032b656e04220420");
  const COST_MAX = { log_n: 20n, r: 8n, p: 4n };
  const KEM = join("KEM", Uint8Array.of(0, 0x20));
  const HPKE = join("HPKE", Uint8Array.of(0, 0x20, 0, 1, 0, 2));

  /** Nothing was brought that opens it: exit 6. */
  class NotAuthorised extends Error {}

  async function hmac(secret, ...parts) {
    const key = await subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return new Uint8Array(await subtle.sign("HMAC", key, join(...parts)));
  }

  const extract = (suite, salt, label, ikm) => hmac(salt ?? ZERO, "HPKE-v1", suite, label, ikm);

  /** At most 32 bytes are asked for: one block of HKDF. */
  async function expand(suite, secret, label, info, length) {
    const block = await hmac(secret, Uint8Array.of(0, length), "HPKE-v1", suite, label, info, Uint8Array.of(1));
    return block.subarray(0, length);
  }

  function privateBytes(pem) {
    const [, body] = /-----BEGIN PRIVATE KEY-----([^]*?)-----END PRIVATE KEY-----/.exec(toText(pem) ?? "") ?? [];
    const der = body === undefined ? null : vandel.fromBase64(body.replace(/\s/g, ""));
    const isKey = der?.length === PRIVATE.length + 32 && equal(der.subarray(0, PRIVATE.length), PRIVATE);
    if (!isKey) throw new vandel.Unreadable("the file holds no X25519 private key in PEM");
    return der;
  }

  /** Key and nonce of the first message (RFC 9180 sections 4.1 and 5.1, base mode). */
  async function receive(der, encapsulated) {
    const key = await subtle.importKey("pkcs8", der, { name: "X25519" }, true, ["deriveBits"]);
    const { x } = await subtle.exportKey("jwk", key);
    const own = vandel.fromBase64(`${x.replace(/-/g, "+").replace(/_/g, "/")}=`);
    const theirs = await subtle.importKey("raw", encapsulated, { name: "X25519" }, true, []);
    const raw = new Uint8Array(await subtle.deriveBits({ name: "X25519", public: theirs }, key, 256));
    if (equal(raw, ZERO)) throw new Error("a key of small order");
    const shared = await expand(KEM, await extract(KEM, null, "eae_prk", raw), "shared_secret", join(encapsulated, own), 32);
    const hashes = [await extract(HPKE, null, "psk_id_hash", ""), await extract(HPKE, null, "info_hash", FORM)];
    const schedule = join(Uint8Array.of(0), ...hashes);
    const secret = await extract(HPKE, shared, "secret", "");
    return [await expand(HPKE, secret, "key", schedule, 32), await expand(HPKE, secret, "base_nonce", schedule, 12)];
  }

  async function decrypt(key, nonce, sealed, associated) {
    const cipher = await subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
    return new Uint8Array(await subtle.decrypt({ name: "AES-GCM", iv: nonce, additionalData: associated }, cipher, sealed));
  }

  /** The passphrase in a file: its first line. */
  function firstLine(data) {
    const end = data.indexOf(10);
    const line = end < 0 ? data : data.subarray(0, end);
    const word = toText(line)?.replace(/\r$/, "");
    if (!word) throw new vandel.Unreadable("the first line of the file is no passphrase");
    return utf8(word);
  }

  /**
   * The dossier inside, or a verdict if the file does not have the form. `key` is a PEM file, `passphrase` a file;
   * `scrypt` derives a key where there is one that can (browsers have none).
   */
  async function unseal(data, { key, passphrase, scrypt }) {
    let sealed;
    try {
      sealed = vandel.readSealed(data);
    } catch (error) {
      if (!(error instanceof vandel.Malformed)) throw error;
      const verdict = new Verdict("dossier");
      verdict.add(fault("malformed", error.message));
      return verdict;
    }
    const { recipient, expires, lock } = sealed;
    if (!key && !passphrase) {
      throw new NotAuthorised(`the dossier is sealed, for ${recipient}: its key or passphrase is needed`);
    }
    const der = key && privateBytes(key);
    const word = passphrase && firstLine(passphrase);
    const associated = utf8(`${FORM}\n${recipient}\n${expires}`);
    if ((lock === "x25519") !== Boolean(der)) throw new NotAuthorised(`it is sealed to another sort of lock: ${lock}`);
    const isTooDear = word && Object.entries(COST_MAX).some(([name, most]) => sealed[name] > most);
    if (isTooDear) throw new vandel.Unreadable("its scrypt cost is out of bounds");
    if (word && !scrypt) throw new NotAuthorised("a passphrase is opened by the command line alone");
    try {
      if (der) return await decrypt(...(await receive(der, sealed.encapsulated)), sealed.sealed, associated);
      return await decrypt(scrypt(word, sealed), sealed.sealed.subarray(0, 12), sealed.sealed.subarray(12), associated);
    } catch {
      throw new NotAuthorised("it does not open: the passphrase or key is another one, or the file was changed");
    }
  }

  Object.assign(vandel, { NotAuthorised, unseal });
})((globalThis.vandel ??= {}));
