import { Buffer } from 'node:buffer';
import type { Reply } from '../../http/exchange.ts';
import { Refusal } from '../../http/refusal.ts';
import { errorBody, type MessageId } from '../../mcp/replies.ts';

/** What a caller is told about a call that could not be made. No address, no cause. */
const faultTexts: ReadonlyMap<number, string> = new Map([
  [429, 'too many requests'],
  [500, 'internal error'],
  [502, 'the upstream could not be reached or did not answer properly'],
  [503, 'the service is not available'],
  [504, 'the upstream did not answer in time'],
]);

/**
 * Gives a refusal that comes from behind the middleware a JSON-RPC body, when it answers a request with an id: a bare
 * status would leave the client guessing. Status, headers and everything else stay.
 */
export function withRpcBody(error: unknown, id: MessageId | undefined): unknown {
  if (id === undefined || !(error instanceof Refusal)) return error;
  const message = faultTexts.get(error.status);
  if (message === undefined) return error;
  const body = Buffer.from(errorBody({ id, code: error.status, message }), 'utf8');
  return error.amend((reply: Reply) => {
    reply.body = body;
    reply.headers.set('Content-Type', 'application/json');
    reply.headers.set('X-Content-Type-Options', 'nosniff');
    reply.headers.set('Content-Length', String(body.length));
  });
}
