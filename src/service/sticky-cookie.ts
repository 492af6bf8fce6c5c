import type { StickyConfig } from '../config/dynamic/model.ts';
import type { Exchange, Reply } from '../http/exchange.ts';
import { opaqueTag } from './keyed-hash.ts';

const sameSite = { none: 'None', lax: 'Lax', strict: 'Strict' } as const;

/** Keeps browsers with the same member by a cookie whose value is a digest of the member's name. */
export class StickyCookie<Member extends { readonly name: string }> {
  readonly #name: string;
  readonly #attributes: string;
  readonly #byValue = new Map<string, Member>();

  constructor(service: string, config: StickyConfig, members: readonly Member[]) {
    const { cookie } = config;
    this.#name = cookie.name === undefined || cookie.name === '' ? `_${opaqueTag(service, 8)}` : cookie.name;
    this.#attributes = [
      `; Path=${cookie.path === '' ? '/' : cookie.path}`,
      cookie.domain === undefined || cookie.domain === '' ? '' : `; Domain=${cookie.domain}`,
      cookie.maxAge > 0 ? `; Max-Age=${cookie.maxAge}` : cookie.maxAge < 0 ? '; Max-Age=0' : '',
      cookie.httpOnly ? '; HttpOnly' : '',
      cookie.secure ? '; Secure' : '',
      cookie.sameSite === undefined ? '' : `; SameSite=${sameSite[cookie.sameSite]}`,
    ].join('');
    for (const member of members) this.#byValue.set(cookieValue(member), member);
  }

  /** The member that the request's cookie names; undefined without one, or when the member has gone. */
  read(exchange: Exchange): Member | undefined {
    for (const header of exchange.headers.getAll('cookie')) {
      for (const pair of header.split(';')) {
        const equals = pair.indexOf('=');
        if (equals < 0 || pair.slice(0, equals).trim() !== this.#name) continue;
        const member = this.#byValue.get(pair.slice(equals + 1).trim());
        if (member !== undefined) return member;
      }
    }
    return undefined;
  }

  /** Binds the caller to the member, unless its cookie says so already. */
  write(reply: Reply, exchange: Exchange, member: Member): void {
    if (this.read(exchange) === member) return;
    reply.headers.append('Set-Cookie', `${this.#name}=${cookieValue(member)}${this.#attributes}`);
  }
}

function cookieValue(member: { readonly name: string }): string {
  return opaqueTag(member.name, 16);
}
