import type { JsonValue } from './json.ts';

/** Who a verified credential says the caller is. Only `auth` makes one (see `auth/principal.ts`). */
export interface Identity {
  readonly kind: 'anonymous' | 'jwt' | 'basic' | 'api-key' | 'forwarded';
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
  /** Claims with exact numbers; own keys only. Empty for credentials without claims. */
  readonly claims: ReadonlyMap<string, JsonValue>;
  /** What sessions and caches bind to: issuer, subject and credential kind, joined unambiguously. */
  readonly bindingKey: string;
  /** Wall-clock time in ms since 1970 at which the credential ends, if it does. */
  readonly expiresAt: number | undefined;
}
