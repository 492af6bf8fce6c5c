import { isIP } from 'node:net';
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
import { whyForbidden } from '../http/forbidden-address.ts';
import { CombinedService, ServiceMember } from './combined-service.ts';
import { compileStatusRanges, Failover, type FailoverErrors } from './failover.ts';
import { fingerprint } from './fingerprint.ts';
import { Mirroring } from './mirroring.ts';
import type { ServiceRegistry } from './registry.ts';
import { parseServerUrl } from './server.ts';
import type { Service } from './service.ts';
import { createStrategy } from './strategy.ts';

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
    const inside = [...path, name];
    const inner = (reference: string, field: KeyPath): Built => this.#inner(item, reference, field, inside);
    switch (config.kind) {
      case 'loadBalancer':
        return this.#balancer(item, config.loadBalancer);
      case 'weighted':
      case 'highestRandomWeight': {
        const built = config.services.map(({ name }, index) => inner(name, [config.kind, 'services', index, 'name']));
        const key = fingerprint(name, config, ...built.map((one) => one.key));
        const service = this.#composites(key, () => {
          const members = built.map(({ service }, index) => {
            return new ServiceMember(config.services[index] ?? { name, weight: 1 }, service);
          });
          const strategy = createStrategy<ServiceMember>(config.kind === 'weighted' ? 'wrr' : 'hrw');
          const sticky = config.kind === 'weighted' ? config.sticky : undefined;
          return new CombinedService(name, config.kind, members, strategy, sticky);
        });
        return { service, key };
      }
      case 'failover': {
        const main = inner(config.service, ['failover', 'service']);
        const fallback = inner(config.fallback, ['failover', 'fallback']);
        const errors = this.#failoverErrors(item, config);
        const key = fingerprint(name, config, main.key, fallback.key);
        return { service: new Failover(name, main.service, fallback.service, errors), key };
      }
      case 'mirroring': {
        const main = inner(config.service, ['mirroring', 'service']);
        const mirrors = config.mirrors.map(({ name }, index) => inner(name, ['mirroring', 'mirrors', index, 'name']));
        const key = fingerprint(name, config, main.key, ...mirrors.map((one) => one.key));
        const { limits } = this.#registry;
        const maxBody = config.maxBodySize < 0 ? limits.replayBody : Math.min(config.maxBodySize, limits.replayBody);
        const service = this.#composites(key, () => {
          const targets = mirrors.map(({ service }, index) => ({
            service,
            percent: config.mirrors[index]?.percent ?? 0,
          }));
          return new Mirroring(name, main.service, targets, { body: config.mirrorBody, maxBody, limits });
        });
        return { service, key };
      }
    }
  }

  #inner(item: Item<ServiceConfig>, reference: string, field: KeyPath, path: readonly string[]): Built {
    if (path.includes(reference)) {
      const loop = [...path.slice(path.indexOf(reference)), reference].join(' → ');
      throw refuse(item, field, {
        code: 'CONFIG_REFERENCE',
        severity: 'error',
        message: `services refer to each other in a circle: ${loop}`,
        hint: 'let the innermost service be a loadBalancer',
      });
    }
    if (!this.#configuration.services.has(reference)) {
      throw refuse(item, field, unknown('service', reference, this.#configuration.services));
    }
    return this.#find(reference, path);
  }

  #failoverErrors(item: Item<ServiceConfig>, config: ServiceConfig & { kind: 'failover' }): FailoverErrors | undefined {
    if (config.errors === undefined) return undefined;
    const matches = compileStatusRanges(config.errors.status);
    if (matches === undefined) {
      throw refuse(item, ['failover', 'errors', 'status'], {
        code: 'CONFIG_INVALID_VALUE',
        severity: 'error',
        message: 'one of these is no HTTP status and no range of them',
        hint: "write '503' or '500-599'",
      });
    }
    const { replayBody } = this.#registry.limits;
    const asked = config.errors.maxRequestBodyBytes ?? -1;
    return { matches, maxBody: asked < 0 ? replayBody : Math.min(asked, replayBody) };
  }

  #composites<S extends CombinedService | Mirroring>(key: string, make: () => S): S {
    const service = this.#registry.composites.hold(key, () => ({ service: make(), stop() {} })).service as S;
    this.#held.push(() => this.#registry.composites.drop(key));
    return service;
  }

  #balancer(item: Item<ServiceConfig>, config: LoadBalancerConfig): Built {
    const registry = this.#registry;
    const { key: transportKey, transport } = this.#transport(item, config);
    const addresses = config.servers.map(({ url, preservePath }, index) => {
      const address = parseServerUrl(url, preservePath ?? false);
      if (address !== undefined) return address;
      throw refuse(item, ['loadBalancer', 'servers', index, 'url'], /^h2c:/i.test(url) ? noH2c : noServerUrl);
    });
    if (/^h2c$/i.test(config.healthCheck?.scheme ?? '')) {
      throw refuse(item, ['loadBalancer', 'healthCheck', 'scheme'], noH2c);
    }
    this.#warnAboutServers(item, config);
    this.#warnOfForbidden(item, config);
    const key = fingerprint(item.name, config, transportKey);
    const service = registry.balancer(key, item.name, config, addresses, transportKey, transport);
    this.#held.push(() => registry.drop(key));
    return { service, key };
  }

  #warnAboutServers(item: Item<ServiceConfig>, config: LoadBalancerConfig): void {
    const { servers } = config;
    if (servers.some(({ weight, fenced }) => weight > 0 && fenced !== true)) return;
    this.#warn(item, ['loadBalancer', 'servers'], {
      code: 'CONFIG_INVALID_VALUE',
      severity: 'warning',
      message:
        servers.length === 0
          ? 'this service has no servers: every request is answered with 503'
          : 'no server of this service takes new callers: they are answered with 503',
      hint: servers.length === 0 ? 'add a server' : 'give a server a weight above 0',
    });
  }

  /** Addresses that no connection will ever be made to; names are judged by what they resolve to, when connecting. */
  #warnOfForbidden(item: Item<ServiceConfig>, config: LoadBalancerConfig): void {
    for (const [index, { url }] of config.servers.entries()) {
      const host = URL.parse(url)?.hostname.replace(/^\[|\]$/g, '') ?? '';
      const why = isIP(host) === 0 ? undefined : whyForbidden(host);
      if (why === undefined) continue;
      this.#warn(item, ['loadBalancer', 'servers', index, 'url'], {
        code: 'CONFIG_INVALID_VALUE',
        severity: 'warning',
        message: `${host} is ${why}: the gateway does not connect there`,
        hint: 'name the server by an address that upstreams may have',
      });
    }
  }

  #warn(item: Item<ServiceConfig>, field: KeyPath, problem: Problem): void {
    const warnings = this.warnings.get(item.name) ?? [];
    warnings.push(diagnoseItem(item, field, problem));
    this.warnings.set(item.name, warnings);
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

const noServerUrl: Problem = {
  code: 'CONFIG_INVALID_VALUE',
  severity: 'error',
  message: 'this is not the URL of a server',
  hint: 'write http://host:port or https://host:port, without user, query and fragment',
};

/** The client library takes a cancelled HTTP/2 stream for a complete answer; until it does not, servers get HTTP/1.1. */
const noH2c: Problem = {
  code: 'CONFIG_UNSUPPORTED',
  severity: 'error',
  message: 'cleartext HTTP/2 (h2c) is not spoken with upstream servers',
  hint: 'use http, which is HTTP/1.1 with kept connections',
};

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
