import type { LoadBalancerConfig } from '../config/dynamic/model.ts';
import { Clearance } from '../http/clearance.ts';
import type { Exchange, Reply } from '../http/exchange.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ServiceLimits } from './context.ts';
import type { Server } from './server.ts';
import type { ServerStatus, Service } from './service.ts';
import { createStrategy, type Strategy } from './strategy.ts';
import { type CallOwner, UpstreamCall } from './upstream-call.ts';
import { noServer } from './upstream-error.ts';

/** Servers that answer for each other. */
export class LoadBalancer implements Service, CallOwner {
  readonly kind = 'loadBalancer';
  readonly name: string;
  readonly limits: ServiceLimits;
  readonly passHostHeader: boolean;
  readonly servers: readonly Server[];
  readonly #strategy: Strategy<Server>;
  readonly #log: Logger;
  readonly #release: () => void;

  constructor(
    name: string,
    config: LoadBalancerConfig,
    servers: readonly Server[],
    context: { readonly log: Logger; readonly limits: ServiceLimits; readonly release: () => void },
  ) {
    this.name = name;
    this.limits = context.limits;
    this.passHostHeader = config.passHostHeader;
    this.servers = servers;
    this.#strategy = createStrategy(config.strategy, servers);
    this.#log = context.log;
    this.#release = context.release;
  }

  handle(exchange: Exchange, clearance: Clearance): Promise<Reply> {
    try {
      Clearance.check(clearance);
    } catch (error) {
      return Promise.reject(error);
    }
    exchange.facts.service = this.name;
    const server = this.another(exchange, []);
    if (server === undefined) return Promise.reject(noServer());
    return new Promise((resolve, reject) => {
      new UpstreamCall(this, exchange, server, resolve, reject);
    });
  }

  another(exchange: Exchange, tried: readonly Server[]): Server | undefined {
    const open = this.servers.filter((server) => server.open && !tried.includes(server));
    return this.#strategy.pick(open, exchange);
  }

  dress(_reply: Reply, _exchange: Exchange, _server: Server): void {}

  noteFailure(server: Server, error: Error): void {
    this.#log.warn('upstream call failed', { service: this.name, server: server.url, error: error.message });
  }

  /** No generation wants it any more: nothing new begins, what runs may finish. */
  stop(): void {
    this.#release();
  }

  available(): boolean {
    return this.servers.some((server) => server.open);
  }

  status(): ServerStatus[] {
    return this.servers.map((server) => server.status());
  }
}
