"use strict";
// Strict Ed25519 (docs/format.md section 1.3).
//
// WebCrypto computes the equation of RFC 8032. What one implementation or another lets pass and the format
// refuses is checked here: keys in another spelling or of small order, an R of small order or in another
// spelling, S not below L; and at enrolment keys outside the prime-order group.
(function (vandel) {
  const { Refused } = vandel;
  const P = 2n ** 255n - 19n;
  const L = 2n ** 252n + 27742317777372353535851937790883648493n;
  const mod = (value) => ((value % P) + P) % P;

  function power(base, exponent) {
    let result = 1n;
    base = mod(base);
    for (; exponent; exponent >>= 1n) {
      if (exponent & 1n) result = (result * base) % P;
      base = (base * base) % P;
    }
    return result;
  }

  const D = mod(-121665n * power(121666n, P - 2n));
  const ROOT_OF_MINUS_1 = power(2n, (P - 1n) / 4n);

  /** A square root, or null. */
  function squareRoot(square) {
    let root = power(square, (P + 3n) / 8n);
    if (mod(root * root - square)) root = (root * ROOT_OF_MINUS_1) % P;
    return mod(root * root - square) ? null : root;
  }

  const little = (bytes) => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);

  /** The complete addition law in extended coordinates (RFC 8032 section 5.1.4). */
  function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
    const a = mod((y1 - x1) * (y2 - x2));
    const b = mod((y1 + x1) * (y2 + x2));
    const c = mod(2n * t1 * t2 * D);
    const d = mod(2n * z1 * z2);
    const [e, f, g, h] = [b - a, d - c, d + c, b + a];
    return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
  }

  function multiply(scalar, point) {
    let result = [0n, 1n, 1n, 0n];
    for (; scalar; scalar >>= 1n) {
      if (scalar & 1n) result = add(result, point);
      point = add(point, point);
    }
    return result;
  }

  const isIdentity = ([x, y, z]) => mod(x) === 0n && mod(y - z) === 0n;

  /** The point that 32 bytes spell. */
  function pointOf(key) {
    const spelt = little(key);
    const sign = spelt >> 255n;
    const y = spelt & (2n ** 255n - 1n);
    if (y >= P || (sign && (y === 1n || y === P - 1n))) throw new Refused("NotCanonical", "a second spelling of a point");
    let x = squareRoot(mod((y * y - 1n) * power(D * y * y + 1n, P - 2n)));
    if (x === null) throw new Refused("NotOnCurve", "no point of the curve");
    if ((x & 1n) !== sign) x = P - x;
    return [x, y, 1n, mod(x * y)];
  }

  // A point of order eight doubles to one with y = 0: D y^4 + 2 y^2 - 1 = 0.
  const SMALL_ORDER_YS = new Set([0n, 1n, P - 1n]);
  for (const sign of [1n, -1n]) {
    const y = squareRoot(mod((sign * squareRoot(mod(1n + D)) - 1n) * power(D, P - 2n)));
    if (y !== null) SMALL_ORDER_YS.add(y).add(P - y);
  }

  const judged = new Map();

  /** What is known of a key: its point, its name in WebCrypto, or the refusal. */
  async function judge(key) {
    const name = vandel.toHex(key);
    if (!judged.has(name)) {
      const entry = { refused: null, imported: null, hasTorsion: null };
      try {
        entry.point = pointOf(key);
        if (isIdentity(multiply(8n, entry.point))) entry.refused = "SmallOrder";
        else entry.imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        entry.refused = error.name;
      }
      judged.set(name, entry);
    }
    return judged.get(name);
  }

  /** Refuses a key that may not be enrolled. */
  async function checkKey(key) {
    const entry = await judge(key);
    if (entry.refused === null && entry.hasTorsion === null) entry.hasTorsion = !isIdentity(multiply(L, entry.point));
    const refused = entry.refused ?? (entry.hasTorsion ? "Torsion" : null);
    if (refused) throw new Refused(refused, "the key is not sound");
  }

  /** Refuses a signature that is not strictly valid. */
  async function verify(key, message, signature) {
    const entry = await judge(key);
    if (entry.refused) throw new Refused(`Key.${entry.refused}`, "the signature does not hold");
    const y = little(signature.subarray(0, 32)) & (2n ** 255n - 1n);
    const isStrict = little(signature.subarray(32)) < L && y < P && !SMALL_ORDER_YS.has(y);
    if (!isStrict || !(await crypto.subtle.verify({ name: "Ed25519" }, entry.imported, signature, message))) {
      throw new Refused("Mismatch", "the signature does not hold");
    }
  }

  Object.assign(vandel, { checkKey, verifySignature: verify });
})((globalThis.vandel ??= {}));
