import { isObject, JsonError, JsonNumber, type JsonObject, type JsonValue, scanJson } from '../http/json.ts';
import type { Refusal } from '../http/refusal.ts';
import { lookalikeTest } from './fold.ts';
import { describeMethod, type MethodFacts } from './methods.ts';
import { type MessageId, refuse, rpcCodes } from './replies.ts';

/** A request or a notification. A notification has no id. */
export interface Call {
  readonly kind: 'request' | 'notification';
  readonly id: MessageId | undefined;
  readonly method: string;
  readonly params: JsonObject | undefined;
  readonly facts: MethodFacts;
  /** The whole message, for policies. */
  readonly root: JsonObject;
}

/** A client's answer to a request of the server. */
export interface Answer {
  readonly kind: 'response';
  /** Undefined for an error about a message whose id could not be read. */
  readonly id: MessageId | undefined;
  readonly root: JsonObject;
}

/** One JSON-RPC message of a client. */
export type Message = Call | Answer;

/**
 * Reads one message: scanned strictly, exactly one of request, notification and response, every member that carries
 * meaning of its right type, and no key that another reader could take for a protocol key.
 *
 * @throws {Refusal} 400 with JSON-RPC -32700 (not one unambiguous JSON text) or -32600 (not a message)
 */
export function readMessage(bytes: Uint8Array): Message {
  let value: JsonValue;
  try {
    value = scanJson(bytes);
  } catch (error) {
    if (error instanceof JsonError) throw unreadable(error);
    throw error;
  }
  return readEnvelope(value);
}

/** The same for a value that has been scanned. */
export function readEnvelope(value: JsonValue): Message {
  if (!isObject(value)) throw invalid('a message must be one JSON object', undefined);
  const rawId = value.get('id');
  const id = typeof rawId === 'string' || rawId instanceof JsonNumber ? rawId : undefined;
  for (const key of value.keys())
    if (looksLikeEnvelopeKey(key)) throw invalid('a member is spelt almost like a protocol member', id);
  if (value.get('jsonrpc') !== '2.0') throw invalid('jsonrpc must be "2.0"', id);
  return value.has('method') ? readCall(value, id) : readAnswer(value, id);
}

const looksLikeEnvelopeKey = lookalikeTest(['jsonrpc', 'id', 'method', 'params', 'result', 'error']);
const looksLikeParameter = lookalikeTest([
  'name',
  'uri',
  'arguments',
  'argument',
  'taskId',
  'task',
  'ref',
  'cursor',
  'notifications',
  'inputResponses',
  'requestState',
  'protocolVersion',
  'capabilities',
  '_meta',
]);
const looksLikeReferenceKey = lookalikeTest(['type', 'name', 'uri']);
const looksLikeFilterKey = lookalikeTest([
  'toolsListChanged',
  'promptsListChanged',
  'resourcesListChanged',
  'resourceSubscriptions',
  'taskIds',
]);
const looksLikeMetaKey = lookalikeTest([
  'io.modelcontextprotocol/protocolVersion',
  'io.modelcontextprotocol/clientCapabilities',
]);
const looksLikeErrorKey = lookalikeTest(['code', 'message', 'data']);

function readCall(value: JsonObject, id: MessageId | undefined): Call {
  if (value.has('result') || value.has('error')) throw invalid('a message cannot be a call and a response', id);
  if (value.has('id') && id === undefined) throw invalid('id must be a string or a number', undefined);
  const method = value.get('method');
  if (typeof method !== 'string' || method === '') throw invalid('method must be a non-empty string', id);
  const params = value.get('params');
  if (params !== undefined && !isObject(params)) throw invalid('params must be an object', id);
  const facts = describeMethod(method);
  if (params !== undefined) checkParameters(params, method, facts, id);
  return { kind: value.has('id') ? 'request' : 'notification', id, method, params, facts, root: value };
}

