import { Buffer } from 'node:buffer';
import { Clearance } from '../http/clearance.ts';
import type { Exchange, Reply } from '../http/exchange.ts';
import { newFacts } from '../http/facts.ts';
import type { ServiceLimits } from './context.ts';
import { wholeBody } from './repeatable.ts';
import type { ServerStatus, Service } from './service.ts';

/** A service that gets copies. */
export interface Mirror {
  readonly service: Service;
  /** 0 to 100. */
  readonly percent: number;
}

/** Copies under way per mirroring service; past them a copy is left out rather than queued. */
const maxCopies = 128;

/**
 * Sends requests to the main service and copies of some of them to mirrors, whose answers are thrown away. A `tools/call`
 * is not copied where an `mcp` middleware has read it: a tool would run twice (data-plane §6). Nor is a body whose length
 * is unknown or beyond the limit: it is not held back for the mirror's sake.
 */
export class Mirroring implements Service {
  readonly kind = 'mirroring';
  readonly name: string;
  readonly #main: Service;
  readonly #mirrors: readonly Mirror[];
  readonly #options: { readonly body: boolean; readonly maxBody: number; readonly limits: ServiceLimits };
  readonly #sent: number[];
  #total = 0;
  #running = 0;

  constructor(
    name: string,
    main: Service,
    mirrors: readonly Mirror[],
    options: { readonly body: boolean; readonly maxBody: number; readonly limits: ServiceLimits },
  ) {
    this.name = name;
    this.#main = main;
    this.#mirrors = mirrors;
    this.#options = options;
    this.#sent = mirrors.map(() => 0);
  }

  async handle(exchange: Exchange, clearance: Clearance): Promise<Reply> {
    Clearance.check(clearance);
    const chosen = exchange.facts.mcp?.method === 'tools/call' ? [] : this.#choose();
    if (chosen.length === 0) return this.#main.handle(exchange, clearance);
    const { body, maxBody } = this.#options;
    const bytes = body ? await wholeBody(exchange, maxBody) : Buffer.alloc(0);
    // Taken before the main service sees the exchange, which may take tags off its session id.
    const copies =
      bytes === undefined ? [] : chosen.map((mirror) => ({ mirror, copy: new ExchangeCopy(exchange, bytes) }));
    const reply = this.#main.handle(exchange, clearance);
    for (const { mirror, copy } of copies) this.#send(mirror.service, copy, clearance);
    return reply;
  }

  available(): boolean {
    return this.#main.available();
  }

  status(): ServerStatus[] {
    return this.#main.status();
  }

  /** Keeps each mirror at its percentage of all requests so far, without chance. */
  #choose(): Mirror[] {
    this.#total += 1;
    return this.#mirrors.filter(({ percent, service }, index) => {
      const sent = this.#sent[index] ?? 0;
      if (sent * 100 >= this.#total * percent || this.#running >= maxCopies || !service.available()) return false;
      this.#sent[index] = sent + 1;
      return true;
    });
  }

  #send(service: Service, copy: ExchangeCopy, clearance: Clearance): void {
    this.#running += 1;
    const { orphanTime, orphanBytes } = this.#options.limits;
    const timer = setTimeout(() => copy.giveUp(), orphanTime).unref();
    const over = (): void => {
      clearTimeout(timer);
      this.#running -= 1;
    };
    service.handle(copy, clearance).then((reply) => {
      const { body } = reply;
      if (body === null || Buffer.isBuffer(body)) {
        over();
        return;
      }
      let size = 0;
      body.start({
        chunk(data) {
          size += data.length;
          // Cancelling is silent; giving up makes the body fail, which ends it here.
          if (size > orphanBytes) queueMicrotask(() => copy.giveUp());
        },
        end: over,
        fail: over,
      });
    }, over);
  }
}

/** A request as it stands, cut loose from its client: own headers and facts, the body at hand, nobody who could leave. */
class ExchangeCopy implements Exchange {
  readonly id: Exchange['id'];
  readonly entrypoint: Exchange['entrypoint'];
  readonly protocol: Exchange['protocol'];
  readonly target: Exchange['target'];
  readonly peerAddress: Exchange['peerAddress'];
  readonly clientAddress: Exchange['clientAddress'];
  readonly method: Exchange['method'];
  readonly originalPath: Exchange['originalPath'];
  path: Exchange['path'];
  query: Exchange['query'];
  readonly number: Exchange['number'];
  readonly headers: Exchange['headers'];
  readonly body: Exchange['body'];
  identity: Exchange['identity'];
  decision: Exchange['decision'];
  allowedOrigins: Exchange['allowedOrigins'];
  routeResource: Exchange['routeResource'];
  routeScopes: Exchange['routeScopes'];
  abortOnClose = true;
  readonly facts = newFacts();
  closed = false;
  #leave: (() => void) | undefined;

  constructor(original: Exchange, body: Buffer) {
    this.number = original.number;
    this.id = original.id;
    this.entrypoint = original.entrypoint;
    this.protocol = original.protocol;
    this.target = original.target;
    this.peerAddress = original.peerAddress;
    this.clientAddress = original.clientAddress;
    this.method = original.method;
    this.originalPath = original.originalPath;
    this.path = original.path;
    this.query = original.query;
    this.headers = original.headers.clone();
    this.identity = original.identity;
    this.decision = original.decision;
    this.allowedOrigins = original.allowedOrigins;
    this.routeResource = original.routeResource;
    this.routeScopes = original.routeScopes;
    this.facts.mcp = original.facts.mcp === undefined ? undefined : { ...original.facts.mcp };
    this.body = {
      empty: body.length === 0,
      declaredLength: body.length,
      buffered: body,
      read: () => Promise.resolve(body),
      stream: () => {
        throw new TypeError('a copied body is at hand, not a stream');
      },
    };
  }

  onClosed(callback: () => void): () => void {
    this.#leave = callback;
    return () => {
      this.#leave = undefined;
    };
  }

  /** The mirror took too long. */
  giveUp(): void {
    this.closed = true;
    this.#leave?.();
  }
}
