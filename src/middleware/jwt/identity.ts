import { type ClaimPath, findClaim, parseClaimPath } from '../../auth/claim-path.ts';
import {
  claimText,
  foldHeaderName,
  identityHeaderProblem,
  identityHeaderValue,
  ManagedHeaders,
} from '../../auth/identity-headers.ts';
import type { Principal } from '../../auth/principal.ts';
import type { HeaderFields } from '../../http/headers.ts';
import { ownString } from '../../http/name-table.ts';
import type { OptionProblems } from '../option-problems.ts';
import type { JwtOptions } from './options.ts';

/** What the rest of the chain and the upstream learn about the caller. */
export interface ForwardedIdentity {
  readonly headers: readonly (readonly [string, string])[];
  readonly username: string | undefined;
}

/** The compiled `forwardHeaders` and `usernameClaim`. */
export class IdentityForwarding {
  readonly #managed: ManagedHeaders;
  readonly #headers: readonly (readonly [string, ClaimPath])[];
  readonly #username: ClaimPath;
  /** A principal never changes, so neither does what follows from its claims. */
  readonly #remembered = new WeakMap<Principal, ForwardedIdentity>();

  constructor(headers: readonly (readonly [string, ClaimPath])[], username: ClaimPath) {
    this.#headers = headers;
    this.#username = username;
    this.#managed = new ManagedHeaders(headers.map(([name]) => name));
  }

  /** Drops what the client sent under the managed names, whoever it is. */
  clear(headers: HeaderFields): number {
    return this.#managed.drop(headers);
  }

  of(principal: Principal): ForwardedIdentity {
    let forwarded = this.#remembered.get(principal);
    if (forwarded === undefined) {
      forwarded = {
        username: ownString(claimText(findClaim(principal.claims, this.#username))),
        headers: this.#headers.flatMap(([name, path]) => {
          const value = identityHeaderValue(findClaim(principal.claims, path));
          return value === undefined ? [] : [[name, value] as const];
        }),
      };
      this.#remembered.set(principal, forwarded);
    }
    return forwarded;
  }
}

/** Compiles the options; what is wrong with them goes to `problems`. */
export function compileIdentityForwarding(
  options: JwtOptions,
  tokenHeader: string,
  problems: OptionProblems,
): IdentityForwarding {
  const headers: (readonly [string, ClaimPath])[] = [];
  const seen = new Map<string, string>([[foldHeaderName(tokenHeader), tokenHeader]]);
  for (const [name, claim] of Object.entries(options.forwardHeaders ?? {})) {
    const at = ['forwardHeaders', name];
    const fold = foldHeaderName(name);
    const twin = seen.get(fold);
    const problem =
      identityHeaderProblem(name) ?? (twin === undefined ? undefined : `upstreams may take it for ${twin}`);
    if (problem !== undefined)
      problems.add(at, `the header ${name} cannot be used: ${problem}`, 'choose another name, such as X-User-ID');
    seen.set(fold, name);
    headers.push([name, claimPath(claim, at, problems)]);
  }
  const username = options.usernameClaim === undefined || options.usernameClaim === '' ? 'sub' : options.usernameClaim;
  return new IdentityForwarding(headers, claimPath(username, ['usernameClaim'], problems));
}

function claimPath(text: string, at: readonly string[], problems: OptionProblems): ClaimPath {
  const path = parseClaimPath(text);
  if (path === undefined)
    problems.add(
      at,
      'not a claim path',
      'write names joined by dots, such as realm_access.roles; \\. is a dot inside a name',
    );
  else if (path.length > 1 && text.includes('://')) {
    problems.warn(
      at,
      'the dots in this claim name are read as steps into nested objects',
      `write ${text.replace(/(?<!\\)\./g, '\\.')} for one claim of that name`,
    );
  }
  return path ?? [];
}
