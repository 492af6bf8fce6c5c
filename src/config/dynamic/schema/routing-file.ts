import * as z from 'zod';
import {
  clientAuthType,
  failoverErrors,
  healthCheck,
  maxBodySize,
  mirrorBody,
  passiveHealthCheck,
  percent,
  priority,
  responseForwarding,
  sticky,
  strategy,
  tlsOptions,
  transportOptions,
  weight,
} from './load-balancing.ts';
import { reference, unsupported, unused } from './manifest.ts';

/** Traefik's own format for files: `http` and `tls` with named items. */

const fileOrPem = z.string().min(1).describe('A path, relative to this file, or PEM text.');

export const router = z.strictObject({
  entryPoints: z.array(z.string().min(1)).default([]).describe('Names of entrypoints. Empty: the default ones.'),
  rule: z.string().min(1, { error: 'must not be empty' }).describe('Which requests the router claims.'),
  ruleSyntax: z.enum(['v3', 'default']).optional().describe('Rule language; only the current one is known.'),
  priority,
  middlewares: z
    .array(reference)
    .default([])
    .describe('Names of middlewares, in the order in which a request passes them.'),
  service: reference.describe('Name of the service.'),
  tls: z
    .strictObject({
      options: reference.optional().describe('Name of TLS options.'),
      certResolver: unsupported(
        'ignored',
        'Certificates are not fetched automatically: list them under `tls.certificates`.',
      ),
      domains: unused('Only of use with `certResolver`.'),
    })
    .optional()
    .describe('Answer only over TLS.'),
  parentRefs: unsupported('refused', 'Routers below other routers are not offered: repeat the rule of the parent.'),
  observability: unsupported('ignored', 'Settings for single routers are not offered; ignored.'),
});

const server = z.strictObject({
  url: z
    .string()
    .refine((url) => /^(?:https?|h2c):\/\/[^\s/?#]+/.test(url) && URL.canParse(url), {
      error: 'must be a URL such as https://mcp.example.com:443',
    })
    .describe('Where the server is: `http://`, `https://` or `h2c://`, host and port.'),
  weight: weight.default(1),
  preservePath: z.boolean().optional().describe('Put the path of the URL before that of the request.'),
});
const weighted = z
  .array(z.strictObject({ name: reference.describe('Name of a service.'), weight: weight.default(1) }))
  .min(1, { error: 'needs at least one service' });
const childHealth = z
  .strictObject({})
  .optional()
  .describe('Accepted for compatibility: the health of children always counts.');

export const service = z
  .strictObject({
    loadBalancer: z
      .strictObject({
        servers: z.array(server).default([]).describe('The servers.'),
        strategy,
        sticky: sticky.optional().describe('Ties clients to servers.'),
        healthCheck: healthCheck.optional().describe('Asks servers regularly whether they are well.'),
        passiveHealthCheck: passiveHealthCheck.optional().describe('Leaves out servers that fail.'),
        passHostHeader: z.boolean().default(true).describe("Send the client's `Host` header to the server."),
        responseForwarding: responseForwarding.optional().describe('Accepted for compatibility.'),
        serversTransport: reference.optional().describe('Name of a servers transport.'),
      })
      .optional()
      .describe('Balances over servers.'),
    weighted: z
      .strictObject({
        services: weighted.describe('The services that share the requests.'),
        sticky: sticky.optional().describe('Ties clients to services.'),
        healthCheck: childHealth,
      })
      .optional()
      .describe('Balances over services.'),
    highestRandomWeight: z
      .strictObject({ services: weighted.describe('The services to choose from.'), healthCheck: childHealth })
      .optional()
      .describe('Chooses by a hash of the session or the caller.'),
    mirroring: z
      .strictObject({
        service: reference.describe('Name of the service that answers.'),
        mirrors: z
          .array(z.strictObject({ name: reference.describe('Name of a service.'), percent }))
          .default([])
          .describe('Services that get a copy.'),
        mirrorBody,
        maxBodySize,
        healthCheck: childHealth,
      })
      .optional()
      .describe('Sends copies of requests to other services.'),
    failover: z
      .strictObject({
        service: reference.describe('Name of the service that normally answers.'),
        fallback: reference.describe('Name of the service that answers when the other is down.'),
        errors: failoverErrors.optional().describe('Statuses that count as down.'),
        healthCheck: childHealth,
      })
      .optional()
      .describe('A second service for when the first is down.'),
    middlewares: unsupported('refused', 'Middlewares on a service are not offered: put them on the router.'),
  })
  .refine(({ middlewares, ...kinds }) => Object.values(kinds).filter((kind) => kind !== undefined).length === 1, {
    error: 'must have exactly one of `loadBalancer`, `weighted`, `highestRandomWeight`, `mirroring` and `failover`',
  });
