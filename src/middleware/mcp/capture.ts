import type { Buffer } from 'node:buffer';
import type { Exchange } from '../../http/exchange.ts';
import { isObject, JsonError, type JsonValue, scanJson, scanJsonText } from '../../http/json.ts';
import type { Message } from '../../mcp/envelope.ts';
import { answerDepth } from '../../mcp/outcome.ts';
import type { ToolFacts } from '../../mcp/tool-book.ts';

type Paths = readonly (readonly string[])[];
type Redact = (value: JsonValue, sensitive: Paths, inTexts?: Paths) => string;

const none: Paths = [];
const unlisted = 'withheld: the tool has not been listed, so nothing is known of what is sensitive';

/** Adds the arguments of a call to its trace, where the operator opted in. */
export function captureArguments(
  exchange: Exchange,
  message: Message,
  tool: ToolFacts | undefined,
  redact: Redact,
): void {
  const { trace } = exchange.facts;
  if (trace?.wantsArguments !== true || message.kind === 'response') return;
  const given = message.params?.get('arguments');
  if (given === undefined) return;
  if (message.method === 'tools/call')
    trace.noteArguments(tool === undefined ? unlisted : redact(given, tool.sensitiveArguments));
  else if (message.method === 'prompts/get') trace.noteArguments(redact(given, none));
}

/** What takes the answer of a tool for the trace; undefined when nobody wants it. */
export function resultCapture(
  exchange: Exchange,
  message: Message | undefined,
  tool: ToolFacts | undefined,
  redact: Redact,
): ((answer: Buffer | string) => void) | undefined {
  const { trace } = exchange.facts;
  if (trace?.wantsResults !== true || message?.kind !== 'request' || message.method !== 'tools/call') return undefined;
  return (answer) => {
    const result = readResult(answer);
    if (result === undefined) return;
    if (tool === undefined) {
      trace.noteResult(unlisted);
      return;
    }
    trace.noteResult(
      redact(
        result,
        tool.sensitiveResults.map((path) => ['structuredContent', ...path]),
        // Texts of a result mostly hold its structured content, or what was asked.
        [...tool.sensitiveResults, ...tool.sensitiveArguments],
      ),
    );
  };
}

function readResult(answer: Buffer | string): JsonValue | undefined {
  if (!answer.includes('"result"')) return undefined;
  try {
    const options = { maxDepth: answerDepth };
    const message = typeof answer === 'string' ? scanJsonText(answer, options) : scanJson(answer, options);
    return isObject(message) ? message.get('result') : undefined;
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}
