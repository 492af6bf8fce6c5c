import * as z from 'zod';
import type { Exchange, Handler, Reply } from '../../http/exchange.ts';
import { Refusal } from '../../http/refusal.ts';
import { isStreaming } from '../../http/streaming.ts';
import { type Condition, compileCondition, type Word } from '../condition.ts';
import type { MiddlewareContext, MiddlewareDefinition } from '../definition.ts';
import { carriesMessage, discardReply, isIdempotent, nothingSent, rememberExchange } from '../replay.ts';
import { bufferReply } from './buffer-reply.ts';

const bytes = (preset: number) => z.int().min(0).prefault(preset);

const options = z
  .strictObject({
    maxRequestBodyBytes: bytes(0).describe(
      'Longest request body; longer ones are answered with 413. 0: only the limit of the installation.',
    ),
    memRequestBodyBytes: bytes(1_048_576).describe(
      'Without `maxRequestBodyBytes`: bodies that say they are longer are passed on as they come.',
    ),
    maxResponseBodyBytes: bytes(0).describe('Longest reply body; longer ones are answered with 500. 0: no limit.'),
    memResponseBodyBytes: bytes(1_048_576).describe(
      'Without `maxResponseBodyBytes`: of longer replies so much is held back before they are passed on as they come.',
    ),
    retryExpression: z
      .string()
      .prefault('')
      .describe(
        'When to send a request again, over `Attempts()`, `ResponseCode()` and `IsNetworkError()`. Never repeats an MCP message, nor a method that may not be repeated, unless nothing was sent.',
      ),
  })
  .describe('Reads requests and replies whole before they go on, and limits their size. Event streams are left alone.');

export type BufferingOptions = z.output<typeof options>;

/** What an attempt came to. */
interface AttemptFacts {
  readonly attempts: number;
  readonly status: number;
}

const words: Readonly<Record<string, Word<AttemptFacts>>> = {
  Attempts: { arguments: 0, measure: ({ attempts }) => attempts },
  ResponseCode: { arguments: 0, measure: ({ status }) => status },
  IsNetworkError: { arguments: 0, test: ({ status }) => status === 502 || status === 504 },
};

/** However an expression reads, no request is sent more often. */
const mostAttempts = 10;

/** `buffering`. Everything is kept in memory; the limits say how much. */
export const buffering: MiddlewareDefinition<BufferingOptions> = {
  type: 'buffering',
  summary: 'Reads requests and replies whole, and limits their size.',
  options,
  create(bufferingOptions, context) {
    const { retryExpression, maxResponseBodyBytes: most, memResponseBodyBytes: hold } = bufferingOptions;
    const wantsRetry =
      retryExpression.trim() === ''
        ? undefined
        : compileCondition(retryExpression, words, context, ['retryExpression']);
    const readRequest = compileRequestReader(bufferingOptions, context);

    return (next) => async (exchange) => {
      await readRequest(exchange);
      const reply = await (wantsRetry === undefined ? next(exchange) : attempt(next, exchange, wantsRetry));
      if (isStreaming(reply)) return reply;
      try {
        const buffered = await bufferReply(reply, { most, hold });
        if (buffered !== undefined) return buffered;
      } catch (error) {
        throw new Refusal(502, 'upstream_cut', { body: 'Bad Gateway', cause: error });
      }
      throw new Refusal(500, 'reply_too_large', { body: 'Internal Server Error' });
    };
  },
};

/** Reads bodies within the limits, so that a slow client keeps no upstream waiting. */
function compileRequestReader(
  { maxRequestBodyBytes, memRequestBodyBytes }: BufferingOptions,
  context: MiddlewareContext,
): (exchange: Exchange) => Promise<void> {
  const installed = context.install.maxRequestBodySize;
  if (maxRequestBodyBytes > installed) {
    context.warn(
      context.diagnose(
        {
          code: 'CONFIG_INVALID_VALUE',
          severity: 'warning',
          message: `the installation reads at most ${installed} bytes of a body, so this limit is never reached`,
          hint: 'raise mcp.maxRequestBodySize in the install options',
        },
        ['maxRequestBodyBytes'],
      ),
    );
  }
  const limit = maxRequestBodyBytes > 0 ? Math.min(maxRequestBodyBytes, installed) : installed;
  return async ({ body }) => {
    if (body.empty) return;
    if (maxRequestBodyBytes === 0 && (body.declaredLength ?? 0) > memRequestBodyBytes) return;
    await body.read(limit);
  };
}

async function attempt(next: Handler, exchange: Exchange, wantsRetry: Condition<AttemptFacts>): Promise<Reply> {
  const rewind = rememberExchange(exchange);
  for (let attempts = 1; ; attempts++) {
    let reply: Reply | undefined;
    let refusal: Refusal | undefined;
    try {
      reply = await next(exchange);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refusal = error;
    }
    const status = reply?.status ?? refusal?.status ?? 0;
    const harmless = nothingSent(refusal) || (isIdempotent(exchange.method) && !carriesMessage(exchange));
    const held = exchange.body.empty || exchange.body.buffered !== undefined;
    const again = harmless && held && attempts < mostAttempts && !exchange.closed && wantsRetry({ attempts, status });
    if (!again) {
      if (reply !== undefined) return reply;
      throw refusal;
    }
    if (reply !== undefined) discardReply(reply);
    rewind();
    exchange.facts.retryAttempts += 1;
  }
}
