import type { ServersTransportConfig } from '../config/dynamic/model.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { type ServiceLimits, type ServicesContext, standardLimits, standardTransport } from './context.ts';
import { fingerprint } from './fingerprint.ts';
import type { LoadBalancer } from './load-balancer.ts';
import { NameCache } from './name-cache.ts';
import type { ServerAddress } from './server.ts';
import { SharedParts } from './shared-parts.ts';
import { Transport } from './transport.ts';

/**
 * What outlives generations: balancers with their health and positions, connections, resolved names. The gateway keeps
 * one for the life of the process; `createServices` takes parts from it and gives them back.
 */
export class ServiceRegistry {
  readonly context: ServicesContext;
  readonly limits: ServiceLimits;
  readonly defaultTransport: ServersTransportConfig;
  readonly balancers = new SharedParts<LoadBalancer>();
  readonly #names: NameCache;
  readonly #transports = new Map<string, Transport>();
  readonly #pools = new SharedParts<ConnectionPool>();

  constructor(context: ServicesContext) {
    this.context = context;
    this.limits = { ...standardLimits, ...context.limits };
    this.defaultTransport = context.serversTransport ?? standardTransport;
    this.#names = new NameCache(context.lookup);
  }

  /** Compiles a transport, or throws what is wrong with it. Equal ones are one. */
  transport(config: ServersTransportConfig): { readonly key: string; readonly transport: Transport } {
    const key = fingerprint(config);
    let transport = this.#transports.get(key);
    if (transport === undefined) {
      const rules = this.context.resolve ?? [];
      transport = new Transport(config, { names: this.#names, rules, maxHead: this.limits.responseHead });
      // Compiled TLS settings are small, but a key that is rotated for years should not pile them up.
      if (this.#transports.size >= 256) this.#transports.clear();
      this.#transports.set(key, transport);
    }
    return { key, transport };
  }

  /** The connections to a server under a transport, shared by all services that talk to it. */
  pool(transportKey: string, transport: Transport, address: ServerAddress): { pool: ConnectionPool; drop: () => void } {
    const key = fingerprint(transportKey, address.origin, address.h2c);
    const pool = this.#pools.hold(key, () => transport.connect(address));
    return { pool, drop: () => this.#pools.drop(key) };
  }

  /** How many balancers and pools are alive, for tests and the admin API. */
  get sizes(): { readonly balancers: number; readonly pools: number } {
    return { balancers: this.balancers.size, pools: this.#pools.size };
  }
}
