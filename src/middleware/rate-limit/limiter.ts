/** How fast tokens come and how many are kept. */
export interface Rate {
  /** Tokens per second, more than 0. */
  readonly perSecond: number;
  /** Most tokens in the bucket, 1 or more. */
  readonly burst: number;
  /** Longest wait, in milliseconds, for which a token is reserved. */
  readonly maxDelay: number;
}

/**
 * Token buckets by key. Every limiter, wherever it keeps its buckets, holds to one contract (see `test/support/limiter-contract.ts`):
 * in any span of t seconds a key gets at most `burst + perSecond * (t + maxDelay)` tokens, and never fewer than it is owed.
 */
export interface Limiter {
  /**
   * Takes one token of a key.
   *
   * @returns milliseconds until the token is there. Up to `maxDelay` it is reserved for the caller, who waits for it; above,
   *   nothing was taken, and the caller is to be refused.
   */
  take(key: string): number | Promise<number>;
  dispose?(): void;
}
