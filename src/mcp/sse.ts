import { Buffer } from 'node:buffer';

/**
 * Server-sent events as bytes: where one ends, what it says, and how to write one (WHATWG HTML, "Server-sent events",
 * interpretation of an event stream).
 */

const nothing = Buffer.alloc(0);
const LF = 0x0a;
const CR = 0x0d;

/** One event as it was sent. */
export interface SseEvent {
  /** `message` when no type was given. */
  readonly type: string;
  /** Data lines joined with line feeds; undefined when there was none, and then nothing is dispatched. */
  readonly data: string | undefined;
  readonly id: string | undefined;
  /** Reconnection time in milliseconds. */
  readonly retry: number | undefined;
}

/**
 * Cuts a byte stream into events, however the chunks fall. Each piece handed out is the bytes of one event with its
 * closing blank line (CR, LF or CRLF), so that all pieces in order are the stream again. A LF that arrives after a CR had
 * already closed an event is a piece of its own and says nothing.
 */
export class EventSplitter {
  readonly #limit: number;
  /** The event under way, as far as earlier chunks brought it. Copied, so that a slow stream does not hold on to its chunks. */
  #buffer = nothing;
  #size = 0;
  #lineEmpty = true;
  #afterCr = false;

  /** @param limit - the longest incomplete event that is kept, in bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True when everything so far belongs to complete events: here something may be inserted. */
  get atBoundary(): boolean {
    return this.#lineEmpty && this.#size === 0;
  }

  /**
   * Takes the next bytes and hands out every event that they complete.
   *
   * @returns false when the event under way is longer than the limit: its bytes are dropped and it is never handed out;
   * the caller gives up, or goes on without having seen it
   */
  push(chunk: Uint8Array, event: (raw: Buffer) => void): boolean {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const { length } = bytes;
    let from = 0;
    let at = 0;
    if (this.#afterCr && length > 0) {
      this.#afterCr = false;
      if (bytes[0] === LF) {
        at = 1;
        // The CR closed an event that is gone already; inside an event the LF just belongs to it.
        if (this.#size === 0) {
          event(bytes.subarray(0, 1));
          from = 1;
        }
      }
    }
    let nextLf = bytes.indexOf(LF, at);
    let nextCr = bytes.indexOf(CR, at);
    while (at < length) {
      const end = nextLf < 0 ? nextCr : nextCr < 0 ? nextLf : Math.min(nextLf, nextCr);
      if (end < 0) {
        this.#lineEmpty = false;
        break;
      }
      const empty = this.#lineEmpty && end === at;
      at = end + 1;
      if (end === nextCr) {
        if (at === length) this.#afterCr = true;
        else if (bytes[at] === LF) at++;
        nextCr = bytes.indexOf(CR, at);
      }
      if (nextLf >= 0 && nextLf < at) nextLf = bytes.indexOf(LF, at);
      this.#lineEmpty = true;
      if (empty) {
        const seen = this.#size <= this.#limit;
        const raw = this.#take(bytes.subarray(from, at));
        from = at;
        if (seen) event(raw);
      }
    }
    return this.#keep(bytes.subarray(from));
  }

  /** What is left when the stream has ended inside an event; empty when it ended between two. */
  rest(): Buffer {
    return this.#size > this.#limit ? nothing : this.#take(nothing);
  }

  #take(last: Buffer): Buffer {
    const raw = this.#size === 0 ? last : Buffer.concat([this.#buffer.subarray(0, this.#size), last]);
    this.#buffer = nothing;
    this.#size = 0;
    return raw;
  }

  #keep(bytes: Buffer): boolean {
    const size = this.#size + bytes.length;
    if (size > this.#limit) this.#buffer = nothing;
    else if (bytes.length > 0) {
      if (size > this.#buffer.length) {
        const larger = Buffer.allocUnsafe(Math.max(256, size * 2));
        this.#buffer.copy(larger, 0, 0, this.#size);
        this.#buffer = larger;
      }
      bytes.copy(this.#buffer, this.#size);
    }
    this.#size = size;
    return size <= this.#limit;
  }
}

const lineEnd = /\r\n|\r|\n/;
const digits = /^[0-9]+$/;

/** Reads the bytes of one event. A byte order mark counts only at the very start of a stream, where the caller drops it. */
export function readEvent(raw: Buffer): SseEvent {
  let type = '';
  let data: string | undefined;
  let id: string | undefined;
  let retry: number | undefined;
  for (const line of raw.toString('utf8').split(lineEnd)) {
    const [field, value] = readField(line);
    if (field === 'data') data = data === undefined ? value : `${data}\n${value}`;
    else if (field === 'event') type = value;
    else if (field === 'id' && !value.includes('\0')) id = value;
    else if (field === 'retry' && digits.test(value)) retry = Number(value);
  }
  return { type: type === '' ? 'message' : type, data, id, retry };
}

/** Name and value of a line; a comment has the name ''. One space after the colon does not count. */
function readField(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  return [line.slice(0, colon), line.slice(line.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1)];
}

/** The event with other data: one `data` line where the first one was, all other lines as they were. */
export function replaceData(raw: Buffer, data: string): Buffer {
  let text = '';
  let written = false;
  for (const line of raw.toString('utf8').split(lineEnd)) {
    if (line === '') continue;
    if (readField(line)[0] !== 'data') text += `${line}\n`;
    else if (!written) {
      written = true;
      text += dataLines(data);
    }
  }
  return Buffer.from(`${text}\n`, 'utf8');
}

/** A whole event of type `message`. */
export function writeEvent(data: string): Buffer {
  return Buffer.from(`${dataLines(data)}\n`, 'utf8');
}

function dataLines(data: string): string {
  return data
    .split(lineEnd)
    .map((line) => `data: ${line}\n`)
    .join('');
}

/** A line that clients skip. Keeps proxies from taking a silent stream for a dead one. */
export const keepAliveComment: Buffer = Buffer.from(': keep-alive\n\n', 'utf8');
