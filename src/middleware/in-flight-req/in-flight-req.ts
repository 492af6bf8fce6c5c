import { createHash } from 'node:crypto';
import * as z from 'zod';
import { Refusal } from '../../http/refusal.ts';
import type { MiddlewareContext, MiddlewareDefinition } from '../definition.ts';
import { redisOptions } from '../redis-options.ts';
import { compileSourceKey, sourceCriterionOptions } from '../source-criterion.ts';
import { releaseAfter } from './hold-slot.ts';
import { RedisSlots } from './redis-slots.ts';
import { MemorySlots, type Slots } from './slots.ts';

const options = z
  .strictObject({
    amount: z.int().min(1).describe('Most requests of one source at a time. A stream counts until it ends.'),
    sourceCriterion: sourceCriterionOptions.optional(),
    redis: redisOptions.optional(),
  })
  .describe('Limits how many requests are under way at a time.');

export type InFlightReqOptions = z.output<typeof options>;

/** `inFlightReq`. Without a criterion requests are counted by host. */
export const inFlightReq: MiddlewareDefinition<InFlightReqOptions> = {
  type: 'inFlightReq',
  summary: 'Limits how many requests are under way at a time.',
  options,
  create(inFlightOptions, context) {
    const sourceOf = compileSourceKey(inFlightOptions.sourceCriterion, 'host', context);
    const slots = shareSlots(inFlightOptions, context);
    return (next) => async (exchange) => {
      const slot = await slots.take(sourceOf(exchange), inFlightOptions.amount);
      if (slot === undefined) throw new Refusal(429, 'too_many_in_flight', { body: 'Too Many Requests' });
      try {
        return releaseAfter(await next(exchange), () => slot.give());
      } catch (error) {
        slot.give();
        throw error;
      }
    };
  },
};

/** Slots outlive a generation, as the requests do, also when the amount changes. The key is a digest: options hold a password. */
function shareSlots({ sourceCriterion, redis }: InFlightReqOptions, context: MiddlewareContext): Slots {
  const key = createHash('sha256').update(JSON.stringify({ sourceCriterion, redis })).digest('base64url');
  return context.share<Slots>(`slots ${key}`, () =>
    redis === undefined ? new MemorySlots() : new RedisSlots(redis, context.name, context.log),
  );
}
