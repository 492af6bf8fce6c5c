import * as z from 'zod';
import { Refusal } from '../../http/refusal.ts';
import type { MiddlewareDefinition } from '../definition.ts';
import { requirePlainPath, restBehind } from '../plain-path.ts';

const options = z
  .strictObject({
    prefixes: z
      .array(z.string().trim().startsWith('/', 'must begin with /'))
      .min(1)
      .describe('Prefixes to take off the path. The first one that the path begins with is used.'),
    forceSlash: z
      .boolean()
      .optional()
      .describe('Old behaviour of Traefik 2: one more slash behind the prefix is taken off too. Do not use it.'),
  })
  .describe('Takes a prefix off the path before the request goes on.');

export type StripPrefixOptions = z.output<typeof options>;

/**
 * `stripPrefix`. Matches plain text as Traefik does, with one difference (data-plane §2): what is left must begin with `/`
 * or be empty, else the answer is 404. What was taken off is reported in `X-Forwarded-Prefix`.
 */
export const stripPrefix: MiddlewareDefinition<StripPrefixOptions> = {
  type: 'stripPrefix',
  summary: 'Takes a prefix off the path.',
  options,
  create({ prefixes, forceSlash = false }) {
    return (next) => (exchange) => {
      const prefix = prefixes.find((candidate) => exchange.path.startsWith(candidate));
      if (prefix !== undefined) {
        const rest = restBehind(exchange.path, prefix);
        if (rest === undefined) throw new Refusal(404, 'no_route', { body: '404 page not found\n' });
        exchange.path = requirePlainPath(forceSlash && rest.startsWith('//') ? rest.slice(1) : rest);
        exchange.headers.append('X-Forwarded-Prefix', prefix);
      }
      return next(exchange);
    };
  },
};
