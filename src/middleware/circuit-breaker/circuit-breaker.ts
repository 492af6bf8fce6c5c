import { performance } from 'node:perf_hooks';
import * as z from 'zod';
import { durationOption } from '../../config/duration.ts';
import { Refusal } from '../../http/refusal.ts';
import { statusText } from '../../http/status-text.ts';
import { compileCondition, type Word } from '../condition.ts';
import type { MiddlewareDefinition } from '../definition.ts';
import { Breaker } from './breaker.ts';
import type { Measurements } from './rolling-window.ts';

const options = z
  .strictObject({
    expression: z
      .string()
      .min(1)
      .describe(
        'When to open, over `NetworkErrorRatio()`, `ResponseCodeRatio(from, to, dividedByFrom, dividedByTo)`, `LatencyAtQuantileMS(quantile)` and `RequestThreshold()` of the last ten seconds.',
      ),
    checkPeriod: durationOption.prefault('100ms').describe('Time between two looks at the expression.'),
    fallbackDuration: durationOption.prefault('10s').describe('Time for which no request passes.'),
    recoveryDuration: durationOption
      .prefault('10s')
      .describe('Time over which the share of requests that pass grows from none to all.'),
    responseCode: z.int().min(200).max(599).prefault(503).describe('Status code of the answer while it is open.'),
  })
  .describe('Spares a service that fails: answers in its stead for a while.');

export type CircuitBreakerOptions = z.output<typeof options>;

const words: Readonly<Record<string, Word<Measurements>>> = {
  NetworkErrorRatio: { arguments: 0, measure: (seen) => seen.networkErrorRatio() },
  ResponseCodeRatio: {
    arguments: 4,
    measure: (seen, [from = 0, to = 0, dividedByFrom = 0, dividedByTo = 0]) =>
      seen.responseCodeRatio(from, to, dividedByFrom, dividedByTo),
  },
  LatencyAtQuantileMS: { arguments: 1, measure: (seen, [quantile = 0]) => seen.latencyAtQuantile(quantile) },
  RequestThreshold: { arguments: 0, measure: (seen) => seen.total },
};

/**
 * `circuitBreaker`. Latency is the time until the head of a reply is there, so that long streams do not look like a slow
 * service.
 */
export const circuitBreaker: MiddlewareDefinition<CircuitBreakerOptions> = {
  type: 'circuitBreaker',
  summary: 'Spares a service that fails: answers in its stead for a while.',
  options,
  create(breakerOptions, context) {
    const { expression, checkPeriod, fallbackDuration, recoveryDuration, responseCode } = breakerOptions;
    const condition = compileCondition(expression, words, context, ['expression']);
    const breaker = context.share(
      `breaker ${JSON.stringify(breakerOptions)}`,
      () => new Breaker({ condition, checkPeriod, fallbackDuration, recoveryDuration }, context.log),
    );
    return (next) => async (exchange) => {
      const wait = breaker.refuse();
      if (wait !== undefined) {
        throw new Refusal(responseCode, 'circuit_open', {
          body: statusText(responseCode) ?? '',
          headers: [['Retry-After', String(Math.ceil(wait / 1_000))]],
        });
      }
      const begin = performance.now();
      let status = 500;
      try {
        const reply = await next(exchange);
        ({ status } = reply);
        return reply;
      } catch (error) {
        if (error instanceof Refusal) ({ status } = error);
        throw error;
      } finally {
        // A client that went away says nothing about the service.
        if (status !== 499) breaker.record(status, performance.now() - begin);
      }
    };
  },
};
