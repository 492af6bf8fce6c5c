import type { HeaderFields } from '../http/headers.ts';
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

/** Says which of a request's fields go on to a server, by their lower-case names: all but what is hop-by-hop. */
export function passesOn(headers: HeaderFields): (lowerName: string) => boolean {
  if (!headers.has('connection')) return goesOn;
  const dropped = nominatedBy(headers.getAll('connection').join(','));
  return (lowerName) => goesOn(lowerName) && (!dropped.has(lowerName) || isKept(lowerName));
}

function goesOn(lowerName: string): boolean {
  return !staysHere.has(lowerName);
}
