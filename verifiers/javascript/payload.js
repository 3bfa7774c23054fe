"use strict";
// Sealed steps: parts, header, commitment and approval (docs/format.md sections 6 and 7; V18).
(function (vandel) {
  const { Cursor, Refused, digest, domain, equal, join, readBody, utf8 } = vandel;
  const { day, fields, flag, hash, id, key, list, nothing, oneOf, option, raw, signature, term, text, u32, u8 } = vandel.types;
  const PART_MAX = 262144;
  const TEXT_MAX = 8192;
  const LIST_MAX = 64;
  const KINDS = [
    "position_assessed", "case_opened", "information_given", "information_acknowledged", "consent_given",
    "consent_withdrawn", "candidate_withdrew", "extract_requested", "extract_shown", "extract_rejected",
    "extract_exempted", "copy_stored", "copy_returned", "authority_fetched", "assessment_made", "candidate_heard",
    "second_reviewed", "decision_made", "appeal_lodged", "appeal_settled", "legal_force_gained", "employment_started",
    "employment_moved", "employment_ended", "case_closed", "rectified", "reassigned", "held", "released", "restricted",
    "interrupted", "identity_changed", "record_read",
  ];
  const REGISTERS = ["criminal_records", "suspicions", "criminal_records_without_fines", "foreign"];
  const OCCASIONS = ["new_employment", "internal_move", "renewal", "assignment", "agency", "placement", "volunteer"];
  const COMPARTMENTS = ["spine", "identity", "process", "note", "copy", "assessment", "reads"];
  const registers = list(term(...REGISTERS));

  const numberOf = (isCoordination) => (reader) => {
    const value = text(reader);
    return isIdentityNumber(value, isCoordination) ? value : reader.bad("no identity number of this kind");
  };

  function isIdentityNumber(value, isCoordination) {
    if (!/^[0-9]{12}$/.test(value) || value.slice(8, 11) === "000") return false;
    const [year, month] = [Number(value.slice(0, 4)), Number(value.slice(4, 6))];
    const date = Number(value.slice(6, 8)) - (isCoordination ? 60 : 0);
    const born = new Date(Date.UTC(year, month - 1, date));
    const isDay = born.getUTCFullYear() === year && born.getUTCMonth() === month - 1 && born.getUTCDate() === date;
    const doubled = [...value.slice(2)].map((digit, place) => Number(digit) * (2 - (place % 2)));
    const sum = doubled.reduce((total, one) => total + Math.floor(one / 10) + (one % 10), 0);
    return isDay && year >= 1900 && sum % 10 === 0;
  }

  const spine = fields({ thread: id, number: u32, previous: hash, kind: term(...KINDS), day });
  const identity = fields({
    subject: id, handle: text,
    number: oneOf({
      Personal: fields({ text: numberOf(false) }), Coordination: fields({ text: numberOf(true) }),
      None: fields({ reason: term("not_yet_assigned", "not_resident") }),
    }),
    surname: text, givenName: text, protected: flag,
  });
  const process = oneOf({
    PositionAssessed: fields({
      controller: id, unit: id, role: text, title: text, need: text, unionReference: text, impactReference: text,
      until: option(day),
    }),
    CaseOpened: fields({
      subject: id, controller: id, unit: id, assignment: id, reference: text, role: text, position: option(id),
      occasion: term(...OCCASIONS), offered: option(day),
    }),
    InformationGiven: fields({ registers }),
    InformationAcknowledged: nothing,
    ConsentGiven: nothing,
    ConsentWithdrawn: nothing,
    CandidateWithdrew: nothing,
    ExtractRequested: fields({ registers }),
    ExtractRejected: fields({ reason: term("too-old", "wrong-law", "unverified") }),
    AuthorityFetched: fields({ registers, need: text }),
    DecisionMade: fields({
      outcome: term("fit", "fit-with-support", "not-fit"), delegation: text, followUp: option(day),
      support: option(term("supervision", "adjusted-duties", "counselling")),
    }),
    AppealLodged: fields({ reference: text }),
    AppealSettled: fields({ outcome: term("upheld", "set-aside", "withdrawn") }),
    LegalForceGained: nothing,
    EmploymentStarted: nothing,
    EmploymentMoved: fields({ controller: id, unit: id }),
    EmploymentEnded: nothing,
    CaseClosed: nothing,
    Rectified: fields({ number: u32, correction: text }),
    Held: fields({ ground: term("disclosure-request", "dispute", "supervision"), owner: id, review: day, remark: text }),
    Released: fields({ number: u32 }),
    Restricted: fields({
      ground: term("contested", "unlawful", "legal-claim", "objection"), owner: id, review: day, remark: text,
    }),
    Interrupted: fields({ reference: text }),
  });
  const note = oneOf({
    Shown: fields({
      issued: option(day), law: option(text), registers: option(registers),
      authenticity: option(term("paper-original", "control-service")), remark: option(text),
    }),
    Exempted: fields({ thread: id, statement: hash }),
  });
  const copy = oneOf({ Document: fields({ mediaType: text, bytes: raw }), Paper: fields({ place: text }), Returned: nothing });
  const assessment = oneOf({
    Findings: fields({ findings: list(fields({ offence: text, yearsAgo: u8, relevance: text })) }),
    Heard: fields({ text }),
    Reviewed: fields({ agrees: flag, opinion: text }),
    Reasons: fields({ relevance: text, timeElapsed: text, remark: text }),
  });
  const reads = fields({
    thread: option(id),
    purpose: term("handling", "deciding", "subject-access", "audit", "retention", "disclosure", "export"),
    remark: text, compartments: list(term(...COMPARTMENTS)), count: u32,
  });
  const approval = fields({ key, signature });
  const PARTS = [spine, identity, process, note, copy, assessment, reads, approval];
  const [SPINE, IDENTITY, PROCESS, NOTE, COPY, ASSESSMENT, READS, APPROVAL] = PARTS.keys();

  // Section 6.1: the slots of each kind besides the spine's, with the variants where there is a choice.
  const SHAPES = {
    case_opened: { [IDENTITY]: null, [PROCESS]: ["CaseOpened"] },
    extract_shown: { [NOTE]: ["Shown"] },
    extract_exempted: { [NOTE]: ["Exempted"] },
    copy_stored: { [COPY]: ["Document", "Paper"] },
    copy_returned: { [COPY]: ["Returned"] },
    assessment_made: { [ASSESSMENT]: ["Findings"] },
    candidate_heard: { [ASSESSMENT]: ["Heard"] },
    second_reviewed: { [ASSESSMENT]: ["Reviewed"] },
    decision_made: { [PROCESS]: ["DecisionMade"], [ASSESSMENT]: ["Reasons"] },
    reassigned: { [IDENTITY]: null },
    identity_changed: { [IDENTITY]: null },
    record_read: { [READS]: null },
  };
  const camel = (kind) => kind.split("_").map((word) => word[0].toUpperCase() + word.slice(1)).join("");
  const shapeOf = (kind) => SHAPES[kind] ?? { [PROCESS]: [camel(kind)] };

  function readPart(slot, content) {
    if (content.length > PART_MAX) throw new Refused("TooLong", "part content");
    return readBody(content, "part content", PARTS[slot]);
  }

  function readHeader(data) {
    const cursor = new Cursor(data);
    const salt = cursor.take(32, "payload salt");
    const slots = Array.from({ length: 8 }, () => cursor.take(32, "payload slot"));
    if (cursor.at !== data.length) throw new Refused("TooLong", "payload header");
    return { salt, slots };
  }

  /** Whether texts and lists keep their limits. */
  function keepsLimits(value) {
    if (typeof value === "string") return utf8(value).length <= TEXT_MAX;
    if (Array.isArray(value)) return value.length <= LIST_MAX && value.every(keepsLimits);
    if (value instanceof Uint8Array || value === null || typeof value !== "object") return true;
    return Object.values(value).every(keepsLimits);
  }

  /** V18: holds a header and stored parts (salt and content, by slot) against a commitment; gives the bodies. */
  async function openPayload(commitment, header, parts) {
    if (!equal(await digest(domain("commitment"), header), commitment)) throw new Refused("Commitment", "the header is another");
    const { slots } = readHeader(header);
    const stored = [...parts].sort(([one], [other]) => one - other);
    for (const [slot, part] of stored) {
      const isOfSlot = part.length >= 32 && equal(await digest(domain("part"), Uint8Array.of(slot), part), slots[slot]);
      if (!isOfSlot) throw new Refused("PartHash", `slot ${slot}`);
    }
    if (!parts.has(SPINE)) throw new Refused("NoSpine", "nothing says what the step was");
    const bodies = new Map();
    for (const [slot, part] of stored) {
      try {
        bodies.set(slot, readPart(slot, part.subarray(32)));
      } catch (refused) {
        throw refused instanceof Refused ? refused.under("Part") : refused;
      }
    }
    checkShape(bodies);
    return bodies;
  }

  function checkShape(bodies) {
    const { kind } = bodies.get(SPINE);
    const shape = shapeOf(kind);
    for (const [slot, body] of bodies) {
      if (slot === SPINE) continue;
      if (slot === APPROVAL) {
        if (kind !== "released") throw new Refused("Shape.Approval", `${kind} needs none`);
      } else if (!(slot in shape) || (shape[slot] && !shape[slot].includes(body.variant))) {
        throw new Refused("Shape.Unexpected", `${kind} has no such part in slot ${slot}`);
      }
    }
    if (![...bodies.values()].every(keepsLimits)) throw new Refused("Shape.TooLong", "a text or a list");
  }

  /** The approval's signature (section 7). */
  function checkApproval(ledger, author, header, body) {
    const message = join(domain("approval"), ledger, author, header.subarray(0, 32 * 8));
    return vandel.verifySignature(body.key, message, body.signature);
  }

  Object.assign(vandel, { APPROVAL, COMPARTMENTS, KINDS, OCCASIONS, REGISTERS, checkApproval, openPayload, readHeader, readPart, shapeOf });
})((globalThis.vandel ??= {}));
