import { diagnoseItem, type Problem } from '../config/diagnose.ts';
import type {
  DynamicConfiguration,
  Item,
  KeyPath,
  LoadBalancerConfig,
  ServersTransportConfig,
  ServiceConfig,
} from '../config/dynamic/model.ts';
import { type Diagnostic, nearest, PortcullisError } from '../errors.ts';
import { fingerprint } from './fingerprint.ts';
import { LoadBalancer } from './load-balancer.ts';
import type { ServiceRegistry } from './registry.ts';
import { parseServerUrl, Server } from './server.ts';
import type { Service } from './service.ts';

/** The services of one generation, built when they are asked for. */
export interface Services {
  /**
   * The service of that qualified name. Throws a `PortcullisError` whose diagnostics say why there is none: unknown,
   * broken, or referring to itself.
   */
  get(name: string): Service;
  /** Warnings about what has been built so far, by qualified name. */
  readonly warnings: ReadonlyMap<string, readonly Diagnostic[]>;
  /** The generation has ended: what no other one uses closes its idle connections now, the others when their requests end. */
  dispose(): void;
}

type Configuration = Pick<DynamicConfiguration, 'services' | 'serversTransports'>;

/** Prepares the services of one generation. Nothing is connected or checked before a router asks for it. */
export function createServices(configuration: Configuration, registry: ServiceRegistry): Services {
  return new GenerationServices(configuration, registry);
}

interface Built {
  readonly service: Service;
  /** Equal for equal configuration, that of inner services included. */
  readonly key: string;
}

class GenerationServices implements Services {
  readonly warnings = new Map<string, Diagnostic[]>();
  readonly #configuration: Configuration;
  readonly #registry: ServiceRegistry;
  readonly #built = new Map<string, Built | PortcullisError>();
  readonly #held: (() => void)[] = [];
  #disposed = false;

  constructor(configuration: Configuration, registry: ServiceRegistry) {
    this.#configuration = configuration;
    this.#registry = registry;
  }

  get(name: string): Service {
    if (this.#disposed) throw new TypeError('these services belong to a generation that has ended');
    return this.#find(name, []).service;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const drop of this.#held) drop();
  }

  #find(name: string, path: readonly string[]): Built {
    let built = this.#built.get(name);
    if (built === undefined) {
      try {
        built = this.#build(name, path);
      } catch (error) {
        if (!(error instanceof PortcullisError)) throw error;
        built = error;
      }
      this.#built.set(name, built);
    }
    if (built instanceof PortcullisError) throw built;
    return built;
  }

  #build(name: string, path: readonly string[]): Built {
    const item = this.#configuration.services.get(name);
    if (item === undefined) {
      throw new PortcullisError('CONFIG_REFERENCE', `there is no service ${name}`, {
        diagnostics: [unknown('service', name, this.#configuration.services)],
      });
    }
    const broken = item.problems.filter(({ severity }) => severity === 'error');
    if (broken.length > 0) throw new PortcullisError(broken[0]?.code ?? 'INTERNAL', 'broken', { diagnostics: broken });
    const { config } = item;
    void path;
    if (config.kind === 'loadBalancer') return this.#balancer(item, config.loadBalancer);
    throw refuse(item, [], {
      code: 'CONFIG_UNSUPPORTED',
      severity: 'error',
      message: `${config.kind}`,
      hint: undefined,
    });
  }

  #balancer(item: Item<ServiceConfig>, config: LoadBalancerConfig): Built {
    const registry = this.#registry;
    const { key: transportKey, transport } = this.#transport(item, config);
    const addresses = config.servers.map(({ url, preservePath }, index) => {
      const address = parseServerUrl(url, preservePath ?? false);
      if (address !== undefined) return address;
      throw refuse(item, ['loadBalancer', 'servers', index, 'url'], {
        code: 'CONFIG_INVALID_VALUE',
        severity: 'error',
        message: 'this is not the URL of a server',
        hint: 'write http://host:port or https://host:port, without user, query and fragment',
      });
    });
    const key = fingerprint(item.name, config, transportKey);
    const service = registry.balancers.hold(key, () => {
      const drops: (() => void)[] = [];
      const servers = config.servers.map((server, index) => {
        const address = addresses[index] as (typeof addresses)[number];
        const { pool, drop } = registry.pool(transportKey, transport, address);
        drops.push(drop);
        return new Server(server, address, pool, undefined);
      });
      const { log } = registry.context;
      return new LoadBalancer(item.name, config, servers, {
        log,
        limits: registry.limits,
        release: () => {
          for (const drop of drops) drop();
        },
      });
    });
    this.#held.push(() => registry.balancers.drop(key));
    return { service, key };
  }

  #transport(item: Item<ServiceConfig>, config: LoadBalancerConfig): ReturnType<ServiceRegistry['transport']> {
    const name = config.serversTransport;
    if (name === undefined) return this.#registry.transport(this.#registry.defaultTransport);
    const place: KeyPath = ['loadBalancer', 'serversTransport'];
    const { serversTransports } = this.#configuration;
    const transport = serversTransports.get(name);
    if (transport === undefined) {
      const { message, hint } = unknown('serversTransport', name, serversTransports);
      throw refuse(item, place, { code: 'CONFIG_REFERENCE', severity: 'error', message, hint });
    }
    const broken = transport.problems.filter(({ severity }) => severity === 'error');
    if (broken.length > 0) throw new PortcullisError('CONFIG_REFERENCE', 'broken', { diagnostics: broken });
    return this.#compile(transport);
  }

  #compile(item: Item<ServersTransportConfig>): ReturnType<ServiceRegistry['transport']> {
    try {
      return this.#registry.transport(item.config);
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unusable';
      throw refuse(item, [], {
        code: 'CONFIG_INVALID_VALUE',
        severity: 'error',
        message: `the TLS settings of this transport cannot be used: ${reason}`,
        hint: 'certificates, keys and authorities are PEM texts; a key belongs to the certificate beside it',
      });
    }
  }
}

function unknown(kind: string, name: string, known: ReadonlyMap<string, unknown>): Diagnostic {
  const suggestion = nearest(name, known.keys());
  return {
    code: 'CONFIG_REFERENCE',
    severity: 'error',
    message: `there is no ${kind} ${name}`,
    hint: suggestion === undefined ? undefined : `did you mean ${suggestion}?`,
  };
}

function refuse(item: Item<unknown>, field: KeyPath, problem: Problem): PortcullisError {
  return new PortcullisError(problem.code, problem.message, { diagnostics: [diagnoseItem(item, field, problem)] });
}
