import { isUtf8 } from 'node:buffer';
import { JsonNumber, type JsonObject, type JsonValue } from './value.ts';

/** Why a text was refused. */
export type JsonFault =
  | 'utf8'
  | 'bom'
  | 'empty'
  | 'syntax'
  | 'control-character'
  | 'escape'
  | 'surrogate'
  | 'number'
  | 'duplicate-key'
  | 'depth'
  | 'trailing';

const faultTexts: Record<JsonFault, string> = {
  utf8: 'not valid UTF-8',
  bom: 'begins with a byte order mark',
  empty: 'no JSON value',
  syntax: 'not valid JSON',
  'control-character': 'control character in a string',
  escape: 'unknown escape in a string',
  surrogate: 'lone surrogate in a string',
  number: 'malformed number',
  'duplicate-key': 'an object has the same key twice',
  depth: 'nested too deeply',
  trailing: 'something follows the JSON value',
};

/** A text that is not the one unambiguous JSON value it should be. Says where, never what was there. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
  readonly fault: JsonFault;
  /** Byte offset into the input at which it was noticed. */
  readonly offset: number;

  constructor(fault: JsonFault, offset: number) {
    super(`${faultTexts[fault]} (at byte ${offset})`);
    this.fault = fault;
    this.offset = offset;
  }
}

/** How deep arrays and objects may nest when nothing else is said. */
const defaultMaxDepth = 64;

/**
 * Scans one JSON text strictly (RFC 8259, and the stricter I-JSON rules of RFC 7493 §2.1, §2.3): valid UTF-8, no byte
 * order mark, no lone surrogate however it is written, no key twice in one object after escapes are decoded, nothing
 * after the value. One pass, linear in the length; the depth limit also bounds the recursion.
 *
 * @throws {JsonError} with the reason and the byte offset
 */
export function scanJson(bytes: Uint8Array, options: { readonly maxDepth?: number } = {}): JsonValue {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isUtf8(buffer)) throw new JsonError('utf8', firstInvalidByte(buffer));
  if (buffer.length >= 3 && buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf)
    throw new JsonError('bom', 0);
  return new Scanner(buffer.toString('utf8'), options.maxDepth ?? defaultMaxDepth).document();
}

/** The same for a text that has already been decoded; offsets are those of its UTF-8 form. */
export function scanJsonText(text: string, options: { readonly maxDepth?: number } = {}): JsonValue {
  if (!text.isWellFormed())
    throw new JsonError('utf8', Buffer.byteLength(text.slice(0, text.toWellFormed().search('\ufffd'))));
  if (text.charCodeAt(0) === 0xfeff) throw new JsonError('bom', 0);
  return new Scanner(text, options.maxDepth ?? defaultMaxDepth).document();
}

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

/** One scan. Works on the decoded string: substrings of it cost nothing, where slices of a buffer cost a call each. */
class Scanner {
  readonly #text: string;
  readonly #maxDepth: number;
  #at = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  document(): JsonValue {
    if (this.#skipSpace() === 0) throw this.#error('empty');
    const value = this.#value(0);
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#error('trailing');
    return value;
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

  #value(depth: number): JsonValue {
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
        return this.#number();
    }
  }

  #object(depth: number): JsonObject {
    if (depth > this.#maxDepth) throw this.#error('depth');
    const members = new Map<string, JsonValue>();
    this.#at++;
    let code = this.#skipSpace();
    if (code === 0x7d) {
      this.#at++;
      return members;
    }
    for (;;) {
      if (code !== QUOTE) throw this.#error('syntax');
      const keyAt = this.#at;
      const key = this.#string();
      if (this.#skipSpace() !== 0x3a) throw this.#error('syntax');
      this.#at++;
      this.#skipSpace();
      const size = members.size;
      members.set(key, this.#value(depth));
      // One hash look-up tells: a key that was there already does not make the map grow.
      if (members.size === size) throw this.#error('duplicate-key', keyAt);
      code = this.#skipSpace();
      if (code === 0x2c) {
        this.#at++;
        code = this.#skipSpace();
        continue;
      }
      if (code !== 0x7d) throw this.#error('syntax');
      this.#at++;
      return members;
    }
  }

  #array(depth: number): JsonValue[] {
    if (depth > this.#maxDepth) throw this.#error('depth');
    const elements: JsonValue[] = [];
    this.#at++;
    if (this.#skipSpace() === 0x5d) {
      this.#at++;
      return elements;
    }
    for (;;) {
      elements.push(this.#value(depth));
      const code = this.#skipSpace();
      this.#at++;
      if (code === 0x2c) this.#skipSpace();
      else if (code === 0x5d) return elements;
      else throw this.#error('syntax', this.#at - 1);
    }
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at + 1;
    let at = start;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return text.slice(start, at);
      }
      if (code === BACKSLASH) return this.#escapedString(start, at);
      if (code < 0x20) throw this.#error('control-character', at);
      at++;
    }
    throw this.#error('syntax', at);
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
  #number(): JsonNumber {
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
    return new JsonNumber(text.slice(start, at));
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

/** Where a buffer stops being UTF-8: decoding replaces bad bytes, so that is where the round trip first differs. */
function firstInvalidByte(buffer: Buffer): number {
  const again = Buffer.from(buffer.toString('utf8'), 'utf8');
  let at = 0;
  while (at < buffer.length && buffer[at] === again[at]) at++;
  return at;
}
