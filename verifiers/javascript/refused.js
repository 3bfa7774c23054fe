"use strict";
// What every check throws when it refuses, and which step of docs/format.md section 10 a refusal belongs to.
(function (vandel) {
  /** A refusal: the name of the check as the test vectors spell it, and where it failed. */
  class Refused extends Error {
    constructor(name, what = "", block = null, record = null) {
      super(what ? `${name}: ${what}` : name);
      this.name = name;
      this.what = what;
      this.block = block;
      this.record = record;
      // Which record a report names, and up to which one it cannot tell; set by the chain.
      this.names = null;
      this.through = null;
    }

    /** The same refusal, with the record that a report names for it. */
    naming(record) {
      this.names = record;
      return this;
    }

    under(prefix) {
      this.name = `${prefix}.${this.name}`;
      return this;
    }

    toString() {
      return this.what ? `${this.name}: ${this.what}` : this.name;
    }
  }

  // A name that ends in a dot stands for all that begin so; the first that fits decides.
  const STEPS = [
    ["V1", "TooLong", "Truncated", "Trailing", "UnknownVersion", "BadValue", "BadBody", "NotCanonical"],
    ["V2", "Open.NotOpened", "OtherLedger"],
    ["V3", "BlockPosition", "BlockPrevious"],
    ["V4", "NotTheStartedSequencer", "Sequencer."],
    ["V5", "RecordPrevious"],
    ["V6", "TimeRunsBack"],
    ["V8", "SeenSize", "SeenRoot"],
    ["V9", "Author."],
    ["V10", "Open.SignatureCount", "Open.Key.", "Open.SamePerson", "Open.Role"],
    ["V11", "Open.StartNotFirst", "Open.OpenedAgain"],
    ["V12", "Open."],
    ["V13", "Signature.Author.", "Signature.Second."],
    ["V14", "Signature.Block."],
    ["V15", "Log.", "Tiles."],
    ["V16", "Checkpoint.", "Receipt.", "Remembered."],
    ["V17", "Trust."],
    ["V18", "Commitment", "PartHash", "NoSpine", "Part.", "Shape."],
    ["V19", "Coverage."],
  ];

  function stepOf(name, record) {
    if (/^(?:Certificate|Dossier)\./.test(name)) return name.split(".")[1];
    if (name === "Ledger") return record === null ? "V3" : "V7";
    if (name === "RecordNumber") return record === null ? "V3" : "V5";
    const fits = (one) => name === one || (one.endsWith(".") && name.startsWith(one));
    const found = STEPS.find(([, ...names]) => names.some(fits));
    return found ? found[0] : "";
  }

  Object.assign(vandel, { Refused, stepOf });
})((globalThis.vandel ??= {}));
