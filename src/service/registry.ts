import type { LoadBalancerConfig, ServersTransportConfig } from '../config/dynamic/model.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { type ServiceLimits, type ServicesContext, standardLimits, standardTransport } from './context.ts';
import { fingerprint } from './fingerprint.ts';
import { LoadBalancer } from './load-balancer.ts';
import { NameCache } from './name-cache.ts';
import { PassiveHealth } from './passive-health.ts';
import { Server, type ServerAddress } from './server.ts';
import type { ServerChange, Service } from './service.ts';
import { type Part, SharedParts } from './shared-parts.ts';
import { Transport } from './transport.ts';

/**
 * What outlives generations: balancers with their health and positions, connections, resolved names. The gateway keeps
 * one for the life of the process; `createServices` takes parts from it and gives them back.
 */
export class ServiceRegistry {
  readonly limits: ServiceLimits;
  readonly defaultTransport: ServersTransportConfig;
  /** Combined services, for their positions. */
  readonly composites = new SharedParts<Part & { readonly service: Service }>();
  readonly #context: ServicesContext;
  readonly #balancers = new SharedParts<LoadBalancer>();
  /** The newest balancer of each name: a changed one takes over what is known about servers that stay. */
  readonly #newest = new Map<string, LoadBalancer>();
  readonly #names: NameCache;
  readonly #transports = new Map<string, Transport>();
  readonly #pools = new SharedParts<ConnectionPool>();

  constructor(context: ServicesContext) {
    this.#context = context;
    this.limits = { ...standardLimits, ...context.limits };
    this.defaultTransport = context.serversTransport ?? standardTransport;
    this.#names = new NameCache(context.lookup);
  }

  /** Compiles a transport, or throws what is wrong with it. Equal ones are one. */
  transport(config: ServersTransportConfig): { readonly key: string; readonly transport: Transport } {
    const key = fingerprint(config);
    let transport = this.#transports.get(key);
    if (transport === undefined) {
      const rules = this.#context.resolve ?? [];
      transport = new Transport(config, { names: this.#names, rules, maxHead: this.limits.responseHead });
      // Compiled TLS settings are small, but keys that are rotated for years should not pile up.
      if (this.#transports.size >= 256) this.#transports.clear();
      this.#transports.set(key, transport);
    }
    return { key, transport };
  }

  /** The living balancer of that key, or a new one; give it back with {@link drop}. */
  balancer(
    key: string,
    name: string,
    config: LoadBalancerConfig,
    addresses: readonly ServerAddress[],
    transportKey: string,
    transport: Transport,
  ): LoadBalancer {
    return this.#balancers.hold(key, () => {
      const known = new Map(this.#newest.get(name)?.servers.map((server) => [server.name, server]));
      const poolKeys: string[] = [];
      const servers = config.servers.map((server, index) => {
        const address = addresses[index] as ServerAddress;
        const poolKey = fingerprint(transportKey, address.origin);
        poolKeys.push(poolKey);
        const pool = this.#pools.hold(poolKey, () => transport.connect(address));
        const passive =
          config.passiveHealthCheck === undefined
            ? undefined
            : new PassiveHealth(config.passiveHealthCheck, (up, reason) => {
                this.#tell({ service: name, url: server.url, up, by: 'passive', reason });
              });
        const made = new Server(server, address, pool, passive);
        if (config.healthCheck !== undefined) made.up = known.get(server.url)?.up ?? true;
        return made;
      });
      const balancer: LoadBalancer = new LoadBalancer(name, config, {
        servers,
        transport,
        limits: this.limits,
        log: this.#context.log,
        changed: (server, up, reason) => this.#tell({ service: name, url: server.name, up, by: 'active', reason }),
        release: () => {
          for (const poolKey of poolKeys) this.#pools.drop(poolKey);
          if (this.#newest.get(name) === balancer) this.#newest.delete(name);
        },
      });
      this.#newest.set(name, balancer);
      return balancer;
    });
  }

  drop(key: string): void {
    this.#balancers.drop(key);
  }

  /** How much is alive, for tests and the admin API. */
  get sizes(): { readonly balancers: number; readonly composites: number; readonly pools: number } {
    return { balancers: this.#balancers.size, composites: this.composites.size, pools: this.#pools.size };
  }

  #tell(change: ServerChange): void {
    const { service, url, by, reason } = change;
    this.#context.log[change.up ? 'info' : 'warn'](change.up ? 'server is up' : 'server is down', {
      service,
      server: url,
      by,
      reason,
    });
    this.#context.onServerChange?.(change);
  }
}
