import type { Exchange } from '../http/exchange.ts';
import { refuse } from './replies.ts';

/** A test for origins, `https://app.example` as browsers write them. */
export type OriginTest = (origin: string) => boolean;

/**
 * Refuses a request that a foreign web page made (DNS rebinding; MCP 2025-11-25, transports, "Security warning"):
 * `Origin`, when sent, must be that of the requested URL or one that the route allows. To be called before
 * authentication on every route with an `mcp` middleware.
 *
 * @throws {Refusal} 403
 */
export function checkOrigin(exchange: Exchange): void {
  const origin = exchange.headers.get('origin');
  if (origin === undefined) return;
  if (
    exchange.headers.count('origin') === 1 &&
    (isOwnOrigin(exchange, origin) || exchange.allowedOrigins?.(origin) === true)
  )
    return;
  throw refuse({ status: 403, code: 403, message: 'origin not allowed', errorType: 'origin_not_allowed' });
}

function isOwnOrigin({ target }: Exchange, origin: string): boolean {
  return origin.toLowerCase() === originOf(target.scheme, target.authority);
}

/** Scheme and authority as browsers serialise them: lower case, default port left out (RFC 6454 §6.2). */
function originOf(scheme: 'http' | 'https', authority: string): string {
  const lower = authority.toLowerCase();
  const defaultPort = scheme === 'https' ? ':443' : ':80';
  return `${scheme}://${lower.endsWith(defaultPort) ? lower.slice(0, -defaultPort.length) : lower}`;
}

/**
 * Compiles a list of allowed origins: exact ones, `*` for any, and `null` for what has none (files, sandboxed frames)
 * only when it is written out.
 *
 * @throws {TypeError} when an entry is no origin
 */
export function compileOrigins(list: readonly string[]): OriginTest {
  if (list.includes('*')) return (origin) => origin !== 'null' || list.includes('null');
  const exact = new Set(
    list.map((entry) => {
      if (entry === 'null') return entry;
      const origin = URL.canParse(entry) ? new URL(entry).origin : 'null';
      if (origin === 'null' || origin !== entry.toLowerCase() || entry.includes('*'))
        throw new TypeError(`"${entry}" is not an origin; write scheme, host and port only, like https://app.example`);
      return origin;
    }),
  );
  return (origin) => exact.has(origin.toLowerCase());
}
