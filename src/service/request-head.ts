import type { Buffer } from 'node:buffer';
import type { Readable } from 'node:stream';
import { type HeaderName, headerName } from '../http/header-name.ts';
import type { HeaderFields } from '../http/headers.ts';
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
/** A target that has been looked at. */
let lastTarget = '/';
/** Methods whose requests say so when they have no body (RFC 9110 §8.6). */
const expectsBody = new Set(['POST', 'PUT', 'PATCH']);

/** What a head says. */
export interface HeadParts {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly headers: HeaderFields;
  /** Which of the fields stand in it. */
  readonly passes: (lowerName: string) => boolean;
  /** Bytes of the body; undefined: it goes in chunks. */
  readonly length: number | undefined;
}

const host = headerName('host');

/**
 * Request line and fields, `Host` first.
 *
 * @throws UnsendableRequest when a middleware has made something that HTTP has no form for.
 */
export function requestHead({ method, target, host: authority, headers, passes, length }: HeadParts): string {
  if (method !== 'POST' && method !== 'GET' && !token.test(method))
    throw new UnsendableRequest('the method is no token');
  if (target !== lastTarget && !visible.test(target))
    throw new UnsendableRequest('the path has characters that HTTP has no form for');
  lastTarget = target;
  if (!host.carries(authority)) throw unsendable(host, authority);
  let head = `${method} ${target} HTTP/1.1\r\nhost: ${authority}\r\nconnection: keep-alive\r\n`;
  headers.forEach((name, value) => {
    if (!passes(name.lower)) return;
    if (!name.carries(value)) throw unsendable(name, value);
    head += `${name.spelled}: ${value}\r\n`;
  });
  if (length === undefined) return `${head}transfer-encoding: chunked\r\n\r\n`;
  return length > 0 || expectsBody.has(method) ? `${head}content-length: ${length}\r\n\r\n` : `${head}\r\n`;
}

function unsendable({ isToken, spelled }: HeaderName, value: string): UnsendableRequest {
  if (!isToken) return new UnsendableRequest('the name of a header field is no token');
  return new UnsendableRequest(
    /[\r\n]/.test(value)
      ? `the value of ${spelled} has more than one line`
      : `the value of ${spelled} has characters that HTTP has no form for`,
  );
}
