import * as z from 'zod';
import type { MiddlewareDefinition } from '../definition.ts';
import { requirePlainPath } from '../plain-path.ts';
import { compileRegex, compileTemplate } from '../regex.ts';

const options = z
  .strictObject({
    regex: z.string().trim().min(1).describe('Regular expression (Go syntax) that is looked for in the path.'),
    replacement: z
      .string()
      .trim()
      .prefault('')
      .describe('What each match becomes. `$1`, `${1}` and `${name}` stand for groups; `$1x` means `${1x}`.'),
  })
  .describe('Rewrites the path with a regular expression; the query stays.');

export type ReplacePathRegexOptions = z.output<typeof options>;

/** `replacePathRegex`. The path before is reported in `X-Replaced-Path`; a result that is no plain path is answered with 400. */
export const replacePathRegex: MiddlewareDefinition<ReplacePathRegexOptions> = {
  type: 'replacePathRegex',
  summary: 'Rewrites the path with a regular expression.',
  options,
  create({ regex, replacement }, context) {
    const expression = compileRegex(regex, context, ['regex']);
    const template = compileTemplate(replacement);
    return (next) => (exchange) => {
      if (expression.test(exchange.path)) {
        const before = exchange.path;
        exchange.path = requirePlainPath(template(expression, before));
        exchange.headers.append('X-Replaced-Path', before);
      }
      return next(exchange);
    };
  },
};
