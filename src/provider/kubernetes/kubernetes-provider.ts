import { performance } from 'node:perf_hooks';
import { translateObjects } from '../../config/dynamic/manifests/translate-objects.ts';
import type { DynamicConfiguration, Origin } from '../../config/dynamic/model.ts';
import type { RuntimeStatus } from '../../config/runtime/status.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Provider, Publish } from '../definition.ts';
import { type ApiAccess, findApiAccess } from './api-access.ts';
import { ApiClient } from './api-client.ts';
import type { ApiObject } from './api-object.ts';
import { ClusterObjects, type Reference } from './cluster-objects.ts';
import { nowhere, objectProvider, originOf } from './object-origin.ts';
import type { KubernetesOptions } from './options.ts';
import { backOff, pause } from './pause.ts';
import { findSliceResource, type Resource } from './resources.ts';
import { StatusReporter } from './status-reporter.ts';

/** Changes often come several at once (`kubectl apply -f folder`): so long is waited for the next, in milliseconds. */
const settleTime = 30;
const longestRest = 250;
/**
 * How long a change waits for the Secrets that it refers to for the first time, in milliseconds. At the start there is no
 * earlier configuration that serves meanwhile, and there are many Secrets to read at once.
 */
const referencePatience = 3_000;
const firstPatience = 30_000;
/** References can lead to objects with references, but not for ever. */
const mostRounds = 5;

/**
 * Publishes what the routing objects of a Kubernetes API server say, and again with every change to them, to the
 * Services and endpoints behind them and to the Secrets they refer to. While the API server is away, nothing changes.
 */
export function createKubernetesProvider(options: KubernetesOptions): Provider {
  return new KubernetesProvider(options);
}

class KubernetesProvider implements Provider {
  readonly name = objectProvider;
  readonly #options: KubernetesOptions;
  #wake = Promise.withResolvers<void>();
  #reporter: StatusReporter | undefined;

  constructor(options: KubernetesOptions) {
    this.#options = options;
  }

  reload(): void {
    this.#wake.resolve();
  }

  report(status: RuntimeStatus): void {
    this.#reporter?.report(status);
  }

  async close(): Promise<void> {
    await this.#reporter?.close();
  }

  async provide(publish: Publish, signal: AbortSignal, log: Logger): Promise<void> {
    const access = await findApiAccess(this.#options);
    log.info('reading the routing configuration from the API server', { server: access.server });
    const client = new ApiClient(access, signal, log);
    const slices = await this.#findSlices(client, log);
    if (slices === undefined) return;
    const objects = new ClusterObjects(client, this.#options, log, () => this.#wake.resolve());
    const begun = performance.now();
    await objects.start(slices);
    if (signal.aborted) return;
    log.info('routing objects read', { milliseconds: Math.round(performance.now() - begun) });
    this.#reporter = this.#startReporter(access, client, log);
    await this.#explore(objects);
    await this.#publish(objects, publish);
    // Goes on in the background: from here on no fault may end it, because nobody would be told of later changes.
    void this.#follow(objects, publish, signal, log);
  }

  async #findSlices(client: ApiClient, log: Logger): Promise<Resource | undefined> {
    for (let failures = 1; !client.signal.aborted; failures += 1) {
      try {
        return await findSliceResource(client);
      } catch (error) {
        if (failures === 1) log.error('the API server does not answer yet', { error: String(error) });
        await pause(backOff(failures), client.signal);
      }
    }
    return undefined;
  }

  #startReporter(access: ApiAccess, client: ApiClient, log: Logger): StatusReporter {
    const { ingressClass } = this.#options;
    // Gateways for different classes report on different objects.
    const lease = ingressClass === undefined ? 'portcullis' : `portcullis-${ingressClass}`;
    return new StatusReporter({ access, client, log, lease });
  }

  async #follow(objects: ClusterObjects, publish: Publish, signal: AbortSignal, log: Logger): Promise<void> {
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    let published = performance.now();
    let rest = settleTime;
    while (!signal.aborted) {
      await Promise.race([this.#wake.promise, stopped]);
      await pause(Math.max(rest, published + this.#options.throttleDuration - performance.now()), signal);
      if (signal.aborted) return;
      try {
        published = performance.now();
        await this.#publish(objects, publish);
        // What is costly is done less often, and a few changes more are taken together.
        rest = Math.min(longestRest, Math.max(settleTime, (performance.now() - published) / 2));
      } catch (error) {
        log.error('a change of routing objects could not be taken over', { error: String(error) });
      }
    }
  }

  /** Finds out what is referred to, and reads it, so that not everything is missing once before it is there. */
  async #explore(objects: ClusterObjects): Promise<void> {
    const references: Reference[] = [];
    this.#translate(objects.list(), references, objects, () => nowhere);
    await objects.want(references, firstPatience);
  }

  /** Translates until it is clear what refers to what, and all of that has been read. */
  async #publish(objects: ClusterObjects, publish: Publish): Promise<void> {
    for (let round = 1; ; round += 1) {
      // What comes while we are at it is looked at afterwards.
      this.#wake = Promise.withResolvers<void>();
      const list = objects.list();
      const references: Reference[] = [];
      const configuration = this.#translate(list, references, objects);
      const more = await objects.want(references, referencePatience);
      if (more && round < mostRounds) continue;
      this.#reporter?.evaluated(configuration, list);
      publish({ ok: true, configuration });
      return;
    }
  }

  #translate(
    objects: readonly ApiObject[],
    references: Reference[],
    source: ClusterObjects,
    origin: (object: ApiObject) => Origin = originOf,
  ): DynamicConfiguration {
    const { allowCrossNamespace, allowExternalNameServices, allowEmptyServices, ingressClass } = this.#options;
    return translateObjects(
      objects.map((value) => ({ value, origin: origin(value) })),
      {
        admitted: true,
        allowCrossNamespace,
        allowExternalNameServices,
        allowEmptyServices,
        ingressClass,
        lookedUp: (kind, namespace, name) => void references.push({ kind, namespace, name }),
        withheld: (kind, namespace, name) => source.withheld({ kind, namespace, name }),
      },
    );
  }
}
