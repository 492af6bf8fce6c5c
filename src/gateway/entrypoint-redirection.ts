import type { StaticConfiguration } from '../config/static/schema.ts';
import { parseAddress } from '../config/static/values.ts';
import type { Handler } from '../http/exchange.ts';
import { redirectReply, requestUri, urlHost } from '../middleware/redirect.ts';

/** Where an entrypoint sends what it gets. */
export interface EntrypointRedirection {
  readonly scheme: 'http' | 'https';
  /** Undefined: the scheme's own, or not known before the port is open. */
  readonly port: number | undefined;
  readonly permanent: boolean;
}

const standardPorts: Readonly<Record<EntrypointRedirection['scheme'], number>> = { http: 80, https: 443 };

/** The redirection that the install options ask for at an entrypoint; `to` is another entrypoint, or a port. */
export function redirectionOf(configuration: StaticConfiguration, name: string): EntrypointRedirection | undefined {
  const wanted = configuration.entryPoints[name]?.http.redirections.entryPoint;
  if (wanted === undefined) return undefined;
  const address = parseAddress(configuration.entryPoints[wanted.to]?.address ?? wanted.to);
  const { scheme, permanent } = wanted;
  const known = address !== undefined && address.port !== 0 && address.port !== standardPorts[scheme];
  return { scheme, port: known ? address.port : undefined, permanent };
}

/** Redirects everything, whatever the routers say, except what came to a proxy in front by the wanted scheme already. */
export function redirectAll(redirection: EntrypointRedirection, next: Handler): Handler {
  const { scheme, port, permanent } = redirection;
  const suffix = port === undefined ? '' : `:${port}`;
  return async (exchange) => {
    const came = exchange.headers.get('x-forwarded-proto')?.toLowerCase() ?? exchange.target.scheme;
    if (came === scheme) return next(exchange);
    const location = `${scheme}://${urlHost(exchange.target.host)}${suffix}${requestUri(exchange)}`;
    return redirectReply(exchange, location, permanent);
  };
}
