import { Buffer } from 'node:buffer';
import { longestName, NameTable, ownString } from '../name-table.ts';
import { JsonError, type JsonFault } from './json-error.ts';
import { JsonNumber, type JsonObject, type JsonValue } from './value.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What the character after a backslash stands for (RFC 8259 §7), `u` apart. */
const escapes: Readonly<Record<number, string>> = {
  [QUOTE]: '"',
  [BACKSLASH]: '\\',
  47: '/',
  98: '\b',
  102: '\f',
  110: '\n',
  114: '\r',
  116: '\t',
};

const fourHexDigits = /^[0-9A-Fa-f]{4}$/;

const skipNext = (cursor: JsonCursor, depth: number): void => cursor.skip(depth);

const knownKeys = new NameTable<string>();
/** What members named `method` and `name` hold: of messages the same few, which policies, lists and records look up. */
const knownNames = new NameTable<string>();
/** Strings that one text may add to those that are known. */
const maxLearnt = 16;

/** Up to this many keys are compared one by one; that is quicker than a set for what objects usually hold. */
const fewKeys = 16;

/**
 * Reads one JSON text strictly, from its beginning to its end: builds values, walks through them, or only makes sure
 * that they are what they should be. Works on the decoded string: substrings of it cost nothing, where slices of a
 * buffer cost a call each. `depth` is how many arrays and objects are open around what is read.
 */
export class JsonCursor {
  /** What is read. */
  readonly #text: string;
  readonly #maxDepth: number;
  #at = 0;
  #learnt = 0;
  /** Keys of the objects that are being walked through, the innermost last. */
  readonly #keys: string[] = [];

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  get text(): string {
    return this.#text;
  }

  /** Index into the text: where the next value begins, or the last one ended. */
  get at(): number {
    return this.#at;
  }

