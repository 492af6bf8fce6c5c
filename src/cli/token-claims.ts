import type { JWTPayload } from 'jose';
import { UsageError } from './command.ts';

export interface ClaimOptions {
  /** A JSON object. */
  readonly json: string | undefined;
  /** `name=value`, `name[]=value`. */
  readonly claims: readonly string[];
  /** `name=<JSON>`. */
  readonly jsonClaims: readonly string[];
  readonly subject: string | undefined;
  readonly issuer: string | undefined;
  readonly audience: readonly string[];
}

/**
 * Puts a token's claims together: the JSON object first, then what options say. A claim given more than once, or as
 * `name[]`, is a list.
 */
export function collectClaims(options: ClaimOptions): JWTPayload {
  const claims = new Map<string, unknown>(options.json === undefined ? [] : Object.entries(parseObject(options.json)));
  const lists = new Map<string, string[]>();
  for (const text of options.claims) {
    const { name, value, isList } = splitClaim(text, '--claim');
    const values = lists.get(name) ?? [];
    values.push(value);
    lists.set(name, values);
    claims.set(name, isList || values.length > 1 || Array.isArray(claims.get(name)) ? values : value);
  }
  for (const text of options.jsonClaims) {
    const { name, value } = splitClaim(text, '--claim-json');
    claims.set(name, parseJson(value, `--claim-json ${name}`));
  }
  if (options.subject !== undefined) claims.set('sub', options.subject);
  if (options.issuer !== undefined) claims.set('iss', options.issuer);
  const [audience, ...more] = options.audience;
  if (audience !== undefined) claims.set('aud', more.length === 0 ? audience : options.audience);
  return Object.fromEntries(claims);
}

function splitClaim(text: string, option: string): { name: string; value: string; isList: boolean } {
  const [, name, brackets, value] = /^([^=]+?)(\[\])?=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new UsageError(`${option} takes name=value: got ${text}`);
  return { name, value, isList: brackets !== undefined };
}

function parseObject(text: string): object {
  const value = parseJson(text, 'the claims');
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError('the claims must be a JSON object');
  return value;
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${what}: ${error instanceof Error ? error.message : 'not JSON'}`);
  }
}
