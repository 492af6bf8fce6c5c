import { Buffer } from 'node:buffer';
import { Clearance } from '../http/clearance.ts';
import type { Exchange, Reply } from '../http/exchange.ts';
import { Refusal } from '../http/refusal.ts';
import { mergeStatus } from './combined-service.ts';
import { isRepeatable, wholeBody } from './repeatable.ts';
import type { ServerStatus, Service } from './service.ts';
import { noServer } from './upstream-error.ts';

/** When the answer of the main service sends a request on to the fallback. */
export interface FailoverErrors {
  readonly matches: (status: number) => boolean;
  /** Longest request body that is kept to be sent again. */
  readonly maxBody: number;
}

/**
 * A main service and one to fall back on: when the main one has no server, when nothing of the request could be sent to
 * it, and, where `errors` is given and the request is one that may be sent twice, when its answer is an error.
 */
export class Failover implements Service {
  readonly kind = 'failover';
  readonly name: string;
  readonly #main: Service;
  readonly #fallback: Service;
  readonly #errors: FailoverErrors | undefined;

  constructor(name: string, main: Service, fallback: Service, errors: FailoverErrors | undefined) {
    this.name = name;
    this.#main = main;
    this.#fallback = fallback;
    this.#errors = errors;
  }

  async handle(exchange: Exchange, clearance: Clearance): Promise<Reply> {
    Clearance.check(clearance);
    if (!this.#main.available()) {
      if (!this.#fallback.available()) throw noServer();
      return this.#fallback.handle(exchange, clearance);
    }
    if (!this.#fallback.available()) return this.#main.handle(exchange, clearance);
    const errors = this.#errors;
    const repeatable =
      errors !== undefined && isRepeatable(exchange) && (await wholeBody(exchange, errors.maxBody)) !== undefined;
    try {
      const reply = await this.#main.handle(exchange, clearance);
      if (!repeatable || errors?.matches(reply.status) !== true) return reply;
      if (reply.body !== null && !Buffer.isBuffer(reply.body)) reply.body.cancel();
    } catch (error) {
      if (!(error instanceof Refusal) || exchange.closed) throw error;
      const unsent = error.unsent && (exchange.body.empty || exchange.body.buffered !== undefined);
      if (!unsent && !(repeatable && errors?.matches(error.status) === true)) throw error;
    }
    exchange.facts.retryAttempts += 1;
    return this.#fallback.handle(exchange, clearance);
  }

  available(): boolean {
    return this.#main.available() || this.#fallback.available();
  }

  status(): ServerStatus[] {
    return mergeStatus([this.#main, this.#fallback]);
  }
}

/** Compiles `['500-599', '404']`; undefined when one of them is no status or range of them. */
export function compileStatusRanges(texts: readonly string[]): ((status: number) => boolean) | undefined {
  const ranges: (readonly [number, number])[] = [];
  for (const text of texts) {
    const [, low, high = low] = /^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$/.exec(text.trim()) ?? [];
    if (low === undefined || Number(high) < Number(low)) return undefined;
    ranges.push([Number(low), Number(high)]);
  }
  return (status) => ranges.some(([low, high]) => status >= low && status <= high);
}
