"use strict";
// Files that are verified alone: segments, proofs, checkpoints, dossiers, certificates.
(function (vandel) {
  const { PROOF_HEAD, Refused, Verdict, holds, toText } = vandel;

  /** A file of no kind that is known here, or without the form of its kind: exit 2. */
  class Unreadable extends Error {}

  /** Whether a text begins with a name and a size, and has a signature after an empty line. */
  const isCheckpoint = (text) => /^[^\n]*\n[0-9]+\n.*\n\n\u2014 /s.test(text);

  /** Opens a checkpoint by a trust file alone. Not signed by its log: not proven. */
  async function openAlone(verdict, note, trust) {
    let checkpoint;
    const isOpened = await holds(
      async () => (checkpoint = await vandel.openCheckpoint(note, trust.keys)),
      (refused) => {
        if (["Signature.Unsigned", "NotByLog"].includes(refused.name)) verdict.notProven.push(`the checkpoint: ${refused}`);
        else verdict.add(refused);
      },
    );
    if (!isOpened) return null;
    const { origin, size, root } = checkpoint;
    Object.assign(verdict, { origin, size, root: vandel.toHex(root) });
    verdict.anchor = trust.asksForWitnesses ? "witnessed" : "operator";
    if (!trust.isMet(checkpoint.cosigners)) {
      verdict.notProven.push("the witnesses that cosigned do not make the trust file's quorum");
    }
    return checkpoint;
  }

  async function readable(read) {
    try {
      return await read();
    } catch (error) {
      throw error instanceof Refused ? new Unreadable(String(error)) : error;
    }
  }

  async function verifyProof(data, trust) {
    const proof = await readable(() => vandel.readProof(data));
    const verdict = new Verdict("proof");
    const checkpoint = await openAlone(verdict, proof.checkpoint, trust);
    if (checkpoint) {
      await holds(
        () => vandel.checkInclusion(proof.hash, proof.record, checkpoint.size, checkpoint.root, proof.path),
        (refused) => verdict.add(refused.under("Inclusion"), proof.record),
      );
    }
    verdict.counts = { record: Number(proof.record) };
    verdict.notChecked.push("the record's content: the proof holds its hash alone");
    return verdict;
  }

  /** Whether bytes begin with a text, whatever follows. */
  const begins = (data, start) => toText(data.subarray(0, start.length)) === start;

  const isSealed = (data) => begins(data, '{"type":"vandel-sealed-dossier/');

  /** The verdict on a file, by what it begins with. */
  async function verifyFile(data, brought) {
    const text = toText(data) ?? "";
    const isSegment = toText(data.subarray(0, 8)) === "VANDLOG1";
    if (isSegment) return vandel.verifyLog(vandel.readLog([{ name: `segment-${"0".repeat(20)}.vlog`, data }]), brought);
    if (begins(data, '{"type":"vandel-dossier/')) return vandel.verifyDossier(data, brought);
    if (isSealed(data)) {
      throw new Unreadable("the dossier is sealed: open it first");
    }
    if (!brought.trust) throw new Unreadable("a trust file is needed");
    if (text.startsWith(PROOF_HEAD)) return verifyProof(data, brought.trust);
    if (/^[ \t\r\n]*\{/.test(text)) return readable(() => vandel.verifyCertificate(text, brought.trust));
    if (isCheckpoint(text)) {
      const verdict = new Verdict("checkpoint");
      await openAlone(verdict, data, brought.trust);
      return verdict;
    }
    throw new Unreadable("neither a segment, a proof, a dossier, a certificate nor a checkpoint");
  }

  Object.assign(vandel, { Unreadable, isSealed, isCheckpoint, openAlone, verifyFile });
})((globalThis.vandel ??= {}));
