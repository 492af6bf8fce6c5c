import { performance } from 'node:perf_hooks';
import type { Logger } from '../../telemetry/log.ts';
import type { Condition } from '../condition.ts';
import { type Measurements, RollingWindow } from './rolling-window.ts';

/** Times in milliseconds. */
export interface BreakerSettings {
  readonly condition: Condition<Measurements>;
  readonly checkPeriod: number;
  readonly fallbackDuration: number;
  readonly recoveryDuration: number;
}

export type BreakerState = 'closed' | 'open' | 'recovering';

/**
 * A circuit breaker: closed while the condition is false, open for a while once it is true, then recovering with a share of
 * requests that grows from none to all. A condition that is true while it recovers opens it again.
 */
export class Breaker {
  readonly #settings: BreakerSettings;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #window: RollingWindow;
  #state: BreakerState = 'closed';
  /** When the state began. */
  #since = 0;
  #lastCheck = Number.NEGATIVE_INFINITY;
  /** Fractions of requests that recovery has promised and not yet let pass. */
  #credit = 0;

  /** @param now monotonic clock in milliseconds. */
  constructor(settings: BreakerSettings, log: Logger, now: () => number = () => performance.now()) {
    this.#settings = settings;
    this.#log = log;
    this.#now = now;
    this.#window = new RollingWindow(now);
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** @returns undefined when a request may pass, else the milliseconds until more may. */
  refuse(): number | undefined {
    const now = this.#now();
    const { fallbackDuration, recoveryDuration } = this.#settings;
    if (this.#state === 'open') {
      const left = this.#since + fallbackDuration - now;
      if (left > 0) return left;
      this.#enter('recovering');
    }
    if (this.#state === 'recovering') {
      const share = recoveryDuration === 0 ? 1 : (now - this.#since) / recoveryDuration;
      if (share >= 1) {
        this.#enter('closed');
        return undefined;
      }
      this.#credit += share;
      if (this.#credit < 1) return recoveryDuration * (1 - share);
      this.#credit -= 1;
    }
    return undefined;
  }

  /** Counts a request that was let pass. `latency` in milliseconds. */
  record(status: number, latency: number): void {
    this.#window.record(status, latency);
    const now = this.#now();
    // Requests from before it opened say nothing new.
    if (this.#state === 'open' || now - this.#lastCheck < this.#settings.checkPeriod) return;
    this.#lastCheck = now;
    if (this.#settings.condition(this.#window)) this.#enter('open');
  }

  dispose(): void {
    this.#window.clear();
  }

  #enter(state: BreakerState): void {
    this.#log.warn(`circuit breaker is ${state}`, { from: this.#state, to: state });
    this.#state = state;
    this.#since = this.#now();
    this.#credit = 0;
    // What made it open must not open it again when it recovers.
    if (state === 'open') this.#window.clear();
  }
}