  /** The whole text, which must be the one value that `read` reads. */
  document<Result>(read: (cursor: this) => Result): Result {
    if (this.#skipSpace() === 0) throw this.#error('empty');
    const result = read(this);
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#error('trailing');
    return result;
  }

  /** What the next value is, judged by its first character. */
  get next(): 'object' | 'array' | 'string' | 'other' {
    const code = this.#text.charCodeAt(this.#at);
    return code === 0x7b ? 'object' : code === 0x5b ? 'array' : code === QUOTE ? 'string' : 'other';
  }

  /** Builds the value that comes next. */
  value(depth: number): JsonValue {
    switch (this.#text.charCodeAt(this.#at)) {
      case QUOTE:
        return this.#string();
      case 0x7b:
        return this.#object(depth + 1);
      case 0x5b:
        return this.#array(depth + 1);
      case 0x74:
        return this.#word('true', true);
      case 0x66:
        return this.#word('false', false);
      case 0x6e:
        return this.#word('null', null);
      default:
        return new JsonNumber(this.#number());
    }
  }

  /** Passes over the value that comes next: all of it is checked, nothing is built. */
  skip(depth: number): void {
    switch (this.#text.charCodeAt(this.#at)) {
      case QUOTE:
        this.#skipString();
        return;
      case 0x7b:
        this.members(depth, skipNext);
        return;
      case 0x5b:
        this.elements(depth, skipNext);
        return;
      case 0x74:
        this.#word('true', true);
        return;
      case 0x66:
        this.#word('false', false);
        return;
      case 0x6e:
        this.#word('null', null);
        return;
      default:
        this.#number();
    }
  }

  /** Walks through the object that comes next. `visit` reads the value of each member, at the depth it is given. */
  members(depth: number, visit: (cursor: this, depth: number, key: string, keyAt: number) => void): void {
    if (!this.#open(depth + 1, 0x7d)) return;
    const keys = this.#keys;
    const first = keys.length;
    let many: Set<string> | undefined;
    do {
      const keyAt = this.#at;
      const key = this.#key();
      let known = many?.has(key) ?? false;
      if (many === undefined) for (let at = first; at < keys.length; at++) known ||= keys[at] === key;
      if (known) throw this.#error('duplicate-key', keyAt);
      if (many !== undefined) many.add(key);
      else if (keys.push(key) - first > fewKeys) many = new Set(keys.splice(first));
      visit(this, depth + 1, key, keyAt);
    } while (this.#more(0x7d));
    if (many === undefined) keys.length = first;
  }

  /** Walks through the array that comes next. `visit` reads each element, at the depth it is given. */
  elements(depth: number, visit: (cursor: this, depth: number) => void): void {
    if (!this.#open(depth + 1, 0x5d)) return;
    do visit(this, depth + 1);
    while (this.#more(0x5d));
  }

  /** Moves to the next character that is not white space and returns its code, 0 at the end (a NUL is never legal here). */
  #skipSpace(): number {
    const text = this.#text;
    let at = this.#at;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code > 0x20 || (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09)) {
        this.#at = at;
        return code;
      }
      at++;
    }
    this.#at = at;
    return 0;
  }

  #object(depth: number): JsonObject {
    const members = new Map<string, JsonValue>();
    if (!this.#open(depth, 0x7d)) return members;
    do {
      const keyAt = this.#at;
      const key = this.#key();
      const size = members.size;
      const value = key === 'method' || key === 'name' ? this.#nameOr(depth) : this.value(depth);
      members.set(key, value);
      // One hash look-up tells: a key that was there already does not make the map grow.
      if (members.size === size) throw this.#error('duplicate-key', keyAt);
    } while (this.#more(0x7d));
    return members;
  }

  #array(depth: number): JsonValue[] {
    const elements: JsonValue[] = [];
    if (!this.#open(depth, 0x5d)) return elements;
    do elements.push(this.value(depth));
    while (this.#more(0x5d));
    return elements;
  }

  /** Goes into an object or array: to its first member, or past it when it has none. */
  #open(depth: number, close: number): boolean {
    if (depth > this.#maxDepth) throw this.#error('depth');
    this.#at++;
    if (this.#skipSpace() !== close) return true;
    this.#at++;
    return false;
  }

  /** Goes on after a member: to the next one, or past the end. */
  #more(close: number): boolean {
    const code = this.#skipSpace();
    if (code !== 0x2c && code !== close) throw this.#error('syntax');
    this.#at++;
    if (code === close) return false;
    this.#skipSpace();
    return true;
  }

  /** Reads a key and goes to its value. */
  #key(): string {
    if (this.#text.charCodeAt(this.#at) !== QUOTE) throw this.#error('syntax');
    const key = this.#string(knownKeys);
    if (this.#skipSpace() !== 0x3a) throw this.#error('syntax');
    this.#at++;
    this.#skipSpace();
    return key;
  }

  #skipString(): void {
    const text = this.#text;
    const start = this.#at + 1;
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return;
      }
      if (code === BACKSLASH) {
        this.#escapedString(start, at);
        return;
      }
      if (code < 0x20) throw this.#error('control-character', at);
    }
    throw this.#error('syntax', text.length);
  }

  /** A value that is a name, if it is a string. */
  #nameOr(depth: number): JsonValue {
    return this.#text.charCodeAt(this.#at) === QUOTE ? this.#string(knownNames) : this.value(depth);
  }

  /** With a table: the string of it, where it has one. */
  #string(known?: NameTable<string>): string {
    const text = this.#text;
    const start = this.#at + 1;
    let at = start;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return known === undefined ? text.slice(start, at) : this.#known(known, start, at);
      }
      if (code === BACKSLASH) return this.#escapedString(start, at);
      if (code < 0x20) throw this.#error('control-character', at);
      at++;
    }
    throw this.#error('syntax', at);
  }

  /** A string that has no escapes. Messages have the same few. */
  #known(table: NameTable<string>, start: number, end: number): string {
    const known = table.find(this.#text, start, end);
    if (known !== undefined) return known;
    const text = this.#text.slice(start, end);
    // Of a text with very many nobody waits for the rest to be learnt.
    if (this.#learnt >= maxLearnt || text.length > longestName) return text;
    this.#learnt += 1;
    const name = ownString(text);
    table.keep(name, name);
    return name;
  }

  /** The rest of a string in which an escape was met at `at`. */
  #escapedString(start: number, at: number): string {
    const text = this.#text;
    let decoded = '';
    let from = start;
    let unicode = false;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        decoded += text.slice(from, at);
        if (unicode && !decoded.isWellFormed()) throw this.#error('surrogate', start - 1);
        this.#at = at + 1;
        return decoded;
      }
      if (code === BACKSLASH) {
        decoded += text.slice(from, at);
        const next = text.charCodeAt(at + 1);
        if (next === 0x75) {
          const digits = text.slice(at + 2, at + 6);
          if (!fourHexDigits.test(digits)) throw this.#error('escape', at);
          decoded += String.fromCharCode(Number.parseInt(digits, 16));
          unicode = true;
          at += 6;
        } else {
          const plain = escapes[next];
          if (plain === undefined) throw this.#error('escape', at);
          decoded += plain;
          at += 2;
        }
        from = at;
        continue;
      }
      if (code < 0x20) throw this.#error('control-character', at);
      at++;
    }
    throw this.#error('syntax', at);
  }

  /** `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?` (RFC 8259 §6). */
  #number(): string {
    const text = this.#text;
    const start = this.#at;
    let at = start;
    if (text.charCodeAt(at) === 0x2d) at++;
    const first = text.charCodeAt(at);
    if (!isDigit(first)) throw this.#error(at > start ? 'number' : 'syntax', at);
    at = first === 0x30 ? at + 1 : this.#digits(at);
    if (text.charCodeAt(at) === 0x2e) at = this.#digits(at + 1);
    const code = text.charCodeAt(at);
    if (code === 0x65 || code === 0x45) {
      const sign = text.charCodeAt(at + 1);
      at = this.#digits(sign === 0x2b || sign === 0x2d ? at + 2 : at + 1);
    }
    if (isDigit(text.charCodeAt(at))) throw this.#error('number', at);
    this.#at = at;
    return text.slice(start, at);
  }

  /** The end of a run of at least one digit. */
  #digits(from: number): number {
    let at = from;
    while (isDigit(this.#text.charCodeAt(at))) at++;
    if (at === from) throw this.#error('number', at);
    return at;
  }

  #word<Word>(word: string, value: Word): Word {
    if (!this.#text.startsWith(word, this.#at)) throw this.#error('syntax');
    this.#at += word.length;
    return value;
  }

  #error(fault: JsonFault, at = this.#at): JsonError {
    return new JsonError(fault, Buffer.byteLength(this.#text.slice(0, at)));
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
