import { performance } from 'node:perf_hooks';
import { mergeConfigurations } from '../config/dynamic/merge.ts';
import type { DynamicConfiguration } from '../config/dynamic/model.ts';
import type { RuntimeStatus } from '../config/runtime/status.ts';
import type { Diagnostic } from '../errors.ts';
import type { Provider, ProviderUpdate } from '../provider/definition.ts';
import type { Logger } from '../telemetry/log.ts';

/** How long it is quiet after a change has been taken over, as a multiple of the time that took. */
const restAfter = 1;

/** What all providers know together, or why the newest change of one could not be taken. */
export interface Collected {
  readonly configuration: DynamicConfiguration | undefined;
  readonly refused: readonly Diagnostic[];
}

/**
 * Runs the providers and hands over what they know together. After a change that was quick to take over the next one may
 * follow soon, after a costly one later, but never is one kept back longer than `throttle` ms: so many changes at once
 * take at most half of the time, and a single one goes live at once. The first call waits until every provider has
 * published once.
 */
export class ProviderCollection {
  readonly #providers: readonly Provider[];
  readonly #throttle: number;
  readonly #log: Logger;
  readonly #deliver: (collected: Collected) => Promise<void>;
  readonly #known = new Map<string, DynamicConfiguration>();
  readonly #refused = new Map<string, readonly Diagnostic[]>();
  readonly #heard = new Set<string>();
  readonly #abort = new AbortController();
  #firstDelivery: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  /** When the next change may be handed over. */
  #nextDelivery = Number.NEGATIVE_INFINITY;
  #busy = false;
  #late = false;

  constructor(options: {
    providers: readonly Provider[];
    throttle: number;
    log: Logger;
    deliver: (collected: Collected) => Promise<void>;
  }) {
    this.#providers = options.providers;
    this.#throttle = options.throttle;
    this.#log = options.log;
    this.#deliver = options.deliver;
  }

  /** Starts all providers. Resolves once what they know together has been taken over; rejects when one can never work. */
  async start(): Promise<void> {
    if (this.#providers.length === 0) return this.#hand();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#firstDelivery = resolve;
    for (const provider of this.#providers) {
      const log = this.#log.with({ providerName: provider.name });
      provider
        .provide((update) => this.#take(provider, update), this.#abort.signal, log)
        .catch((error: unknown) => {
          log.error('the provider has failed', { error: error instanceof Error ? error.message : String(error) });
          reject(error);
        });
    }
    return promise;
  }

  reload(): void {
    for (const provider of this.#providers) provider.reload?.();
  }

  /** Tells the providers what became of what they know. */
  report(status: RuntimeStatus): void {
    for (const provider of this.#providers) provider.report?.(status);
  }

  /** Ends all providers; resolves when they have let go of what they held. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#abort.abort();
    await Promise.allSettled(this.#providers.map((provider) => provider.close?.()));
  }

  #take(provider: Provider, update: ProviderUpdate): void {
    this.#heard.add(provider.name);
    if (update.ok) {
      this.#known.set(provider.name, update.configuration);
      this.#refused.delete(provider.name);
    } else {
      this.#refused.set(provider.name, update.diagnostics);
    }
    if (this.#heard.size < new Set(this.#providers.map((one) => one.name)).size) return;
    this.#schedule();
  }

  #schedule(): void {
    // While one is being taken over, what comes meanwhile is collected.
    if (this.#busy) {
      this.#late = true;
      return;
    }
    const wait = this.#nextDelivery - performance.now();
    if (wait <= 0 && this.#timer === undefined) void this.#hand();
    else this.#timer ??= setTimeout(() => void this.#hand(), Math.max(0, wait));
  }

  async #hand(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#busy = true;
    const begun = performance.now();
    const collected: Collected = {
      configuration:
        this.#known.size === 0 && this.#refused.size > 0 ? undefined : mergeConfigurations([...this.#known.values()]),
      refused: [...this.#refused.values()].flat(),
    };
    try {
      await this.#deliver(collected);
    } finally {
      this.#busy = false;
      const end = performance.now();
      this.#nextDelivery = end + Math.min(this.#throttle, restAfter * (end - begun));
    }
    this.#firstDelivery();
    if (!this.#late) return;
    this.#late = false;
    this.#schedule();
  }
}
