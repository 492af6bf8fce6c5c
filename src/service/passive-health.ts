import { performance } from 'node:perf_hooks';
/**
 * Judges a server by the requests it gets: `maxFailedAttempts` failures within `failureWindow` milliseconds take it out
 * for one window. An answer below 500 wipes the slate.
 */
export class PassiveHealth {
  readonly #window: number;
  readonly #limit: number;
  readonly #changed: (up: boolean, reason: string) => void;
  #failures: number[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(
    options: { readonly failureWindow: number; readonly maxFailedAttempts: number },
    changed: (up: boolean, reason: string) => void,
  ) {
    this.#window = options.failureWindow;
    this.#limit = Math.max(1, options.maxFailedAttempts);
    this.#changed = changed;
  }

  get failing(): boolean {
    return this.#timer !== undefined;
  }

  failed(reason: string): void {
    if (this.#timer !== undefined) return;
    const now = performance.now();
    this.#failures = this.#failures.filter((at) => now - at < this.#window);
    this.#failures.push(now);
    if (this.#failures.length < this.#limit) return;
    this.#failures = [];
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#changed(true, 'the failure window has passed');
    }, this.#window).unref();
    this.#changed(false, reason);
  }

  succeeded(): void {
    if (this.#failures.length > 0) this.#failures = [];
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
