import { Buffer } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { BodyFlow, BodySink, BodySource } from '../http/body.ts';
import type { Reply } from '../http/exchange.ts';
import type { IncomingExchange } from './incoming-exchange.ts';

/** How a reply ended: written whole, cut by us because the body broke off, or left by the client. */
export type ReplyEnd = 'complete' | 'cut' | 'client_gone';

const connectionFields = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'proxy-connection',
  'trailer',
]);

/** Bytes up to which a body is sent together with its head. */
const singleWriteLimit = 16_384;

/** A socket that fails tells us by closing, too. */
function ignore(): void {}

/**
 * Writes a reply with back-pressure, and calls `ended` once when it has ended, one way or the other. A body that breaks off
 * leaves the client with a cut, never with a well-formed partial answer (data-plane §6).
 */
export function writeReply(
  exchange: IncomingExchange,
  response: ServerResponse | Http2ServerResponse,
  reply: Reply,
  options: { readonly close: boolean; readonly writeTimeout: number },
  ended: (end: ReplyEnd) => void,
): void {
  const { body } = reply;
  const flows = body !== null && !Buffer.isBuffer(body);
  if (response.destroyed || exchange.closed) {
    if (flows) body.cancel();
    ended('client_gone');
    return;
  }
  setFraming(exchange, reply, options.close);
  if (flows && exchange.method === 'HEAD') body.cancel();
  if (flows && exchange.method !== 'HEAD') {
    new FlowingReply(exchange, response as ServerResponse, ended, options.writeTimeout).start(reply, body);
    return;
  }
  const writable = response as ServerResponse;
  writable.on('close', () => ended(writable.writableFinished ? 'complete' : 'client_gone'));
  writable.on('error', ignore);
  writeHead(exchange, response, reply);
  if (!Buffer.isBuffer(body) || exchange.method === 'HEAD') {
    writable.end();
    return;
  }
  exchange.facts.replyBytes += body.length;
  // Every byte is one character of latin1, and Node sends a head and a short text in a single write.
  if (exchange.protocol !== '2' && body.length <= singleWriteLimit) writable.end(body.toString('latin1'), 'latin1');
  else writable.end(body);
}

function setFraming(exchange: IncomingExchange, { headers, body, status }: Reply, close: boolean): void {
  exchange.facts.replyHeaders = headers;
  headers.deleteWhere((name) => connectionFields.has(name));
  if (close && exchange.protocol !== '2') headers.append('Connection', 'close');
  if (headers.has('content-length')) return;
  if (Buffer.isBuffer(body)) headers.append('Content-Length', String(body.length));
  else if (body === null && status >= 200 && status !== 204 && status !== 304) headers.append('Content-Length', '0');
}

/**
 * A reply whose body flows. Event streams are replies, too, and thousands of them may be open for hours: one object with
 * the state, and no closure that is not needed.
 */
class FlowingReply implements BodySink {
  readonly #exchange: IncomingExchange;
  readonly #writable: ServerResponse;
  readonly #whenEnded: (end: ReplyEnd) => void;
  readonly #writeTimeout: number;
  #flow: BodyFlow | undefined;
  #paused = false;
  #ended = false;
  #stall: NodeJS.Timeout | undefined;

  constructor(
    exchange: IncomingExchange,
    writable: ServerResponse,
    whenEnded: (end: ReplyEnd) => void,
    writeTimeout: number,
  ) {
    this.#exchange = exchange;
    this.#writable = writable;
    this.#whenEnded = whenEnded;
    this.#writeTimeout = writeTimeout;
  }

  start(reply: Reply, body: BodySource): void {
    const writable = this.#writable;
    writable.on('close', () => this.#closed());
    writable.on('error', ignore);
    writable.on('drain', () => this.#drained());
    writeHead(this.#exchange, writable, reply);
    writable.flushHeaders();
    this.#flow = body.start(this);
    // `start` may call us before it has returned the flow.
    if (this.#ended) this.#flow.cancel();
    else if (this.#paused) this.#flow.pause();
  }

  chunk(data: Uint8Array): void {
    if (this.#ended) return;
    this.#exchange.facts.replyBytes += data.length;
    if (this.#writable.write(data) || this.#paused) return;
    this.#paused = true;
    if (this.#writeTimeout > 0) this.#stall = setTimeout(() => this.#writable.destroy(), this.#writeTimeout);
    this.#flow?.pause();
  }

  end(): void {
    if (!this.#ended) this.#writable.end();
  }

  fail(): void {
    this.#finish('cut');
    this.#writable.destroy();
  }

  #drained(): void {
    clearTimeout(this.#stall);
    if (!this.#paused || this.#ended) return;
    this.#paused = false;
    this.#flow?.resume();
  }

  #closed(): void {
    if (this.#ended) return;
    if (this.#writable.writableFinished) {
      this.#finish('complete');
      return;
    }
    this.#finish('client_gone');
    this.#flow?.cancel();
  }

  #finish(end: ReplyEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#stall);
    this.#whenEnded(end);
  }
}

function writeHead(exchange: IncomingExchange, response: ServerResponse | Http2ServerResponse, reply: Reply): void {
  if (exchange.protocol !== '2') {
    (response as ServerResponse).writeHead(reply.status, reply.headers.toRaw());
    return;
  }
  // HTTP/2 takes an object; several values of one field become an array.
  const fields: Record<string, string | string[]> = {};
  reply.headers.forEach(({ lower: name }, value) => {
    const present = fields[name];
    fields[name] = present === undefined ? value : Array.isArray(present) ? [...present, value] : [present, value];
  });
  (response as Http2ServerResponse).writeHead(reply.status, fields);
}
