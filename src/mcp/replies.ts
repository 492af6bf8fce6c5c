import { JsonNumber, stringify } from '../http/json.ts';
import { Refusal } from '../http/refusal.ts';

/** A JSON-RPC id. MCP allows strings and integers, never null; a number keeps its text so that the echo is exact. */
export type MessageId = string | JsonNumber;

/**
 * Codes of JSON-RPC errors that the gateway itself answers with. What is not about the protocol uses the HTTP status as
 * its code: -32000 to -32099 are the specification's own (MCP 2026-07-28, basic/index).
 */
export const rpcCodes = {
  parse: -32700,
  invalidRequest: -32600,
  invalidParams: -32602,
  headerMismatch: -32020,
  /** What the reference servers say about a session that they do not know. */
  sessionNotFound: -32001,
} as const;

/** A JSON-RPC error as text. An id that is not known is `null` (JSON-RPC 2.0 §5); about a notification there is none. */
export function errorBody(answer: Pick<RpcAnswer, 'id' | 'notification' | 'code' | 'message' | 'data'>): string {
  const { id, code, message, data } = answer;
  const idMember = answer.notification === true ? '' : `"id":${id === undefined ? 'null' : stringify(id)},`;
  return `{"jsonrpc":"2.0",${idMember}"error":${JSON.stringify({ code, message, ...(data === undefined ? {} : { data }) })}}`;
}

/** What {@link refuse} needs to know. `message` and `data` reach the client: no stack, path, address, rule text or content. */
export interface RpcAnswer {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  /** Short code for logs and metrics. */
  readonly errorType: string;
  /** The id of the request that is answered, when it is known to be valid. */
  readonly id?: MessageId | undefined;
  /** What is answered is a notification. */
  readonly notification?: boolean;
  readonly data?: Readonly<Record<string, string>>;
  readonly headers?: readonly (readonly [string, string])[];
  readonly cause?: unknown;
}

/** A refusal whose body is a JSON-RPC error. */
export function refuse(answer: RpcAnswer): Refusal {
  return new Refusal(answer.status, answer.errorType, {
    body: errorBody(answer),
    contentType: 'application/json',
    headers: answer.headers ?? [],
    cause: answer.cause,
  });
}

/** The id as text for logs, at most 128 characters. */
export function idText(id: MessageId | undefined): string | undefined {
  if (id === undefined) return undefined;
  return (id instanceof JsonNumber ? id.text : id).slice(0, 128);
}
