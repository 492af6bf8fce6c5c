import type { LoadBalancerConfig } from '../config/dynamic/model.ts';
import type { Exchange } from '../http/exchange.ts';

/** What strategies look at. */
export interface Candidate {
  /** Stable across restarts and replicas. */
  readonly url: string;
  readonly weight: number;
  readonly inFlight: number;
  /** Mean milliseconds to the head of an answer. */
  readonly latency: number;
}

/** Chooses among candidates that are fit; undefined only when there are none. */
export interface Strategy<C extends Candidate> {
  pick(candidates: readonly C[], exchange: Exchange): C | undefined;
}

/** Makes the strategy of a balancer; it may keep state about `all` candidates. */
export function createStrategy<C extends Candidate>(
  name: LoadBalancerConfig['strategy'],
  all: readonly C[],
): Strategy<C> {
  void name;
  return new WeightedRoundRobin(all);
}

/**
 * Earliest deadline first: each choice pushes the chosen one's deadline back by 1/weight, which spreads the heavier ones
 * evenly instead of in bursts. Who comes back after an absence starts at the present deadline, without a backlog.
 */
export class WeightedRoundRobin<C extends Candidate> implements Strategy<C> {
  readonly #deadlines = new Map<C, number>();
  #now = 0;

  constructor(all: readonly C[]) {
    for (const one of all) if (one.weight > 0) this.#deadlines.set(one, 1 / one.weight);
  }

  pick(candidates: readonly C[]): C | undefined {
    let best: C | undefined;
    let earliest = Number.POSITIVE_INFINITY;
    for (const candidate of candidates) {
      const deadline = Math.max(this.#deadlines.get(candidate) ?? 0, this.#now);
      if (deadline < earliest) {
        earliest = deadline;
        best = candidate;
      }
    }
    if (best === undefined) return undefined;
    this.#now = earliest;
    this.#deadlines.set(best, earliest + 1 / best.weight);
    return best;
  }
}
