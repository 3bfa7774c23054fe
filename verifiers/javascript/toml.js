"use strict";
// TOML 1.0, read strictly: what policy packs are written in.
(function (vandel) {
  const { Refused } = vandel;
  const BARE = /[A-Za-z0-9_-]+/y;
  const NUMBER = /[+-]?(?:0x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*|(?:0|[1-9](?:_?[0-9])*))(?![0-9_.eE:-])/y;
  const OTHER = /[+-]?(?:inf|nan|[0-9][0-9_]*(?:\.[0-9_]+)?(?:[eE][+-]?[0-9_]+)?)|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ][0-9:.]+(?:[Zz]|[+-][0-9:]+)?)?|[0-9]{2}:[0-9]{2}:[0-9.]+/y;
  const ESCAPES = { b: "\b", t: "\t", n: "\n", f: "\f", r: "\r", '"': '"', "\\": "\\" };

  /** A value that packs have no use for: a float, a date, a time. */
  class Other {}

  class Parser {
    constructor(text) {
      this.text = text.replaceAll("\r\n", "\n");
      this.at = 0;
      this.root = new Map();
      this.defined = new Set([this.root]); // tables that may not be opened by a header again
      this.fixed = new Set(); // inline tables and arrays, closed once written
    }

    bad(why) {
      const line = this.text.slice(0, this.at).split("\n").length;
      throw new Refused("Toml", `line ${line}: ${why}`);
    }

    match(pattern) {
      pattern.lastIndex = this.at;
      const found = pattern.exec(this.text);
      if (!found) return null;
      this.at = pattern.lastIndex;
      return found[0];
    }

    eat(token) {
      const is = this.text.startsWith(token, this.at);
      if (is) this.at += token.length;
      return is;
    }

    expect(token) {
      if (!this.eat(token)) this.bad(`${JSON.stringify(token)} expected`);
    }

    blanks() {
      this.match(/[ \t]*/y);
    }

    /** Blanks, comments and line ends. */
    space() {
      while (this.match(/[ \t\n]+/y) || this.comment());
    }

    comment() {
      const comment = this.match(/#[^\n]*/y);
      if (comment && /[\x00-\x08\x0b-\x1f\x7f]/.test(comment)) this.bad("a control character");
      return comment;
    }

    endOfLine() {
      this.blanks();
      this.comment();
      if (this.at < this.text.length) this.expect("\n");
    }

    parse() {
      let table = this.root;
      for (this.space(); this.at < this.text.length; this.space()) {
        if (this.eat("[[")) table = this.header(true);
        else if (this.eat("[")) table = this.header(false);
        else this.pair(table);
        this.endOfLine();
      }
      return this.root;
    }

    header(isArray) {
      const keys = this.keys();
      this.expect(isArray ? "]]" : "]");
      const last = keys.pop();
      const parent = keys.reduce((table, key) => this.step(table, key), this.root);
      const before = parent.get(last);
      if (isArray) {
        if (before !== undefined && (!Array.isArray(before) || this.fixed.has(before))) this.bad(`${last} stands twice`);
        const table = new Map();
        parent.set(last, [...(before ?? []), table]);
        this.defined.add(table);
        return table;
      }
      if (before !== undefined && (!(before instanceof Map) || this.defined.has(before) || this.fixed.has(before))) {
        this.bad(`${last} stands twice`);
      }
      const table = before ?? new Map();
      parent.set(last, table);
      this.defined.add(table);
      return table;
    }

    /** The table under a key, made if it is not there; of an array of tables the last. */
    step(table, key) {
      if (!table.has(key)) table.set(key, new Map());
      const next = table.get(key);
      if (this.fixed.has(next)) this.bad(`${key} is closed`);
      const inner = Array.isArray(next) ? next.at(-1) : next;
      return inner instanceof Map ? inner : this.bad(`${key} is no table`);
    }

    pair(table) {
      const keys = this.keys();
      this.expect("=");
      this.blanks();
      const last = keys.pop();
      for (const key of keys) {
        if (table.has(key) && this.defined.has(table.get(key))) this.bad(`${key} is defined elsewhere`);
        table = this.step(table, key);
      }
      if (table.has(last)) this.bad(`${last} stands twice`);
      table.set(last, this.value());
    }

    keys() {
      const keys = [];
      do {
        this.blanks();
        keys.push(this.key());
        this.blanks();
      } while (this.eat("."));
      return keys;
    }

    key() {
      if (this.eat('"')) return this.basic('"', false);
      if (this.eat("'")) return this.literal("'", false);
      return this.match(BARE) ?? this.bad("a key expected");
    }

    value() {
      if (this.eat('"""')) return this.basic('"""', true);
      if (this.eat('"')) return this.basic('"', false);
      if (this.eat("'''")) return this.literal("'''", true);
      if (this.eat("'")) return this.literal("'", false);
      if (this.eat("[")) return this.array();
      if (this.eat("{")) return this.inline();
      const word = this.match(/true|false/y);
      if (word) return word === "true";
      const number = this.match(NUMBER);
      if (number) return Number(number.replaceAll("_", ""));
      return this.match(OTHER) ? new Other() : this.bad("a value expected");
    }

    literal(end, isLong) {
      if (isLong) this.eat("\n");
      let until = this.text.indexOf(end, this.at);
      if (isLong) while (until >= 0 && this.text[until + 3] === "'" && until < this.text.length) until += 1;
      const value = until < 0 ? this.bad("a string does not end") : this.text.slice(this.at, until);
      if (/[\x00-\x08\x0b-\x1f\x7f]/.test(value) || (!isLong && value.includes("\n"))) this.bad("a control character");
      this.at = until + end.length;
      return value;
    }

    basic(end, isLong) {
      if (isLong) this.eat("\n");
      let value = "";
      while (!this.text.startsWith(end, this.at)) {
        const character = this.text[this.at];
        this.at += 1;
        if (character === undefined || (character === "\n" && !isLong)) this.bad("a string does not end");
        if (character === "\\") value += this.escape(isLong);
        else if (/[\x00-\x08\x0b-\x1f\x7f]/.test(character)) this.bad("a control character");
        else value += character;
      }
      this.at += end.length;
      if (isLong) for (let more = 0; more < 2 && this.eat('"'); more += 1) value += '"';
      return value;
    }

    escape(isLong) {
      if (isLong && this.match(/[ \t]*\n[ \t\n]*/y)) return "";
      const short = this.text[this.at];
      if (Object.hasOwn(ESCAPES, short ?? "")) {
        this.at += 1;
        return ESCAPES[short];
      }
      const code = this.match(/u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}/y);
      const point = code ? parseInt(code.slice(1), 16) : -1;
      const isScalar = point >= 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
      return isScalar ? String.fromCodePoint(point) : this.bad("an unknown escape");
    }

    array() {
      const values = [];
      for (this.space(); !this.eat("]"); this.space()) {
        values.push(this.value());
        this.space();
        if (!this.eat(",") && this.text[this.at] !== "]") this.bad("a comma expected");
      }
      this.fixed.add(values);
      return values;
    }

    inline() {
      const table = new Map();
      this.blanks();
      if (!this.eat("}")) {
        do {
          this.pair(table);
          this.blanks();
        } while (this.eat(","));
        this.expect("}");
      }
      this.close(table);
      return table;
    }

    close(table) {
      this.fixed.add(table);
      for (const value of table.values()) if (value instanceof Map) this.close(value);
    }
  }

  /** Reads TOML: tables are Maps. */
  Object.assign(vandel, { readToml: (text) => new Parser(text).parse() });
})((globalThis.vandel ??= {}));
