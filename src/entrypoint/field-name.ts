import { type HeaderName, headerName } from '../http/header-name.ts';
import { NameTable } from '../http/name-table.ts';

/** What the rules of data-plane §2 say about a header field by its name alone. */
export interface FieldName {
  readonly header: HeaderName;
  /** `underscored`: servers behind us would read it as a hyphen. `pseudo`: of HTTP/2, read already. */
  readonly form: 'good' | 'underscored' | 'bad' | 'pseudo';
  /** A second occurrence would make two parties read two things. */
  readonly single: boolean;
  /** Ends at this hop (RFC 9110 §7.6.1), whatever `Connection` says. */
  readonly hopByHop: boolean;
  /** Tells where a request came from: worth something only from a peer that is trusted. */
  readonly forwarding: boolean;
}

const goodName = /^[A-Za-z0-9-]+$/;
const aliasName = /^[A-Za-z0-9_-]+$/;
const single = new Set(['authorization', 'host', 'content-type', 'content-length', 'origin', 'transfer-encoding']);
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
  'proxy-authorization',
  'proxy-authenticate',
]);
const forwarding = new Set(['forwarded', 'x-real-ip', 'x-original-url', 'x-rewrite-url']);

const remembered = new NameTable<FieldName>();

/** Looks a name up, spelled as it came. */
export function fieldName(name: string): FieldName {
  const known = remembered.get(name);
  if (known !== undefined) return known;
  const found = classify(name);
  remembered.keep(name, found);
  return found;
}

function classify(name: string): FieldName {
  const header = headerName(name);
  const { lower } = header;
  return {
    header,
    form: name.startsWith(':') ? 'pseudo' : goodName.test(name) ? 'good' : aliasName.test(name) ? 'underscored' : 'bad',
    single: single.has(lower) || lower.startsWith('mcp-'),
    hopByHop: hopByHop.has(lower),
    forwarding: forwarding.has(lower) || lower.startsWith('x-forwarded-'),
  };
}
