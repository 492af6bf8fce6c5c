import type { Exchange, Reply } from '../../http/exchange.ts';
import type { Message } from '../../mcp/envelope.ts';
import type { Era } from '../../mcp/era.ts';
import { refuse, rpcCodes } from '../../mcp/replies.ts';
import type { SessionOwner, SessionSeal } from '../../mcp/session-seal.ts';

const lowerName = 'mcp-session-id';
const name = 'Mcp-Session-Id';

/** A session on one exchange. */
export interface SessionTicket {
  readonly owner: SessionOwner;
  /** As the client knows it. */
  readonly sealed: string | undefined;
  /** As the upstream knows it. */
  readonly upstream: string | undefined;
}

/**
 * Replaces the session id of a request by the upstream's own.
 *
 * A modern request has no session, whatever it says: an id that came with it would only be another caller's. A client's
 * response can only belong to a session of its own.
 *
 * @throws {Refusal} 404 for an id that this caller was never given on this route; 400 for a response without a session
 */
export function openSession(
  seal: SessionSeal,
  exchange: Exchange,
  route: string,
  message: Message | undefined,
  era: Era,
): SessionTicket {
  const owner = { route, principal: exchange.identity?.bindingKey ?? '' };
  const sealed = exchange.headers.get(lowerName);
  if (message?.kind === 'response' && (sealed === undefined || era === 'modern')) {
    throw refuse({
      status: 400,
      code: rpcCodes.invalidRequest,
      message: 'Invalid request: a response belongs to a session',
      errorType: 'response_without_session',
      id: message.id,
    });
  }
  if (sealed === undefined) return { owner, sealed, upstream: undefined };
  if (era === 'modern') {
    exchange.headers.delete(lowerName);
    return { owner, sealed: undefined, upstream: undefined };
  }
  const upstream = seal.open(sealed, owner);
  if (upstream === undefined) {
    const id = message?.kind === 'notification' ? undefined : message?.id;
    throw refuse({
      status: 404,
      code: rpcCodes.sessionNotFound,
      message: 'Session not found',
      errorType: 'unknown_session',
      id,
    });
  }
  exchange.headers.set(name, upstream);
  return { owner, sealed, upstream };
}

/** Puts the client's id back, so that a request which is tried again is read as it came. */
export function restoreSession(exchange: Exchange, ticket: SessionTicket): void {
  if (ticket.sealed !== undefined) exchange.headers.set(name, ticket.sealed);
}

/** Seals the id on an answer. Returns the id that the client knows, whether it is new or not. */
export function closeSession(seal: SessionSeal, reply: Reply, ticket: SessionTicket): string | undefined {
  const upstream = reply.headers.get(lowerName);
  if (upstream === undefined) return ticket.sealed;
  const same = upstream === ticket.upstream ? ticket.sealed : undefined;
  const sealed = same ?? seal.seal(upstream, ticket.owner);
  reply.headers.set(name, sealed);
  return sealed;
}
