import type { Buffer } from 'node:buffer';
import { BadAnswer } from './upstream-error.ts';

/** Bytes of a chunk's size with its extensions; nobody needs more. */
const longestSizeLine = 4_096;
/** The size, and extensions, which mean nothing to us. */
const sizeLine =
  /^([0-9a-fA-F]{1,12})(?:;[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:=(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)*$/;
const trailerLine = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Takes the chunked coding off a body, RFC 9112 §7.1. Trailers are checked and thrown away. */
export class ChunkedBody {
  readonly #maxTrailers: number;
  #state: 'size' | 'data' | 'after' | 'trailer' | 'done' = 'size';
  /** Bytes that are left of the chunk, or of the line end behind it. */
  #left = 0;
  /** What is there of a line. */
  #line = '';
  #trailers = 0;

  /** `maxTrailers`: bytes of all trailers together. */
  constructor(maxTrailers: number) {
    this.#maxTrailers = maxTrailers;
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  /**
   * Goes on from `at` until it has handed over one piece of the body, or has come to the end of the body or of the bytes.
   *
   * @returns where it stopped
   * @throws BadAnswer when the bytes are no chunked body.
   */
  read(bytes: Buffer, from: number, data: (piece: Buffer) => void): number {
    let at = from;
    while (at < bytes.length) {
      if (this.#state === 'data') {
        const end = Math.min(at + this.#left, bytes.length);
        this.#left -= end - at;
        if (this.#left === 0) {
          this.#state = 'after';
          this.#left = 2;
        }
        data(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
        return end;
      }
      if (this.#state === 'after') {
        if (bytes[at] !== (this.#left === 2 ? carriageReturn : lineFeed))
          throw new BadAnswer('a chunk without its end');
        at += 1;
        this.#left -= 1;
        if (this.#left === 0) this.#state = 'size';
        continue;
      }
      at = this.#readLine(bytes, at);
      if (this.done) return at;
    }
    return at;
  }

  /** Adds to the line; at its end, acts on it. */
  #readLine(bytes: Buffer, from: number): number {
    const feed = bytes.indexOf(lineFeed, from);
    const end = feed < 0 ? bytes.length : feed;
    const before = this.#line.length;
    const most = this.#state === 'size' ? longestSizeLine : this.#maxTrailers - this.#trailers;
    if (before + end - from > most) throw new BadAnswer('a line between chunks is too long');
    this.#line += bytes.toString('latin1', from, end);
    if (feed < 0) return end;
    const line = this.#line;
    this.#line = '';
    if (!line.endsWith('\r')) throw new BadAnswer('a line between chunks without its end');
    if (this.#state === 'size') this.#beginChunk(line.slice(0, -1));
    else this.#endTrailer(line.slice(0, -1));
    return feed + 1;
  }

  #beginChunk(line: string): void {
    const [, digits] = sizeLine.exec(line) ?? [];
    if (digits === undefined) throw new BadAnswer('a malformed chunk size');
    this.#left = Number.parseInt(digits, 16);
    this.#state = this.#left === 0 ? 'trailer' : 'data';
  }

  #endTrailer(line: string): void {
    this.#trailers += line.length + 2;
    if (line === '') this.#state = 'done';
    else if (!trailerLine.test(line)) throw new BadAnswer('a malformed trailer');
  }
}
