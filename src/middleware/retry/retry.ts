import { performance } from 'node:perf_hooks';
import * as z from 'zod';
import { durationOption } from '../../config/duration.ts';
import { PortcullisError } from '../../errors.ts';
import type { Exchange, Handler, Reply } from '../../http/exchange.ts';
import { Refusal } from '../../http/refusal.ts';
import type { MiddlewareDefinition } from '../definition.ts';
import { carriesMessage, discardReply, isIdempotent, nothingSent, rememberExchange } from '../replay.ts';
import { compileStatusTest, type StatusTest, statusRange } from '../status-ranges.ts';
import { waitFor } from '../wait.ts';

const options = z
  .strictObject({
    attempts: z.int().min(1).describe('How often a request is sent at most, the first time included.'),
    initialInterval: durationOption
      .prefault(0)
      .describe('First pause between two attempts; it grows to the double. 0: no pause.'),
    timeout: durationOption.prefault(0).describe('After this time no new attempt is begun. 0: no limit.'),
    status: z
      .array(statusRange)
      .prefault([])
      .describe('Status codes and ranges on which a request is sent again, for methods that may be repeated.'),
    maxRequestBodyBytes: z
      .int()
      .min(-1)
      .prefault(2 * 1_024 * 1_024)
      .describe(
        'Requests with longer bodies are sent once. The limit of the installation for bodies counts too; -1: only that one.',
      ),
    disableRetryOnNetworkError: z
      .boolean()
      .prefault(false)
      .describe('Does not send again when no connection could be made.'),
    retryNonIdempotentMethod: z
      .boolean()
      .prefault(false)
      .describe('Sends POST, PATCH and LOCK again on `status` too, but never an MCP message.'),
  })
  .describe('Sends requests again that did not reach a server.');

export type RetryOptions = z.output<typeof options>;

/**
 * `retry`. A request of which nothing has been sent is tried again whatever it is; one that has reached a server only on a
 * `status` that is named, only when its method may be repeated, and never when it is an MCP message (data-plane §6).
 */
export const retry: MiddlewareDefinition<RetryOptions> = {
  type: 'retry',
  summary: 'Sends requests again that did not reach a server.',
  options,
  create(retryOptions, context) {
    if (retryOptions.disableRetryOnNetworkError && retryOptions.status.length === 0) {
      const diagnostic = context.diagnose(
        {
          code: 'CONFIG_INVALID_VALUE',
          severity: 'error',
          message: 'there is nothing on which to try again',
          hint: 'name status codes, or leave disableRetryOnNetworkError out',
        },
        ['disableRetryOnNetworkError'],
      );
      throw new PortcullisError('CONFIG_INVALID_VALUE', diagnostic.message, { diagnostics: [diagnostic] });
    }
    const mostBody = bodyLimit(retryOptions.maxRequestBodyBytes, context.install.maxRequestBodySize);
    const named = compileStatusTest(retryOptions.status);
    if (retryOptions.attempts === 1) return (next) => next;
    return (next) => async (exchange) => {
      if (!(await holdBody(exchange, mostBody))) return next(exchange);
      return attempt(next, exchange, retryOptions, named);
    };
  },
};

function bodyLimit(configured: number, installed: number): number {
  return configured < 0 ? installed : Math.min(configured, installed);
}

/** Has the body at hand for every attempt. False when it is too long for that, or its length is not known beforehand. */
async function holdBody({ body }: Exchange, limit: number): Promise<boolean> {
  if (body.empty) return true;
  if (body.buffered !== undefined) return body.buffered.length <= limit;
  if (body.declaredLength === undefined || body.declaredLength > limit) return false;
  await body.read(limit);
  return true;
}

type Attempt = { readonly reply: Reply } | { readonly refusal: Refusal };

async function attempt(
  next: Handler,
  exchange: Exchange,
  retryOptions: RetryOptions,
  named: StatusTest,
): Promise<Reply> {
  const { attempts, timeout } = retryOptions;
  const deadline = timeout > 0 ? performance.now() + timeout : Number.POSITIVE_INFINITY;
  const rewind = rememberExchange(exchange);
  for (let count = 1; ; count++) {
    const result = await run(next, exchange);
    const pause = pauseBefore(count, retryOptions);
    const inTime = performance.now() + pause < deadline;
    if (count >= attempts || !inTime || exchange.closed || !mayRepeat(result, exchange, retryOptions, named)) {
      if ('refusal' in result) throw result.refusal;
      return result.reply;
    }
    if ('reply' in result) discardReply(result.reply);
    if (pause > 0) await waitFor(pause, exchange);
    rewind();
    exchange.facts.retryAttempts += 1;
  }
}

/** One attempt. What is no refusal is a fault of ours, and is not tried again. */
async function run(next: Handler, exchange: Exchange): Promise<Attempt> {
  try {
    return { reply: await next(exchange) };
  } catch (error) {
    if (error instanceof Refusal) return { refusal: error };
    throw error;
  }
}

function mayRepeat(result: Attempt, exchange: Exchange, retryOptions: RetryOptions, named: StatusTest): boolean {
  if ('refusal' in result && nothingSent(result.refusal)) return !retryOptions.disableRetryOnNetworkError;
  const status = 'refusal' in result ? result.refusal.status : result.reply.status;
  if (!named(status) || carriesMessage(exchange)) return false;
  return retryOptions.retryNonIdempotentMethod || isIdempotent(exchange.method);
}

/** Grows to the double of the first pause over all attempts, and is spread by half so that clients do not march in step. */
function pauseBefore(count: number, { attempts, initialInterval }: RetryOptions): number {
  const growth = attempts > 2 ? 2 ** ((count - 1) / (attempts - 2)) : 1;
  return initialInterval * growth * (0.5 + Math.random());
}
