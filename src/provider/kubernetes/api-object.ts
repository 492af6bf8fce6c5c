import { isPlainObject } from '../../config/source/plain-value.ts';

/** An object as the API server sends it. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/**
 * Keeps of a received object what is of use. What `kubectl apply` notes down of the last version goes, too: it may hold
 * the plain text of a Secret.
 */
export function readApiObject(value: unknown, type: { apiVersion: string; kind: string }): ApiObject | undefined {
  if (!isPlainObject(value) || !isPlainObject(value['metadata'])) return undefined;
  const { managedFields: _managedFields, annotations, ...metadata } = value['metadata'];
  if (typeof metadata['name'] !== 'string') return undefined;
  const kept = Object.entries(isPlainObject(annotations) ? annotations : {}).filter(
    ([key]) => key !== 'kubectl.kubernetes.io/last-applied-configuration',
  );
  return {
    ...value,
    apiVersion: type.apiVersion,
    kind: type.kind,
    metadata: { ...metadata, ...(kept.length === 0 ? {} : { annotations: Object.fromEntries(kept) }) },
  } as unknown as ApiObject;
}

/** `apps/deepwiki-mcp-jwt` */
export function keyOf({ metadata }: ApiObject): string {
  return objectKey(metadata.namespace, metadata.name);
}

export function objectKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** True when two versions of an object configure the same: status and bookkeeping do not count. */
export function configuresSame(a: ApiObject, b: ApiObject): boolean {
  return a === b || JSON.stringify(configurationOf(a)) === JSON.stringify(configurationOf(b));
}

function configurationOf(object: ApiObject): unknown {
  const { status: _status, metadata, ...rest } = object;
  const { resourceVersion: _version, generation: _generation, ...identity } = metadata;
  return { ...rest, identity };
}
