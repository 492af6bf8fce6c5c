import type { Withheld } from '../../config/dynamic/manifests/translate-objects.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { ApiClient } from './api-client.ts';
import { type ApiObject, configuresSame, objectKey } from './api-object.ts';
import type { KubernetesOptions } from './options.ts';
import { Reflector } from './reflector.ts';
import { namedResources, type Resource, routingResources, serviceResource, sourceOf } from './resources.ts';
import { explainRefusal } from './withheld.ts';

type NamedKind = keyof typeof namedResources;

/** An object that others refer to. */
export interface Reference {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * The objects of the cluster that matter: all of the routing kinds, the Services that those refer to with their
 * endpoints, and single Secrets and ConfigMaps, each of them read only because something refers to it by name.
 */
export class ClusterObjects {
  readonly #client: ApiClient;
  readonly #log: Logger;
  readonly #options: KubernetesOptions;
  readonly #changed: () => void;
  #routing: Reflector[] = [];
  #services: Reflector[] = [];
  #slices: Reflector[] = [];
  readonly #named = new Map<string, Reflector>();
  #wanted: ReadonlyMap<string, Reference> = new Map();

  constructor(client: ApiClient, options: KubernetesOptions, log: Logger, changed: () => void) {
    this.#client = client;
    this.#options = options;
    this.#log = log;
    this.#changed = changed;
  }

  /** Begins to read; resolves when everything has been read once. */
  async start(sliceResource: Resource): Promise<void> {
    const { labelSelector } = this.#options;
    this.#routing = routingResources.flatMap((resource) => this.#reflect(resource, { labelSelector }));
    this.#services = this.#reflect(serviceResource);
    this.#slices = this.#reflect(sliceResource);
    await Promise.all([...this.#routing, ...this.#services, ...this.#slices].map((one) => one.synced));
  }

  /** Every object that translation needs, as far as it is known what refers to what. */
  list(): ApiObject[] {
    const objects = this.#routing.flatMap((one) => [...one.objects.values()].filter((object) => this.#isOurs(object)));
    for (const { kind, namespace, name } of this.#wanted.values()) {
      const sources = kind === 'Service' ? this.#services : [this.#named.get(referenceKey({ kind, namespace, name }))];
      for (const source of sources) {
        const object = source?.objects.get(objectKey(namespace, name));
        if (object !== undefined) objects.push(object);
      }
    }
    for (const source of this.#slices) {
      for (const slice of source.objects.values()) if (this.#isWanted(slice)) objects.push(slice);
    }
    return objects;
  }

  /**
   * Says what is referred to now. Resolves to true when that is something new, so that translation has to be done again;
   * by then it has been read, or the API server has not answered for so many milliseconds.
   */
  async want(references: Iterable<Reference>, patience: number): Promise<boolean> {
    const wanted = new Map<string, Reference>();
    for (const reference of references) {
      const { kind, namespace } = reference;
      if (kind !== 'Service' && !(kind in namedResources)) continue;
      if (this.#isRead(namespace)) wanted.set(referenceKey(reference), reference);
    }
    const added = [...wanted].filter(([key]) => !this.#wanted.has(key));
    this.#wanted = wanted;
    const asked: Reflector[] = [];
    for (const [key, { kind, namespace, name }] of added) {
      if (!(kind in namedResources)) continue;
      const [reflector] = this.#reflect(namedResources[kind as NamedKind], { fieldSelector: `metadata.name=${name}` }, [
        namespace,
      ]);
      if (reflector === undefined) continue;
      this.#named.set(key, reflector);
      asked.push(reflector);
    }
    for (const [key, reflector] of this.#named) {
      if (wanted.has(key)) continue;
      reflector.stop();
      this.#named.delete(key);
    }
    if (asked.length > 0) await settle(asked, patience);
    // Whoever is late is waited for no longer, but what was said meanwhile is not true any more when the answer comes.
    for (const late of asked.filter(({ isAnswered }) => !isAnswered)) void late.answered.then(this.#changed);
    return added.length > 0;
  }

  /** Why an object that was looked for and not found may be there all the same. */
  withheld(reference: Reference): Withheld | undefined {
    const { kind, namespace, name } = reference;
    const what = `${kind} ${objectKey(namespace, name)}`;
    if (!this.#isRead(namespace)) {
      return {
        message: `${what} may not be read: namespace \`${namespace}\` is not among those that are`,
        hint: `add it to providers.kubernetesCRD.namespaces (${this.#options.namespaces.join(', ')})`,
      };
    }
    if (!(kind in namedResources)) return undefined;
    const reflector = this.#named.get(referenceKey(reference));
    if (reflector === undefined || reflector.isSynced) return undefined;
    if (reflector.refusal !== undefined) return explainRefusal(what, reflector.source, reflector.refusal);
    return {
      message: `${what} has not been read yet`,
      hint: 'the API server has not answered; nothing needs to be changed for that',
    };
  }

  #isRead(namespace: string): boolean {
    const { namespaces } = this.#options;
    return namespaces.length === 0 || namespaces.includes(namespace);
  }

  #reflect(
    resource: Resource,
    selectors: { labelSelector?: string | undefined; fieldSelector?: string } = {},
    namespaces: readonly string[] = this.#options.namespaces,
  ): Reflector[] {
    const places = namespaces.length === 0 ? [undefined] : namespaces;
    return places.map(
      (namespace) =>
        new Reflector(sourceOf(resource, namespace, selectors), {
          client: this.#client,
          log: this.#log,
          idleTimeout: this.#options.watchIdleTimeout,
          change: (before, after) => this.#take(before, after),
        }),
    );
  }

  /** Clusters are busy: only what would make a difference counts as a change. */
  #take(before: ApiObject | undefined, after: ApiObject | undefined): void {
    const object = after ?? before;
    if (object !== undefined && !this.#isWanted(object)) return;
    if (before !== undefined && after !== undefined && configuresSame(before, after)) return;
    this.#changed();
  }

  #isWanted(object: ApiObject): boolean {
    const { kind, metadata } = object;
    if (kind === 'Service') return this.#wanted.has(referenceKey({ kind, ...metadata }));
    if (kind === 'EndpointSlice') {
      const name = metadata.labels?.['kubernetes.io/service-name'];
      return (
        name !== undefined && this.#wanted.has(referenceKey({ kind: 'Service', namespace: metadata.namespace, name }))
      );
    }
    return true;
  }

  #isOurs({ kind, metadata, ...object }: ApiObject): boolean {
    const { ingressClass } = this.#options;
    if (kind !== 'IngressRoute') return true;
    const spec = object['spec'] as { ingressClassName?: unknown } | undefined;
    const named = spec?.ingressClassName ?? metadata.annotations?.['kubernetes.io/ingress.class'];
    if (ingressClass !== undefined) return named === ingressClass;
    return named === undefined || named === '' || named === 'traefik' || named === 'portcullis';
  }
}

function referenceKey({ kind, namespace, name }: Reference): string {
  return `${kind} ${objectKey(namespace, name)}`;
}

/** Waits for an answer to each, but not for ever. */
async function settle(reflectors: readonly Reflector[], milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([Promise.all(reflectors.map(({ answered }) => answered)), late]);
  clearTimeout(timer);
}
