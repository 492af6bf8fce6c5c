import type { Exchange } from '../http/exchange.ts';
import { HeaderFields } from '../http/headers.ts';

/** Fields that belong to one connection, RFC 9110 §7.6.1, and what RFC 9113 and old proxies add; never passed on, either way. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Not passed on to a server: those, and fields that we write ourselves or that only concern the connection to us. */
const staysHere = new Set([...hopByHop, 'host', 'content-length', 'expect']);

/** Announces other places for the upstream's origin; to a client they would be places for ours (RFC 7838). */
const ownOnTheWayDown = new Set(['alt-svc']);

/**
 * Fields that a client cannot have removed by naming them in `Connection`: the gateway sets them, or servers decide by
 * them. RFC 9110 lets a recipient only drop fields that it received.
 */
function isKept(lowerName: string): boolean {
  return (
    lowerName.startsWith('x-') ||
    lowerName.startsWith('mcp-') ||
    lowerName.startsWith('content-') ||
    lowerName === 'forwarded' ||
    lowerName === 'authorization' ||
    lowerName === 'cookie' ||
    lowerName === 'host' ||
    lowerName === 'accept' ||
    lowerName === 'traceparent'
  );
}

/** The names that `Connection` fields nominate, lower case; undefined when there are none worth a look. */
function nominated(headers: HeaderFields): ReadonlySet<string> | undefined {
  if (!headers.has('connection')) return undefined;
  let names: Set<string> | undefined;
  for (const value of headers.getAll('connection')) {
    for (const token of value.toLowerCase().split(',')) {
      const name = token.trim();
      if (name === '' || name === 'close' || hopByHop.has(name)) continue;
      names ??= new Set();
      names.add(name);
    }
  }
  return names;
}

/** The flat header list for an upstream request: everything but what is hop-by-hop, with `host` in front. */
export function upstreamHeaders(exchange: Exchange, host: string): string[] {
  const raw: string[] = ['host', host];
  const dropped = nominated(exchange.headers);
  exchange.headers.forEach((name, value, lower) => {
    if (staysHere.has(lower)) return;
    if (dropped?.has(lower) === true && !isKept(lower)) return;
    raw.push(name, value);
  });
  return raw;
}

/** How the end of an answer's body is told, RFC 9112 §6.3. */
export type Framing = 'none' | 'length' | 'chunked' | 'close' | 'bad';

/** An answer's head, hop-by-hop fields taken out. */
export interface UpstreamHead {
  readonly headers: HeaderFields;
  readonly framing: Framing;
  /** Of a body framed by length. */
  readonly length: number;
  readonly eventStream: boolean;
}

/** Most bytes between two fields of one head, for {@link decodeFields}: what lies between is kept as long as they are. */
const widestGap = 16;

/**
 * The fields as text. Nearly always they are slices of one buffer, in order: decoded together, they cost one call out of
 * JavaScript instead of two for each field.
 */
function decodeFields(raw: readonly Buffer[]): string[] {
  const first = raw[0];
  if (first === undefined) return [];
  const { buffer, byteOffset: start } = first;
  let end = start;
  for (const one of raw) {
    const gap = one.byteOffset - end;
    if (one.buffer !== buffer || gap < 0 || gap > widestGap) return raw.map((each) => each.toString('latin1'));
    end = one.byteOffset + one.length;
  }
  const text = Buffer.from(buffer, start, end - start).toString('latin1');
  return raw.map(({ byteOffset, length }) => text.slice(byteOffset - start, byteOffset - start + length));
}

/** Takes the head of an answer from undici's raw list of name and value buffers. */
export function readHead(raw: readonly Buffer[], method: string, status: number): UpstreamHead {
  const headers = new HeaderFields();
  let framing: Framing = 'close';
  let length = -1;
  let eventStream = false;
  let nominates = false;
  const texts = decodeFields(raw);
  for (let i = 0; i + 1 < texts.length; i += 2) {
    const name = texts[i] as string;
    const value = texts[i + 1] as string;
    const lower = name.toLowerCase();
    if (lower === 'transfer-encoding') {
      // Another coding would stay on the body when the field goes: nothing that a client could read.
      framing = framing === 'close' && value.trim().toLowerCase() === 'chunked' ? 'chunked' : 'bad';
      continue;
    }
    if (lower === 'content-length') {
      if (framing !== 'close' || !/^[0-9]{1,15}$/.test(value)) framing = 'bad';
      else framing = 'length';
      length = Number(value);
    } else if (lower === 'content-type') {
      eventStream = /^\s*text\/event-stream\s*(;|$)/i.test(value);
    } else if (lower === 'connection') {
      nominates = true;
    } else if (ownOnTheWayDown.has(lower)) {
      continue;
    }
    headers.append(name, value, lower);
  }
  if (nominates) {
    const dropped = nominated(headers);
    if (dropped !== undefined) headers.deleteWhere((name) => dropped.has(name) && !name.startsWith('content-'));
  }
  headers.deleteWhere((name) => hopByHop.has(name));
  if (status === 204) headers.delete('content-length');
  const empty = method === 'HEAD' || status === 204 || status === 304;
  return { headers, framing: empty && framing !== 'bad' ? 'none' : framing, length, eventStream };
}
