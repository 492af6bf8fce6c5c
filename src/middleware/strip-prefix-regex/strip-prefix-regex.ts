import * as z from 'zod';
import { Refusal } from '../../http/refusal.ts';
import type { MiddlewareDefinition } from '../definition.ts';
import { requirePlainPath, restBehind } from '../plain-path.ts';
import { compileRegex } from '../regex.ts';

const options = z
  .strictObject({
    regex: z
      .array(z.string().trim().min(1))
      .min(1)
      .describe(
        'Regular expressions (Go syntax). The first whose leftmost match is a beginning of the path is taken off.',
      ),
  })
  .describe('Takes a prefix that matches a regular expression off the path before the request goes on.');

export type StripPrefixRegexOptions = z.output<typeof options>;

/** `stripPrefixRegex`. As in `stripPrefix`, what is left must begin with `/` or be empty, else the answer is 404 (data-plane §2). */
export const stripPrefixRegex: MiddlewareDefinition<StripPrefixRegexOptions> = {
  type: 'stripPrefixRegex',
  summary: 'Takes a prefix that matches a regular expression off the path.',
  options,
  create({ regex }, context) {
    const expressions = regex.map((text, index) => compileRegex(text, context, ['regex', index]));
    return (next) => (exchange) => {
      for (const expression of expressions) {
        const matcher = expression.matcher(exchange.path);
        const prefix = matcher.find() ? (matcher.group() ?? '') : '';
        if (prefix === '' || !exchange.path.startsWith(prefix)) continue;
        const rest = restBehind(exchange.path, prefix);
        if (rest === undefined) throw new Refusal(404, 'no_route', { body: '404 page not found\n' });
        exchange.path = requirePlainPath(rest);
        exchange.headers.append('X-Forwarded-Prefix', prefix);
        break;
      }
      return next(exchange);
    };
  },
};
