import type { Exchange, Handler } from '../http/exchange.ts';
import { canonicalHost, parentOf } from './host.ts';
import { effectivePriority } from './priority.ts';
import type { CompiledRule } from './rule.ts';

/** A router on an entrypoint. */
export interface Route {
  /** Qualified name of the router; settles ties. */
  readonly name: string;
  readonly rule: CompiledRule;
  /** As configured: absent or 0 stands for the length of the rule. */
  readonly priority?: number | undefined;
  readonly handler: Handler;
}

interface RankedRoute extends Route {
  /** Place in the order of precedence, from 0. */
  readonly rank: number;
}

/**
 * The routers of one entrypoint. The highest priority whose rule is true gets the request; between equal priorities the
 * router whose name comes first, by code units, so that neither files nor reloads change the winner.
 *
 * Routes are indexed by the hosts and path prefixes that their rules demand, so that a request meets only candidates.
 */
export class RouterTable {
  readonly #exact = new Map<string, Bucket>();
  readonly #below = new Map<string, Bucket>();
  readonly #anywhere = new Bucket();
  /** The routes in order of precedence. */
  readonly routes: readonly Route[];

  constructor(routes: readonly Route[]) {
    const ranked = orderRoutes(routes).map((route, rank) => ({ ...route, rank }));
    this.routes = ranked;
    for (const route of ranked) {
      const { hosts } = route.rule.demand;
      if (hosts === undefined) this.#anywhere.add(route);
      else {
        for (const host of hosts) {
          if (host.startsWith('.')) bucketFor(this.#below, host.slice(1)).add(route);
          else bucketFor(this.#exact, host).add(route);
        }
      }
    }
  }

  /** The handler of the router that claims the request, or undefined when none does. */
  match(exchange: Exchange): Handler | undefined {
    const host = canonicalHost(exchange.target.host);
    const parent = this.#below.size === 0 ? undefined : parentOf(host);
    let best = this.#exact.get(host)?.find(exchange, undefined);
    if (parent !== undefined) best = this.#below.get(parent)?.find(exchange, best) ?? best;
    return (this.#anywhere.find(exchange, best) ?? best)?.handler;
  }
}

/** Sorts routes by precedence: priority, highest first, then name. */
export function orderRoutes(routes: readonly Route[]): Route[] {
  const keyed = routes.map((route) => ({ route, priority: effectivePriority(route.rule.text, route.priority) }));
  keyed.sort((a, b) => {
    if (a.priority !== b.priority) return a.priority > b.priority ? -1 : 1;
    return a.route.name < b.route.name ? -1 : a.route.name > b.route.name ? 1 : 0;
  });
  return keyed.map(({ route }) => route);
}

function bucketFor(buckets: Map<string, Bucket>, key: string): Bucket {
  let bucket = buckets.get(key);
  if (bucket === undefined) {
    bucket = new Bucket();
    buckets.set(key, bucket);
  }
  return bucket;
}

/** Up to this many prefixes are looked for one after the other: that needs no part of the path to be cut out and hashed. */
const fewPrefixes = 8;

/** The routes for one host, by the beginning of the path that they demand. Every list is in order of precedence. */
class Bucket {
  readonly #anyPath: RankedRoute[] = [];
  readonly #byPrefix = new Map<string, RankedRoute[]>();
  /** Lengths of the prefixes, longest first. */
  readonly #lengths: number[] = [];
  /** Prefixes and their routes in turn, longest first, when they are few. */
  #few: readonly { readonly prefix: string; readonly list: readonly RankedRoute[] }[] | undefined;

  /** Routes are added in order of precedence. */
  add(route: RankedRoute): void {
    const { prefixes } = route.rule.demand;
    if (prefixes === undefined) {
      this.#anyPath.push(route);
      return;
    }
    for (const prefix of prefixes) {
      const list = this.#byPrefix.get(prefix);
      if (list !== undefined) list.push(route);
      else {
        this.#byPrefix.set(prefix, [route]);
        if (!this.#lengths.includes(prefix.length)) this.#lengths.push(prefix.length);
      }
    }
    this.#lengths.sort((a, b) => b - a);
    this.#few = this.#byPrefix.size > fewPrefixes ? undefined : this.#sorted();
  }

  #sorted() {
    const entries = [...this.#byPrefix].map(([prefix, list]) => ({ prefix, list }));
    return entries.sort((a, b) => b.prefix.length - a.prefix.length);
  }

  /** The first route that matches and precedes `best`, or `best`. */
  find(exchange: Exchange, best: RankedRoute | undefined): RankedRoute | undefined {
    let found = best;
    const { path } = exchange;
    if (this.#few !== undefined) {
      for (const { prefix, list } of this.#few) if (path.startsWith(prefix)) found = firstMatch(list, exchange, found);
      return firstMatch(this.#anyPath, exchange, found);
    }
    for (const length of this.#lengths) {
      if (length > path.length) continue;
      const list = this.#byPrefix.get(path.slice(0, length));
      if (list !== undefined) found = firstMatch(list, exchange, found);
    }
    return firstMatch(this.#anyPath, exchange, found);
  }
}

function firstMatch(
  list: readonly RankedRoute[],
  exchange: Exchange,
  best: RankedRoute | undefined,
): RankedRoute | undefined {
  for (const route of list) {
    if (best !== undefined && route.rank > best.rank) return best;
    if (route.rule.test(exchange)) return route;
  }
  return best;
}
