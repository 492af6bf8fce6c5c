import type * as z from 'zod';
import { configMap, endpointSlice, endpoints, secret, service } from './core-objects.ts';
import { ingressRoute } from './ingress-route.ts';
import { middleware } from './middleware.ts';
import { serversTransport } from './servers-transport.ts';
import { tlsOption, tlsStore } from './tls-objects.ts';
import { traefikService } from './traefik-service.ts';

/** A kind of manifest that is understood. */
export interface ObjectKind {
  readonly kind: string;
  readonly apiVersions: readonly [string, ...string[]];
  /** How an API server calls a list of them. */
  readonly plural: string;
  /** True for kinds of our own group, of which custom resource definitions are made. */
  readonly custom: boolean;
  /** The whole object. */
  readonly schema: z.ZodType;
}

const traefik: ObjectKind['apiVersions'] = ['traefik.io/v1alpha1'];

/** Every kind that is understood: validation, JSON Schemas and custom resource definitions come from here. */
export const objectKinds: readonly ObjectKind[] = [
  { kind: 'IngressRoute', apiVersions: traefik, plural: 'ingressroutes', custom: true, schema: ingressRoute },
  { kind: 'Middleware', apiVersions: traefik, plural: 'middlewares', custom: true, schema: middleware },
  { kind: 'TraefikService', apiVersions: traefik, plural: 'traefikservices', custom: true, schema: traefikService },
  {
    kind: 'ServersTransport',
    apiVersions: traefik,
    plural: 'serverstransports',
    custom: true,
    schema: serversTransport,
  },
  { kind: 'TLSOption', apiVersions: traefik, plural: 'tlsoptions', custom: true, schema: tlsOption },
  { kind: 'TLSStore', apiVersions: traefik, plural: 'tlsstores', custom: true, schema: tlsStore },
  { kind: 'Service', apiVersions: ['v1'], plural: 'services', custom: false, schema: service },
  {
    kind: 'EndpointSlice',
    apiVersions: ['discovery.k8s.io/v1', 'discovery.k8s.io/v1beta1'],
    plural: 'endpointslices',
    custom: false,
    schema: endpointSlice,
  },
  { kind: 'Endpoints', apiVersions: ['v1'], plural: 'endpoints', custom: false, schema: endpoints },
  { kind: 'Secret', apiVersions: ['v1'], plural: 'secrets', custom: false, schema: secret },
  { kind: 'ConfigMap', apiVersions: ['v1'], plural: 'configmaps', custom: false, schema: configMap },
];
