"use strict";
// JSON (RFC 8259), read strictly: whole numbers are BigInts, and a member that stands twice is refused.
(function (vandel) {
  const { Refused } = vandel;
  const DEPTH_MAX = 64;

  class Parser {
    constructor(text) {
      Object.assign(this, { text, at: 0 });
    }

    match(pattern) {
      pattern.lastIndex = this.at;
      const found = pattern.exec(this.text);
      if (found) this.at = pattern.lastIndex;
      return found?.[0];
    }

    bad(why) {
      throw new Refused("Json", `${why} at ${this.at}`);
    }

    expect(token) {
      this.match(/[ \t\r\n]*/y);
      if (!this.text.startsWith(token, this.at)) this.bad(`${token} expected`);
      this.at += token.length;
    }

    is(token) {
      this.match(/[ \t\r\n]*/y);
      return this.text.startsWith(token, this.at);
    }

    value(depth = 0) {
      if (depth > DEPTH_MAX) this.bad("too deep");
      if (this.is("{")) return this.members("}", () => this.member(depth), (pairs) => this.object(pairs));
      if (this.is("[")) return this.members("]", () => this.value(depth + 1), (values) => values);
      if (this.is('"')) return this.string();
      const word = this.match(/true|false|null/y);
      if (word) return { true: true, false: false, null: null }[word];
      const number = this.match(/-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y);
      if (!number) this.bad("a value expected");
      return /^-?[0-9]+$/.test(number) ? BigInt(number) : Number(number);
    }

    members(end, read, made) {
      this.at += 1;
      const all = [];
      if (!this.is(end)) {
        for (all.push(read()); this.is(","); all.push(read())) this.at += 1;
      }
      this.expect(end);
      return made(all);
    }

    member(depth) {
      if (!this.is('"')) this.bad("a name expected");
      const name = this.string();
      this.expect(":");
      return [name, this.value(depth + 1)];
    }

    object(pairs) {
      const object = Object.fromEntries(pairs);
      return Object.keys(object).length === pairs.length ? object : this.bad("a member stands twice");
    }

    string() {
      let end = this.at + 1;
      while (end < this.text.length && this.text[end] !== '"') end += this.text[end] === "\\" ? 2 : 1;
      let text;
      try {
        text = JSON.parse(this.text.slice(this.at, end + 1));
      } catch {
        this.bad("a string expected");
      }
      this.at = end + 1;
      return text.isWellFormed() ? text : this.bad("half a surrogate pair");
    }
  }

  function readJson(text) {
    const parser = new Parser(text);
    const value = parser.value();
    parser.match(/[ \t\r\n]*/y);
    return parser.at === text.length ? value : parser.bad("something follows");
  }

  /**
   * Whether a value has a form: objects have exactly their members. A form is "text", "number", "text?", a list of
   * one form, or an object of forms.
   */
  function hasForm(value, form) {
    if (form === "text?") return value === null || typeof value === "string";
    if (form === "text") return typeof value === "string";
    if (form === "number") return typeof value === "bigint" && value >= 0n && value >> 64n === 0n;
    if (Array.isArray(form)) return Array.isArray(value) && value.every((one) => hasForm(one, form[0]));
    const names = Object.keys(form);
    const isObject = value !== null && typeof value === "object" && !Array.isArray(value);
    return isObject && Object.keys(value).length === names.length &&
      names.every((name) => Object.hasOwn(value, name) && hasForm(value[name], form[name]));
  }

  Object.assign(vandel, { hasForm, readJson });
})((globalThis.vandel ??= {}));
