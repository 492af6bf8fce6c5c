import type { Exchange, Reply } from '../http/exchange.ts';
import { HeaderFields } from '../http/headers.ts';
import { textReply } from '../http/refusal.ts';

/** What an operator says about a protected resource. */
export interface ResourceMetadata {
  /** Absolute URL of the resource as clients know it. */
  readonly resource: string;
  readonly authorizationServers?: readonly string[] | undefined;
  readonly scopesSupported?: readonly string[] | undefined;
  readonly resourceName?: string | undefined;
  readonly resourceDocumentation?: string | undefined;
}

/** Where a document is served. */
export interface WellKnownPlace {
  /** Lower-case host name, without port. */
  readonly host: string;
  readonly path: string;
  /** The absolute URL, for challenges. */
  readonly url: string;
}

const wellKnown = '/.well-known/oauth-protected-resource';

/**
 * Where the metadata of a resource lives: the well-known segment goes between host and path, and a path that is only `/`
 * is dropped (RFC 9728 §3.1). Works on the parsed URL, never on text.
 *
 * @throws {TypeError} when `resource` is no absolute http(s) URL, or has a query, a fragment or credentials
 */
export function metadataPlace(resource: string): WellKnownPlace {
  const url = new URL(resource);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new TypeError('resource must be an https URL');
  if (url.hash !== '' || url.search !== '' || resource.includes('#') || resource.includes('?')) {
    throw new TypeError('resource must not have a query or a fragment');
  }
  if (url.username !== '' || url.password !== '') throw new TypeError('resource must not carry credentials');
  const path = `${wellKnown}${url.pathname === '/' ? '' : url.pathname}`;
  return { host: url.hostname.replace(/^\[|\]$/g, ''), path, url: `${url.origin}${path}` };
}

/** The document: keys in the order of RFC 9728 §2, those without a value omitted (§3.2). */
export function metadataDocument(metadata: ResourceMetadata): string {
  const nonEmpty = (list: readonly string[] | undefined) =>
    list === undefined || list.length === 0 ? undefined : list;
  return JSON.stringify({
    resource: metadata.resource,
    authorization_servers: nonEmpty(metadata.authorizationServers),
    scopes_supported: nonEmpty(metadata.scopesSupported),
    bearer_methods_supported: ['header'],
    resource_name: metadata.resourceName,
    resource_documentation: metadata.resourceDocumentation,
  });
}

const publicHeaders = [
  ['Access-Control-Allow-Origin', '*'],
  ['Cache-Control', 'max-age=3600'],
] as const;
const allowed = 'GET, HEAD, OPTIONS';

/** Answers a request for a metadata document: public, readable from any web page, cacheable. */
export function respondWithMetadata(document: string, exchange: Exchange): Reply {
  switch (exchange.method) {
    case 'GET':
      return textReply(200, document, 'application/json', publicHeaders);
    case 'HEAD':
      return { ...textReply(200, document, 'application/json', publicHeaders), body: null };
    case 'OPTIONS':
      return preflight(exchange);
    default:
      return textReply(405, '{"error":"method_not_allowed"}', 'application/json', [
        ['Allow', allowed],
        ...publicHeaders.slice(0, 1),
      ]);
  }
}

/** Clients send `MCP-Protocol-Version` and more on discovery requests, so what is asked for is allowed. */
function preflight(exchange: Exchange): Reply {
  const headers = new HeaderFields();
  headers.append('Access-Control-Allow-Origin', '*');
  headers.append('Access-Control-Allow-Methods', allowed);
  const asked = exchange.headers.get('access-control-request-headers');
  if (asked !== undefined && /^[A-Za-z0-9\-, ]{1,1024}$/.test(asked))
    headers.append('Access-Control-Allow-Headers', asked);
  headers.append('Access-Control-Max-Age', '3600');
  headers.append('Allow', allowed);
  return { status: 204, headers, body: null };
}
