"use strict";
// Policy packs, as far as a chain's integrity rests on them (docs/policy.md; V12).
//
// Read strictly: TOML with known keys, terms and names, nothing twice, and what no pack may say. Not judged
// here: whether the retention periods of a pack contradict each other. A verdict says so.
(function (vandel) {
  const { KINDS, OCCASIONS, REGISTERS, Refused, isBlank, utf8 } = vandel;
  const PACK_MAX = 196608;
  const NOT_JUDGED = "whether the retention periods of the adopted policy packs contradict each other";
  const TERMS = {
    duty: ["mandatory", "optional", "forbidden", "external"],
    storage: ["note_only", "copy_required", "none"],
    acquisition: ["shown", "handed_in", "fetched"],
    noted_by: ["decider", "handler"],
    subject: ["candidate", "household_member"],
    legal_ground: ["legal_obligation", "public_task", "statutory_consent"],
    registers: REGISTERS,
    occasions: OCCASIONS,
    records: KINDS,
    fields: [
      "case_opened.offer_day", "extract_shown.issued", "extract_shown.law", "extract_shown.registers",
      "extract_shown.authenticity", "extract_shown.remark", "decision_made.reasons", "decision_made.follow_up",
      "decision_made.support",
    ],
  };
  const DECIDING_DAYS = ["", "offer", "showing", "start"];
  const TRIGGERS = [
    "opened", "closed", "decision", "legal_force", "employment_start", "employment_end", "last_linked", "reading",
  ];
  const NOTE_ONLY = [
    "case_opened", "extract_shown", "case_closed", "rectified", "restricted", "held", "released", "reassigned",
    "identity_changed", "record_read",
  ];
  const PERIOD = /^(?=.)(?:[0-9]+y)?(?:[0-9]+m)?(?:[0-9]+d)?$/;
  const BOUND = new RegExp(`^(?:(?:${TRIGGERS.join("|")}) \\+ )?(?=[0-9])(?:[0-9]+y)?(?:[0-9]+m)?(?:[0-9]+d)?$`);

  const [flag, text, whole, table, list] = ["boolean", "string", "number", "table", "list"];
  const named = (type, ...keys) => Object.fromEntries(keys.map((key) => [key, type]));
  const WORDS = named(text, "sv", "en");
  const RULE = {
    ...named(text, "when", "class", "trigger", "otherwise", "keep", "never_before", "no_later_than"),
    interruption_extends: flag,
  };
  const PACK = {
    ...named(text, "name", "version", "jurisdiction", "confirmed_by"), ...named(table, "title", "reads", "retention"),
    ...named(list, "purpose", "class", "role", "local", "unverified"), confirmation_required: flag,
  };
  const INNER = {
    title: WORDS,
    extract_age: named(text, "max", "on"),
    renewal: named(text, "within", "on"),
    position: named(flag, "assessed", "union_reference", "impact_reference"),
    assessment: named(flag, "candidate_heard", "second_reviewer"),
  };
  const ROLE = {
    ...named(text, "code", "sfs", "law", "in_force_from", "in_force_until", "duty", "storage", "noted_by", "subject"),
    ...named(text, "legal_ground", "retention"), ...named(table, ...Object.keys(INNER)), subject_age_min: whole,
    ...named(list, "acquisition", "purposes", "registers", "occasions", "records", "fields", "local", "unverified"),
    ...named(flag, "consent_is_ground", "acknowledgement_required", "foreign_extract", "vendor_check"),
  };

  const refuse = (why) => {
    throw new Refused("Policy", why);
  };
  const typeOf = (value) => (value instanceof Map ? table : Array.isArray(value) ? list : typeof value);
  const isTwice = (values) => new Set(values).size !== values.length;

  function checkKeys(found, known, where) {
    if (typeOf(found) !== table) refuse(`${where} is of another type`);
    for (const [key, value] of found) {
      if (!Object.hasOwn(known, key)) refuse(`${where}: unknown key ${key}`);
      if (typeOf(value) !== known[key]) refuse(`${where}: ${key} is of another type`);
    }
  }

  /** Refuses a pack that does not read strictly, or that cannot be adopted. */
  function checkPack(source) {
    if (utf8(source).length > PACK_MAX) refuse("too long");
    const pack = vandel.readToml(source);
    checkKeys(pack, PACK, "pack");
    checkKeys(pack.get("title") ?? new Map(), WORDS, "title");
    const [purposes, classes] = [checkNames(pack, "purpose"), checkNames(pack, "class")];
    const schedules = pack.get("retention") ?? new Map();
    for (const [name, schedule] of schedules) checkSchedule(`retention.${name}`, schedule, classes);
    if (pack.has("reads")) checkRule("reads", pack.get("reads"), classes);
    checkMarks(pack, PACK, "pack");
    const roles = pack.get("role") ?? [];
    roles.forEach((role) => checkRole(role, purposes, schedules));
    checkVersions(roles);
    if (pack.get("confirmation_required") && isBlank(pack.get("confirmed_by") ?? "")) {
      refuse("it must be confirmed before it is adopted");
    }
  }

  function checkNames(pack, what) {
    const names = (pack.get(what) ?? []).map((one) => {
      checkKeys(one, { name: text, ...WORDS }, what);
      return one.get("name") ?? "";
    });
    if (names.includes("") || isTwice(names)) refuse(`a ${what} without a name, or twice`);
    return names;
  }

  function checkSchedule(where, schedule, classes) {
    checkKeys(schedule, named(list, "identity", "process", "note", "copy", "assessment"), where);
    for (const [compartment, rules] of schedule) {
      rules.forEach((rule) => checkRule(`${where}.${compartment}`, rule, classes));
      const whens = rules.map((rule) => rule.get("when") ?? "").sort().join();
      if (rules.length === 0 || !["", "hired,not_hired"].includes(whens)) {
        refuse(`${where}.${compartment}: one rule for all, or one for each outcome`);
      }
    }
  }

  function checkRule(where, rule, classes) {
    checkKeys(rule, RULE, where);
    if (!classes.includes(rule.get("class"))) refuse(`${where}: no such class`);
    const triggers = [rule.get("trigger"), rule.get("otherwise") ?? "opened"];
    if (!triggers.every((trigger) => TRIGGERS.includes(trigger))) refuse(`${where}: no such trigger`);
    if (!PERIOD.test(rule.get("keep") ?? "")) refuse(`${where}: keep is no period`);
    const bounds = ["never_before", "no_later_than"].filter((bound) => rule.has(bound));
    if (!bounds.every((bound) => BOUND.test(rule.get(bound)))) refuse(`${where}: a bound is no period`);
  }

  function checkMarks(found, known, where) {
    const marks = [...(found.get("local") ?? []), ...(found.get("unverified") ?? [])];
    const isOfKey = (mark) => typeof mark === "string" && Object.hasOwn(known, mark.split(".")[0]);
    if (!marks.every(isOfKey)) refuse(`${where}: a mark on no key`);
  }

  function checkRole(role, purposes, schedules) {
    checkKeys(role, ROLE, "role");
    const code = role.get("code") ?? "";
    if (!/^[A-Z0-9_]{1,32}$/.test(code)) refuse("a role without a code");
    for (const [name, inner] of Object.entries(INNER)) checkKeys(role.get(name) ?? new Map(), inner, `${code}.${name}`);
    for (const [name, terms] of Object.entries(TERMS)) {
      const value = role.get(name) ?? [];
      const values = Array.isArray(value) ? value : value ? [value] : [];
      if (!values.every((one) => terms.includes(one)) || isTwice(values)) {
        refuse(`${code}: ${name} has an unknown term, or one twice`);
      }
    }
    for (const name of ["extract_age", "renewal"]) {
      const inner = role.get(name) ?? new Map();
      const period = inner.get("max") ?? inner.get("within") ?? "";
      if (!DECIDING_DAYS.includes(inner.get("on") ?? "") || (period && !PERIOD.test(period))) refuse(`${code}: ${name}`);
    }
    if (!(role.get("purposes") ?? []).every((purpose) => purposes.includes(purpose))) refuse(`${code}: no such purpose`);
    const schedule = role.get("retention") ?? "";
    if (schedule && !schedules.has(schedule)) refuse(`${code}: no such retention`);
    checkMarks(role, ROLE, code);
    checkWhatNoPackMaySay(role, code);
  }

  function checkWhatNoPackMaySay(role, code) {
    const records = role.get("records") ?? [];
    const isRecorded = (...kinds) => kinds.some((kind) => records.includes(kind));
    if (role.get("storage") === "note_only") {
      const allowed = role.has("renewal") ? [...NOTE_ONLY, "extract_exempted"] : NOTE_ONLY;
      if (!records.every((kind) => allowed.includes(kind)) || role.get("fields")?.length) {
        refuse(`${code}: under note_only only a note may be recorded`);
      }
    }
    if (isRecorded("copy_stored", "copy_returned") && role.get("storage") !== "copy_required") {
      refuse(`${code}: a copy is recorded where none is required`);
    }
    if (isRecorded("authority_fetched") && !role.get("acquisition")?.includes("fetched")) refuse(`${code}: it does not fetch`);
    const isGround = role.get("consent_is_ground") ?? false;
    if (isRecorded("consent_given", "consent_withdrawn") && !isGround) refuse(`${code}: consent is no ground here`);
    if (isGround && role.get("legal_ground") !== "statutory_consent") refuse(`${code}: consent is a ground only by statute`);
  }

  /** Days since 1970-01-01. */
  function dayOf(shown, code) {
    const day = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(shown) ? Date.parse(`${shown}T00:00:00Z`) / 86400000 : NaN;
    const isDay = !Number.isNaN(day) && new Date(day * 86400000).toISOString().startsWith(shown);
    return isDay ? day : refuse(`${code}: ${shown} is no day`);
  }

  function checkVersions(roles) {
    const versions = new Map();
    for (const role of roles) {
      const code = role.get("code");
      const last = role.get("in_force_until");
      const span = { first: dayOf(role.get("in_force_from") || "1900-01-01", code), last: last ? dayOf(last, code) : null };
      versions.set(code, [...(versions.get(code) ?? []), span]);
    }
    for (const [code, spans] of versions) {
      spans.sort((one, other) => one.first - other.first);
      spans.slice(1).forEach(({ first }, index) => {
        const before = spans[index];
        if (before.last === null || before.last < before.first || first - before.last !== 1) {
          refuse(`${code}: versions overlap, or leave days between them uncovered`);
        }
      });
    }
  }

  Object.assign(vandel, { NOT_JUDGED, checkPack });
})((globalThis.vandel ??= {}));
