import { createHash } from 'node:crypto';
import { Cluster, Redis } from 'ioredis';
import type { Logger } from '../../telemetry/log.ts';
import type { Limiter, Rate } from './limiter.ts';
import { MemoryLimiter } from './memory-limiter.ts';
import type { RedisOptions } from './redis-options.ts';

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

/** Time after which a failing Redis is spoken of again in the log. */
const quiet = 10_000;

/**
 * Buckets in Redis, shared by all gateways with the same middleware. While Redis does not answer, each gateway counts for
 * itself in memory: a limit that is too generous for a while beats both no limit and no service.
 */
export class RedisLimiter implements Limiter {
  readonly #client: Redis | Cluster;
  readonly #prefix: string;
  readonly #arguments: readonly string[];
  readonly #fallback: MemoryLimiter;
  readonly #log: Logger;
  #spoken = Number.NEGATIVE_INFINITY;

  /** @param name of the middleware, so that two of them never share a bucket. */
  constructor(rate: Rate, redis: RedisOptions, name: string, log: Logger) {
    const perMillisecond = rate.perSecond / 1_000;
    const timeToLive = Math.ceil(rate.burst / perMillisecond + rate.maxDelay) + 1_000;
    this.#arguments = [perMillisecond, rate.burst, rate.maxDelay, timeToLive].map(String);
    this.#prefix = `portcullis:rate:${name}:`;
    this.#fallback = new MemoryLimiter(rate);
    this.#log = log;
    this.#client = connect(redis);
    this.#client.on('error', (error) => this.#report(error));
  }

  async take(key: string): Promise<number> {
    try {
      const bucket = this.#prefix + digest(key);
      return Number(await this.#client.eval(script, 1, bucket, ...this.#arguments));
    } catch (error) {
      this.#report(error);
      return this.#fallback.take(key);
    }
  }

  dispose(): void {
    this.#client.disconnect();
    this.#fallback.dispose();
  }

  #report(error: unknown): void {
    const now = performance.now();
    if (now - this.#spoken < quiet) return;
    this.#spoken = now;
    const reason = error instanceof Error ? error.message : String(error);
    this.#log.warn('redis does not answer: rates are counted in this process only', { reason });
  }
}

/** Keys are addresses and names of people: only their digest leaves. */
function digest(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}

function connect(redis: RedisOptions): Redis | Cluster {
  const { username, password, db, readTimeout, writeTimeout, dialTimeout, tls, endpoints } = redis;
  const waits = readTimeout > 0 && writeTimeout > 0;
  const options = {
    connectTimeout: dialTimeout,
    maxRetriesPerRequest: 0,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(waits ? { commandTimeout: readTimeout + writeTimeout } : {}),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            rejectUnauthorized: !tls.insecureSkipVerify,
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
            ...(tls.cert === undefined ? {} : { cert: tls.cert }),
            ...(tls.key === undefined ? {} : { key: tls.key }),
          },
        }),
  };
  const nodes = endpoints.map((endpoint) => {
    const colon = endpoint.lastIndexOf(':');
    return { host: endpoint.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(endpoint.slice(colon + 1)) };
  });
  const [only] = nodes;
  // A request never waits for a connection to come back.
  if (nodes.length === 1 && only !== undefined)
    return new Redis({ ...options, ...only, db, enableOfflineQueue: false });
  return new Cluster(nodes, { redisOptions: options, enableOfflineQueue: false });
}
