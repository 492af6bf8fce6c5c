/** What the last seconds looked like. */
export interface Measurements {
  /** Requests in the window. */
  readonly total: number;
  /** Share of requests that ended in 502 or 504; 0 when there were none. */
  networkErrorRatio(): number;
  /** Requests with a status from `from` up to but not `to`, divided by those from `dividedByFrom` up to but not `dividedByTo`; 0 when there are none of the latter. */
  responseCodeRatio(from: number, to: number, dividedByFrom: number, dividedByTo: number): number;
  /** Latency in milliseconds that `quantile` percent of the requests did not exceed, to within one percent; 0 when there were none. */
  latencyAtQuantile(quantile: number): number;
}

interface Second {
  /** Whole seconds on the window's clock. */
  readonly at: number;
  readonly statuses: Map<number, number>;
  /** Counts by latency class: class n holds up to `growth ** n` microseconds. */
  readonly latencies: Map<number, number>;
}

const seconds = 10;
const growth = Math.log(1.02);

/** Counts of the last ten seconds, in steps of one second. */
export class RollingWindow implements Measurements {
  readonly #now: () => number;
  #seconds: Second[] = [];

  /** @param now monotonic clock in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param latency milliseconds until the head of the reply was there. */
  record(status: number, latency: number): void {
    const current = this.#current();
    current.statuses.set(status, (current.statuses.get(status) ?? 0) + 1);
    const microseconds = Math.max(1, latency * 1_000);
    const latencyClass = Math.ceil(Math.log(microseconds) / growth);
    current.latencies.set(latencyClass, (current.latencies.get(latencyClass) ?? 0) + 1);
  }

  clear(): void {
    this.#seconds = [];
  }

  get total(): number {
    return this.#count(0, Number.POSITIVE_INFINITY);
  }

  networkErrorRatio(): number {
    const { total } = this;
    return total === 0 ? 0 : (this.#count(502, 503) + this.#count(504, 505)) / total;
  }

  responseCodeRatio(from: number, to: number, dividedByFrom: number, dividedByTo: number): number {
    const divisor = this.#count(dividedByFrom, dividedByTo);
    return divisor === 0 ? 0 : this.#count(from, to) / divisor;
  }

  latencyAtQuantile(quantile: number): number {
    const merged = new Map<number, number>();
    let total = 0;
    for (const { latencies } of this.#recent()) {
      for (const [latencyClass, count] of latencies) {
        merged.set(latencyClass, (merged.get(latencyClass) ?? 0) + count);
        total += count;
      }
    }
    let rest = Math.max(1, Math.ceil((total * quantile) / 100));
    for (const [latencyClass, count] of [...merged].sort(([a], [b]) => a - b)) {
      rest -= count;
      // The middle of the class: no request in it is further off than one percent.
      if (rest <= 0) return Math.exp((latencyClass - 0.5) * growth) / 1_000;
    }
    return 0;
  }

  #count(from: number, to: number): number {
    let count = 0;
    for (const { statuses } of this.#recent()) {
      for (const [status, number] of statuses) if (status >= from && status < to) count += number;
    }
    return count;
  }

  #current(): Second {
    const at = Math.floor(this.#now() / 1_000);
    const last = this.#seconds.at(-1);
    if (last?.at === at) return last;
    const current: Second = { at, statuses: new Map(), latencies: new Map() };
    this.#seconds = [...this.#recent(), current];
    return current;
  }

  #recent(): Second[] {
    const oldest = Math.floor(this.#now() / 1_000) - seconds;
    return this.#seconds.filter(({ at }) => at > oldest);
  }
}
