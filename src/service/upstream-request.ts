import { PassThrough, type Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Exchange } from '../http/exchange.ts';
import type { ServerAddress } from './server.ts';
import { upstreamHeaders } from './upstream-headers.ts';

/** Undici's options, and one that its types leave out. */
export type UpstreamRequest = Dispatcher.DispatchOptions & { readonly servername: string };

/** The request as a server gets it: path and query as they stand, fields that may be passed on, our own framing. */
export function upstreamRequest(exchange: Exchange, address: ServerAddress, passHostHeader: boolean): UpstreamRequest {
  const host = passHostHeader ? (exchange.headers.get('host') ?? exchange.target.authority) : address.authority;
  const headers = upstreamHeaders(exchange, host);
  return {
    path: address.prefix + exchange.path + exchange.query,
    method: exchange.method,
    headers,
    body: requestBody(exchange, headers),
    // Undici would take the name of TLS from `host`, and a new connection for each new one; our dialler knows better.
    servername: address.hostname,
  };
}

/** The body whole, with its length, or streamed with the length that was declared, else chunked. */
function requestBody(exchange: Exchange, headers: string[]): Buffer | Readable | null {
  const { body } = exchange;
  if (body.empty) return null;
  if (body.buffered !== undefined) return body.buffered;
  if (body.declaredLength !== undefined) headers.push('content-length', String(body.declaredLength));
  const source = body.stream();
  // A go-between, because undici destroys what it cannot send, and the client's request is also its connection.
  const copy = new PassThrough();
  copy.on('error', () => {});
  source.once('error', (error) => copy.destroy(error));
  source.once('close', () => {
    if (!source.readableEnded) copy.destroy(new Error('the request broke off'));
  });
  source.pipe(copy);
  return copy;
}
