import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import { anonymousPrincipal } from '../../auth/principal.ts';
import type { Exchange, RequestBody } from '../../http/exchange.ts';
import { newFacts } from '../../http/facts.ts';
import { HeaderFields } from '../../http/headers.ts';

const emptyBody: RequestBody = {
  empty: true,
  declaredLength: 0,
  buffered: Buffer.alloc(0),
  read: () => Promise.resolve(Buffer.alloc(0)),
  stream: () => Readable.from([]),
};

/** Fields that describe a body, or a condition that the page is not subject to. */
const notForPages = /^(?:content-.*|transfer-encoding|expect|if-.*|range)$/;

/** What a page is asked with. */
export interface PageRequest {
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
  /** Lower-case names of the headers to pass on; undefined: all but credentials. */
  readonly headers: ReadonlySet<string> | undefined;
}

/**
 * The gateway's own request for an error page, made in the course of `exchange`: a GET without body. Credentials of the
 * caller go along only when they are named, since the page's server is not who they were meant for.
 */
export function pageExchange(exchange: Exchange, request: PageRequest): Exchange {
  const headers = new HeaderFields();
  exchange.headers.forEach((name, value) => {
    const { lower } = name;
    if (notForPages.test(lower)) return;
    const passes =
      request.headers === undefined ? lower !== 'authorization' && lower !== 'cookie' : request.headers.has(lower);
    if (passes || lower === 'host') headers.append(name, value);
  });
  return {
    number: exchange.number,
    id: exchange.id,
    entrypoint: exchange.entrypoint,
    protocol: exchange.protocol,
    target: exchange.target,
    peerAddress: exchange.peerAddress,
    clientAddress: exchange.clientAddress,
    method: 'GET',
    originalPath: request.path,
    path: request.path,
    query: request.query,
    headers,
    body: emptyBody,
    // A page is there for those too who could not say who they are.
    identity: exchange.identity ?? anonymousPrincipal(),
    decision: exchange.decision,
    allowedOrigins: exchange.allowedOrigins,
    routeResource: exchange.routeResource,
    routeScopes: exchange.routeScopes,
    abortOnClose: true,
    facts: newFacts(),
    get closed() {
      return exchange.closed;
    },
    onClosed: (callback) => exchange.onClosed(callback),
  };
}
