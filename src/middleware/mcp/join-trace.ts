import { Buffer } from 'node:buffer';
import type { Exchange } from '../../http/exchange.ts';
import { isObject, type JsonObject, type JsonValue, stringify } from '../../http/json.ts';
import { type Message, readMessage } from '../../mcp/envelope.ts';

/**
 * Joins the trace that a message belongs to. A message that names its own parent (`params._meta.traceparent`) goes before
 * the HTTP header. Where the operator wants the context in the message too, the message is written anew and scanned
 * again, and that one is judged: what was judged is what is forwarded (data-plane §1.1).
 *
 * @returns the message to go on with
 */
export function joinTrace(exchange: Exchange, message: Message): Message {
  const { trace } = exchange.facts;
  if (trace === undefined || message.kind === 'response') return message;
  const meta = message.params?.get('_meta');
  const own = isObject(meta) ? meta : undefined;
  const parent = textOf(own, 'traceparent');
  if (parent !== undefined) trace.adopt(parent, textOf(own, 'tracestate'));
  exchange.headers.set('traceparent', trace.upstreamParent);
  if (trace.state === undefined) exchange.headers.delete('tracestate');
  else exchange.headers.set('tracestate', trace.state);
  if (!trace.intoMessage || exchange.body.replace === undefined) return message;

  const written = new Map<string, JsonValue>(own ?? []);
  written.set('traceparent', trace.upstreamParent);
  if (trace.state === undefined) written.delete('tracestate');
  else written.set('tracestate', trace.state);
  // From outside it is nobody's word.
  written.delete('baggage');
  const params = new Map<string, JsonValue>(message.params ?? []).set('_meta', written);
  const bytes = Buffer.from(stringify(new Map<string, JsonValue>(message.root).set('params', params)), 'utf8');
  const again = readMessage(bytes);
  exchange.body.replace(bytes);
  return again;
}

function textOf(meta: JsonObject | undefined, key: string): string | undefined {
  const value = meta?.get(key);
  return typeof value === 'string' ? value : undefined;
}
