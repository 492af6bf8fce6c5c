import type { StickyConfig, WeightedService } from '../config/dynamic/model.ts';
import { Clearance } from '../http/clearance.ts';
import type { Exchange, Reply } from '../http/exchange.ts';
import { type Member, Membership } from './membership.ts';
import type { ServerStatus, Service } from './service.ts';
import type { Strategy } from './strategy.ts';
import { noServer } from './upstream-error.ts';

/** A service among others. */
export class ServiceMember implements Member {
  readonly name: string;
  readonly weight: number;
  readonly service: Service;
  readonly latency = 0;
  inFlight = 0;

  constructor({ name, weight }: WeightedService, service: Service) {
    this.name = name;
    this.weight = weight;
    this.service = service;
  }

  get healthy(): boolean {
    return this.service.available();
  }

  get open(): boolean {
    return this.weight > 0 && this.healthy;
  }
}

/** `weighted` and `highestRandomWeight`: several services behind one name, each with a share of the callers. */
export class CombinedService implements Service {
  readonly name: string;
  readonly kind: 'weighted' | 'highestRandomWeight';
  readonly #members: readonly ServiceMember[];
  readonly #membership: Membership<ServiceMember>;

  constructor(
    name: string,
    kind: CombinedService['kind'],
    members: readonly ServiceMember[],
    strategy: Strategy<ServiceMember>,
    sticky: StickyConfig | undefined,
  ) {
    this.name = name;
    this.kind = kind;
    this.#members = members;
    this.#membership = new Membership(name, members, strategy, sticky);
  }

  async handle(exchange: Exchange, clearance: Clearance): Promise<Reply> {
    Clearance.check(clearance);
    const member = this.#membership.choose(exchange);
    if (member === undefined) throw noServer();
    const reply = await member.service.handle(exchange, clearance);
    this.#membership.bind(reply, exchange, member);
    return reply;
  }

  available(): boolean {
    return this.#members.some((member) => member.open);
  }

  status(): ServerStatus[] {
    return mergeStatus(this.#members.map(({ service }) => service));
  }
}

/** The servers of several services, each URL once. */
export function mergeStatus(services: readonly Service[]): ServerStatus[] {
  const byUrl = new Map<string, ServerStatus>();
  for (const service of services) for (const server of service.status()) byUrl.set(server.url, server);
  return [...byUrl.values()];
}
