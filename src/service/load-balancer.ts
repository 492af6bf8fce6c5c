import { performance } from 'node:perf_hooks';
import type { LoadBalancerConfig } from '../config/dynamic/model.ts';
import { Clearance } from '../http/clearance.ts';
import type { Exchange, Reply, RequestBody } from '../http/exchange.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ServiceLimits } from './context.ts';
import { HealthCheck } from './health-check.ts';
import { Membership } from './membership.ts';
import type { Server } from './server.ts';
import type { ServerStatus, Service } from './service.ts';
import { createStrategy } from './strategy.ts';
import type { Transport } from './transport.ts';
import { type CallOwner, UpstreamCall } from './upstream-call.ts';
import { clientGone, noServer } from './upstream-error.ts';

/** What a balancer gets when it is built. */
export interface BalancerParts {
  readonly servers: readonly Server[];
  readonly transport: Transport;
  readonly limits: ServiceLimits;
  readonly log: Logger;
  /** Active checks found a server up or down. */
  readonly changed: (server: Server, up: boolean, reason: string) => void;
  /** Gives back what is shared when no generation wants the balancer any more. */
  readonly release: () => void;
}

/** Operators are told about a failing server once in this many milliseconds. */
const quietTime = 10_000;

/**
 * Bodies declared up to this size are read before a server is asked: one write instead of a stream, a slow client holds no
 * upstream connection, and another server can be tried.
 */
const wholeBody = 64 * 1024;

/** Servers that answer for each other. */
export class LoadBalancer implements Service, CallOwner {
  readonly kind = 'loadBalancer';
  readonly name: string;
  readonly limits: ServiceLimits;
  readonly passHostHeader: boolean;
  readonly servers: readonly Server[];
  readonly #members: Membership<Server>;
  readonly #checks: readonly HealthCheck[];
  readonly #log: Logger;
  readonly #release: () => void;
  readonly #quietUntil = new Map<Server, number>();

  constructor(name: string, config: LoadBalancerConfig, parts: BalancerParts) {
    const { servers, transport, changed } = parts;
    const { healthCheck } = config;
    this.name = name;
    this.limits = parts.limits;
    this.passHostHeader = config.passHostHeader;
    this.servers = servers;
    this.#members = new Membership(name, servers, createStrategy(config.strategy), config.sticky);
    this.#log = parts.log;
    this.#release = parts.release;
    this.#checks =
      healthCheck === undefined
        ? []
        : servers.map((server) => {
            return new HealthCheck(server.address, healthCheck, transport, (up, reason) => {
              if (server.up === up) return;
              server.up = up;
              changed(server, up, reason);
            });
          });
    for (const [index, check] of this.#checks.entries()) check.start(servers[index]?.up ?? true);
  }

  handle(exchange: Exchange, clearance: Clearance): Promise<Reply> {
    try {
      Clearance.check(clearance);
    } catch (error) {
      return Promise.reject(error);
    }
    exchange.facts.service = this.name;
    return isShort(exchange.body)
      ? exchange.body.read(wholeBody).then(() => this.#send(exchange))
      : this.#send(exchange);
  }

  #send(exchange: Exchange): Promise<Reply> {
    if (exchange.closed && exchange.abortOnClose) return Promise.reject(clientGone(true));
    const server = this.#members.choose(exchange);
    if (server === undefined) return Promise.reject(noServer());
    return new Promise((resolve, reject) => {
      new UpstreamCall(this, exchange, server, resolve, reject);
    });
  }

  another(exchange: Exchange, tried: readonly Server[]): Server | undefined {
    return this.#members.instead(exchange, tried);
  }

  dress(reply: Reply, exchange: Exchange, server: Server): void {
    this.#members.bind(reply, exchange, server);
  }

  noteFailure(server: Server, error: Error): void {
    const now = performance.now();
    if ((this.#quietUntil.get(server) ?? 0) > now) return;
    this.#quietUntil.set(server, now + quietTime);
    this.#log.warn('upstream call failed', { service: this.name, server: server.name, error: error.message });
  }

  /** No generation wants it any more: checks end, and connections when their requests do. */
  stop(): void {
    for (const check of this.#checks) check.stop();
    for (const server of this.servers) server.passive?.stop();
    this.#release();
  }

  available(): boolean {
    return this.servers.some((server) => server.open);
  }

  status(): ServerStatus[] {
    return this.servers.map((server) => server.status());
  }
}

function isShort({ empty, buffered, declaredLength }: RequestBody): boolean {
  return !empty && buffered === undefined && declaredLength !== undefined && declaredLength <= wholeBody;
}
