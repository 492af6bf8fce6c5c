import * as z from 'zod';
import { priority } from './load-balancing.ts';
import { envelope, namespaceReference, reference, traefikVersions, unsupported, unused } from './manifest.ts';
import { serviceReference } from './service-reference.ts';

const objectReference = z.strictObject({
  name: reference.describe('Name of the object.'),
  namespace: namespaceReference,
});

/** One entry of `spec.routes`. */
export const ingressRouteRule = z.strictObject({
  kind: z.literal('Rule').default('Rule').describe('Kind of route.'),
  match: z
    .string()
    .min(1, { error: 'must not be empty' })
    .describe('Rule that says which requests the route claims: ``Host(`a.example`) && PathPrefix(`/b`)``.'),
  priority,
  syntax: z.enum(['v3', 'default']).optional().describe('Rule language; only the current one is known.'),
  middlewares: z
    .array(objectReference)
    .default([])
    .describe('Middlewares, in the order in which a request passes them.'),
  services: z
    .array(serviceReference)
    .min(1, { error: 'needs at least one service' })
    .describe('Where requests go; several share them by weight.'),
  observability: unsupported('ignored', 'Settings for single routes are not offered; ignored.'),
});
export type IngressRouteRule = z.output<typeof ingressRouteRule>;

const spec = {
  ingressClassName: z.string().optional().describe('Whose route this is. Other classes than ours are left alone.'),
  entryPoints: z.array(z.string().min(1)).default([]).describe('Names of entrypoints. Empty: the default ones.'),
  parentRefs: unsupported('refused', 'Routes below other routes are not offered: repeat the rule of the parent.'),
  tls: z
    .strictObject({
      secretName: reference.optional().describe('Secret with `tls.crt` and `tls.key`.'),
      options: objectReference.optional().describe('TLSOption for these hosts.'),
      store: z.unknown().optional().describe('Only the store `default` exists; accepted for compatibility.'),
      certResolver: unsupported('ignored', 'Certificates are not fetched automatically: refer to a Secret.'),
      domains: unused('Only of use with `certResolver`.'),
    })
    .optional()
    .describe('Answer only over TLS. `{}`: with the certificate that fits, or the default one.'),
};

/** An IngressRoute whose routes are looked at one by one, so that a broken one closes only itself. */
export const ingressRouteShell = z.strictObject({
  ...envelope(traefikVersions, 'IngressRoute'),
  spec: z.strictObject({ ...spec, routes: z.array(z.unknown()).min(1, { error: 'needs at least one route' }) }),
});

export const ingressRoute = z.strictObject({
  ...envelope(traefikVersions, 'IngressRoute'),
  spec: z
    .strictObject({ ...spec, routes: z.array(ingressRouteRule).min(1).describe('The routes.') })
    .describe('Which requests go through which middlewares to which service.'),
});
