import type { Buffer } from 'node:buffer';
import type { Dispatcher } from 'undici';
import { cacheLifetime } from './cache-lifetime.ts';
import type { Clock } from './clock.ts';
import { type KeySet, parseKeySet } from './key-set.ts';
import type { KeyJournal, KeySource } from './key-source.ts';
import { requestSmall } from './outbound.ts';

/** How long keys are kept when their server cannot be reached, past the time that they are fresh (data-plane §5). */
const staleLimit = 3_600_000;
/** Between two fetches that tokens with unknown key ids may cause. */
const cooldown = 30_000;
const maxDocumentSize = 1 << 20;
/** Fetch again when this share of the lifetime is over, so that keys never run out under load. */
const refreshAt = 0.8;
const firstRetry = 1_000;
const lastRetry = 30_000;
const quickRetry = 200;

export interface RemoteKeySourceOptions {
  readonly url: URL;
  readonly dispatcher: Dispatcher;
  /** Milliseconds for one fetch, from connecting to the last byte. */
  readonly timeout: number;
  /** Quick further tries of a scheduled fetch that failed. */
  readonly maxRetries: number;
  readonly clock: Clock;
  readonly log: KeyJournal;
  /** Hears how each fetch ended. */
  onFetch?(result: 'changed' | 'unchanged' | 'failed'): void;
  onDispose?(): void;
}

/**
 * Keys from a JWKS URL. It fetches by its own timer: at the start, then ahead of the end of each lifetime, sooner after a
 * failure. A token never causes a fetch, but for one thing: a key id that the set has not, once in 30 s, because that is
 * how a rotation shows.
 */
export class RemoteKeySource implements KeySource {
  readonly #options: RemoteKeySourceOptions;
  readonly #label: string;
  readonly #first: Promise<void>;
  #markFirst: () => void = () => {};
  #keys: KeySet | undefined;
  #body: Buffer | undefined;
  #etag: string | undefined;
  #staleUntil = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #fetching: Promise<number> | undefined;
  #failures = 0;
  #nextAt = 0;
  #cancel: () => void = () => {};
  #coolUntil = Number.NEGATIVE_INFINITY;
  #disposed = false;

  constructor(options: RemoteKeySourceOptions) {
    this.#options = options;
    // A query may hold a secret.
    this.#label = `${options.url.origin}${options.url.pathname}`;
    this.#first = new Promise((resolve) => {
      this.#markFirst = resolve;
    });
    void this.#refresh(options.maxRetries);
  }

  get current(): KeySet | undefined {
    return this.#keys;
  }

  settled(): Promise<void> {
    return this.#first;
  }

  async lookAgain(): Promise<void> {
    if (this.#running !== undefined) {
      // Waits for the fetch under way, not for the pauses between the tries of a server that is down.
      await this.#fetching?.catch(() => undefined);
      return;
    }
    const now = this.#options.clock.monotonic();
    if (now < this.#coolUntil || this.#disposed) return;
    // Set before the fetch, so that a failed one counts.
    this.#coolUntil = now + cooldown;
    await this.#refresh(0);
  }

  retryAfter(): number {
    return Math.max(1, Math.ceil((this.#nextAt - this.#options.clock.monotonic()) / 1000));
  }

  dispose(): void {
    this.#disposed = true;
    this.#cancel();
    this.#markFirst();
    this.#options.onDispose?.();
  }

  /** One fetch at a time: who comes while one runs waits for that one. */
  #refresh(retries: number): Promise<void> {
    this.#running ??= this.#attempt(retries);
    return this.#running;
  }

  async #attempt(retries: number): Promise<void> {
    for (let tried = 0; ; tried++) {
      try {
        this.#fetching = this.#fetch();
        const lifetime = await this.#fetching;
        this.#finish(lifetime * refreshAt);
        return;
      } catch (error) {
        if (!this.#disposed) this.#options.onFetch?.('failed');
        if (this.#disposed || tried >= retries) {
          this.#finish(this.#failed(error));
          return;
        }
        this.#fetching = undefined;
        this.#markFirst();
      }
      await new Promise<void>((resolve) => {
        this.#options.clock.after(quickRetry * 2 ** tried, resolve);
      });
    }
  }

  /** Ends a run and plans the next one, in one step, so that nobody sees a source between the two. */
  #finish(delay: number): void {
    this.#fetching = undefined;
    this.#running = undefined;
    this.#schedule(delay);
    this.#markFirst();
  }

  /** Fetches and takes over the set; returns its lifetime in ms. */
  async #fetch(): Promise<number> {
    const { url, dispatcher, timeout, clock, log } = this.#options;
    const response = await requestSmall(url, {
      dispatcher,
      timeout,
      limit: maxDocumentSize,
      headers: {
        accept: 'application/jwk-set+json, application/json',
        'user-agent': 'portcullis',
        ...(this.#etag === undefined ? {} : { 'if-none-match': this.#etag }),
      },
    });
    const notModified = response.status === 304 && this.#keys !== undefined;
    if (!notModified && response.status !== 200) {
      const redirect = response.status >= 300 && response.status < 400 ? ' (redirects are not followed)' : '';
      throw new Error(`answered ${response.status}${redirect}`);
    }
    // The same bytes keep the same object: verified tokens stay verified.
    const unchanged = notModified || (this.#keys !== undefined && this.#body?.equals(response.body) === true);
    if (!unchanged) {
      const keys = parseKeySet(response.body, { secrets: false });
      this.#keys = keys;
      this.#body = response.body;
      log.info('key set fetched', { url: this.#label, keys: keys.keys.length });
      for (const problem of keys.problems) log.warn('key left out', { url: this.#label, problem });
    }
    if (!notModified) this.#etag = response.header('etag');
    this.#options.onFetch?.(unchanged ? 'unchanged' : 'changed');
    const lifetime = cacheLifetime({
      cacheControl: response.header('cache-control'),
      age: response.header('age'),
      expires: response.header('expires'),
      date: response.header('date'),
    });
    this.#staleUntil = clock.monotonic() + lifetime + staleLimit;
    this.#failures = 0;
    return lifetime;
  }

  /** Takes note of a failure; returns the time until the next try in ms. */
  #failed(error: unknown): number {
    const { clock, log } = this.#options;
    if (this.#disposed) return lastRetry;
    if (this.#keys !== undefined && clock.monotonic() >= this.#staleUntil) {
      this.#keys = undefined;
      this.#body = undefined;
      this.#etag = undefined;
    }
    const delay = Math.min(lastRetry, firstRetry * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    log.warn(
      this.#keys === undefined
        ? 'key set cannot be fetched; there are no keys'
        : 'key set cannot be fetched; the keys from before stay',
      {
        url: this.#label,
        error: describe(error),
        retryInSeconds: Math.ceil(delay / 1000),
      },
    );
    return delay;
  }

  #schedule(delay: number): void {
    this.#cancel();
    if (this.#disposed) return;
    this.#nextAt = this.#options.clock.monotonic() + delay;
    this.#cancel = this.#options.clock.after(delay, () => {
      void this.#refresh(this.#options.maxRetries);
    });
  }
}

/** The innermost reason: undici wraps what the socket said. */
function describe(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error ? inner.message : String(inner);
}
