import type { Exchange } from '../../http/exchange.ts';
import { HeaderFields } from '../../http/headers.ts';

/** Fields about one connection or one message; they never travel to the authentication server. */
const ownToMessage = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export interface AuthRequestRules {
  /** Lower-case names; undefined for all. */
  readonly only: ReadonlySet<string> | undefined;
  readonly trustForwardHeader: boolean;
  readonly withBody: boolean;
}

/** The header of the question to the authentication server: the request's fields, and what it was sent to. */
export function authRequestHeaders(exchange: Exchange, rules: AuthRequestRules): HeaderFields {
  const headers = new HeaderFields();
  exchange.headers.forEach((name, value) => {
    const { lower } = name;
    if (ownToMessage.has(lower) || lower.startsWith('x-forwarded-')) return;
    if (!rules.withBody && lower.startsWith('content-')) return;
    if (rules.only === undefined || rules.only.has(lower)) headers.append(name, value);
  });
  const written: readonly (readonly [string, string])[] = [
    ['X-Forwarded-Method', exchange.method],
    ['X-Forwarded-Proto', exchange.target.scheme],
    ['X-Forwarded-Host', exchange.target.authority],
    ['X-Forwarded-Uri', exchange.path + exchange.query],
    ['X-Forwarded-For', exchange.clientAddress],
  ];
  for (const [name, value] of written) {
    // The entrypoint has removed these fields where they came from peers that are not trusted.
    const sent = rules.trustForwardHeader ? exchange.headers.get(name.toLowerCase()) : undefined;
    headers.append(name, sent ?? value);
  }
  return headers;
}

/** Whether a field of the server's answer may go to the client. */
export function isRelayed(lowerName: string): boolean {
  return !ownToMessage.has(lowerName);
}
