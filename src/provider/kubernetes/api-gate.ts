import { pause } from './pause.ts';

/** Pauses between two attempts at an API server that is away: never more than one request a second, back within 3 s. */
const shortestProbePause = 1_000;
const longestProbePause = 3_000;

/**
 * Lets requests through while the API server answers. After a failure everybody waits while one question at a time is
 * asked, so that an API server that is away or just coming back is not run over by its clients.
 */
export class ApiGate {
  readonly #probe: () => Promise<void>;
  readonly #signal: AbortSignal;
  readonly #tell: (available: boolean) => void;
  #closed: PromiseWithResolvers<void> | undefined;
  #recovery = Promise.withResolvers<void>();

  /**
   * @param probe a cheap question; rejects while the API server is away
   * @param tell hears about an outage and its end
   */
  constructor(probe: () => Promise<void>, signal: AbortSignal, tell: (available: boolean) => void) {
    this.#probe = probe;
    this.#signal = signal;
    this.#tell = tell;
  }

  /** Resolves when requests may be sent. */
  async pass(): Promise<void> {
    await this.#closed?.promise;
  }

  /** Resolves when the next outage is over: whoever waits after a failure may try again then. */
  recovered(): Promise<void> {
    return this.#recovery.promise;
  }

  /** A request got no answer, or one that says the API server is unwell. */
  suspect(): void {
    if (this.#closed !== undefined || this.#signal.aborted) return;
    this.#closed = Promise.withResolvers<void>();
    void this.#watch(this.#closed);
  }

  async #watch(closed: PromiseWithResolvers<void>): Promise<void> {
    let outage = false;
    while (!this.#signal.aborted) {
      const longest = outage ? longestProbePause : shortestProbePause * 1.2;
      await pause(shortestProbePause + Math.random() * (longest - shortestProbePause), this.#signal);
      try {
        await this.#probe();
        break;
      } catch {
        if (!outage) this.#tell(false);
        outage = true;
      }
    }
    this.#closed = undefined;
    closed.resolve();
    if (!outage || this.#signal.aborted) return;
    this.#tell(true);
    this.#recovery.resolve();
    this.#recovery = Promise.withResolvers<void>();
  }
}
