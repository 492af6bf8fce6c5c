import type { Exchange, Reply } from '../http/exchange.ts';
import { opaqueTag } from './keyed-hash.ts';

/**
 * What keeps a caller with the same server: its MCP session, else who it is, else where it comes from. Traefik takes the
 * peer's address always, which is one and the same for everybody behind a shared proxy (data-plane §7).
 */
export function affinityKey(exchange: Exchange): string {
  const session = exchange.headers.get('mcp-session-id');
  if (session !== undefined && session !== '') return session;
  const { identity } = exchange;
  return identity !== undefined && identity.kind !== 'anonymous' ? identity.bindingKey : exchange.clientAddress;
}

const tagged = /~[0-9a-f]{8}$/;

/**
 * Binds MCP sessions to the member that issued them, without a table: where there is a choice, the id that goes to the
 * client ends with a tag of the member, which is taken off on the way back up. So any replica, and a restarted one, finds
 * the server that knows the session. Combined services each add a tag of their own, innermost first.
 */
export class SessionTags<Member extends { readonly name: string }> {
  readonly #byTag = new Map<string, Member>();

  constructor(members: readonly Member[]) {
    for (const member of members) this.#byTag.set(tagOf(member), member);
  }

  /** The member that issued the request's session; takes the tag off. Undefined when there is none, or it has gone. */
  untag(exchange: Exchange): Member | undefined {
    const session = exchange.headers.get('mcp-session-id');
    if (session === undefined || !tagged.test(session)) return undefined;
    const member = this.#byTag.get(session.slice(-9));
    if (member !== undefined) exchange.headers.set('Mcp-Session-Id', session.slice(0, -9));
    return member;
  }

  /** Puts the member's tag on a session id in a reply. */
  tag(reply: Reply, member: Member): void {
    if (this.#byTag.size < 2) return;
    const session = reply.headers.get('mcp-session-id');
    if (session !== undefined && session !== '') reply.headers.set('Mcp-Session-Id', session + tagOf(member));
  }
}

function tagOf(member: { readonly name: string }): string {
  return `~${opaqueTag(member.name, 8)}`;
}
