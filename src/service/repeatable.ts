import { Buffer } from 'node:buffer';
import type { Exchange } from '../http/exchange.ts';

/** RFC 9110 §9.2.1, without TRACE, which never gets here. */
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** MCP requests that change nothing at the server, or nothing that a second one would change again. */
const repeatableCalls = new Set([
  'initialize',
  'server/discover',
  'ping',
  'tools/list',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/read',
  'resources/templates/list',
  'completion/complete',
]);

/**
 * May this request be sent a second time although a server may have acted on it? A `tools/call` never, whatever else is
 * configured (data-plane §6), nor any POST that no `mcp` middleware has read.
 */
export function isRepeatable(exchange: Exchange): boolean {
  const { mcp } = exchange.facts;
  if (mcp === undefined) return safeMethods.has(exchange.method);
  return mcp.kind === 'request' && repeatableCalls.has(mcp.method);
}

/**
 * The request's body whole, when it can be had without risk: at hand already, or declared to be at most `limit` bytes.
 * Undefined when it stays a stream.
 */
export async function wholeBody(exchange: Exchange, limit: number): Promise<Buffer | undefined> {
  const { body } = exchange;
  if (body.empty) return Buffer.alloc(0);
  if (body.buffered !== undefined) return body.buffered.length <= limit ? body.buffered : undefined;
  return body.declaredLength !== undefined && body.declaredLength <= limit ? body.read(limit) : undefined;
}
