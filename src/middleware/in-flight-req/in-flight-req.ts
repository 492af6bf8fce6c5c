import * as z from 'zod';
import { Refusal } from '../../http/refusal.ts';
import type { MiddlewareDefinition } from '../definition.ts';
import { compileSourceKey, sourceCriterionOptions } from '../source-criterion.ts';
import { releaseAfter } from './hold-slot.ts';

const options = z
  .strictObject({
    amount: z.int().min(1).describe('Most requests of one source at a time. A stream counts until it ends.'),
    sourceCriterion: sourceCriterionOptions.optional(),
  })
  .describe('Limits how many requests are under way at a time.');

export type InFlightReqOptions = z.output<typeof options>;

/** How many requests of each source are under way. Outlives a generation, as the requests do. */
class Slots {
  readonly #taken = new Map<string, number>();

  /** Takes a slot unless `amount` are taken. */
  take(key: string, amount: number): boolean {
    const taken = this.#taken.get(key) ?? 0;
    if (taken >= amount) return false;
    this.#taken.set(key, taken + 1);
    return true;
  }

  give(key: string): void {
    const taken = this.#taken.get(key) ?? 0;
    if (taken > 1) this.#taken.set(key, taken - 1);
    else this.#taken.delete(key);
  }

  dispose(): void {
    this.#taken.clear();
  }
}

/** `inFlightReq`. Without a criterion requests are counted by host. */
export const inFlightReq: MiddlewareDefinition<InFlightReqOptions> = {
  type: 'inFlightReq',
  summary: 'Limits how many requests are under way at a time.',
  options,
  create({ amount, sourceCriterion }, context) {
    const sourceOf = compileSourceKey(sourceCriterion, 'host', context);
    const slots = context.share(`slots ${JSON.stringify(sourceCriterion ?? {})}`, () => new Slots());
    return (next) => async (exchange) => {
      const key = sourceOf(exchange);
      if (!slots.take(key, amount)) throw new Refusal(429, 'too_many_in_flight', { body: 'Too Many Requests' });
      try {
        return releaseAfter(await next(exchange), () => slots.give(key));
      } catch (error) {
        slots.give(key);
        throw error;
      }
    };
  },
};
