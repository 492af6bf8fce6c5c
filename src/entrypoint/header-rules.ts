import { HeaderFields } from '../http/headers.ts';
import { Refusal } from '../http/refusal.ts';

const goodName = /^[A-Za-z0-9-]+$/;
const aliasName = /^[A-Za-z0-9_-]+$/;
/** Fields whose second occurrence would make two parties read two things. */
const single = new Set(['authorization', 'host', 'content-type', 'content-length', 'origin', 'transfer-encoding']);

/** Headers taken over from the wire, and how many were left out because of an underscore in their name. */
export interface AcceptedHeaders {
  readonly headers: HeaderFields;
  readonly underscoresDropped: number;
}

/**
 * Applies data-plane §2 to raw header fields: more than `rules.limit` of them is 431; a name with an underscore is dropped
 * (servers behind us would read it as a hyphen); any other odd name is 400; duplicates of fields that must be single are 400.
 */
export function acceptHeaders(
  raw: readonly string[],
  rules: { readonly limit: number; readonly rejectUnderscores: boolean },
): AcceptedHeaders {
  const headers = new HeaderFields();
  let underscoresDropped = 0;
  let count = 0;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    // Pseudo fields of HTTP/2 have been read already.
    if (name.charCodeAt(0) === 58) continue;
    count += 1;
    if (count > rules.limit) throw new Refusal(431, 'too_many_headers');
    if (!goodName.test(name)) {
      if (rules.rejectUnderscores || !aliasName.test(name))
        throw new Refusal(400, 'bad_header_name', { body: 'bad header name\n' });
      underscoresDropped += 1;
      continue;
    }
    const lower = name.toLowerCase();
    if ((single.has(lower) || lower.startsWith('mcp-')) && headers.has(lower)) {
      throw new Refusal(400, 'duplicate_header', { body: `duplicate header ${lower}\n` });
    }
    headers.append(name, raw[i + 1] as string);
  }
  return { headers, underscoresDropped };
}

/** Fields that end at this hop (RFC 9110 §7.6.1), whatever `Connection` says. */
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
/** What a client cannot take away by nominating it: the message would be read differently without. */
const framing = new Set(['host', 'content-length', 'transfer-encoding', 'content-type', 'content-encoding']);

/**
 * Removes hop-by-hop fields and those that `Connection` nominates, before any middleware runs: a field that the gateway
 * itself sets later can then not be nominated away.
 */
export function removeHopByHop(headers: HeaderFields): void {
  const nominated = new Set(
    headers
      .getAll('connection')
      .flatMap((value) => value.split(','))
      .map((name) => name.trim().toLowerCase()),
  );
  headers.deleteWhere((name) => hopByHop.has(name) || (nominated.has(name) && !framing.has(name)));
}
