import { performance } from 'node:perf_hooks';
import { LRUCache } from 'lru-cache';
import type { Limiter, Rate } from './limiter.ts';

/** A bucket: how many tokens there were at a time. Negative: tokens that are promised. */
interface Bucket {
  tokens: number;
  /** Milliseconds on the limiter's clock. */
  at: number;
}

/** Most keys at a time. Whose bucket is dropped gets a full one back, so this also bounds what an attacker can make us keep. */
const mostKeys = 65_536;

/** Buckets in memory: each process counts for itself. */
export class MemoryLimiter implements Limiter {
  readonly #rate: Rate;
  readonly #now: () => number;
  readonly #buckets = new LRUCache<string, Bucket>({ max: mostKeys });

  /** @param now monotonic clock in milliseconds. */
  constructor(rate: Rate, now: () => number = () => performance.now()) {
    this.#rate = rate;
    this.#now = now;
  }

  take(key: string): number {
    const { perSecond, burst, maxDelay } = this.#rate;
    const now = this.#now();
    const bucket = this.#buckets.get(key);
    const tokens =
      bucket === undefined
        ? burst
        : Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.at) * perSecond) / 1_000);
    const left = tokens - 1;
    const delay = left >= 0 ? 0 : (-left * 1_000) / perSecond;
    if (delay > maxDelay) return delay;
    if (bucket === undefined) this.#buckets.set(key, { tokens: left, at: now });
    else {
      bucket.tokens = left;
      bucket.at = now;
    }
    return delay;
  }

  dispose(): void {
    this.#buckets.clear();
  }
}