export type RoutingFileService = z.output<typeof service>;

export const middleware = z.record(z.string(), z.unknown());

const keyPair = {
  certFile: fileOrPem.describe('Certificate and chain: a path, relative to this file, or PEM text.'),
  keyFile: fileOrPem.describe('Private key: a path, relative to this file, or PEM text.'),
};

export const serversTransport = z.strictObject({
  ...transportOptions,
  rootCAs: z
    .array(fileOrPem)
    .default([])
    .describe('Authorities that may have signed the certificates of servers. Empty: the well-known ones.'),
  certificates: z.array(z.strictObject(keyPair)).default([]).describe('Certificates to show to servers.'),
  peerCertURI: unsupported('refused', 'Checking the URI of a server certificate is not offered.'),
  peerCertSANs: unsupported(
    'refused',
    'Checking further names of a server certificate is not offered: use `serverName`.',
  ),
  spiffe: unsupported('refused', 'SPIFFE is not offered.'),
});

export const certificate = z.strictObject({
  ...keyPair,
  stores: z.array(z.string()).optional().describe('Only the store `default` exists; accepted for compatibility.'),
});

export const tlsOption = z.strictObject({
  ...tlsOptions,
  clientAuth: z
    .strictObject({
      caFiles: z.array(fileOrPem).default([]).describe('Who may have signed certificates of clients.'),
      clientAuthType,
    })
    .optional()
    .describe('Certificates of clients.'),
});

export const tlsStore = z.strictObject({
  defaultCertificate: z.strictObject(keyPair).optional().describe('Certificate for hosts that no other fits.'),
  defaultGeneratedCert: unsupported('ignored', 'Certificates are not fetched automatically: refer to one.'),
});

const named = <Schema extends z.ZodType>(schema: Schema) => z.record(z.string(), schema).optional();
const noStreams = (what: string) =>
  unsupported('ignored', `${what} routing is not offered; ignored. MCP goes over HTTP.`);

function outline<
  Router extends z.ZodType,
  Service extends z.ZodType,
  Rest extends Record<'middleware' | 'transport' | 'certificate' | 'option' | 'store', z.ZodType>,
>(parts: { router: Router; service: Service } & Rest) {
  return z.strictObject({
    http: z
      .strictObject({
        routers: named(parts.router).describe('Routers by name.'),
        services: named(parts.service).describe('Services by name.'),
        middlewares: named(parts.middleware).describe('Middlewares by name: one key, the type, over the options.'),
        serversTransports: named(parts.transport).describe('Servers transports by name.'),
      })
      .optional()
      .describe('Routing of HTTP.'),
    tls: z
      .strictObject({
        certificates: z.array(parts.certificate).optional().describe('Certificates to show to clients.'),
        options: named(parts.option).describe('TLS options by name; `default` holds for all.'),
        stores: named(parts.store).describe('Only the store `default` is used.'),
      })
      .optional()
      .describe('TLS with clients.'),
    tcp: noStreams('TCP'),
    udp: noStreams('UDP'),
  });
}

/** The whole file. */
export const routingFile = outline({
  router,
  service,
  middleware,
  transport: serversTransport,
  certificate,
  option: tlsOption,
  store: tlsStore,
});

/** The file with its items still to be looked at one by one, so that a broken one breaks only itself. */
export const routingFileOutline = (() => {
  const unknown = z.unknown();
  return outline({
    router: unknown,
    service: unknown,
    middleware: unknown,
    transport: unknown,
    certificate: unknown,
    option: unknown,
    store: unknown,
  });
})();
