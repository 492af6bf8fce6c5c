import * as z from 'zod';
import { healthCheck, passiveHealthCheck, responseForwarding, sticky, strategy, weight } from './load-balancing.ts';
import { namespaceReference, reference, unsupported } from './manifest.ts';

/** Fields of a reference to a Service or TraefikService, and how to balance over its servers. */
export const serviceReferenceFields = {
  kind: z.enum(['Service', 'TraefikService']).default('Service').describe('What is referred to.'),
  name: reference.describe('Name of the Service or TraefikService.'),
  namespace: namespaceReference,
  port: z
    .union([z.int().min(1).max(65_535), z.string().min(1)])
    .optional()
    .describe('Port of the Service, by number or name. Needed for a Service.'),
  scheme: z
    .enum(['http', 'https', 'h2c'])
    .optional()
    .describe(
      'How to speak to the servers. Default: https for port 443 or a port whose name begins with https, else http.',
    ),
  weight: weight.optional(),
  strategy,
  sticky: sticky.optional().describe('Ties clients to servers.'),
  passHostHeader: z
    .boolean()
    .default(true)
    .describe(
      "Send the client's `Host` header to the server. False: the server's own name, which public services need.",
    ),
  serversTransport: reference.optional().describe('Name of a ServersTransport.'),
  responseForwarding: responseForwarding.optional().describe('Accepted for compatibility.'),
  healthCheck: healthCheck.optional().describe('Asks servers regularly whether they are well.'),
  passiveHealthCheck: passiveHealthCheck.optional().describe('Leaves out servers that fail.'),
  nativeLB: z.boolean().default(false).describe("Use the Service's cluster address instead of its endpoints."),
  nodePortLB: unsupported('refused', 'Balancing over node ports is not offered.'),
  middlewares: unsupported('refused', 'Middlewares on a service are not offered: put them on the route.'),
};

export const serviceReference = z.strictObject(serviceReferenceFields);
export type ServiceReference = z.output<typeof serviceReference>;
