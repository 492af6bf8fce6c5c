import { Buffer } from 'node:buffer';
import { lookup as dnsLookup } from 'node:dns';
import { createRequire } from 'node:module';
import type { LookupFunction } from 'node:net';
import { getCACertificates } from 'node:tls';
import ipaddr from 'ipaddr.js';
import type { Agent, Dispatcher } from 'undici';
import { whyForbidden } from '../http/forbidden-address.ts';

/** TLS options of a middleware's own HTTP client; PEM texts. */
export interface ClientTls {
  /** Trust anchors instead of the system's. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly insecureSkipVerify?: boolean | undefined;
}

export interface OutboundOptions {
  readonly tls?: ClientTls | undefined;
  /** Whether `http:` may go further than this machine. */
  readonly plaintext: 'loopback' | 'anywhere';
  /** Install option `resolve`: `host:port` (lower case) to `address:port`. What it names is trusted as written. */
  readonly resolve?: ReadonlyMap<string, string> | undefined;
  /** Trust anchors of the install options, besides the system's. */
  readonly rootCAs?: readonly string[] | undefined;
  /** Milliseconds to connect. */
  readonly connectTimeout: number;
}

/** An address that no outbound call of ours may reach. */
export class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress';
  constructor(address: string, why: string) {
    super(`${address} is ${why}; the gateway does not connect there`);
  }
}

/**
 * Why an address may not be connected to, or undefined when it may. Judged on what a name resolved to at connect time, so
 * a name cannot be pointed elsewhere after a check (SSRF by DNS rebinding).
 */
export function forbidden(address: string, options: { readonly loopbackOnly: boolean }): string | undefined {
  const why = whyForbidden(address);
  if (why !== undefined || !options.loopbackOnly) return why;
  const range = ipaddr.process(address.split('%', 1)[0] ?? '').range();
  return range === 'loopback' ? undefined : 'not on this machine, and the URL has no TLS';
}

const require = createRequire(import.meta.url);

/** An HTTP client for calls that the gateway makes on its own behalf: key sets and authentication servers. */
export function outboundAgent(options: OutboundOptions): Agent {
  // Loaded with the first of them: many installations make no such call, and it takes 20 MiB.
  const { Agent, buildConnector } = require('undici') as typeof import('undici');
  const anchors =
    options.tls?.ca !== undefined
      ? [options.tls.ca]
      : (options.rootCAs ?? []).length > 0
        ? [...getCACertificates('default'), ...(options.rootCAs ?? [])]
        : undefined;
  const tls = {
    ...(anchors === undefined ? {} : { ca: anchors }),
    ...(options.tls?.cert === undefined ? {} : { cert: options.tls.cert }),
    ...(options.tls?.key === undefined ? {} : { key: options.tls.key }),
    ...(options.tls?.insecureSkipVerify === true ? { rejectUnauthorized: false } : {}),
    timeout: options.connectTimeout,
  };
  const trusted = buildConnector(tls);
  const guarded = {
    'https:': buildConnector({ ...tls, lookup: guardedLookup(false) }),
    'http:': buildConnector({ ...tls, lookup: guardedLookup(options.plaintext === 'loopback') }),
  };
  return new Agent({
    connections: 8,
    connect(target, callback) {
      const port = target.port || (target.protocol === 'https:' ? '443' : '80');
      const host = target.hostname.replace(/^\[|\]$/g, '');
      const elsewhere = options.resolve?.get(`${target.hostname.toLowerCase()}:${port}`);
      if (elsewhere !== undefined) {
        const colon = elsewhere.lastIndexOf(':');
        const hostname = elsewhere.slice(0, colon).replace(/^\[|\]$/g, '');
        const servername = target.servername ?? (ipaddr.isValid(host) ? undefined : host);
        trusted(
          {
            ...target,
            hostname,
            host: hostname,
            port: elsewhere.slice(colon + 1),
            ...(servername === undefined ? {} : { servername }),
          },
          callback,
        );
        return;
      }
      const plain = target.protocol !== 'https:';
      // Literal addresses are never looked up, so they are judged here.
      const why = ipaddr.isValid(host)
        ? forbidden(host, { loopbackOnly: plain && options.plaintext === 'loopback' })
        : undefined;
      if (why !== undefined) callback(new ForbiddenAddress(host, why), null);
      else guarded[plain ? 'http:' : 'https:'](target, callback);
    },
  });
}

/** `dns.lookup` that fails when any address of the name is forbidden. */
function guardedLookup(loopbackOnly: boolean): LookupFunction {
  return (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0);
      for (const { address } of addresses) {
        const why = forbidden(address, { loopbackOnly });
        if (why !== undefined) return callback(new ForbiddenAddress(`${hostname} (${address})`, why), '', 0);
      }
      const [first] = addresses;
      if (options.all === true) return callback(null, addresses);
      return callback(null, first?.address ?? '', first?.family ?? 0);
    });
  };
}

/** A response read whole. */
export interface SmallResponse {
  readonly status: number;
  /** Lower-case names of its fields. */
  readonly names: readonly string[];
  /** All values of a field, by lower-case name. */
  all(lowerName: string): readonly string[];
  /** The first value of a field, by lower-case name. */
  header(lowerName: string): string | undefined;
  readonly body: Buffer;
}

/** A response was longer than allowed. */
export class ResponseTooLarge extends Error {
  override readonly name = 'ResponseTooLarge';
  constructor(limit: number) {
    super(`the response is longer than ${limit} bytes`);
  }
}

/** One call with a small answer. */
export interface SmallRequest {
  readonly dispatcher: Dispatcher;
  readonly headers: Readonly<Record<string, string>> | readonly string[];
  /** Milliseconds from connecting to the last byte. */
  readonly timeout: number;
  /** Bytes of the answer. */
  readonly limit: number;
  /** GET when absent. */
  readonly method?: Dispatcher.HttpMethod | undefined;
  readonly body?: Buffer | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a call and reads the answer whole. Redirects are not followed, content codings neither asked for nor undone.
 *
 * @throws {ResponseTooLarge} past the limit, else what the socket said
 */
export async function requestSmall(url: URL, call: SmallRequest): Promise<SmallResponse> {
  const overdue = AbortSignal.timeout(call.timeout);
  const response = await call.dispatcher.request({
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: call.method ?? 'GET',
    headers: Array.isArray(call.headers)
      ? [...call.headers]
      : { ...(call.headers as Readonly<Record<string, string>>) },
    ...(call.body === undefined ? {} : { body: call.body }),
    signal: call.signal === undefined ? overdue : AbortSignal.any([overdue, call.signal]),
    headersTimeout: call.timeout,
    bodyTimeout: call.timeout,
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > call.limit) {
      response.body.destroy();
      throw new ResponseTooLarge(call.limit);
    }
    chunks.push(bytes);
  }
  const all = (lowerName: string): readonly string[] => {
    const value = response.headers[lowerName];
    return value === undefined ? [] : typeof value === 'string' ? [value] : value;
  };
  return {
    status: response.statusCode,
    names: Object.keys(response.headers),
    all,
    header: (lowerName) => all(lowerName)[0],
    body: Buffer.concat(chunks, size),
  };
}
