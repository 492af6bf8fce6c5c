import type { Buffer } from 'node:buffer';
import { isUnencoded } from '../../http/content-encoding.ts';
import type { Exchange } from '../../http/exchange.ts';
import { Refusal } from '../../http/refusal.ts';
import { type RpcAnswer, refuse, rpcCodes } from '../../mcp/replies.ts';

/** `application/json`, with `charset=utf-8` or without a parameter (data-plane §2). */
const json = /^application\/json(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?[ \t]*$/i;

/**
 * Reads the bytes of a message, whole, and has them used.
 *
 * @throws {Refusal} 415 for another type, charset or encoding; 413 past `limit` bytes; 408 when it takes too long
 */
export function readBody<Result>(
  exchange: Exchange,
  limit: number,
  use: (bytes: Buffer) => Promise<Result>,
): Promise<Result> {
  const { headers, body } = exchange;
  if (headers.count('content-type') !== 1 || !isJson(headers.get('content-type') as string))
    return Promise.reject(unsupported('Content-Type must be application/json'));
  if (!isUnencoded(headers)) return Promise.reject(unsupported('Content-Encoding must be identity'));
  if (body.declaredLength !== undefined && body.declaredLength > limit) return Promise.reject(tooLarge());
  // Every request passes here: a promise with one reaction costs less than a function that waits for it.
  return body.read(limit).then(use, inOurWords);
}

function isJson(type: string): boolean {
  return type === 'application/json' || json.test(type);
}

function inOurWords(error: unknown): never {
  throw error instanceof Refusal && error.status === 413 ? tooLarge(error) : error;
}

function unsupported(message: string): Refusal {
  return refuse({ status: 415, code: rpcCodes.invalidRequest, message, errorType: 'unsupported_media_type' });
}

function tooLarge(cause?: Refusal): Refusal {
  const answer: RpcAnswer = {
    status: 413,
    code: rpcCodes.invalidRequest,
    message: 'message too large',
    errorType: 'body_too_large',
  };
  return refuse(cause === undefined ? answer : { ...answer, cause });
}
