import type { Buffer } from 'node:buffer';
import { isObject, JsonError, JsonNumber, type JsonValue, scanJson, scanJsonText } from '../http/json.ts';

/** What telemetry wants to know of an answer. */
export interface AnswerOutcome {
  /** Code of a JSON-RPC error. */
  readonly errorCode: number | undefined;
  /** A tool said `isError`. */
  readonly toolError: boolean;
  /** The version that an `initialize` result settled on. */
  readonly protocolVersion: string | undefined;
}

/** Answers are deeper than calls: a tool's schema is a tree of its own. */
export const answerDepth = 256;

/**
 * Reads the outcome of an answer, if it can be had cheaply: what holds none of the telling words is not parsed, and what
 * cannot be parsed is somebody else's business. Decides nothing.
 */
export function readOutcome(answer: Buffer | string): AnswerOutcome | undefined {
  if (!answer.includes('"error"') && !answer.includes('"isError"') && !answer.includes('"protocolVersion"'))
    return undefined;
  try {
    const options = { maxDepth: answerDepth };
    return outcomeOf(typeof answer === 'string' ? scanJsonText(answer, options) : scanJson(answer, options));
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

function outcomeOf(message: JsonValue): AnswerOutcome | undefined {
  if (!isObject(message) || message.has('method')) return undefined;
  const error = message.get('error');
  const result = message.get('result');
  const code = isObject(error) ? error.get('code') : undefined;
  const version = isObject(result) ? result.get('protocolVersion') : undefined;
  return {
    errorCode: code instanceof JsonNumber ? Number(code.text) : undefined,
    toolError: isObject(result) && result.get('isError') === true,
    protocolVersion: typeof version === 'string' ? version : undefined,
  };
}
