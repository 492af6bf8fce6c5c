import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import type { Cluster, Redis } from 'ioredis';
import type { Logger } from '../telemetry/log.ts';
import type { RedisOptions } from './redis-options.ts';

/** Time after which a failing Redis is spoken of again in the log, in milliseconds. */
const quiet = 10_000;

/** Says in the log that Redis does not answer, and what happens meanwhile; not more often than makes sense. */
export class RedisTrouble {
  readonly #log: Logger;
  readonly #consequence: string;
  #spoken = Number.NEGATIVE_INFINITY;

  constructor(log: Logger, consequence: string) {
    this.#log = log;
    this.#consequence = consequence;
  }

  report(error: unknown): void {
    const now = performance.now();
    if (now - this.#spoken < quiet) return;
    this.#spoken = now;
    const reason = error instanceof Error ? error.message : String(error);
    this.#log.warn(`redis does not answer: ${this.#consequence}`, { reason });
  }
}

/** Keys are addresses and names of people: only their digest leaves. */
export function digestKey(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}

/** Connects to one server or a cluster. Commands fail at once while there is no connection: a request never waits for one. */
export function connectRedis(redis: RedisOptions): Redis | Cluster {
  // Loaded when it is wanted: most gateways have no Redis.
  const library = createRequire(import.meta.url)('ioredis') as typeof import('ioredis');
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
    return new library.Redis({ ...options, ...only, db, enableOfflineQueue: false });
  return new library.Cluster(nodes, { redisOptions: options, enableOfflineQueue: false });
}
