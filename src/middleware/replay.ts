import { Buffer } from 'node:buffer';
import type { Exchange, Reply } from '../http/exchange.ts';
import { Refusal } from '../http/refusal.ts';

/** Puts an exchange back to how it was, so that the chain behind can run once more. */
export type Rewind = () => void;

/** Remembers what the chain behind may change. */
export function rememberExchange(exchange: Exchange): Rewind {
  const { path, query, identity, decision } = exchange;
  const headers = exchange.headers.clone();
  return () => {
    exchange.path = path;
    exchange.query = query;
    exchange.identity = identity;
    exchange.decision = decision;
    exchange.headers.deleteWhere(() => true);
    headers.forEach((name, value) => {
      exchange.headers.append(name, value);
    });
  };
}

/** True when a refusal, or one that it wraps, says that nothing was sent upstream. */
export function nothingSent(error: unknown): boolean {
  for (let one = error; one instanceof Refusal; one = one.cause) if (one.unsent) return true;
  return false;
}

/** Drops a reply that nobody will see. */
export function discardReply(reply: Reply): void {
  if (reply.body !== null && !Buffer.isBuffer(reply.body)) reply.body.cancel();
}

/** RFC 9110 §9.2.2, and WebDAV's LOCK as Traefik has it: sending these twice is not the same as once. */
const unrepeatable = new Set(['POST', 'PATCH', 'LOCK']);

export function isIdempotent(method: string): boolean {
  return !unrepeatable.has(method);
}

/**
 * True for a request that carries an MCP message: a call of a tool must never be sent twice (data-plane §6), so whatever has
 * reached an upstream is not sent again, and it does not matter whether an `mcp` middleware has read it.
 */
export function carriesMessage(exchange: Exchange): boolean {
  if (exchange.facts.mcp !== undefined) return true;
  const { buffered } = exchange.body;
  if (buffered === undefined || buffered.length === 0) return false;
  try {
    const value: unknown = JSON.parse(buffered.toString('utf8'));
    return (
      typeof value === 'object' && value !== null && (Array.isArray(value) || 'jsonrpc' in value || 'method' in value)
    );
  } catch {
    return false;
  }
}
