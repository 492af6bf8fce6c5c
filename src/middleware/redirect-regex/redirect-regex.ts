import * as z from 'zod';
import type { MiddlewareDefinition } from '../definition.ts';
import { redirectReply, requestUri } from '../redirect.ts';
import { compileRegex, compileTemplate } from '../regex.ts';

const options = z
  .strictObject({
    regex: z
      .string()
      .min(1)
      .describe('Regular expression (Go syntax) for the whole URL: scheme, host with port, path and query.'),
    replacement: z
      .string()
      .describe('What each match becomes. `$1`, `${1}` and `${name}` stand for groups; `$1x` means `${1x}`.'),
    permanent: z.boolean().prefault(false).describe('Sends a permanent redirect (301 or 308) instead of 302 or 307.'),
  })
  .describe('Redirects requests whose URL matches a regular expression.');

export type RedirectRegexOptions = z.output<typeof options>;

/** `redirectRegex`. A URL that the replacement leaves as it was is not redirected. */
export const redirectRegex: MiddlewareDefinition<RedirectRegexOptions> = {
  type: 'redirectRegex',
  summary: 'Redirects requests whose URL matches a regular expression.',
  options,
  create({ regex, replacement, permanent }, context) {
    const expression = compileRegex(regex, context, ['regex']);
    const template = compileTemplate(replacement);
    return (next) => async (exchange) => {
      const { scheme, authority } = exchange.target;
      const url = `${scheme}://${authority}${requestUri(exchange)}`;
      const location = expression.test(url) ? template(expression, url) : url;
      if (location === url) return next(exchange);
      return redirectReply(exchange, location, permanent);
    };
  },
};
