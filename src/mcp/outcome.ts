import { Buffer } from 'node:buffer';
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
  if (!isTelling(answer)) return undefined;
  try {
    const options = { maxDepth: answerDepth };
    return outcomeOf(typeof answer === 'string' ? scanJsonText(answer, options) : scanJson(answer, options));
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

const tellingWords = ['"error"', '"isError"', '"protocolVersion"'];
const tellingBytes = tellingWords.map((word) => Buffer.from(word));
const quote = 0x22;
/** Up to this size looking at each byte is quicker than three calls out of the engine. */
const shortAnswer = 1_024;

function isTelling(answer: Buffer | string): boolean {
  if (typeof answer === 'string') return tellingWords.some((word) => answer.includes(word));
  if (answer.length > shortAnswer) return tellingBytes.some((word) => answer.includes(word));
  for (let at = 0; at < answer.length; at++) {
    if (answer[at] !== quote) continue;
    for (const word of tellingBytes) if (answer[at + 1] === word[1] && standsAt(word, answer, at)) return true;
  }
  return false;
}

function standsAt(word: Buffer, answer: Buffer, from: number): boolean {
  for (let at = 0; at < word.length; at++) if (answer[from + at] !== word[at]) return false;
  return true;
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
