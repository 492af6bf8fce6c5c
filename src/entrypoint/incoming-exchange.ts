import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Exchange, RequestTarget } from '../http/exchange.ts';
import { exchangeId, nextExchangeNumber } from '../http/exchange-id.ts';
import { newFacts, type RequestFacts } from '../http/facts.ts';
import type { HeaderFields } from '../http/headers.ts';
import type { Identity } from '../http/identity.ts';
import { Refusal } from '../http/refusal.ts';
import { readWholeNumber } from '../http/whole-number.ts';
import { applyForwardedHeaders, type TrustTest } from './forwarded-headers.ts';
import { acceptHeaders } from './header-rules.ts';
import type { EntrypointOptions } from './options.ts';
import { IncomingBody } from './request-body.ts';
import { normaliseTarget, parseAuthority } from './request-target.ts';
import { demandsMet } from './tls-state.ts';

const none: readonly (() => void)[] = [];

/** One request from a socket, checked by the rules of data-plane §2 before anything else sees it. */
export class IncomingExchange implements Exchange {
  readonly number = nextExchangeNumber();
  readonly entrypoint: string;
  readonly protocol: '1.0' | '1.1' | '2';
  readonly tlsDemands: string | undefined;
  readonly target: RequestTarget;
  readonly peerAddress: string;
  readonly clientAddress: string;
  readonly method: string;
  readonly originalPath: string;
  path: string;
  query: string;
  readonly headers: HeaderFields;
  readonly body: IncomingBody;
  identity: Identity | undefined = undefined;
  decision: object | undefined = undefined;
  allowedOrigins: ((origin: string) => boolean) | undefined = undefined;
  routeResource: string | undefined = undefined;
  routeScopes: readonly string[] | undefined = undefined;
  abortOnClose = true;
  readonly facts: RequestFacts;
  closed = false;
  /** The upstream call's, and only seldom somebody else's beside it. */
  #onClosed: (() => void) | undefined = undefined;
  #moreOnClosed: readonly (() => void)[] = none;

  /** Throws a {@link Refusal} when the request breaks a rule. */
  constructor(
    request: IncomingMessage | Http2ServerRequest,
    options: EntrypointOptions,
    trust: TrustTest,
    facts: RequestFacts = newFacts(),
  ) {
    this.facts = facts;
    this.entrypoint = options.name;
    this.protocol = request.httpVersionMajor >= 2 ? '2' : request.httpVersion === '1.0' ? '1.0' : '1.1';
    this.method = acceptMethod(request.method ?? '');
    this.peerAddress = plainAddress((request.socket as TLSSocket).remoteAddress ?? '');
    const rules = { limit: options.limits.headerCount, rejectUnderscores: options.rejectUnderscores };
    this.headers = acceptHeaders(request.rawHeaders, rules, trust(this.peerAddress));
    const scheme = options.tls ? 'https' : 'http';
    this.tlsDemands = options.tls ? demandsMet(request.socket) : undefined;
    const normalised = normaliseTarget(request.url ?? '', options.encodedCharacters);
    this.target = parseAuthority(readAuthority(request, this.headers, normalised.authority), scheme);
    this.originalPath = normalised.path;
    this.path = normalised.path;
    this.query = normalised.query;

    const framing = readFraming(this.headers, this.protocol, request);
    if (!framing.empty && (this.method === 'GET' || this.method === 'HEAD')) throw new Refusal(400, 'body_on_get');
    this.body = new IncomingBody(request, framing, options.timeouts.body, facts);
    this.clientAddress = applyForwardedHeaders(this.headers, this.peerAddress, this.target);
  }

  get id(): string {
    return exchangeId(this.number);
  }

  onClosed(callback: () => void): () => void {
    if (this.closed) {
      queueMicrotask(callback);
      return () => {};
    }
    if (this.#onClosed === undefined) this.#onClosed = callback;
    else this.#moreOnClosed = [...this.#moreOnClosed, callback];
    return () => {
      if (this.#onClosed === callback) this.#onClosed = undefined;
      else this.#moreOnClosed = this.#moreOnClosed.filter((one) => one !== callback);
    };
  }

  /** The entrypoint says that the client has gone before the reply was complete. */
  clientGone(): void {
    if (this.closed) return;
    this.closed = true;
    const first = this.#onClosed;
    const more = this.#moreOnClosed;
    this.#onClosed = undefined;
    this.#moreOnClosed = none;
    first?.();
    for (const callback of more) callback();
  }
}

function acceptMethod(method: string): string {
  if (method === 'POST' || method === 'GET') return method;
  if (!/^[A-Z]{1,20}$/.test(method) || method === 'TRACE' || method === 'CONNECT') {
    throw new Refusal(405, 'bad_method', { headers: [['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS']] });
  }
  return method;
}

function readAuthority(
  request: IncomingMessage | Http2ServerRequest,
  headers: HeaderFields,
  absolute: string | undefined,
): string {
  const host = headers.get('host');
  const pseudo = 'authority' in request && request.authority !== '' ? request.authority : undefined;
  const authority = pseudo ?? host ?? '';
  for (const other of [host, absolute]) {
    if (other !== undefined && other.toLowerCase() !== authority.toLowerCase()) throw new Refusal(400, 'host_mismatch');
  }
  if (host === undefined && authority !== '') headers.append('Host', authority);
  return authority;
}

/** RFC 9112 §6: what the head says about the body. Node's parser has refused contradictions already; we refuse the odd rest. */
function readFraming(
  headers: HeaderFields,
  protocol: string,
  request: IncomingMessage | Http2ServerRequest,
): { empty: boolean; declaredLength: number | undefined } {
  const length = headers.get('content-length');
  const coding = headers.get('transfer-encoding');
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || length !== undefined || protocol !== '1.1')) {
    throw new Refusal(400, 'bad_framing');
  }
  const declaredLength = length === undefined ? undefined : readWholeNumber(length);
  if (length !== undefined && declaredLength === undefined) throw new Refusal(400, 'bad_framing');
  const endsWithHead = protocol === '2' && 'stream' in request && request.stream.endAfterHeaders;
  const empty =
    endsWithHead || declaredLength === 0 || (protocol !== '2' && declaredLength === undefined && coding === undefined);
  return { empty, declaredLength };
}

/** IPv4 addresses that a dual-stack socket reports in IPv6 form become plain again. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
