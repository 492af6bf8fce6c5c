import type { Exchange } from '../http/exchange.ts';
import { hopByHop, nominatedBy } from './connection-fields.ts';

/** Not passed on to a server: those, and fields that we write ourselves or that only concern the connection to us. */
const staysHere = new Set([...hopByHop, 'host', 'content-length', 'expect']);

/**
 * Fields that a client cannot have removed by naming them in `Connection`: the gateway sets them, or servers decide by
 * them. RFC 9110 lets a recipient only drop fields that it received.
 */
function isKept(lowerName: string): boolean {
  return (
    lowerName.startsWith('x-') ||
    lowerName.startsWith('mcp-') ||
    lowerName.startsWith('content-') ||
    lowerName === 'forwarded' ||
    lowerName === 'authorization' ||
    lowerName === 'cookie' ||
    lowerName === 'host' ||
    lowerName === 'accept' ||
    lowerName === 'traceparent'
  );
}

/** The flat header list for an upstream request: everything but what is hop-by-hop, with `host` in front. */
export function upstreamHeaders(exchange: Exchange, host: string): string[] {
  const raw: string[] = ['host', host];
  const connection = exchange.headers.has('connection') ? exchange.headers.getAll('connection').join(',') : undefined;
  const dropped = connection === undefined ? undefined : nominatedBy(connection);
  exchange.headers.forEach((name, value, lower) => {
    if (staysHere.has(lower)) return;
    if (dropped?.has(lower) === true && !isKept(lower)) return;
    raw.push(name, value);
  });
  return raw;
}
