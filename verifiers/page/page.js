"use strict";
// The page: takes files, sees what each is, verifies, and shows the verdict in words.
(function (vandel) {
  const { PROOF_HEAD, SENTENCES, STEP_TEXTS, TEXTS, toText } = vandel;
  const find = (id) => document.getElementById(id);
  const state = { isSwedish: !navigator.language || /^sv/i.test(navigator.language), files: [], said: null };

  const text = (name, values = {}) =>
    TEXTS[name][state.isSwedish ? 0 : 1].replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);

  /** The verifier's own sentence in the page's language. */
  function sentence(said) {
    const known = state.isSwedish && SENTENCES.find(([pattern]) => pattern.test(said));
    return known ? said.replace(...known) : said;
  }

  function make(name, content, ...children) {
    const element = document.createElement(name);
    if (content) element.textContent = content;
    element.append(...children);
    return element;
  }

  /** What a file is, by its bytes. */
  function kindOf(data) {
    const start = toText(data.subarray(0, 8));
    if (start === "VANDLOG1") return "asSegment";
    const whole = toText(data) ?? "";
    if (whole.includes("-----BEGIN PRIVATE KEY-----")) return "asKey";
    if (whole.startsWith(PROOF_HEAD)) return "asProof";
    if (whole.startsWith('{"type":"vandel-dossier/')) return "asDossier";
    if (whole.startsWith('{"type":"vandel-sealed-dossier/')) return "asSealed";
    if (whole.startsWith("vandel computed digests ")) return "asDigests";
    if (/^[ \t\r\n]*\{/.test(whole)) return "asDocument";
    if (vandel.isCheckpoint(whole)) return "asCheckpoint";
    return /^[ \t]*(?:log|witness|group|quorum)[ \t]/m.test(whole) ? "asTrust" : "asUnknown";
  }

  async function take(list, as = null) {
    const taken = await Promise.all(
      [...list].map(async (file) => {
        const data = new Uint8Array(await file.arrayBuffer());
        return { name: file.name, data, kind: as ?? kindOf(data) };
      }),
    );
    const names = new Set(taken.map(({ name, kind }) => `${kind} ${name}`));
    const isOnlyTrust = taken.some(({ kind }) => kind === "asTrust");
    state.files = state.files.filter(
      ({ name, kind }) => !names.has(`${kind} ${name}`) && !(isOnlyTrust && kind === "asTrust"),
    );
    state.files.push(...taken);
    showTaken();
  }

  function showTaken() {
    const lines = state.files.map(({ name, kind }) => make("li", text("taken", { name, kind: text(kind) })));
    find("taken").replaceChildren(...lines);
  }

  const dataOf = (...kinds) => state.files.filter(({ kind }) => kinds.includes(kind)).map(({ data }) => data);

  async function verdictOnFiles() {
    const [trustFile] = dataOf("asTrust");
    const brought = {
      trust: trustFile ? await vandel.readTrust(trustFile) : null,
      checkpoints: dataOf("asCheckpoint"), kept: dataOf("asKept"), receipts: [],
      digests: dataOf("asDigests").map((data) => vandel.readDigests(toText(data))),
    };
    const segments = state.files.filter(({ kind }) => kind === "asSegment");
    const alone = dataOf("asDossier", "asSealed", "asProof", "asDocument", "asUnknown");
    if (segments.length) {
      brought.receipts = dataOf("asProof").map(vandel.readProof);
      // Downloads rename files; their own header says where each belongs.
      const named = segments.map(({ data }) => {
        const position = vandel.number(data.subarray(40, 48));
        return { name: `segment-${String(position).padStart(20, "0")}.vlog`, data };
      });
      return vandel.verifyLog(vandel.readLog(named), brought);
    }
    const [one] = alone.length ? alone : brought.checkpoints;
    if (!one) throw new vandel.Unreadable(text("nothing"));
    const opened = vandel.isSealed(one) ? await vandel.unseal(one, { key: dataOf("asKey")[0] }) : one;
    return opened instanceof vandel.Verdict ? opened : vandel.verifyFile(opened, brought);
  }

  async function verify() {
    show({ exit: -1 });
    try {
      const verdict = await verdictOnFiles();
      show(verdict.toJSON());
    } catch (error) {
      const isRefusal = [vandel.Unreadable, vandel.Refused, vandel.NotAuthorised].some((sort) => error instanceof sort);
      const exit = error instanceof vandel.NotAuthorised ? 6 : 2;
      show({ exit, why: isRefusal ? error.message : String(error) });
    }
    find("verdict").focus();
  }

  function show(said) {
    state.said = said;
    const section = find("verdict");
    section.hidden = false;
    section.dataset.exit = said.exit;
    section.replaceChildren(...(said.exit < 0 ? [make("p", text("busy"))] : shown(said)));
  }

  function shown(said) {
    const parts = [make("h2", text(`exit${said.exit}`))];
    if (said.why) return [...parts, make("p", sentence(said.why))];
    const capital = (word) => word[0].toUpperCase() + word.slice(1);
    const facts = {
      what: text(`kind${capital(said.kind)}`), anchor: text(`anchor${capital(said.anchor)}`), ledger: said.ledger,
      origin: said.origin, size: said.size, root: said.root, ...dossierFacts(said),
    };
    const list = make("dl");
    for (const [name, value] of Object.entries(facts)) {
      if (value !== null && value !== undefined) list.append(make("dt", text(name)), make("dd", String(value)));
    }
    parts.push(list);
    const add = (title, lines) => {
      if (lines.length) parts.push(make("h3", text(title)), make("ul", "", ...lines.map((line) => make("li", line))));
    };
    add("findings", said.findings.map(findingLine));
    add("notProven", said.not_proven.map(sentence));
    add("notChecked", said.not_checked.map(sentence));
    return parts;
  }

  /** Of a sound dossier: how many steps, below which record it is whole, and who computed that too. */
  function dossierFacts({ kind, exit, counts }) {
    if (kind !== "dossier" || exit === 3) return {};
    const by = counts.recomputed_by.map((who) => (who === "yourself" ? text("yourself") : sentence(who)));
    return { steps: counts.steps, complete: counts.complete_below, recomputed: by.join(", ") || text("nobody") };
  }

  function findingLine({ error, step, record, through, what }) {
    const name = error.startsWith("Certificate.") ? "C" : step || error.split(".")[0];
    const about = STEP_TEXTS[name]?.[state.isSwedish ? 0 : 1];
    const last = through === null ? "" : ` ${text("to")} ${through}`;
    const place = record === null ? text("noRecord") : `${text("record")} ${record}${last}`;
    return `${place}: ${about ?? name} (${step || error}). ${what}`;
  }

  function inLanguage() {
    document.documentElement.lang = state.isSwedish ? "sv" : "en";
    document.title = text("title");
    for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
    for (const element of document.querySelectorAll("[data-label]")) element.ariaLabel = text(element.dataset.label);
    find("svenska").ariaPressed = String(state.isSwedish);
    find("english").ariaPressed = String(!state.isSwedish);
    showTaken();
    if (state.said) show(state.said);
  }

  function speak(isSwedish) {
    state.isSwedish = isSwedish;
    inLanguage();
  }

  find("svenska").addEventListener("click", () => speak(true));
  find("english").addEventListener("click", () => speak(false));
  find("trust").addEventListener("change", ({ target }) => take(target.files, "asTrust"));
  find("files").addEventListener("change", ({ target }) => take(target.files));
  find("kept").addEventListener("change", ({ target }) => take(target.files, "asKept"));
  find("drop").addEventListener("submit", (event) => {
    event.preventDefault();
    verify();
  });
  find("drop").addEventListener("reset", () => {
    Object.assign(state, { files: [], said: null });
    find("verdict").hidden = true;
    showTaken();
  });
  for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      find("drop").classList.toggle("over", name === "dragenter" || name === "dragover");
    });
  }
  document.addEventListener("drop", async ({ dataTransfer }) => {
    await take(dataTransfer.files);
    await verify();
  });
  inLanguage();
})((globalThis.vandel ??= {}));
