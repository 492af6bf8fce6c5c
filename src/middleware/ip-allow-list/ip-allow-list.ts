import * as z from 'zod';
import { Refusal } from '../../http/refusal.ts';
import { statusText } from '../../http/status-text.ts';
import type { MiddlewareDefinition } from '../definition.ts';
import { compileIpStrategy, ipStrategyOptions, parseAddresses } from '../source-criterion.ts';

const options = z
  .strictObject({
    sourceRange: z.array(z.string()).min(1).describe('IP addresses and CIDR ranges that may use the route.'),
    ipStrategy: ipStrategyOptions.optional(),
    rejectStatusCode: z
      .int()
      .refine((status) => status >= 400 && statusText(status) !== undefined, 'is not a status code of an error')
      .prefault(403)
      .describe('Status code of the answer to everybody else.'),
  })
  .describe('Lets only clients from certain addresses pass.');

export type IpAllowListOptions = z.output<typeof options>;

/** `ipAllowList`. A client whose address cannot be told is turned away. */
export const ipAllowList: MiddlewareDefinition<IpAllowListOptions> = {
  type: 'ipAllowList',
  summary: 'Lets only clients from certain addresses pass.',
  options,
  create({ sourceRange, ipStrategy, rejectStatusCode }, context) {
    const allowed = parseAddresses(sourceRange, context, ['sourceRange']);
    const addressOf = compileIpStrategy(ipStrategy, context, ['ipStrategy']);
    const body = statusText(rejectStatusCode) ?? '';
    return (next) => (exchange) => {
      if (allowed.contains(addressOf(exchange))) return next(exchange);
      throw new Refusal(rejectStatusCode, 'address_not_allowed', { body });
    };
  },
};
