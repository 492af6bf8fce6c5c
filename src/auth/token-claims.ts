import { JsonNumber, type JsonObject, type JsonValue } from '../http/json.ts';
import { TokenFailure } from './token-failure.ts';

/** The registered claims (RFC 7519 §4.1) of a token, once their types are known to be right. Times in ms since 1970. */
export interface RegisteredClaims {
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
  /** Undefined when the claim is absent; `aud: []` is an audience that nobody is in. */
  readonly audience: readonly string[] | undefined;
  readonly expiresAt: number | undefined;
  readonly notBefore: number | undefined;
  readonly issuedAt: number | undefined;
}

/** @throws {TokenFailure} `jwt_claims_malformed` */
export function registeredClaims(claims: JsonObject): RegisteredClaims {
  return {
    issuer: textClaim(claims, 'iss'),
    subject: textClaim(claims, 'sub'),
    audience: audienceClaim(claims.get('aud')),
    expiresAt: dateClaim(claims, 'exp'),
    notBefore: dateClaim(claims, 'nbf'),
    issuedAt: dateClaim(claims, 'iat'),
  };
}

export interface TimeRules {
  /** Milliseconds of difference between clocks that are forgiven. */
  readonly leeway: number;
  readonly requireExpiration: boolean;
}

/**
 * Judges `exp`, `nbf` and `iat` against the wall clock (RFC 7519 §4.1.4–6).
 *
 * @throws {TokenFailure}
 */
export function checkTimes(claims: RegisteredClaims, now: number, rules: TimeRules): void {
  const { expiresAt, notBefore, issuedAt } = claims;
  if (expiresAt === undefined) {
    if (rules.requireExpiration) throw new TokenFailure('jwt_claims_malformed', 'there is no exp');
  } else if (now >= expiresAt + rules.leeway) throw new TokenFailure('jwt_expired', ago(now - expiresAt));
  if (notBefore !== undefined && now < notBefore - rules.leeway) {
    throw new TokenFailure('jwt_not_yet_valid', ahead(notBefore - now));
  }
  if (issuedAt !== undefined && now < issuedAt - rules.leeway) {
    throw new TokenFailure('jwt_issued_in_future', ahead(issuedAt - now));
  }
}

const ago = (ms: number) => `${Math.round(ms / 1000)} s ago`;
const ahead = (ms: number) => `in ${Math.round(ms / 1000)} s`;

function textClaim(claims: JsonObject, name: string): string | undefined {
  const value = claims.get(name);
  if (value === undefined || typeof value === 'string') return value;
  throw new TokenFailure('jwt_claims_malformed', `${name} is not a string`);
}

/** NumericDate: a JSON number of seconds, fractions allowed (RFC 7519 §2). Nothing else is taken for one. */
function dateClaim(claims: JsonObject, name: string): number | undefined {
  const value = claims.get(name);
  if (value === undefined) return undefined;
  const ms = value instanceof JsonNumber ? Number(value.text) * 1000 : Number.NaN;
  if (!Number.isFinite(ms)) throw new TokenFailure('jwt_claims_malformed', `${name} is not a NumericDate`);
  return ms;
}

function audienceClaim(value: JsonValue | undefined): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return [value];
  if (Array.isArray(value) && value.every((element) => typeof element === 'string')) return value;
  throw new TokenFailure('jwt_claims_malformed', 'aud is neither a string nor an array of strings');
}

export interface AudienceRules {
  /** The route's resource identifier; a trailing slash more or less means the same route. */
  readonly resource: string | undefined;
  /** Further audiences, compared exactly. */
  readonly audiences: readonly string[];
  /** Whether every audience of a token must be ours, not only one of them. */
  readonly strict: boolean;
  /** Whether a token without an audience may pass: only under a shared secret, and only when none was configured by hand. */
  readonly optional: boolean;
}

/** Compiles the audience rule of a route (data-plane §5). The function says whether a token's audience is acceptable. */
export function compileAudience(rules: AudienceRules): (audience: readonly string[] | undefined) => boolean {
  const own = new Set(rules.audiences);
  if (rules.resource !== undefined) {
    // Clients serialise `https://host` as `https://host/` when they ask for a token.
    const bare = rules.resource.replace(/\/$/, '');
    own.add(bare).add(`${bare}/`);
  }
  if (own.size === 0) return () => true;
  return (audience) => {
    if (audience === undefined) return rules.optional;
    if (audience.length === 0) return false;
    return rules.strict ? audience.every((name) => own.has(name)) : audience.some((name) => own.has(name));
  };
}
