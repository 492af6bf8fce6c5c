import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Readable } from 'node:stream';
import type { RequestBody } from '../http/exchange.ts';
import type { RequestFacts } from '../http/facts.ts';
import { Refusal } from '../http/refusal.ts';
import { deadlinesOf, type Timed } from './deadlines.ts';

const nothing = Buffer.alloc(0);

/** A request body on a Node stream: read whole once, or handed on as a stream. */
export class IncomingBody implements RequestBody {
  readonly empty: boolean;
  readonly declaredLength: number | undefined;
  buffered: Buffer | undefined;
  readonly #request: IncomingMessage | Http2ServerRequest;
  readonly #timeout: number;
  readonly #facts: RequestFacts;
  #reading: Promise<Buffer> | undefined;

  constructor(
    request: IncomingMessage | Http2ServerRequest,
    framing: { empty: boolean; declaredLength: number | undefined },
    timeout: number,
    facts: RequestFacts,
  ) {
    this.empty = framing.empty;
    this.declaredLength = framing.declaredLength;
    this.#request = request;
    this.#timeout = timeout;
    this.#facts = facts;
    if (framing.empty) this.buffered = nothing;
  }

  read(limit: number): Promise<Buffer> {
    if (this.buffered !== undefined) {
      return this.buffered.length > limit ? Promise.reject(tooLarge()) : Promise.resolve(this.buffered);
    }
    if (this.declaredLength !== undefined && this.declaredLength > limit) return Promise.reject(tooLarge());
    this.#reading ??= this.#collect(limit);
    return this.#reading;
  }

  replace(bytes: Buffer): void {
    this.buffered = bytes;
    this.#reading = Promise.resolve(bytes);
  }

  stream(): Readable {
    if (this.#reading !== undefined) throw new TypeError('the body has been read already');
    this.#request.on('data', (chunk: Buffer) => {
      this.#facts.requestBytes += chunk.length;
    });
    this.#request.pause();
    return this.#request;
  }

  #collect(limit: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      // Most bodies come in one packet with their heads, and are there as soon as the parser is through with it: then
      // nothing has to be listened for.
      queueMicrotask(() => {
        const request = this.#request;
        if (request.destroyed) {
          // It may have told of that already.
          reject(new Refusal(400, 'client_gone'));
        } else if (request.httpVersionMajor >= 2 || !request.complete) {
          this.#listen(limit, resolve, reject);
        } else {
          const bytes = (request.read() as Buffer | null) ?? nothing;
          if (bytes.length > limit) reject(tooLarge());
          else this.#take(bytes, resolve);
        }
      });
    });
  }

  #take(bytes: Buffer, resolve: (bytes: Buffer) => void): void {
    this.buffered = bytes;
    this.#facts.requestBytes += bytes.length;
    resolve(bytes);
  }

  #listen(limit: number, resolve: (bytes: Buffer) => void, reject: (refusal: Refusal) => void): void {
    const request = this.#request;
    const deadlines = this.#timeout > 0 ? deadlinesOf(this.#timeout) : undefined;
    let first: Buffer | undefined;
    let rest: Buffer[] | undefined;
    let size = 0;
    let settled = false;
    const fail = (refusal: Refusal): void => {
      settled = true;
      deadlines?.remove(limited);
      reject(refusal);
    };
    const limited: Timed = {
      due: 0,
      before: undefined,
      behind: undefined,
      late: () => {
        settled = true;
        reject(new Refusal(408, 'body_timeout'));
      },
    };
    deadlines?.add(limited);
    // The listeners stay: they go with the request, and removing them costs more than what they cost.
    request.on('data', (chunk: Buffer) => {
      if (settled) return;
      size += chunk.length;
      if (size > limit) {
        request.pause();
        fail(tooLarge());
      } else if (first === undefined) first = chunk;
      else if (rest === undefined) rest = [first, chunk];
      else rest.push(chunk);
    });
    request.on('end', () => {
      if (settled) return;
      settled = true;
      deadlines?.remove(limited);
      const bytes = rest === undefined ? (first ?? nothing) : Buffer.concat(rest, size);
      this.#take(bytes, resolve);
    });
    const onGone = (): void => {
      // Every request closes; an error is only worth its making before.
      if (!settled) fail(new Refusal(400, 'client_gone'));
    };
    request.on('close', onGone);
    // HTTP/1.1 requests tell of errors only when somebody listens, and close all the same.
    if (request.httpVersionMajor >= 2) request.on('error', onGone);
  }
}

function tooLarge(): Refusal {
  return new Refusal(413, 'body_too_large', { body: 'request body too large\n' });
}