function checkParameters(params: JsonObject, method: string, facts: MethodFacts, id: MessageId | undefined): void {
  refuseLookalikes(params, looksLikeParameter, id);
  const meta = params.get('_meta');
  if (meta !== undefined) {
    if (!isObject(meta)) throw invalid('params._meta must be an object', id);
    refuseLookalikes(meta, looksLikeMetaKey, id);
  }
  if (facts.naming === undefined) {
    if (method === 'subscriptions/listen') checkFilter(params.get('notifications'), id);
    return;
  }
  const named = params.get(facts.naming);
  if (facts.naming === 'ref') checkReference(named, id);
  else if (named !== undefined && typeof named !== 'string')
    throw invalid(`params.${facts.naming} must be a string`, id);
  const given = params.get('arguments');
  if (given !== undefined && !isObject(given)) throw invalid('params.arguments must be an object', id);
}

/** `completion/complete`: a prompt by name or a resource template by URI. */
function checkReference(ref: JsonValue | undefined, id: MessageId | undefined): void {
  if (ref === undefined) return;
  if (!isObject(ref)) throw invalid('params.ref must be an object', id);
  refuseLookalikes(ref, looksLikeReferenceKey, id);
  for (const key of ['type', 'name', 'uri']) {
    const member = ref.get(key);
    if (member !== undefined && typeof member !== 'string') throw invalid(`params.ref.${key} must be a string`, id);
  }
}

/** `subscriptions/listen`: what the caller wants to be told about. */
function checkFilter(filter: JsonValue | undefined, id: MessageId | undefined): void {
  if (filter === undefined) return;
  if (!isObject(filter)) throw invalid('params.notifications must be an object', id);
  refuseLookalikes(filter, looksLikeFilterKey, id);
  const uris = filter.get('resourceSubscriptions');
  if (uris === undefined) return;
  if (!Array.isArray(uris) || uris.some((uri) => typeof uri !== 'string')) {
    throw invalid('params.notifications.resourceSubscriptions must be an array of strings', id);
  }
}

function readAnswer(value: JsonObject, id: MessageId | undefined): Answer {
  const hasResult = value.has('result');
  const hasError = value.has('error');
  if (hasResult === hasError) throw invalid('a message must have a method, a result or an error', id);
  if (value.has('params')) throw invalid('a response cannot have params', id);
  if (hasResult) {
    if (id === undefined) throw invalid('a result needs the id of its request', undefined);
    if (!isObject(value.get('result'))) throw invalid('result must be an object', id);
    return { kind: 'response', id, root: value };
  }
  if (id === undefined && value.has('id') && value.get('id') !== null)
    throw invalid('id must be a string or a number', undefined);
  const error = value.get('error');
  if (!isObject(error)) throw invalid('error must be an object', id);
  refuseLookalikes(error, looksLikeErrorKey, id);
  if (!(error.get('code') instanceof JsonNumber)) throw invalid('error.code must be a number', id);
  if (typeof error.get('message') !== 'string') throw invalid('error.message must be a string', id);
  return { kind: 'response', id, root: value };
}

function refuseLookalikes(object: JsonObject, test: (key: string) => boolean, id: MessageId | undefined): void {
  for (const key of object.keys())
    if (test(key)) throw invalid('a parameter is spelt almost like a protocol parameter', id);
}

function invalid(message: string, id: MessageId | undefined): Refusal {
  return refuse({
    status: 400,
    code: rpcCodes.invalidRequest,
    message: `Invalid request: ${message}`,
    errorType: 'invalid_message',
    id,
  });
}

/** Ambiguity (a key twice, too deep) is an invalid request; what is no JSON at all is a parse error (JSON-RPC 2.0 §5.1). */
function unreadable(error: JsonError): Refusal {
  const ambiguous = error.fault === 'duplicate-key' || error.fault === 'depth';
  return refuse({
    status: 400,
    code: ambiguous ? rpcCodes.invalidRequest : rpcCodes.parse,
    message: `${ambiguous ? 'Invalid request' : 'Parse error'}: ${error.message}`,
    errorType: 'invalid_json',
  });
}
