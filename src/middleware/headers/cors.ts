import { RE2JS } from 're2js';
import type { Exchange, Reply } from '../../http/exchange.ts';
import { HeaderFields } from '../../http/headers.ts';
import { addVary } from '../../http/vary.ts';
import type { HeadersOptions } from './options.ts';

/** Says whether pages of an origin may use the route. */
export type OriginTest = (origin: string) => boolean;

/** The CORS part of a `headers` middleware, compiled. */
export interface Cors {
  /** The answer to a preflight request, or undefined when the request is none. */
  preflight(exchange: Exchange): Reply | undefined;
  /** Sets the CORS fields of a reply to a request from `origin`. Whatever the upstream sent of them goes: two owners would break browsers. */
  dress(origin: string | undefined, reply: Reply): void;
}

/** What browser MCP clients send and read; `Mcp-Param-*` names depend on the tool, and CORS has no such wildcard. */
const mcpRequestHeaders = [
  'Authorization',
  'Content-Type',
  'Accept',
  'MCP-Protocol-Version',
  'Mcp-Session-Id',
  'Last-Event-ID',
  'Mcp-Method',
  'Mcp-Name',
  'traceparent',
  'tracestate',
  'baggage',
  'Mcp-Param-*',
];
const mcpReplyHeaders = ['Mcp-Session-Id', 'WWW-Authenticate', 'MCP-Protocol-Version', 'Last-Event-Id'];
const mcpMethods = ['GET', 'POST', 'DELETE', 'OPTIONS'];

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * The test for origins that these options allow, for whoever must know before the chain runs.
 *
 * @returns undefined when the options name no origin at all.
 * @throws when a regular expression cannot be compiled.
 */
export function corsOriginTest(
  options: Pick<HeadersOptions, 'accessControlAllowOriginList' | 'accessControlAllowOriginListRegex'>,
): OriginTest | undefined {
  const list = new Set(options.accessControlAllowOriginList ?? []);
  const expressions = (options.accessControlAllowOriginListRegex ?? []).map((text) => RE2JS.compile(text));
  if (list.size === 0 && expressions.length === 0) return undefined;
  if (list.has('*')) return () => true;
  return (origin) => list.has(origin) || expressions.some((expression) => expression.test(origin));
}

/** Compiles the CORS options (Fetch Standard, section CORS protocol). Undefined when none is set. */
export function compileCors(options: HeadersOptions): Cors | undefined {
  const allows = corsOriginTest(options);
  const configured =
    allows !== undefined ||
    options.accessControlAllowCredentials ||
    options.addVaryHeader ||
    options.accessControlMaxAge !== undefined ||
    [options.accessControlAllowHeaders, options.accessControlAllowMethods, options.accessControlExposeHeaders].some(
      (list) => list !== undefined && list.length > 0,
    );
  if (!configured) return undefined;

  const credentials = options.accessControlAllowCredentials;
  const anyOrigin = options.accessControlAllowOriginList?.includes('*') === true;
  const allowMethods = options.accessControlAllowMethods ?? (allows === undefined ? [] : mcpMethods);
  const allowHeaders = options.accessControlAllowHeaders ?? (allows === undefined ? [] : mcpRequestHeaders);
  const expose = exposeValue(
    options.accessControlExposeHeaders ?? (allows === undefined ? [] : mcpReplyHeaders),
    credentials,
  );
  // A reply that is the same for every origin need not be kept apart by caches.
  const varies = options.addVaryHeader || (allows !== undefined && (!anyOrigin || credentials));

  const allowOrigin = (origin: string | undefined, headers: HeaderFields): void => {
    if (anyOrigin && !credentials) headers.set('Access-Control-Allow-Origin', '*');
    // The wildcard has no meaning for requests with credentials, so the origin is named.
    else if (origin !== undefined && allows?.(origin) === true) headers.set('Access-Control-Allow-Origin', origin);
    if (credentials) headers.set('Access-Control-Allow-Credentials', 'true');
    if (expose !== undefined) headers.set('Access-Control-Expose-Headers', expose);
    if (varies) addVary(headers, 'Origin');
  };

  return {
    preflight(exchange) {
      const origin = exchange.headers.get('origin');
      const method = exchange.headers.get('access-control-request-method');
      if (exchange.method !== 'OPTIONS' || !origin || !method) return undefined;
      const headers = new HeaderFields();
      allowOrigin(origin, headers);
      const methods = credentials && allowMethods.includes('*') ? echo([method]) : allowMethods.join(',');
      if (methods !== '') headers.set('Access-Control-Allow-Methods', methods);
      const names = headerNames(allowHeaders, exchange.headers, credentials);
      if (names !== '') headers.set('Access-Control-Allow-Headers', names);
      if (options.accessControlMaxAge !== undefined) {
        headers.set('Access-Control-Max-Age', String(options.accessControlMaxAge));
      }
      headers.set('Content-Length', '0');
      return { status: 200, headers, body: null };
    },

    dress(origin, reply) {
      reply.headers.deleteWhere((name) => name.startsWith('access-control-'));
      allowOrigin(origin, reply.headers);
    },
  };
}

/**
 * `Access-Control-Allow-Headers`. With `*` the requested names are echoed, with credentials or not: a literal wildcard
 * would not cover `Authorization` (Fetch Standard, CORS-preflight fetch).
 */
function headerNames(allowed: readonly string[], request: HeaderFields, credentials: boolean): string {
  const requested = request.getAll('access-control-request-headers').flatMap((value) => value.split(','));
  if (allowed.includes('*')) return echo(requested) || (credentials ? '' : '*');
  const named = allowed.filter((name) => !name.endsWith('*'));
  const known = new Set(named.map((name) => name.toLowerCase()));
  const prefixes = allowed.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1).toLowerCase());
  const matching = requested.filter((name) => {
    const lower = name.trim().toLowerCase();
    return !known.has(lower) && prefixes.some((prefix) => lower.startsWith(prefix));
  });
  return [...named, echo(matching)].filter((part) => part !== '').join(',');
}

/** Names that a client sent, as a list that is safe to send back. */
function echo(names: readonly string[]): string {
  return names
    .map((name) => name.trim())
    .filter((name) => token.test(name))
    .join(',');
}

/** With credentials `*` would be read as a header of that name, so it is left out altogether. */
function exposeValue(names: readonly string[], credentials: boolean): string | undefined {
  if (names.length === 0 || (credentials && names.includes('*'))) return undefined;
  return names.join(',');
}
