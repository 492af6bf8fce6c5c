import { Buffer } from 'node:buffer';
import type { HeaderFields } from '../http/headers.ts';
import { Refusal } from '../http/refusal.ts';

export interface BasicCredentials {
  readonly user: string;
  readonly password: string;
}

/** Longer ones are not typed by people, and cost time to hash. */
const maxLength = 4_096;

/**
 * Reads `Authorization: Basic` (RFC 7617). Undefined when there is none or it is malformed.
 *
 * @throws {Refusal} 400 when `Authorization` is there twice
 */
export function readBasic(headers: HeaderFields): BasicCredentials | undefined {
  const [value, second] = headers.getAll('authorization');
  if (second !== undefined) throw new Refusal(400, 'credential_ambiguous');
  const encoded = value === undefined ? undefined : /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(value)?.[1];
  if (encoded === undefined || encoded.length > maxLength) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  const text = bytes.toString('utf8');
  const colon = text.indexOf(':');
  // Control characters are not allowed in either part (RFC 7617 §2); bytes that are no UTF-8 would merge names.
  if (colon < 0 || /[\x00-\x1f\x7f]/.test(text) || !Buffer.from(text, 'utf8').equals(bytes)) return undefined;
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
