import type { Buffer } from 'node:buffer';
import type { Readable } from 'node:stream';
import { NameTable } from '../http/name-table.ts';
import { UnsendableRequest } from './upstream-error.ts';

/** A request as a server gets it. */
export interface UpstreamRequest {
  readonly method: string;
  /** Request line, fields and the empty line, in ISO 8859-1. */
  readonly head: string;
  readonly body: Buffer | Readable | null;
  /** Bytes of a streamed body; undefined: sent in chunks. */
  readonly length: number | undefined;
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const visible = /^[\x21-\x7e\x80-\xff]+$/;
const unclean = /[^\t\x20-\x7e\x80-\xff]/;

/** A token, and the value that it last had as the name of a field: requests of one client have most of them in common. */
interface Known {
  clean: string;
}
const tokens = new NameTable<Known>();
const longestRemembered = 256;
/** A target that has been looked at. */
let lastTarget = '/';
/** Methods whose requests say so when they have no body (RFC 9110 §8.6). */
const expectsBody = new Set(['POST', 'PUT', 'PATCH']);

/**
 * Request line and fields. `fields` is a flat list of names and values that begins with `Host`; `length` is the body's,
 * undefined when it goes in chunks.
 *
 * @throws UnsendableRequest when a middleware has made something that HTTP has no form for.
 */
export function requestHead(
  method: string,
  target: string,
  fields: readonly string[],
  length: number | undefined,
): string {
  if (knownToken(method) === undefined) throw new UnsendableRequest('the method is no token');
  if (target !== lastTarget && !visible.test(target))
    throw new UnsendableRequest('the path has characters that HTTP has no form for');
  lastTarget = target;
  let head = `${method} ${target} HTTP/1.1\r\n`;
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = fields[index] as string;
    const value = fields[index + 1] as string;
    const known = knownToken(name);
    if (known === undefined) throw new UnsendableRequest('the name of a header field is no token');
    if (value !== known.clean) {
      if (unclean.test(value)) throw unsendable(name, value);
      if (value.length <= longestRemembered) known.clean = value;
    }
    head += `${name}: ${value}\r\n`;
    if (index === 0) head += 'connection: keep-alive\r\n';
  }
  if (length === undefined) return `${head}transfer-encoding: chunked\r\n\r\n`;
  return length > 0 || expectsBody.has(method) ? `${head}content-length: ${length}\r\n\r\n` : `${head}\r\n`;
}

function knownToken(text: string): Known | undefined {
  const known = tokens.find(text);
  if (known !== undefined) return known;
  if (!token.test(text)) return undefined;
  const found = { clean: '' };
  tokens.keep(text, found);
  return found;
}

function unsendable(name: string, value: string): UnsendableRequest {
  return new UnsendableRequest(
    /[\r\n]/.test(value)
      ? `the value of ${name} has more than one line`
      : `the value of ${name} has characters that HTTP has no form for`,
  );
}
