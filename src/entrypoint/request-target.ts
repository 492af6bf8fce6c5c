import { isIPv6 } from 'node:net';
import type { RequestTarget } from '../http/exchange.ts';
import { ownString } from '../http/name-table.ts';
import { Refusal } from '../http/refusal.ts';
import type { EncodedCharacters } from './options.ts';

/** A path that has been normalised once, and the query with its `?` (or empty). */
export interface NormalisedTarget {
  readonly path: string;
  readonly query: string;
  /** Authority of an absolute-form target; it must equal the `Host` field. */
  readonly authority: string | undefined;
}

const plainPath = /^(?:\/[A-Za-z0-9\-._~!$&'()*+,;=:@]*)+$/;
const forbiddenRaw = /[^\x21-\x7e]|["<>\\^`{|}#]/;
const forbiddenQuery = /[^\x21-\x7e]|#/;
const dotSegment = /(?:^|\/)\.{1,2}(?=\/|$)/;
const unreserved = /[A-Za-z0-9\-._~]/;

/** The target that was normalised last, by which rules, and the result: most requests of a client go to one path. */
let lastTarget: { target: string; allow: EncodedCharacters; result: NormalisedTarget } | undefined;

/**
 * Normalises a request target as data-plane §2 wants it: percent-encoded unreserved characters are decoded once, and
 * whatever another parser could read differently is refused with 400. The result is what is matched, stripped, logged
 * and forwarded.
 */
export function normaliseTarget(target: string, allow: EncodedCharacters): NormalisedTarget {
  if (lastTarget?.target !== target || lastTarget.allow !== allow)
    lastTarget = { target, allow, result: readTarget(target, allow) };
  return lastTarget.result;
}

function readTarget(target: string, allow: EncodedCharacters): NormalisedTarget {
  let rest = target;
  let authority: string | undefined;
  if (!rest.startsWith('/')) {
    // RFC 9112 §3.2.2: a server must understand the absolute form.
    const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(rest);
    if (absolute === null) throw badTarget('target_form');
    authority = absolute[1] as string;
    rest = absolute[2] as string;
    if (!rest.startsWith('/')) rest = `/${rest}`;
  }
  const mark = rest.indexOf('?');
  const rawPath = mark < 0 ? rest : rest.slice(0, mark);
  const query = mark < 0 ? '' : rest.slice(mark);
  if (forbiddenQuery.test(query)) throw badTarget('target_query');
  return { path: ownString(normalisePath(rawPath, allow)), query, authority };
}

function normalisePath(raw: string, allow: EncodedCharacters): string {
  if (plainPath.test(raw)) {
    if (dotSegment.test(raw)) throw badTarget('path_dot_segment');
    return raw;
  }
  if (forbiddenRaw.test(raw)) throw badTarget('path_character');
  let path = '';
  for (let i = 0; i < raw.length; i++) {
    const character = raw[i] as string;
    if (character !== '%') {
      path += character;
      continue;
    }
    const hex = raw.slice(i + 1, i + 3);
    if (!/^[0-9A-Fa-f]{2}$/.test(hex)) throw badTarget('path_percent');
    const decoded = String.fromCharCode(Number.parseInt(hex, 16));
    if (!mayBeEncoded(decoded, allow)) throw badTarget('path_encoded');
    path += unreserved.test(decoded) ? decoded : `%${hex.toUpperCase()}`;
    i += 2;
  }
  // After decoding, since `%2e%2e` is `..` to whoever decodes next.
  if (dotSegment.test(path)) throw badTarget('path_dot_segment');
  return path;
}

function mayBeEncoded(decoded: string, allow: EncodedCharacters): boolean {
  switch (decoded) {
    case '/':
      return allow.slash;
    case '\\':
      return allow.backslash;
    case '%':
      return allow.percent;
    case ';':
      return allow.semicolon;
    case '?':
      return allow.questionMark;
    case '#':
      return allow.hash;
    case '\0':
      return allow.nul;
    default:
      // Other control characters have no business in a path; bytes above ASCII are UTF-8 and stay encoded.
      return decoded >= ' ' && decoded !== '\x7f';
  }
}

/** The authority that was asked for last: most requests of a gateway go to a few names. */
let last: RequestTarget = { scheme: 'http', authority: 'localhost', host: 'localhost', port: undefined };

/** Parses an authority by the grammar of RFC 9110 §4.2.3 without user information; 400 for anything else. */
export function parseAuthority(authority: string, scheme: 'http' | 'https'): RequestTarget {
  if (last.authority !== authority || last.scheme !== scheme) last = readAuthority(authority, scheme);
  return last;
}

function readAuthority(authority: string, scheme: 'http' | 'https'): RequestTarget {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?\.?))(?::([0-9]{1,5}))?$/.exec(
    authority,
  );
  if (match === null) throw badTarget('host');
  const host = ownString((match[1] ?? (match[2] as string)).toLowerCase());
  if (match[1] !== undefined && !isIPv6(host)) throw badTarget('host');
  const port = match[3] === undefined ? undefined : Number(match[3]);
  if (port !== undefined && (port === 0 || port > 65_535)) throw badTarget('host');
  return { scheme, authority: ownString(authority), host, port };
}

function badTarget(errorType: string): Refusal {
  return new Refusal(400, `bad_${errorType}`, { body: 'bad request target\n' });
}
