import { Readable } from 'node:stream';
import type { Exchange, Handler, Reply, RequestBody } from '../../src/http/exchange.ts';
import { exchangeId } from '../../src/http/exchange-id.ts';
import { newFacts } from '../../src/http/facts.ts';
import { HeaderFields } from '../../src/http/headers.ts';
import { Refusal, textReply } from '../../src/http/refusal.ts';
import { registerField } from './registered-secrets.ts';

/** What a test may say about a request; everything has a default. */
export interface ExchangeOverrides
  extends Partial<Omit<Exchange, 'id' | 'headers' | 'body' | 'target' | 'onClosed' | 'closed'>> {
  /** `scheme://host[:port]` as the client sees it. */
  readonly origin?: string;
  readonly headers?: HeaderFields | Readonly<Record<string, string | readonly string[]>>;
  /** The whole body. */
  readonly body?: string | Buffer;
  /** Leave the declared length away, as a chunked body does. */
  readonly chunked?: boolean;
}

/** An in-memory exchange, and a handle to play the client's part. */
export interface TestExchange extends Exchange {
  /** The client goes away. */
  close(): void;
}

let count = 0;

/** Builds an exchange for middleware and router tests: `GET http://mcp.localhost:8000/` from 127.0.0.1 unless told. */
export function testExchange(overrides: ExchangeOverrides = {}): TestExchange {
  const url = new URL(overrides.origin ?? 'http://mcp.localhost:8000');
  const bytes = Buffer.from(overrides.body ?? '');
  const headers = overrides.headers instanceof HeaderFields ? overrides.headers : headerFields(overrides.headers ?? {});
  for (const name of ['authorization', 'cookie', 'x-api-key']) registerField(name, headers.get(name));
  if (!headers.has('host')) headers.append('Host', url.host);
  const path = overrides.path ?? '/';
  const listeners = new Set<() => void>();
  let closed = false;
  count += 1;
  const number = overrides.number ?? count;
  return {
    number,
    id: exchangeId(number),
    entrypoint: overrides.entrypoint ?? 'web',
    protocol: overrides.protocol ?? '1.1',
    target: {
      scheme: url.protocol === 'https:' ? 'https' : 'http',
      authority: url.host,
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? undefined : Number(url.port),
    },
    peerAddress: overrides.peerAddress ?? '127.0.0.1',
    clientAddress: overrides.clientAddress ?? overrides.peerAddress ?? '127.0.0.1',
    method: overrides.method ?? (bytes.length > 0 ? 'POST' : 'GET'),
    originalPath: overrides.originalPath ?? path,
    path,
    query: overrides.query ?? '',
    headers,
    body: testBody(bytes, overrides.chunked ?? false),
    identity: overrides.identity,
    decision: overrides.decision,
    allowedOrigins: overrides.allowedOrigins,
    routeResource: overrides.routeResource,
    routeScopes: overrides.routeScopes,
    abortOnClose: overrides.abortOnClose ?? true,
    facts: overrides.facts ?? newFacts(),
    get closed() {
      return closed;
    },
    onClosed(callback) {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    close() {
      if (closed) return;
      closed = true;
      for (const listener of listeners) listener();
    },
  };
}

/** Header fields from a plain object; a list makes duplicates. */
export function headerFields(values: Readonly<Record<string, string | readonly string[]>>): HeaderFields {
  const fields = new HeaderFields();
  for (const [name, value] of Object.entries(values)) {
    for (const one of typeof value === 'string' ? [value] : value) fields.append(name, one);
  }
  return fields;
}

/** A handler that answers always the same, and remembers what it was asked. */
export function answering(
  status: number,
  options: { headers?: Readonly<Record<string, string>>; body?: string } = {},
): Handler & { readonly seen: Exchange[] } {
  const seen: Exchange[] = [];
  const handler = (exchange: Exchange): Promise<Reply> => {
    seen.push(exchange);
    const reply = textReply(status, options.body ?? '');
    for (const [name, value] of Object.entries(options.headers ?? {})) reply.headers.set(name, value);
    return Promise.resolve(reply);
  };
  return Object.assign(handler, { seen });
}

/** Runs a handler as the entrypoint would: a refusal becomes its reply. */
export async function answer(handler: Handler, exchange: Exchange): Promise<Reply> {
  try {
    return await handler(exchange);
  } catch (error) {
    if (error instanceof Refusal) return error.toReply();
    throw error;
  }
}

function testBody(bytes: Buffer, chunked: boolean): RequestBody {
  let buffered: Buffer | undefined;
  return {
    empty: bytes.length === 0,
    declaredLength: chunked ? undefined : bytes.length,
    get buffered() {
      return buffered;
    },
    read(limit) {
      if (bytes.length > limit) return Promise.reject(new Refusal(413, 'body_too_large'));
      buffered = bytes;
      return Promise.resolve(bytes);
    },
    stream: () => Readable.from(bytes.length === 0 ? [] : [bytes]),
  };
}
