import type { Cluster, Redis } from 'ioredis';
import type { Logger } from '../../telemetry/log.ts';
import { connectRedis, digestKey, RedisTrouble } from '../redis-connection.ts';
import type { RedisOptions } from '../redis-options.ts';
import type { Limiter, Rate } from './limiter.ts';
import { MemoryLimiter } from './memory-limiter.ts';

/**
 * One bucket, as in `MemoryLimiter`, on the clock of the server, in one atomic step. Arguments: tokens per millisecond, burst,
 * longest wait and time to live in milliseconds. Answers the wait as text, because Redis cuts numbers to integers.
 */
const script = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local rate, burst, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local state = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = burst
if state[1] then
  tokens = math.min(burst, tonumber(state[1]) + math.max(0, now - tonumber(state[2])) * rate)
end
local left = tokens - 1
local delay = 0
if left < 0 then delay = -left / rate end
if delay <= most then
  redis.call('HSET', KEYS[1], 'tokens', string.format('%.17g', left), 'at', string.format('%.17g', now))
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return string.format('%.17g', delay)
`;

/**
 * Buckets in Redis, shared by all gateways with the same middleware. While Redis does not answer, each gateway counts for
 * itself in memory: a limit that is too generous for a while beats both no limit and no service.
 */
export class RedisLimiter implements Limiter {
  readonly #client: Redis | Cluster;
  readonly #prefix: string;
  readonly #arguments: readonly string[];
  readonly #fallback: MemoryLimiter;
  readonly #trouble: RedisTrouble;

  /** @param name of the middleware, so that two of them never share a bucket. */
  constructor(rate: Rate, redis: RedisOptions, name: string, log: Logger) {
    const perMillisecond = rate.perSecond / 1_000;
    const timeToLive = Math.ceil(rate.burst / perMillisecond + rate.maxDelay) + 1_000;
    this.#arguments = [perMillisecond, rate.burst, rate.maxDelay, timeToLive].map(String);
    this.#prefix = `portcullis:rate:${name}:`;
    this.#fallback = new MemoryLimiter(rate);
    this.#trouble = new RedisTrouble(log, 'rates are counted in this process only');
    this.#client = connectRedis(redis);
    this.#client.on('error', (error) => this.#trouble.report(error));
  }

  /** True while the buckets are in Redis; false while this process counts for itself. */
  get shared(): boolean {
    return this.#client.status === 'ready';
  }

  async take(key: string): Promise<number> {
    try {
      const bucket = this.#prefix + digestKey(key);
      return Number(await this.#client.eval(script, 1, bucket, ...this.#arguments));
    } catch (error) {
      this.#trouble.report(error);
      return this.#fallback.take(key);
    }
  }

  dispose(): void {
    this.#client.disconnect();
    this.#fallback.dispose();
  }
}
