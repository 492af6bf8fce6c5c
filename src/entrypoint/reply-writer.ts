import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { BodyFlow } from '../http/body.ts';
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
 * Writes a reply with back-pressure. Resolves when it has ended, one way or the other; never rejects. A body that breaks
 * off leaves the client with a cut, never with a well-formed partial answer (data-plane §6).
 */
export function writeReply(
  exchange: IncomingExchange,
  response: ServerResponse | Http2ServerResponse,
  reply: Reply,
  options: { readonly close: boolean; readonly writeTimeout: number },
): Promise<ReplyEnd> {
  return new Promise((resolve) => {
    const { body } = reply;
    if (response.destroyed || exchange.closed) {
      if (body !== null && !Buffer.isBuffer(body)) body.cancel();
      resolve('client_gone');
      return;
    }
    const http2 = exchange.protocol === '2';
    exchange.facts.replyHeaders = reply.headers;
    reply.headers.deleteWhere((name) => connectionFields.has(name));
    if (options.close && !http2) reply.headers.append('Connection', 'close');
    if (Buffer.isBuffer(body) && !reply.headers.has('content-length')) {
      reply.headers.append('Content-Length', String(body.length));
    }
    if (
      body === null &&
      !reply.headers.has('content-length') &&
      reply.status >= 200 &&
      reply.status !== 204 &&
      reply.status !== 304
    ) {
      reply.headers.append('Content-Length', '0');
    }
    const writable = response as ServerResponse;
    if (body === null || Buffer.isBuffer(body)) {
      writable.once('close', () => resolve(writable.writableFinished ? 'complete' : 'client_gone'));
      writable.on('error', ignore);
      writeHead(response, reply, http2);
      if (body === null || exchange.method === 'HEAD') {
        writable.end();
        return;
      }
      exchange.facts.replyBytes += body.length;
      // Every byte is one character of latin1, and Node sends a head and a short text in a single write.
      if (!http2 && body.length <= singleWriteLimit) writable.end(body.toString('latin1'), 'latin1');
      else writable.end(body);
      return;
    }
    if (exchange.method === 'HEAD') {
      body.cancel();
      writable.once('close', () => resolve(writable.writableFinished ? 'complete' : 'client_gone'));
      writable.on('error', ignore);
      writeHead(response, reply, http2);
      writable.end();
      return;
    }
    let flow: BodyFlow | undefined;
    let ended = false;
    let stall: NodeJS.Timeout | undefined;
    const finish = (end: ReplyEnd): void => {
      if (ended) return;
      ended = true;
      clearTimeout(stall);
      resolve(end);
    };
    writable.on('close', () => {
      if (ended) return;
      if (writable.writableFinished) {
        finish('complete');
        return;
      }
      finish('client_gone');
      flow?.cancel();
    });
    writable.on('error', ignore);
    writeHead(response, reply, http2);
    writable.flushHeaders();
    let paused = false;
    writable.on('drain', () => {
      clearTimeout(stall);
      if (!paused || ended) return;
      paused = false;
      flow?.resume();
    });
    flow = body.start({
      chunk(data) {
        if (ended) return;
        exchange.facts.replyBytes += data.length;
        if (!writable.write(data) && !paused) {
          paused = true;
          if (options.writeTimeout > 0) stall = setTimeout(() => writable.destroy(), options.writeTimeout);
          // `start` may call us before it has returned the flow.
          if (flow === undefined) queueMicrotask(() => paused && flow?.pause());
          else flow.pause();
        }
      },
      end() {
        if (!ended) writable.end();
      },
      fail() {
        finish('cut');
        writable.destroy();
      },
    });
    if (ended) flow.cancel();
  });
}

function writeHead(response: ServerResponse | Http2ServerResponse, reply: Reply, http2: boolean): void {
  if (!http2) {
    (response as ServerResponse).writeHead(reply.status, reply.headers.toRaw());
    return;
  }
  // HTTP/2 takes an object; several values of one field become an array.
  const fields: Record<string, string | string[]> = {};
  reply.headers.forEach((_, value, name) => {
    const present = fields[name];
    fields[name] = present === undefined ? value : Array.isArray(present) ? [...present, value] : [present, value];
  });
  (response as Http2ServerResponse).writeHead(reply.status, fields);
}
