import { createHash } from 'node:crypto';
import * as z from 'zod';
import { durationOption, formatDuration } from '../../config/duration.ts';
import { Refusal } from '../../http/refusal.ts';
import type { MiddlewareContext, MiddlewareDefinition } from '../definition.ts';
import { redisOptions } from '../redis-options.ts';
import { compileSourceKey, sourceCriterionOptions } from '../source-criterion.ts';
import { waitFor } from '../wait.ts';
import type { Limiter, Rate } from './limiter.ts';
import { MemoryLimiter } from './memory-limiter.ts';
import { RedisLimiter } from './redis-limiter.ts';

const options = z
  .strictObject({
    average: z.int().min(0).prefault(0).describe('Requests per `period` that a source may send for ever. 0: no limit.'),
    period: durationOption.prefault('1s').describe('The time that `average` counts for.'),
    burst: z.int().min(0).prefault(1).describe('Requests that a source may send at once after a pause. At least 1.'),
    sourceCriterion: sourceCriterionOptions.optional(),
    redis: redisOptions.optional(),
  })
  .describe('Limits how many requests a source may send over time.');

export type RateLimitOptions = z.output<typeof options>;

/**
 * `rateLimit`. Requests are counted by client address unless a criterion says otherwise. A short wait is waited out, else the
 * answer is 429 with `Retry-After` (RFC 6585 §4).
 */
export const rateLimit: MiddlewareDefinition<RateLimitOptions> = {
  type: 'rateLimit',
  summary: 'Limits how many requests a source may send over time.',
  options,
  create(rateLimitOptions, context) {
    const sourceOf = compileSourceKey(rateLimitOptions.sourceCriterion, 'address', context);
    const rate = rateOf(rateLimitOptions);
    if (rate === undefined) return (next) => next;
    const limiter = shareLimiter(rateLimitOptions, rate, context);
    return (next) => async (exchange) => {
      const delay = await limiter.take(sourceOf(exchange));
      if (delay > rate.maxDelay) throw tooMany(delay);
      if (delay > 0) await waitFor(delay, exchange);
      return next(exchange);
    };
  },
};

/** Undefined when there is no limit. The longest wait is half the time between two tokens, and half a second below one a second. */
function rateOf({ average, period, burst }: RateLimitOptions): Rate | undefined {
  if (average === 0) return undefined;
  const perSecond = (average * 1_000) / (period === 0 ? 1_000 : period);
  return { perSecond, burst: Math.max(1, burst), maxDelay: perSecond < 1 ? 500 : 500 / perSecond };
}

/** Buckets stay as they are when a reload leaves the options as they were. The key is a digest: options hold a password. */
function shareLimiter(rateLimitOptions: RateLimitOptions, rate: Rate, context: MiddlewareContext): Limiter {
  const { redis } = rateLimitOptions;
  const key = createHash('sha256').update(JSON.stringify(rateLimitOptions)).digest('base64url');
  return context.share<Limiter>(`buckets ${key}`, () =>
    redis === undefined ? new MemoryLimiter(rate) : new RedisLimiter(rate, redis, context.name, context.log),
  );
}

function tooMany(delay: number): Refusal {
  return new Refusal(429, 'rate_limited', {
    body: 'Too Many Requests',
    headers: [
      ['Retry-After', String(Math.ceil(delay / 1_000))],
      ['X-Retry-In', formatDuration(delay)],
    ],
  });
}
