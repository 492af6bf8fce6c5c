import type { HeaderFields } from '../http/headers.ts';
import { Refusal } from '../http/refusal.ts';

/**
 * The bearer token of a request, or undefined when there is none. In `Authorization` the scheme must be there (RFC 6750
 * §2.1; case does not matter, RFC 9110 §11.1); any other field may hold the bare token.
 *
 * @param lowerName the field's name in lower case
 * @throws {Refusal} 400 when the field is there twice or holds more than one credential: which one counts would be a guess
 */
export function readBearer(headers: HeaderFields, lowerName: string): string | undefined {
  const value = headers.get(lowerName);
  if (value === undefined) return undefined;
  if (headers.count(lowerName) > 1) throw ambiguous();
  const token = withoutScheme(value) ?? (lowerName === 'authorization' ? undefined : value.trim());
  if (token === undefined || token === '') return undefined;
  if (token.includes(' ') || token.includes(',') || token.includes('\t')) throw ambiguous();
  return token;
}

const scheme = 'bearer';

/** What follows `Bearer` and its spaces, else undefined. */
function withoutScheme(value: string): string | undefined {
  const end = scheme.length;
  if (value.charCodeAt(end) !== 0x20) return undefined;
  // The usual spelling costs no new string.
  if (!value.startsWith('Bearer') && value.slice(0, end).toLowerCase() !== scheme) return undefined;
  let start = end + 1;
  while (value.charCodeAt(start) === 0x20) start += 1;
  return value.slice(start);
}

/**
 * The token in a query parameter, for routes that opted into that (RFC 6750 §2.3 discourages it).
 *
 * @param query with its `?`, or empty
 * @throws {Refusal} 400 when the parameter is there twice
 */
export function readQueryToken(query: string, parameter: string): string | undefined {
  const values = parameters(query)
    .filter((pair) => nameOf(pair) === parameter)
    .map((pair) => decoded(pair.slice(pair.indexOf('=') + 1)));
  if (values.length > 1) throw ambiguous();
  return values[0] === '' ? undefined : values[0];
}

/** The query without that parameter; what remains keeps its bytes. */
export function withoutParameter(query: string, parameter: string): string {
  const kept = parameters(query).filter((pair) => nameOf(pair) !== parameter);
  return kept.length === 0 ? '' : `?${kept.join('&')}`;
}

function parameters(query: string): string[] {
  return query.length < 2 ? [] : query.slice(1).split('&');
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=');
  return decoded(equals < 0 ? pair : pair.slice(0, equals));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function ambiguous(): Refusal {
  return new Refusal(400, 'credential_ambiguous');
}
