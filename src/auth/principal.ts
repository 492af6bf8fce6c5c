import { createHash } from 'node:crypto';
import type { Identity } from '../http/identity.ts';
import type { JsonObject } from '../http/json.ts';

/** Makes a principal. Only this module can, so only `auth` can. */
let make: (fields: PrincipalFields) => Principal;

interface PrincipalFields {
  readonly kind: Identity['kind'];
  readonly issuer?: string | undefined;
  readonly subject?: string | undefined;
  readonly claims?: JsonObject | undefined;
  readonly expiresAt?: number | undefined;
  /** What tells two callers apart when the credential names no subject. Never kept as it is, only its digest. */
  readonly credential?: string | undefined;
}

const noClaims: JsonObject = new Map();

/**
 * Who a verified credential says the caller is. The gateway's gate lets nobody through to a service without one, and one
 * cannot be forged: the constructor is private and {@link Principal.is} looks for a private field.
 */
export class Principal implements Identity {
  readonly #made: true = true;
  readonly kind: Identity['kind'];
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
  readonly claims: JsonObject;
  readonly bindingKey: string;
  readonly expiresAt: number | undefined;

  static {
    make = (fields) => new Principal(fields);
  }

  private constructor(fields: PrincipalFields) {
    this.kind = fields.kind;
    this.issuer = fields.issuer;
    this.subject = fields.subject;
    this.claims = fields.claims ?? noClaims;
    this.expiresAt = fields.expiresAt;
    this.bindingKey = bindingKey(fields);
    Object.freeze(this);
  }

  /** True only for what `auth` made; false for look-alikes, copies and proxies. */
  static is(value: unknown): value is Principal {
    return typeof value === 'object' && value !== null && #made in value && value.#made;
  }
}

/**
 * Issuer, subject and credential kind as a JSON array, so that no two triples read alike. A credential without a subject
 * says nothing about who holds it: it is bound to a digest of itself, or two strangers could share a session.
 */
function bindingKey(fields: PrincipalFields): string {
  const parts = [fields.kind, fields.issuer ?? null, fields.subject ?? null];
  if (fields.subject !== undefined || fields.credential === undefined) return JSON.stringify(parts);
  return JSON.stringify([...parts, createHash('sha256').update(fields.credential).digest('base64url')]);
}

/** The caller of a route that asks for no credential. */
export function anonymousPrincipal(): Principal {
  return anonymous;
}

/** The bearer of a verified token. `expiresAt` in ms since 1970. */
export function jwtPrincipal(token: {
  issuer: string | undefined;
  subject: string | undefined;
  claims: JsonObject;
  expiresAt: number | undefined;
  /** The token itself, for tokens without a subject. */
  credential: string;
}): Principal {
  return make({ kind: 'jwt', ...token });
}

/** Somebody who knew a user's password. `issuer` names the list of users, for instance the middleware. */
export function basicPrincipal(issuer: string, user: string): Principal {
  return make({ kind: 'basic', issuer, subject: user });
}

/** Somebody who held an API key. Keys without a user name are told apart by their hash as configured. */
export function apiKeyPrincipal(issuer: string, user: string | undefined, hash: string): Principal {
  return make({ kind: 'api-key', issuer, subject: user, credential: hash });
}

/** Somebody an external authentication server let in, known by what it called them or else by what they presented. */
export function forwardedPrincipal(issuer: string, user: string | undefined, presented: string): Principal {
  return make({ kind: 'forwarded', issuer, subject: user, credential: presented });
}

const anonymous = make({ kind: 'anonymous' });
