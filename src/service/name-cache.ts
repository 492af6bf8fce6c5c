import { lookup as systemLookup } from 'node:dns';
import { performance } from 'node:perf_hooks';

/** One resolved address. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Resolves a host name to all of its addresses; rejects when there are none. */
export type NameLookup = (hostname: string) => Promise<readonly ResolvedAddress[]>;

const freshFor = 5_000;
const staleFor = 600_000;
const maxNames = 10_000;

interface Entry {
  addresses: readonly ResolvedAddress[];
  /** Monotonic time of the last good answer. */
  at: number;
  pending: Promise<readonly ResolvedAddress[]> | undefined;
}

/**
 * Addresses of upstream names. An answer is used for 5 seconds, asked for once however many wait; when the resolver
 * fails, the last good answer goes on for up to 10 minutes.
 */
export class NameCache {
  readonly #lookup: NameLookup;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  constructor(lookup: NameLookup = lookupBySystem, now: () => number = () => performance.now()) {
    this.#lookup = lookup;
    this.#now = now;
  }

  resolve(hostname: string): Promise<readonly ResolvedAddress[]> {
    let entry = this.#entries.get(hostname);
    if (entry === undefined) {
      entry = { addresses: [], at: Number.NEGATIVE_INFINITY, pending: undefined };
      if (this.#entries.size >= maxNames) this.#entries.clear();
      this.#entries.set(hostname, entry);
    }
    if (this.#now() - entry.at < freshFor) return Promise.resolve(entry.addresses);
    entry.pending ??= this.#refresh(hostname, entry);
    return entry.pending;
  }

  async #refresh(hostname: string, entry: Entry): Promise<readonly ResolvedAddress[]> {
    try {
      const addresses = await this.#lookup(hostname);
      if (addresses.length === 0) throw new Error(`${hostname} has no address`);
      entry.addresses = addresses;
      entry.at = this.#now();
      return addresses;
    } catch (error) {
      if (this.#now() - entry.at < staleFor) return entry.addresses;
      throw error;
    } finally {
      entry.pending = undefined;
    }
  }
}

function lookupBySystem(hostname: string): Promise<readonly ResolvedAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true }, (error, addresses) => {
      if (error === null) resolve(addresses as ResolvedAddress[]);
      else reject(error);
    });
  });
}
