import * as z from 'zod';

declare module 'zod' {
  interface GlobalMeta {
    /**
     * A field that other gateways know and this one does not act on. `ignored` is safe to leave out and warned about;
     * `refused` would weaken what the operator asked for, so it is an error.
     */
    unsupported?: 'ignored' | 'refused';
  }
}

/** A field that is accepted as Kubernetes writes it and used for nothing. */
export const unused = (description: string) => z.unknown().optional().describe(description);

/** A field whose effect is not offered. The description says what happens instead. */
export const unsupported = (how: 'ignored' | 'refused', description: string) =>
  z.unknown().optional().meta({ description, unsupported: how });

const name = z
  .string()
  .max(253)
  .regex(/^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/, {
    error: 'must be lower-case letters, digits, `-` and `.`, and begin and end with a letter or digit',
  });
const namespace = z
  .string()
  .max(63)
  .regex(/^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/, {
    error: 'must be lower-case letters, digits and `-`, and begin and end with a letter or digit',
  });

/** A reference may name another provider's object: `name@file`. */
export const reference = z.string().min(1, { error: 'must not be empty' });
export const namespaceReference = namespace
  .optional()
  .describe('Namespace of the object referred to. Default: the own one.');

/** `metadata` as Kubernetes knows it; what only the API server writes is accepted and left alone. */
export const metadata = z.strictObject({
  name: name.describe('Name of the object, unique for its kind in its namespace.'),
  namespace: namespace.default('default').describe('Namespace of the object.'),
  labels: z.record(z.string(), z.string()).nullable().optional().describe('Labels, to select objects by.'),
  annotations: z.record(z.string(), z.string()).nullable().optional().describe('Annotations.'),
  generateName: unused('Prefix for a generated name.'),
  uid: unused('Written by the API server.'),
  resourceVersion: unused('Written by the API server.'),
  generation: unused('Written by the API server.'),
  creationTimestamp: unused('Written by the API server.'),
  deletionTimestamp: unused('Written by the API server.'),
  deletionGracePeriodSeconds: unused('Written by the API server.'),
  finalizers: unused('Written by controllers.'),
  managedFields: unused('Written by the API server.'),
  ownerReferences: unused('Written by controllers.'),
  selfLink: unused('Written by old API servers.'),
});

/** What every object has beside its own fields. */
export const envelope = (apiVersions: readonly [string, ...string[]], kind: string) => ({
  apiVersion: z.enum(apiVersions).describe('Version of the kind.'),
  kind: z.literal(kind).describe('What the object is.'),
  metadata: metadata.describe('Name, namespace and labels.'),
  status: unused('Written by controllers.'),
});

export const traefikVersions = ['traefik.io/v1alpha1'] as const satisfies readonly [string, ...string[]];
