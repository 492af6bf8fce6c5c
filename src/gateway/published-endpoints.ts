import type { Diagnostic } from '../errors.ts';
import type { Exchange, Handler } from '../http/exchange.ts';
import { textReply } from '../http/refusal.ts';
import type { PublishedEndpoint } from '../middleware/definition.ts';

/** An endpoint and the middleware that brought it. */
export interface OwnedEndpoint {
  readonly owner: string;
  readonly endpoint: PublishedEndpoint;
}

/** Finds owners that claim one host and path with different content: neither may answer for it. */
export function findConflicts(owned: Iterable<OwnedEndpoint>): Map<string, Diagnostic> {
  const first = new Map<string, OwnedEndpoint>();
  const conflicts = new Map<string, Diagnostic>();
  for (const one of owned) {
    const place = placeOf(one.endpoint.host, one.endpoint.path);
    const other = first.get(place);
    if (other === undefined) first.set(place, one);
    else if (other.owner !== one.owner && other.endpoint.content !== one.endpoint.content) {
      for (const [mine, theirs] of [[one, other] as const, [other, one] as const]) {
        conflicts.set(mine.owner, {
          code: 'CONFIG_DUPLICATE',
          severity: 'error',
          message: `${one.endpoint.host}${one.endpoint.path} is claimed by ${theirs.owner} too, with different content`,
          hint: 'give the two resources different URLs, or make their metadata equal',
        });
      }
    }
  }
  return conflicts;
}

/** Answers the published endpoints of an entrypoint before any router: host and path are compared as plain text, never through a rule. */
export function servePublished(endpoints: Iterable<PublishedEndpoint>, next: Handler): Handler {
  const byPlace = new Map<string, PublishedEndpoint>();
  for (const endpoint of endpoints) byPlace.set(placeOf(endpoint.host, endpoint.path), endpoint);
  if (byPlace.size === 0) return next;
  return (exchange) => {
    // Only well-known paths are ever published, so other requests pay for one comparison.
    if (!exchange.path.startsWith('/.well-known/')) return next(exchange);
    const endpoint = byPlace.get(placeOf(exchange.target.host, exchange.path));
    return endpoint === undefined ? next(exchange) : Promise.resolve(endpoint.respond(exchange));
  };
}

/** Nobody claims the request: 404, as JSON where OAuth clients look for metadata, because HTML or text breaks their parsers. */
export function notFound(exchange: Exchange): Promise<ReturnType<typeof textReply>> {
  exchange.facts.errorType ??= 'no_route';
  if (exchange.path.startsWith('/.well-known/')) {
    return Promise.resolve(
      textReply(404, '{"error":"not_found"}\n', 'application/json', [['Access-Control-Allow-Origin', '*']]),
    );
  }
  return Promise.resolve(textReply(404, '404 page not found\n'));
}

function placeOf(host: string, path: string): string {
  return `${host}${path}`;
}
