import type { LoadBalancerConfig } from '../config/dynamic/model.ts';
import type { Exchange } from '../http/exchange.ts';
import { affinityKey } from './affinity.ts';
import { unitHash } from './keyed-hash.ts';

/** What strategies look at: a server, or a service among others. */
export interface Candidate {
  /** Stable across restarts and replicas. */
  readonly name: string;
  /** Above 0. */
  readonly weight: number;
  readonly inFlight: number;
  /** Mean milliseconds to the head of an answer; 0 while unknown. */
  readonly latency: number;
}

/** Chooses among candidates that are fit; undefined only when there are none. */
export interface Strategy<C extends Candidate> {
  pick(candidates: readonly C[], exchange: Exchange): C | undefined;
}

const strategies: Readonly<Record<LoadBalancerConfig['strategy'], <C extends Candidate>() => Strategy<C>>> = {
  wrr: () => new WeightedRoundRobin(),
  p2c: () => ({ pick: pickLighterOfTwo }),
  hrw: () => ({ pick: pickHighestRandomWeight }),
  leasttime: () => new LeastTime(),
};

export function createStrategy<C extends Candidate>(name: LoadBalancerConfig['strategy']): Strategy<C> {
  return strategies[name]<C>();
}

/**
 * Earliest deadline first: each choice pushes the chosen one's deadline back by 1/weight, which spreads the heavier ones
 * evenly instead of in bursts. Who comes back after an absence starts at the present deadline, without a backlog.
 */
class WeightedRoundRobin<C extends Candidate> implements Strategy<C> {
  readonly #deadlines = new WeakMap<C, number>();
  #now = 0;

  pick(candidates: readonly C[]): C | undefined {
    let best: C | undefined;
    let earliest = Number.POSITIVE_INFINITY;
    for (const candidate of candidates) {
      const deadline = Math.max(this.#deadlines.get(candidate) ?? this.#now + 1 / candidate.weight, this.#now);
      this.#deadlines.set(candidate, deadline);
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

/** Two at random, the one with fewer requests in flight; weights only say who takes part, as in Traefik. */
function pickLighterOfTwo<C extends Candidate>(candidates: readonly C[]): C | undefined {
  const { length } = candidates;
  if (length < 2) return candidates[0];
  const one = Math.floor(Math.random() * length);
  const other = (one + 1 + Math.floor(Math.random() * (length - 1))) % length;
  const [a, b] = [candidates[one], candidates[other]];
  return a !== undefined && b !== undefined && b.inFlight < a.inFlight ? b : a;
}

/**
 * Rendezvous hashing with weights: a caller stays where it is while members come and go, except those of a member that
 * left. Score: weight / -ln(hash of key and name).
 */
export function pickHighestRandomWeight<C extends Candidate>(
  candidates: readonly C[],
  exchange: Exchange,
): C | undefined {
  const key = affinityKey(exchange);
  let best: C | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const candidate of candidates) {
    const score = candidate.weight / -Math.log(unitHash(key + candidate.name));
    if (score > highest) {
      highest = score;
      best = candidate;
    }
  }
  return best;
}

/** The least (mean latency × (requests in flight + 1)) / weight; equals, new ones above all, take turns. */
class LeastTime<C extends Candidate> implements Strategy<C> {
  readonly #turns = new WeightedRoundRobin<C>();

  pick(candidates: readonly C[]): C | undefined {
    let least = Number.POSITIVE_INFINITY;
    let best: C[] = [];
    for (const candidate of candidates) {
      const score = (candidate.latency * (candidate.inFlight + 1)) / candidate.weight;
      if (score < least) {
        least = score;
        best = [candidate];
      } else if (score === least) {
        best.push(candidate);
      }
    }
    return this.#turns.pick(best);
  }
}
