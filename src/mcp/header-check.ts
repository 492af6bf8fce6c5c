import { Buffer, isUtf8 } from 'node:buffer';
import type { HeaderFields } from '../http/headers.ts';
import { JsonNumber, type JsonValue } from '../http/json.ts';
import type { Refusal } from '../http/refusal.ts';
import type { Call, Message } from './envelope.ts';
import { claimedVersion, type Era, isModernVersion } from './era.ts';
import { type MessageId, refuse, rpcCodes } from './replies.ts';

/** Which era a message belongs to, and the version it says it speaks. */
export interface Dialect {
  readonly era: Era;
  readonly version: string | undefined;
}

/**
 * Compares the headers that repeat parts of the body with the body, as MCP 2026-07-28 (transports, "Server validation")
 * asks of every party that reads bodies: `MCP-Protocol-Version`, `Mcp-Method`, `Mcp-Name`. A call whose body claims a
 * version must carry them; on any other message those that are there must be true. Nothing is ever decided from a header.
 *
 * @throws {Refusal} 400 with JSON-RPC -32020
 */
export function checkHeaders(headers: HeaderFields, message: Message): Dialect {
  refuseRepeated(headers, message.id);
  const headerVersion = trimmed(headers.get('mcp-protocol-version'));
  if (message.kind === 'response')
    return { era: isModernVersion(headerVersion) ? 'modern' : 'legacy', version: headerVersion };

  const claimed = claimedVersion(message);
  if (claimed !== undefined && headerVersion !== undefined && claimed !== headerVersion) {
    throw mismatch('MCP-Protocol-Version does not agree with the version in params._meta', message.id);
  }
  const modern = isModernVersion(headerVersion) || isModernVersion(claimed);
  if (message.method === 'initialize' && modern && claimed === undefined) {
    throw mismatch('initialize belongs to revisions before the one that MCP-Protocol-Version names', message.id);
  }
  const required = claimed !== undefined && message.kind === 'request';
  if (required && headerVersion === undefined) throw mismatch('the MCP-Protocol-Version header is missing', message.id);
  checkMethod(headers, message, required);
  checkName(headers, message, required);
  return { era: modern || claimed !== undefined ? 'modern' : 'legacy', version: headerVersion ?? claimed };
}

function checkMethod(headers: HeaderFields, call: Call, required: boolean): void {
  const value = trimmed(headers.get('mcp-method'));
  if (value === undefined) {
    if (required) throw mismatch('the Mcp-Method header is missing', call.id);
    return;
  }
  if (value !== call.method) throw mismatch('Mcp-Method does not agree with the method in the body', call.id);
}

function checkName(headers: HeaderFields, call: Call, required: boolean): void {
  const source = call.facts.header;
  if (source === undefined) return;
  const value = trimmed(headers.get('mcp-name'));
  const named = call.params?.get(source);
  if (value === undefined) {
    if (required && named !== undefined) throw mismatch('the Mcp-Name header is missing', call.id);
    return;
  }
  if (named === undefined || decodeHeaderValue(value) !== named)
    throw mismatch(`Mcp-Name does not agree with params.${source}`, call.id);
}

/** An argument that a tool's schema asks to be repeated in a header (`x-mcp-header`). */
export interface HeaderArgument {
  /** Lower-case header name, `mcp-param-…`. */
  readonly header: string;
  /** Property names from `arguments` down. */
  readonly path: readonly string[];
}

/**
 * Compares the `Mcp-Param-*` headers that were sent with the arguments they repeat, for a tool whose schema is known:
 * strings and booleans exactly, integers by value. Whether one is missing is left to the upstream, whose schema may be
 * newer than the one we saw.
 *
 * @throws {Refusal} 400 with JSON-RPC -32020
 */
export function checkParameterHeaders(headers: HeaderFields, call: Call, known: readonly HeaderArgument[]): void {
  for (const { header, path } of known) {
    const raw = trimmed(headers.get(header));
    if (raw === undefined) continue;
    const argument = argumentAt(call, path);
    if (argument === undefined || !agrees(decodeHeaderValue(raw), argument)) {
      throw mismatch(`${header} does not agree with the arguments`, call.id);
    }
  }
}

function argumentAt(call: Call, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = call.params?.get('arguments');
  for (const name of path) value = value instanceof Map ? value.get(name) : undefined;
  return value;
}

function agrees(text: string | undefined, argument: JsonValue): boolean {
  if (text === undefined) return false;
  if (typeof argument === 'string') return text === argument;
  if (typeof argument === 'boolean') return text === String(argument);
  return argument instanceof JsonNumber && sameInteger(text, argument.text);
}

const decimal = /^-?\d{1,40}$/;
const wholeNumber = /^(-?\d{1,40})(?:\.0{1,40})?$/;

/** By value and without a double: `1` and `1.0` are the same integer, 2^53 and 2^53 + 1 are not. */
function sameInteger(header: string, body: string): boolean {
  const whole = wholeNumber.exec(body)?.[1];
  return decimal.test(header) && whole !== undefined && BigInt(header) === BigInt(whole);
}

const sentinel = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/;

/**
 * What an `Mcp-Name` or `Mcp-Param-*` value stands for: plain text, or `=?base64?…?=` around base64 of UTF-8. Undefined
 * when the base64 is not canonical or the bytes are not UTF-8. The markers are case-sensitive.
 */
export function decodeHeaderValue(value: string): string | undefined {
  if (!value.startsWith('=?base64?') || !value.endsWith('?=')) return value;
  const encoded = sentinel.exec(value)?.[1];
  if (encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded || !isUtf8(bytes)) return undefined;
  return bytes.toString('utf8');
}

/** Two fields of one name are two opinions: whoever joins them or takes another one than we do reads another message. */
function refuseRepeated(headers: HeaderFields, id: MessageId | undefined): void {
  let first: string | undefined;
  let more: Set<string> | undefined;
  headers.forEach(({ lower: lowerName }) => {
    if (!lowerName.startsWith('mcp-')) return;
    if (lowerName === first || more?.has(lowerName) === true)
      throw mismatch('an MCP header was sent more than once', id);
    if (first === undefined) first = lowerName;
    else more = (more ?? new Set()).add(lowerName);
  });
}

/** Optional white space around a field value does not belong to it (RFC 9110 §5.5). */
function trimmed(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function mismatch(message: string, id: MessageId | undefined): Refusal {
  return refuse({
    status: 400,
    code: rpcCodes.headerMismatch,
    message: `Header mismatch: ${message}`,
    errorType: 'header_mismatch',
    id,
  });
}
