"use strict";
// Drives the page in a headless Chromium over its debugging pipe, as a person would with files, mouse and keyboard.
//
// `node drive.js CHROMIUM PAGE`: reads one JSON object a line and answers each with one. Without a package, and
// without a server: the page is opened from disk.
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const readline = require("node:readline");
const { pathToFileURL } = require("node:url");

const PATIENCE = 60_000;

/** Messages over the pipe, answered by their number. */
class Browser {
  constructor(chromium) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "vandel-page-"));
    const flags = [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--remote-debugging-pipe", `--user-data-dir=${this.folder}`,
    ];
    this.process = spawn(chromium, flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    this.waiting = new Map();
    this.last = 0;
    this.session = undefined;
    let rest = "";
    this.process.stdio[4].setEncoding("utf8").on("data", (data) => {
      const messages = (rest + data).split("\0");
      rest = messages.pop();
      messages.map((message) => JSON.parse(message)).forEach((message) => this.hear(message));
    });
  }

  hear({ id, result, error }) {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) waiting?.reject(new Error(error.message));
    else waiting?.resolve(result);
  }

  send(method, params = {}) {
    this.last += 1;
    const id = this.last;
    this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: this.session })}\0`);
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  async open(page) {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    this.session = (await this.send("Target.attachToTarget", { targetId, flatten: true })).sessionId;
    await this.send("Page.enable");
    this.page = pathToFileURL(page).href;
    await this.reload();
  }

  async reload() {
    await this.send("Page.navigate", { url: this.page });
    await this.until("document.readyState === 'complete' && typeof vandel?.verifyFile === 'function'");
  }

  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async until(expression) {
    for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
      if (await this.evaluate(expression).catch(() => false)) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`never came true: ${expression}`);
  }

  async choose(id, files) {
    const { root } = await this.send("DOM.getDocument");
    const { nodeId } = await this.send("DOM.querySelector", { nodeId: root.nodeId, selector: `#${id}` });
    await this.send("DOM.setFileInputFiles", { nodeId, files });
  }

  async press(key) {
    const code = { Tab: 9, Enter: 13 }[key];
    const text = key === "Enter" ? "\r" : undefined;
    for (const type of ["keyDown", "keyUp"]) {
      await this.send("Input.dispatchKeyEvent", { type, key, code: key, windowsVirtualKeyCode: code, text });
    }
  }

  async drop(files) {
    const data = { items: [], files, dragOperationsMask: 1 };
    const [x, y] = await this.evaluate("(({left, top}) => [left + 20, top + 20])(drop.getBoundingClientRect())");
    for (const type of ["dragEnter", "dragOver", "drop"]) await this.send("Input.dispatchDragEvent", { type, x, y, data });
  }

  async verdict() {
    await this.until("Number(verdict.dataset.exit ?? -1) >= 0 && !verdict.hidden");
    return this.evaluate(`({
      exit: Number(verdict.dataset.exit), text: verdict.innerText, taken: taken.innerText,
      lang: document.documentElement.lang, focus: document.activeElement.id,
    })`);
  }

  async close() {
    const gone = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGKILL");
    await gone;
    // Its helpers end a little later than the browser, and write into the folder until then.
    for (const end = Date.now() + PATIENCE; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      try {
        return fs.rmSync(this.folder, { recursive: true, force: true });
      } catch (error) {
        if (Date.now() >= end) throw error;
      }
    }
  }
}

const ACTIONS = {
  /** Chooses files, one input after the other, and presses the button. */
  async choose(browser, { trust, files, kept, language }) {
    await browser.reload();
    await browser.evaluate(`document.getElementById(${JSON.stringify(language)}).click()`);
    const count = (trust ? 1 : 0) + files.length + (kept?.length ?? 0);
    if (trust) await browser.choose("trust", [trust]);
    if (files.length) await browser.choose("files", files);
    if (kept) await browser.choose("kept", kept);
    await browser.until(`taken.children.length === ${count}`);
    await browser.evaluate("document.getElementById('verify').click()");
    return browser.verdict();
  },

  /** Drops all files at once. */
  async drop(browser, { files }) {
    await browser.reload();
    await browser.drop(files);
    return browser.verdict();
  },

  /** Verifies by keyboard alone: tabs to the button and presses Enter. Gives the way there. */
  async keyboard(browser, { trust, files }) {
    await browser.reload();
    await browser.choose("trust", [trust]);
    await browser.choose("files", files);
    await browser.until(`taken.children.length === ${1 + files.length}`);
    await browser.evaluate("document.body.focus()");
    const way = [];
    for (let step = 0; step < 20 && way.at(-1) !== "verify"; step += 1) {
      await browser.press("Tab");
      way.push(await browser.evaluate("document.activeElement.id"));
    }
    await browser.press("Enter");
    return { ...(await browser.verdict()), way };
  },

  /** What an assistive technology is told: controls without a name, and whether the page fits a narrow window. */
  async accessibility(browser) {
    await browser.reload();
    await browser.send("Accessibility.enable");
    const { nodes } = await browser.send("Accessibility.getFullAXTree");
    const of = ({ role, name }) => ({ role: role?.value, name: name?.value ?? "" });
    const controls = nodes.filter(({ ignored }) => !ignored).map(of).filter(({ role }) => /button|textbox|link/i.test(role));
    await browser.send("Emulation.setDeviceMetricsOverride", { width: 320, height: 640, deviceScaleFactor: 1, mobile: false });
    const width = await browser.evaluate("document.documentElement.scrollWidth");
    await browser.send("Emulation.clearDeviceMetricsOverride");
    return { controls, width, title: await browser.evaluate("document.title") };
  },

  /** Whether a connection can be opened at all. */
  async offline(browser) {
    await browser.reload();
    await browser.evaluate(`
      document.addEventListener("securitypolicyviolation", (event) => (window.refused = event.effectiveDirective));
      fetch("https://vandel.invalid/").then(() => (window.refused = "nobody"), () => {});
    `);
    await browser.until("window.refused !== undefined");
    return { refused: await browser.evaluate("window.refused") };
  },
};

async function main([chromium, page]) {
  const browser = new Browser(chromium);
  try {
    await browser.open(page);
    for await (const line of readline.createInterface({ input: process.stdin })) {
      const { action, ...rest } = JSON.parse(line);
      process.stdout.write(`${JSON.stringify(await ACTIONS[action](browser, rest))}\n`);
    }
  } finally {
    await browser.close();
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
