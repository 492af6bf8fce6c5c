import { objectKinds } from '../../config/dynamic/schema/object-kinds.ts';
import { isPlainObject } from '../../config/source/plain-value.ts';
import { type ApiClient, ApiError } from './api-client.ts';
import type { Source } from './source.ts';

/** A kind of object as the API server serves it. */
export interface Resource {
  readonly kind: string;
  readonly apiVersion: string;
  readonly plural: string;
}

/** Kinds that make up the routing: all of their objects are read. */
export const routingResources: readonly Resource[] = objectKinds
  .filter(({ custom }) => custom)
  .map(({ kind, apiVersions, plural }) => ({ kind, plural, apiVersion: apiVersions[0] }));

/** Kinds of which single objects are read, when something refers to them. */
export const namedResources = {
  Secret: { kind: 'Secret', apiVersion: 'v1', plural: 'secrets' },
  ConfigMap: { kind: 'ConfigMap', apiVersion: 'v1', plural: 'configmaps' },
} as const satisfies Readonly<Record<string, Resource>>;

export const serviceResource: Resource = { kind: 'Service', apiVersion: 'v1', plural: 'services' };

const sliceGroup = 'discovery.k8s.io';

/** EndpointSlices in the newest version that is served: API servers before 1.21 have only the beta. */
export async function findSliceResource(client: ApiClient): Promise<Resource> {
  const versions = await servedVersions(client, sliceGroup);
  const version = versions.includes('v1') || !versions.includes('v1beta1') ? 'v1' : 'v1beta1';
  return { kind: 'EndpointSlice', apiVersion: `${sliceGroup}/${version}`, plural: 'endpointslices' };
}

async function servedVersions(client: ApiClient, group: string): Promise<readonly string[]> {
  try {
    const answer = await client.request({ path: `/apis/${group}` });
    const versions: unknown = isPlainObject(answer) ? answer['versions'] : undefined;
    return Array.isArray(versions)
      ? versions.map((one: unknown) => (isPlainObject(one) ? String(one['version']) : ''))
      : [];
  } catch (error) {
    // Not told: then the current version is the best guess.
    if (error instanceof ApiError && error.status < 500) return [];
    throw error;
  }
}

/** The path under which a resource is listed: in one namespace, or in all. */
export function pathOf({ apiVersion, plural }: Resource, namespace: string | undefined, name?: string): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${group}${place}/${plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}

/** What to list and watch for a resource in one namespace, or in all. */
export function sourceOf(
  resource: Resource,
  namespace: string | undefined,
  selectors: Pick<Source, 'labelSelector' | 'fieldSelector'> = {},
): Source {
  return { kind: resource.kind, apiVersion: resource.apiVersion, path: pathOf(resource, namespace), ...selectors };
}
