import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { type CanaryKind, canary, canaryToken } from './canaries.ts';

/** Header fields that carry what must not be written down, by their lower-case names. */
const fields: Readonly<Record<string, CanaryKind>> = {
  authorization: 'token',
  'proxy-authorization': 'token',
  cookie: 'cookie',
  'x-api-key': 'secret',
};
/** Shorter ones are words that may stand anywhere. */
const leastLength = 16;
const known = new Set<string>();

/**
 * Registers every credential that a client within the process of a test sends, by whichever of Node's ways, so that a
 * test need not think of it.
 */
export function registerWhatIsSent(): void {
  subscribe('http.client.request.start', (message) => {
    const { request } = message as { readonly request: ClientRequest };
    for (const name of Object.keys(fields)) registerField(name, request.getHeader(name));
  });
  // fetch, and undici itself: names and values in turn.
  subscribe('undici:request:create', (message) => {
    const { headers } = (message as { readonly request: { readonly headers: unknown } }).request;
    if (!Array.isArray(headers)) return;
    for (let at = 0; at + 1 < headers.length; at += 2) registerField(String(headers[at]), headers[at + 1]);
  });
}

/** Registers the credentials in a header field, if it is one that carries some. */
export function registerField(name: string, value: unknown): void {
  const kind = fields[name.toLowerCase()];
  if (kind === undefined || typeof value !== 'string' || known.has(value)) return;
  known.add(value);
  for (const part of kind === 'cookie' ? value.split(';') : [value]) {
    const credential = part.slice(part.indexOf(kind === 'cookie' ? '=' : ' ') + 1).trim();
    if (/^eyJ[\w-]+\.[\w-]*\.[\w-]*$/.test(credential)) canaryToken(credential);
    else if (credential.length >= leastLength) canary(credential, kind);
  }
}

/** A key that says that what follows it is secret, and that; or an entry `name:hash` of a list of users. */
const secretSetting = /(?:secret|password|token|sessionKey)["']?\s*[:=]\s*["']?([^\s"',{}[\]$]+)/gi;
const passwordHash = /:(\$2[aby]\$[^\s"',\]]+|\$apr1\$[^\s"',\]]+|\{SHA\}[^\s"',\]]+)/g;
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+([A-Za-z0-9+/=]+)/g;

/** Registers the secrets in a configuration, whatever its format. */
export function registerConfigured(text: string): void {
  for (const pattern of [secretSetting, passwordHash, privateKey])
    for (const [, secret = ''] of text.matchAll(pattern)) {
      if (secret.length < leastLength || known.has(secret) || secret.startsWith('urn:') || secret.startsWith('/'))
        continue;
      known.add(secret);
      canary(secret);
    }
}
