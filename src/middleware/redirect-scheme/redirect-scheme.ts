import * as z from 'zod';
import type { Exchange } from '../../http/exchange.ts';
import type { MiddlewareDefinition } from '../definition.ts';
import { redirectReply, requestUri, urlHost } from '../redirect.ts';

const standardPorts: Readonly<Record<string, string>> = { http: '80', https: '443' };

const options = z
  .strictObject({
    scheme: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9+.-]*$/, 'is not a URL scheme')
      .describe('Scheme of the new URL, usually `https`.'),
    permanent: z.boolean().prefault(false).describe('Sends a permanent redirect (301 or 308) instead of 302 or 307.'),
    port: z
      .union([z.string().regex(/^[0-9]{0,5}$/, 'is not a port'), z.int().min(0).max(65_535)])
      .prefault('')
      .describe('Port of the new URL. Empty: none is written.'),
  })
  .describe('Redirects requests of another scheme or port.');

export type RedirectSchemeOptions = z.output<typeof options>;

/** `redirectScheme`. Whether the client came over TLS is also believed of `X-Forwarded-Proto`, which the entrypoint sets. */
export const redirectScheme: MiddlewareDefinition<RedirectSchemeOptions> = {
  type: 'redirectScheme',
  summary: 'Redirects requests of another scheme or port.',
  options,
  create({ scheme, permanent, port }) {
    const written = String(port);
    const suffix = written === '' || standardPorts[scheme] === written ? '' : `:${written}`;
    return (next) => async (exchange) => {
      const location = `${scheme}://${urlHost(exchange.target.host)}${suffix}${requestUri(exchange)}`;
      if (location === clientUrl(exchange)) return next(exchange);
      return redirectReply(exchange, location, permanent);
    };
  },
};

const forwardedSchemes: Readonly<Record<string, string>> = { http: 'http', ws: 'http', https: 'https', wss: 'https' };

function clientUrl(exchange: Exchange): string {
  const { target } = exchange;
  const forwarded = exchange.headers.get('x-forwarded-proto')?.toLowerCase() ?? '';
  const scheme = forwardedSchemes[forwarded] ?? target.scheme;
  const port = target.port === undefined || standardPorts[scheme] === String(target.port) ? '' : `:${target.port}`;
  return `${scheme}://${urlHost(target.host)}${port}${requestUri(exchange)}`;
}
