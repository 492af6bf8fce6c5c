import type { Buffer } from 'node:buffer';
import { type AnswerHead, parseAnswerHead } from './answer-head.ts';
import { ChunkedBody } from './chunked-body.ts';
import { BadAnswer } from './upstream-error.ts';

/** Hears what an answer consists of, in this order: any informational ones, the head, pieces of the body, the end. */
export interface AnswerListener {
  informational(status: number): void;
  head(head: AnswerHead): void;
  data(piece: Buffer): void;
  end(): void;
}

/** A control character that has no place in a head, or half a line end. */
const unclean = /[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n)|[^\r]\n/;
const headEnd = '\r\n\r\n';
const opening = 'HTTP/1.';
const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/**
 * Reads one HTTP/1.1 answer after the other from the bytes of a connection, strictly: what it does not refuse has one
 * meaning only. Bytes may come in any pieces; it never looks behind the end of an answer.
 */
export class AnswerReader {
  readonly #maxHead: number;
  readonly #emit = (piece: Buffer): void => this.#listener?.data(piece);
  #listener: AnswerListener | undefined;
  #method = '';
  /** What is there of a head. */
  #text = '';
  /** Its last characters, which may be the beginning of its end. */
  #tail = '';
  #head: AnswerHead | undefined;
  /** Bytes that are left of a body framed by length. */
  #left = 0;
  #chunks: ChunkedBody | undefined;
  /** While true nothing is read, from inside a listener too. */
  paused = false;

  constructor(maxHead: number) {
    this.#maxHead = maxHead;
  }

  /** The next bytes are the answer to a request with this method. */
  begin(method: string, listener: AnswerListener): void {
    this.#method = method;
    this.#listener = listener;
    this.#head = undefined;
    this.paused = false;
  }

  /** Nobody listens any more. May be called by a listener. */
  stop(): void {
    this.#listener = undefined;
    this.#head = undefined;
    this.#chunks = undefined;
    this.#text = '';
    this.#tail = '';
    this.paused = false;
  }

  /** An answer is expected, or under way. */
  get busy(): boolean {
    return this.#listener !== undefined;
  }

  /** Nothing but informational answers has come. */
  get awaitsHead(): boolean {
    return this.#listener !== undefined && this.#head === undefined;
  }

  /**
   * Reads until the bytes or the answer ends, or until it is paused.
   *
   * @returns how many bytes were read
   * @throws BadAnswer when the bytes are no clean answer.
   */
  read(bytes: Buffer): number {
    let at = 0;
    while (this.#listener !== undefined && !this.paused) {
      const head = this.#head;
      if (head === undefined) {
        if (at === bytes.length) break;
        at = this.#readHead(bytes, at, this.#listener);
      } else if (head.framing === 'none' || (head.framing === 'length' && this.#left === 0)) {
        this.#end(this.#listener);
      } else if (at === bytes.length) {
        break;
      } else if (this.#chunks !== undefined) {
        const chunks = this.#chunks;
        at = chunks.read(bytes, at, this.#emit);
        // A listener that stopped us has heard enough; one that paused us hears of the end later.
        if (chunks.done && this.#listener !== undefined) this.#end(this.#listener);
      } else {
        at = this.#readPiece(bytes, at, head, this.#listener);
      }
    }
    return at;
  }

  /**
   * The server has ended its side, in order. That is the end of a body without any other.
   *
   * @throws BadAnswer when something is missing.
   */
  finish(): void {
    if (this.#listener === undefined) return;
    if (this.#head?.framing === 'close') this.#end(this.#listener);
    else if (this.#head !== undefined) throw new BadAnswer('the answer ended early');
  }

  #end(listener: AnswerListener): void {
    this.stop();
    listener.end();
  }

  #readPiece(bytes: Buffer, at: number, { framing }: AnswerHead, listener: AnswerListener): number {
    const end = framing === 'length' ? Math.min(at + this.#left, bytes.length) : bytes.length;
    if (framing === 'length') this.#left -= end - at;
    listener.data(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    return end;
  }

  #readHead(bytes: Buffer, from: number, listener: AnswerListener): number {
    const end = this.#text === '' ? endOfCleanHead(bytes, from, this.#maxHead) : -1;
    if (end < 0) return this.#readPartOfHead(bytes, from, listener);
    this.#take(bytes.toString('latin1', from, end), listener);
    return end + headEnd.length;
  }

  /** Looks at each byte once, in however small pieces a head comes. */
  #readPartOfHead(bytes: Buffer, from: number, listener: AnswerListener): number {
    const known = this.#text.length;
    const piece = bytes.toString('latin1', from, Math.min(bytes.length, from + this.#maxHead - known + headEnd.length));
    const seam = this.#tail + piece;
    const end = seam.indexOf(headEnd);
    const looked = end < 0 ? seam : seam.slice(0, end);
    // The last character may be half a line end.
    if (unclean.test(end < 0 && looked.endsWith('\r') ? looked.slice(0, -1) : looked))
      throw new BadAnswer('no clean head');
    this.#text += piece;
    if (known < opening.length && !opening.startsWith(this.#text.slice(0, opening.length)))
      throw new BadAnswer('no status line');
    if (end < 0) {
      if (this.#text.length > this.#maxHead) throw new BadAnswer('the head is too long');
      this.#tail = seam.slice(-(headEnd.length - 1));
      return bytes.length;
    }
    const length = known - this.#tail.length + end;
    const head = this.#text.slice(0, length);
    this.#text = '';
    this.#tail = '';
    this.#take(head, listener);
    return from + length + headEnd.length - known;
  }

  #take(text: string, listener: AnswerListener): void {
    const head = parseAnswerHead(text, this.#method);
    if (head.status < 200) {
      listener.informational(head.status);
      return;
    }
    this.#head = head;
    this.#left = head.length;
    this.#chunks = head.framing === 'chunked' ? new ChunkedBody(this.#maxHead) : undefined;
    listener.head(head);
  }
}

/**
 * Where a head ends that is here in one piece and has no control character but in its line ends, in one pass; -1 for any
 * other, which is looked at with more patience.
 */
function endOfCleanHead(bytes: Buffer, from: number, longest: number): number {
  const limit = Math.min(bytes.length, from + longest + 1);
  for (let at = from; at < limit; at++) {
    const byte = bytes[at] as number;
    if ((byte >= 0x20 && byte !== 0x7f) || byte === 0x09) continue;
    if (byte !== carriageReturn || bytes[at + 1] !== lineFeed) return -1;
    if (bytes[at + 2] === carriageReturn && bytes[at + 3] === lineFeed) return at;
    at += 1;
  }
  return -1;
}
