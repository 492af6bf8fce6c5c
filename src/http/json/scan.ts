import { Buffer, isUtf8 } from 'node:buffer';
import { JsonCursor } from './cursor.ts';
import { JsonError } from './json-error.ts';
import type { JsonValue } from './value.ts';

export interface ScanOptions {
  /** How deep arrays and objects may nest. Absent: 64. */
  readonly maxDepth?: number;
}

/**
 * Scans one JSON text strictly (RFC 8259, and the stricter I-JSON rules of RFC 7493 §2.1, §2.3): valid UTF-8, no byte
 * order mark, no lone surrogate however it is written, no key twice in one object after escapes are decoded, nothing
 * after the value. One pass, linear in the length; the depth limit also bounds the recursion.
 *
 * @throws {JsonError} with the reason and the byte offset
 */
export function scanJson(bytes: Uint8Array, options?: ScanOptions): JsonValue {
  return openJson(bytes, options).document((cursor) => cursor.value(0));
}

/** The same for a text that has already been decoded; offsets are those of its UTF-8 form. */
export function scanJsonText(text: string, options?: ScanOptions): JsonValue {
  return openJson(text, options).document((cursor) => cursor.value(0));
}

/**
 * A cursor at the beginning of a JSON text, for those who need only parts of it, or their places.
 *
 * @throws {JsonError} when the text is not UTF-8 or begins with a byte order mark
 */
export function openJson(input: Uint8Array | string, { maxDepth = 64 }: ScanOptions = {}): JsonCursor {
  const text = typeof input === 'string' ? input : decode(input);
  if (typeof input === 'string' && !text.isWellFormed())
    throw new JsonError('utf8', Buffer.byteLength(text.slice(0, text.toWellFormed().search('\ufffd'))));
  if (text.charCodeAt(0) === 0xfeff) throw new JsonError('bom', 0);
  return new JsonCursor(text, maxDepth);
}

const replacement = '\ufffd';

function decode(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  // What is no UTF-8 becomes the replacement character, which may also stand in the text itself.
  if (text.includes(replacement) && !isUtf8(buffer)) throw new JsonError('utf8', firstInvalidByte(buffer));
  return text;
}

/** Where a buffer stops being UTF-8: decoding replaces bad bytes, so that is where the round trip first differs. */
function firstInvalidByte(buffer: Buffer): number {
  const again = Buffer.from(buffer.toString('utf8'), 'utf8');
  let at = 0;
  while (at < buffer.length && buffer[at] === again[at]) at++;
  return at;
}
