/** A key set fetched more often than this would make its server pay for our traffic. */
const shortest = 30_000;
const longest = 24 * 3_600_000;
/** When the server says nothing. */
const unstated = 5 * 60_000;

/** Header fields of a response; `undefined` when absent. */
export interface CacheFields {
  readonly cacheControl: string | undefined;
  readonly age: string | undefined;
  readonly expires: string | undefined;
  readonly date: string | undefined;
}

/**
 * How long a fetched key set counts as fresh, in ms, by its HTTP cache headers (RFC 9111 §4.2): `max-age` less `Age`, else
 * `Expires` less `Date`. Never under 30 s (also for `no-store` and `no-cache`), never over 24 h.
 */
export function cacheLifetime(fields: CacheFields): number {
  return Math.min(longest, Math.max(shortest, statedLifetime(fields) ?? unstated));
}

function statedLifetime({ cacheControl, age, expires, date }: CacheFields): number | undefined {
  const directives = (cacheControl ?? '').toLowerCase().split(',');
  const has = (name: string) => directives.some((directive) => directive.trim().split('=')[0] === name);
  if (has('no-store') || has('no-cache')) return 0;
  const maxAge = directives
    .map((directive) => /^\s*max-age\s*=\s*"?([0-9]{1,10})"?\s*$/.exec(directive)?.[1])
    .find(Boolean);
  if (maxAge !== undefined) {
    const spent = /^[0-9]{1,10}$/.test(age ?? '') ? Number(age) : 0;
    return (Number(maxAge) - spent) * 1000;
  }
  if (expires === undefined) return undefined;
  const until = Date.parse(expires);
  const from = Date.parse(date ?? '');
  // A malformed date means "already expired" (RFC 9111 §5.3).
  return Number.isNaN(until) || Number.isNaN(from) ? 0 : until - from;
}
