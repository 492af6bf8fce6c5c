import { HeaderFields } from '../http/headers.ts';
import { Refusal } from '../http/refusal.ts';
import { fieldName } from './field-name.ts';

export interface HeaderRules {
  /** Most fields that are taken. */
  readonly limit: number;
  /** Refuse names with an underscore instead of leaving them out. */
  readonly rejectUnderscores: boolean;
}

/** What a client cannot take away by nominating it: the message would be read differently without. */
const framing = new Set(['host', 'content-length', 'transfer-encoding', 'content-type', 'content-encoding']);

/**
 * Takes header fields over from the wire by data-plane §2: more than `rules.limit` of them is 431; a name with an underscore
 * is left out; any other odd name is 400; duplicates of fields that must be single are 400. Left out, too, are what a peer
 * that is not trusted says about where the request came from, hop-by-hop fields, and those that `Connection` nominates:
 * before any middleware runs, so that a field which the gateway itself sets later cannot be nominated away.
 */
export function acceptHeaders(raw: readonly string[], rules: HeaderRules, trustedPeer: boolean): HeaderFields {
  const headers = new HeaderFields();
  let nominations: string | undefined;
  let count = 0;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const { header, form, single, hopByHop, forwarding } = fieldName(name);
    if (form === 'pseudo') continue;
    count += 1;
    if (count > rules.limit) throw new Refusal(431, 'too_many_headers');
    if (form !== 'good') {
      if (rules.rejectUnderscores || form === 'bad')
        throw new Refusal(400, 'bad_header_name', { body: 'bad header name\n' });
      continue;
    }
    const { lower } = header;
    if (single && headers.has(lower)) {
      throw new Refusal(400, 'duplicate_header', { body: `duplicate header ${lower}\n` });
    }
    const value = raw[i + 1] as string;
    if (lower === 'connection') nominations = nominations === undefined ? value : `${nominations},${value}`;
    if (hopByHop || (forwarding && !trustedPeer)) continue;
    headers.append(header, value);
  }
  if (nominations !== undefined) removeNominated(headers, nominations);
  return headers;
}

function removeNominated(headers: HeaderFields, nominations: string): void {
  // A set: thousands of names fit into one field, and each may not cost a walk through all headers.
  const names = new Set(nominations.split(',').map((name) => name.trim().toLowerCase()));
  headers.deleteWhere((name) => names.has(name) && !framing.has(name));
}
