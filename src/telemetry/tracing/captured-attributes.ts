import type { HeaderFields } from '../../http/headers.ts';
import type { ByteWriter } from '../byte-writer.ts';
import { type AttributeKey, key, writeListAttribute } from '../otlp/attributes.ts';
import { isCredentialHeader, redacted, scrub } from '../scrub.ts';
import type { EndedRequest } from './ended-request.ts';
import { keys } from './span-keys.ts';
import type { SpanSettings } from './span-settings.ts';
import { attribute } from './span-writer.ts';

/** Writes what the operator asked for beyond the conventions' own attributes. */
export function writeCaptured(out: ByteWriter, { exchange, trace }: EndedRequest, settings: SpanSettings): void {
  const { argumentsText, resultText } = trace;
  if (argumentsText !== undefined) {
    attribute(out, keys.arguments, argumentsText);
    if (settings.aliases) writeArguments(out, argumentsText);
  }
  if (resultText !== undefined) attribute(out, keys.result, resultText);
  for (const name of settings.capturedRequestHeaders) writeHeader(out, 'request', exchange.headers, name);
  const { replyHeaders } = exchange.facts;
  if (replyHeaders !== undefined)
    for (const name of settings.capturedResponseHeaders) writeHeader(out, 'response', replyHeaders, name);
  if (settings.safeQueryParams.length > 0) {
    const query = safeQuery(exchange.query, settings.safeQueryParams);
    if (query !== '') attribute(out, keys.query, query);
  }
}

const headerKeys = new Map<string, AttributeKey>();

function writeHeader(out: ByteWriter, side: 'request' | 'response', headers: HeaderFields, header: string): void {
  const lower = header.toLowerCase();
  const values = headers.getAll(lower);
  if (values.length === 0) return;
  const name = `http.${side}.header.${lower}`;
  let known = headerKeys.get(name);
  if (known === undefined) {
    known = key(name);
    headerKeys.set(name, known);
  }
  writeListAttribute(out, 9, known, isCredentialHeader(lower) ? [redacted] : values.map(scrub));
}

/** What the query says about the parameters that are named safe; of the others not even that they were there. */
function safeQuery(query: string, safe: readonly string[]): string {
  return query
    .replace(/^\?/, '')
    .split('&')
    .filter((pair) => safe.includes(pair.split('=', 1)[0] ?? ''))
    .map(scrub)
    .join('&');
}

/** The guide's one attribute per argument, of what is redacted already. Text that was shortened is no longer JSON. */
function writeArguments(out: ByteWriter, text: string): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [name, argument] of Object.entries(value).slice(0, 32))
    attribute(
      out,
      key(`mcp.request.argument.${name}`),
      typeof argument === 'string' ? argument : JSON.stringify(argument),
    );
}
