import type { Exchange } from '../http/exchange.ts';
import { requestHead, type UpstreamRequest } from './request-head.ts';
import type { ServerAddress } from './server.ts';
import { passesOn } from './upstream-headers.ts';

/**
 * The request as a server gets it: path and query as they stand, fields that may be passed on, our own framing. The body
 * goes whole, with its length, or streamed with the length that was declared, else in chunks.
 *
 * @throws UnsendableRequest
 */
export function upstreamRequest(exchange: Exchange, address: ServerAddress, passHostHeader: boolean): UpstreamRequest {
  const host = passHostHeader ? (exchange.headers.get('host') ?? exchange.target.authority) : address.authority;
  const { method, headers, body } = exchange;
  const target = address.prefix + exchange.path + exchange.query;
  const begin = (length: number | undefined): string =>
    requestHead({ method, target, host, headers, passes: passesOn(headers), length });
  if (body.empty) return { method, head: begin(0), body: null, length: 0 };
  const { buffered } = body;
  if (buffered !== undefined) return { method, head: begin(buffered.length), body: buffered, length: buffered.length };
  const length = body.declaredLength;
  return { method, head: begin(length), body: body.stream(), length };
}
