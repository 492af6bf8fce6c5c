import type { StickyConfig } from '../config/dynamic/model.ts';
import type { Exchange, Reply } from '../http/exchange.ts';
import { SessionTags } from './affinity.ts';
import { StickyCookie } from './sticky-cookie.ts';
import { type Candidate, pickHighestRandomWeight, type Strategy } from './strategy.ts';

/** A member of a balancer or of a combined service. */
export interface Member extends Candidate {
  /** May be given new callers. */
  readonly open: boolean;
  /** May still serve callers that are bound to it. */
  readonly healthy: boolean;
}

/** Chooses a member for a request: the one its caller is bound to, else what the strategy says. */
export class Membership<M extends Member> {
  readonly #members: readonly M[];
  readonly #strategy: Strategy<M>;
  readonly #tags: SessionTags<M>;
  readonly #sticky: StickyCookie<M> | undefined;

  constructor(service: string, members: readonly M[], strategy: Strategy<M>, sticky: StickyConfig | undefined) {
    this.#members = members;
    this.#strategy = strategy;
    this.#tags = new SessionTags(members);
    this.#sticky = sticky === undefined ? undefined : new StickyCookie(service, sticky, members);
  }

  /** Undefined when no member may serve this request. Call once per request: it takes the tag off a session id. */
  choose(exchange: Exchange): M | undefined {
    const bound = this.#tags.untag(exchange) ?? this.#sticky?.read(exchange);
    if (bound?.healthy === true) return bound;
    return this.#among(exchange, undefined);
  }

  /** Another member, after those of `tried` could not be reached. */
  instead(exchange: Exchange, tried: readonly M[]): M | undefined {
    return this.#among(exchange, tried);
  }

  /** Binds the caller to the member that served it: sessions by their id, browsers by a cookie. */
  bind(reply: Reply, exchange: Exchange, member: M): void {
    this.#tags.tag(reply, member);
    // MCP clients keep no cookies; there the session, or who is calling, decides.
    if (exchange.facts.mcp === undefined) this.#sticky?.write(reply, exchange, member);
  }

  #among(exchange: Exchange, tried: readonly M[] | undefined): M | undefined {
    const members = this.#members;
    const [only] = members;
    if (members.length === 1 && only !== undefined) return only.open && tried === undefined ? only : undefined;
    const open = members.filter((member) => member.open && tried?.includes(member) !== true);
    if (this.#sticky !== undefined && exchange.facts.mcp !== undefined) return pickHighestRandomWeight(open, exchange);
    return this.#strategy.pick(open, exchange);
  }
}
