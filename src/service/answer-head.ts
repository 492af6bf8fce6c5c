import { type HeaderName, headerName } from '../http/header-name.ts';
import { HeaderFields } from '../http/headers.ts';
import { NameTable } from '../http/name-table.ts';
import { readWholeNumber } from '../http/whole-number.ts';
import { hopByHop, nominatedBy } from './connection-fields.ts';
import { BadAnswer } from './upstream-error.ts';

/** How the end of an answer's body is told, RFC 9112 §6.3. */
export type Framing = 'none' | 'length' | 'chunked' | 'close';

/** An answer's head, fields of the connection taken out. */
export interface AnswerHead {
  /** 100 to 599. */
  readonly status: number;
  readonly headers: HeaderFields;
  readonly framing: Framing;
  /** Bytes of a body framed by length, else -1. */
  readonly length: number;
  readonly eventStream: boolean;
  /** The connection may be used again behind this answer. */
  readonly persistent: boolean;
  /** Seconds that the server says it keeps an idle connection for. */
  readonly keepAlive: number | undefined;
}

const statusLine = /^HTTP\/1\.([01]) ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const keepAliveTimeout = /(?:^|[\s,;])timeout\s*=\s*"?([0-9]{1,6})/i;

type Meaning = 'length' | 'coding' | 'type' | 'connection' | 'keep-alive' | 'hop' | 'other';
const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ...[...hopByHop].map((name) => [name, 'hop'] as const),
  // Announces other places for the upstream's origin; to a client they would be places for ours (RFC 7838).
  ['alt-svc', 'hop'],
  ['connection', 'connection'],
  ['keep-alive', 'keep-alive'],
  ['transfer-encoding', 'coding'],
  ['content-length', 'length'],
  ['content-type', 'type'],
]);

interface FieldName {
  readonly name: HeaderName;
  readonly meaning: Meaning;
}

const remembered = new NameTable<FieldName>();

/** Looks up the name that stands in a text, spelled as it came; undefined when it is none. */
function fieldName(text: string, start: number, end: number): FieldName | undefined {
  const known = remembered.find(text, start, end);
  if (known !== undefined) return known;
  const name = headerName(text.slice(start, end));
  if (!name.isToken) return undefined;
  const found = { name, meaning: meanings.get(name.lower) ?? 'other' } satisfies FieldName;
  remembered.keep(name.spelled, found);
  return found;
}

/**
 * Reads a head: status line and fields, one to a line, in ISO 8859-1. The text has no empty line at its end and no CR, LF
 * or other control character but in the line ends: that is the reader's to see to.
 *
 * What two parties could read in two ways is refused rather than repaired: two lengths, a length beside a coding, a coding
 * that we cannot take off, folded lines, a space before the colon (RFC 9112 §5 and §6).
 *
 * @throws BadAnswer
 */
export function parseAnswerHead(text: string, method: string): AnswerHead {
  let end = text.indexOf('\r\n');
  const { minor, status } = readStatusLine(end < 0 ? text : text.slice(0, end));
  const headers = new HeaderFields();
  let framing: Framing = 'close';
  let length = -1;
  let eventStream = false;
  let connection: string | undefined;
  let keepAlive: number | undefined;
  while (end >= 0) {
    const start = end + 2;
    end = text.indexOf('\r\n', start);
    const colon = text.indexOf(':', start);
    const known = colon < 0 ? undefined : fieldName(text, start, colon);
    if (known === undefined) throw new BadAnswer('a malformed header field');
    const value = fieldValue(text, colon + 1, end < 0 ? text.length : end);
    switch (known.meaning) {
      case 'coding':
        // Another coding would stay on the body when the field goes: nothing that a client could read.
        if (framing !== 'close' || value.toLowerCase() !== 'chunked' || minor === 0)
          throw new BadAnswer('contradictory framing');
        framing = 'chunked';
        continue;
      case 'length': {
        const declared = readWholeNumber(value);
        if (framing !== 'close' || declared === undefined) throw new BadAnswer('contradictory framing');
        framing = 'length';
        length = declared;
        break;
      }
      case 'connection':
        connection = connection === undefined ? value : `${connection},${value}`;
        continue;
      case 'keep-alive': {
        const [, seconds] = keepAliveTimeout.exec(value) ?? [];
        if (seconds !== undefined) keepAlive = Number(seconds);
        continue;
      }
      case 'hop':
        continue;
      case 'type':
        eventStream = isEventStream(value);
        break;
      default:
    }
    headers.append(known.name, value);
  }
  let persistent = minor === 1;
  if (connection !== undefined && connection !== 'keep-alive') {
    const named = nominatedBy(connection);
    if (named.has('close')) persistent = false;
    headers.deleteWhere((name) => named.has(name) && !name.startsWith('content-'));
  }
  if (status === 204) headers.delete('content-length');
  if (method === 'HEAD' || status === 204 || status === 304) framing = 'none';
  return { status, headers, framing, length, eventStream, persistent, keepAlive };
}

/** A status line that is common, and what it says. */
const usual = { line: 'HTTP/1.1 200 OK', minor: 1, status: 200 };

function readStatusLine(line: string): { readonly minor: number; readonly status: number } {
  if (line === usual.line) return usual;
  const [, minor, code] = statusLine.exec(line) ?? [];
  if (code === undefined) throw new BadAnswer('no status line');
  return { minor: Number(minor), status: Number(code) };
}

function isEventStream(contentType: string): boolean {
  // Nearly all others begin otherwise, which is quicker to see.
  const first = contentType[0];
  return (first === 't' || first === 'T') && /^text\/event-stream\s*(;|$)/i.test(contentType);
}

/** The text between two places, without the blanks around it. */
function fieldValue(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
