import type { JsonObject } from '../http/json.ts';
import type { Clock } from './clock.ts';
import { type CompactJws, parseClaims, parseJws, verifySignature } from './jws.ts';
import type { KeyChoice, KeySet } from './key-set.ts';
import type { KeySource } from './key-source.ts';
import { jwtPrincipal, type Principal } from './principal.ts';
import { TokenCache } from './token-cache.ts';
import { checkTimes, registeredClaims, type TimeRules } from './token-claims.ts';
import { KeysUnavailable, TokenFailure } from './token-failure.ts';

/** What a verified token proved. The audience is judged by each route on top of it. */
export interface VerifiedToken {
  readonly principal: Principal;
  readonly audience: readonly string[] | undefined;
}

/** Keys for tokens of any issuer, or for each trusted issuer its own. */
export type TrustedKeys =
  | { readonly source: KeySource; readonly issuers: ReadonlySet<string> | undefined }
  | { readonly byIssuer: ReadonlyMap<string, KeySource> };

interface CacheEntry extends VerifiedToken {
  readonly source: KeySource;
  readonly keys: KeySet;
  /** Wall-clock ms; infinite for tokens without `exp`. */
  readonly until: number;
}

/**
 * Verifies bearer tokens: signature by the configured keys, registered claims, issuer. Verified ones are remembered until
 * they expire or their keys change.
 */
export class TokenVerifier {
  readonly #keys: TrustedKeys;
  readonly #times: TimeRules;
  readonly #clock: Clock;
  readonly #cache = new TokenCache<CacheEntry>();

  constructor(options: { readonly keys: TrustedKeys; readonly times: TimeRules; readonly clock: Clock }) {
    this.#keys = options.keys;
    this.#times = options.times;
    this.#clock = options.clock;
  }

  /** A token verified before and still good; synchronous and about as dear as a map look-up. */
  recall(token: string): VerifiedToken | undefined {
    const entry = this.#cache.get(token);
    if (entry === undefined) return undefined;
    if (entry.source.current === entry.keys && this.#clock.wall() < entry.until) return entry;
    this.#cache.delete(token);
    return undefined;
  }

  /**
   * Verifies a token in full.
   *
   * @throws {TokenFailure} when it proves nothing
   * @throws {KeysUnavailable} when there are no keys to judge it with
   */
  async verify(token: string): Promise<VerifiedToken> {
    const jws = parseJws(token);
    const source = this.#sourceFor(jws);
    const { keys, found } = await chooseKeys(source, jws);
    await verifySignature(jws, found);
    const claims = parseClaims(jws);
    const registered = registeredClaims(claims);
    checkTimes(registered, this.#clock.wall(), this.#times);
    this.#checkIssuer(registered.issuer);
    const entry: CacheEntry = {
      principal: jwtPrincipal({
        issuer: registered.issuer,
        subject: registered.subject,
        claims,
        expiresAt: registered.expiresAt,
        credential: token,
      }),
      audience: registered.audience,
      source,
      keys,
      until: registered.expiresAt ?? Number.POSITIVE_INFINITY,
    };
    if (this.#clock.wall() < entry.until) this.#cache.set(token, entry);
    return entry;
  }

  dispose(): void {
    this.#cache.clear();
    if ('source' in this.#keys) this.#keys.source.dispose();
    else for (const source of new Set(this.#keys.byIssuer.values())) source.dispose();
  }

  /** The keys that may judge the token. With keys by issuer, its claimed issuer only picks among the configured ones. */
  #sourceFor(jws: CompactJws): KeySource {
    if ('source' in this.#keys) return this.#keys.source;
    const claimed = issuerOf(parseClaims(jws));
    const source = claimed === undefined ? undefined : this.#keys.byIssuer.get(claimed);
    if (source === undefined) throw new TokenFailure('jwt_issuer');
    return source;
  }

  /** Keys by issuer have picked by the issuer already. */
  #checkIssuer(issuer: string | undefined): void {
    const issuers = 'source' in this.#keys ? this.#keys.issuers : undefined;
    if (issuers !== undefined && (issuer === undefined || !issuers.has(issuer))) throw new TokenFailure('jwt_issuer');
  }
}

function issuerOf(claims: JsonObject): string | undefined {
  const issuer = claims.get('iss');
  return typeof issuer === 'string' ? issuer : undefined;
}

const choiceFailures = {
  'unknown-key': 'jwt_key_unknown',
  algorithm: 'jwt_algorithm',
  ambiguous: 'jwt_key_ambiguous',
} as const;

async function chooseKeys(source: KeySource, jws: CompactJws) {
  if (source.current === undefined) await source.settled();
  let keys = available(source);
  let choice: KeyChoice = keys.choose(jws.algorithm, jws.keyId);
  if (choice.found === undefined && choice.because === 'unknown-key' && jws.keyId !== undefined) {
    await source.lookAgain();
    keys = available(source);
    choice = keys.choose(jws.algorithm, jws.keyId);
  }
  if (choice.found === undefined) throw new TokenFailure(choiceFailures[choice.because], whichKey(choice, jws));
  return { keys, found: choice.found };
}

/** For the operator: the algorithm the token names is not secret, and short. */
function whichKey(choice: { because: string }, jws: CompactJws): string | undefined {
  return choice.because === 'algorithm' ? `alg ${JSON.stringify(jws.algorithm.slice(0, 20))}` : undefined;
}

function available(source: KeySource): KeySet {
  const keys = source.current;
  if (keys === undefined) throw new KeysUnavailable(source.retryAfter());
  return keys;
}
