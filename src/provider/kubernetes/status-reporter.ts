import { createHash } from 'node:crypto';
import type { DynamicConfiguration } from '../../config/dynamic/model.ts';
import type { RuntimeStatus } from '../../config/runtime/status.ts';
import { isPlainObject } from '../../config/source/plain-value.ts';
import { type Logger, silentLogger } from '../../telemetry/log.ts';
import type { ApiAccess } from './api-access.ts';
import { ApiClient, ApiError, type ApiRequest, RequestOvertaken } from './api-client.ts';
import type { ApiObject } from './api-object.ts';
import { LeaderElection } from './leader-election.ts';
import { backOff, pause } from './pause.ts';
import { pathOf, routingResources } from './resources.ts';
import {
  type ItemOwners,
  itemOwners,
  judgeObjects,
  type LabelledObjects,
  labelObjects,
  type Verdict,
} from './verdicts.ts';

/** Who wrote a field, for server-side apply and for Events. */
const fieldManager = 'portcullis';
const conditionType = 'Accepted';
/** `kubectl describe` shows Events whole, but their recorders cut them here. */
const longestEvent = 1_024;
const longestCondition = 16_384;
/** Between two writes, in milliseconds: a folder full of broken objects must not keep the API server busy. */
const writePause = 50;

/**
 * Says on each broken object that it is broken, and why, where its owner looks: a condition and an Event. Says so again
 * when it has been mended. Of several replicas one writes.
 */
export class StatusReporter {
  readonly #access: ApiAccess;
  readonly #client: ApiClient;
  readonly #log: Logger;
  readonly #election: LeaderElection;
  #evaluated: { readonly objects: LabelledObjects; readonly owners: ItemOwners } | undefined;
  #verdicts: readonly Verdict[] = [];
  /** What was said last of an object, by its uid. */
  readonly #told = new Map<string, string>();
  #withStatus: ReadonlySet<string> | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(context: { access: ApiAccess; client: ApiClient; log: Logger; lease: string }) {
    const { access, client, log, lease } = context;
    this.#access = access;
    this.#client = client;
    this.#log = log;
    this.#election = new LeaderElection(client, { namespace: access.namespace, name: lease }, log, () => {
      // The replica before us may have said other things; and the kinds may be other ones now.
      this.#told.clear();
      this.#withStatus = undefined;
      this.#wake.resolve();
    });
    void this.#run();
  }

  /** Remembers which objects the configuration was made of that the next report is about. */
  evaluated(configuration: DynamicConfiguration, objects: readonly ApiObject[]): void {
    this.#evaluated = { objects: labelObjects(objects), owners: itemOwners(configuration) };
  }

  report(status: RuntimeStatus): void {
    if (this.#evaluated === undefined) return;
    this.#verdicts = judgeObjects(status, this.#evaluated.objects, this.#evaluated.owners);
    this.#wake.resolve();
  }

  async #run(): Promise<void> {
    const { signal } = this.#client;
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    let failures = 0;
    while (!signal.aborted) {
      await Promise.race([this.#wake.promise, stopped]);
      this.#wake = Promise.withResolvers<void>();
      try {
        await this.#write(this.#verdicts);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        // Another replica may lead by now; should we lead again, everything is looked at anew.
        if (error instanceof RequestOvertaken) continue;
        failures += 1;
        if (failures === 1) {
          this.#log.warn('the status of an object could not be written', {
            error: error instanceof Error ? error.message : String(error),
          });
        }
        await pause(backOff(failures), signal);
        this.#wake.resolve();
      }
    }
  }

  async #write(verdicts: readonly Verdict[]): Promise<void> {
    const present = new Set(verdicts.map(({ object }) => object.metadata.uid));
    for (const uid of this.#told.keys()) if (!present.has(uid)) this.#told.delete(uid);
    for (const verdict of verdicts) {
      if (!this.#election.leads) return;
      if (verdicts !== this.#verdicts) return;
      const { uid } = verdict.object.metadata;
      const condition = conditionOf(verdict.object);
      const told = this.#told.get(uid) ?? condition?.message ?? '';
      const text = verdict.text.slice(0, longestCondition);
      const mended = verdict.text === '' && condition !== undefined && condition.status !== 'True';
      if (told === text && !mended) continue;
      if (told === '' && text === '' && !mended) continue;
      await this.#tell(verdict, condition);
      this.#told.set(uid, text);
      await pause(writePause, this.#client.signal);
    }
  }

  async #tell(verdict: Verdict, before: Condition | undefined): Promise<void> {
    this.#withStatus ??= await this.#findKindsWithStatus();
    try {
      if (this.#withStatus.has(verdict.object.kind)) await this.#applyCondition(verdict, before);
      await this.#recordEvent(verdict);
    } catch (error) {
      // It has gone meanwhile, or may not be written: then there is nothing to say or nobody to say it to.
      if (!(error instanceof ApiError) || error.status >= 500 || error.status === 429) throw error;
      if (error.status !== 404) this.#log.warn('status may not be written', { error: error.message });
      this.#withStatus = undefined;
    }
  }

  /** Traefik's own definitions of these kinds have no status: then there are only Events. */
  async #findKindsWithStatus(): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (const apiVersion of new Set(routingResources.map((resource) => resource.apiVersion))) {
      const answer = await this.#client.request({ path: `/apis/${apiVersion}` });
      const list: unknown = isPlainObject(answer) ? answer['resources'] : undefined;
      for (const entry of Array.isArray(list) ? list : []) {
        if (!isPlainObject(entry)) continue;
        if (String(entry['name']).endsWith('/status')) found.add(String(entry['kind']));
      }
    }
    return found;
  }

  async #applyCondition({ object, accepted, reason, text }: Verdict, before: Condition | undefined): Promise<void> {
    const { apiVersion, kind, metadata } = object;
    const resource = routingResources.find((known) => known.kind === kind);
    if (resource === undefined) return;
    const status = accepted ? 'True' : 'False';
    const condition = {
      type: conditionType,
      status,
      reason,
      message: text.slice(0, longestCondition),
      observedGeneration: metadata.generation,
      lastTransitionTime: before?.status === status ? before.lastTransitionTime : timestamp(),
    };
    await this.#change({
      method: 'PATCH',
      path: `${pathOf(resource, metadata.namespace, metadata.name)}/status`,
      query: { fieldManager, force: 'true' },
      contentType: 'application/apply-patch+yaml',
      // The uid makes sure that it is not told to another object of the same name.
      body: {
        apiVersion,
        kind,
        metadata: { name: metadata.name, namespace: metadata.namespace, uid: metadata.uid },
        status: { conditions: [condition] },
      },
    });
  }

  /** One Event for each thing that is said of an object; when it is said again, the Event is counted up. */
  async #recordEvent({ object, accepted, reason, text }: Verdict): Promise<void> {
    const { name, namespace, uid, resourceVersion } = object.metadata;
    const message = text === '' ? 'the configuration is accepted' : cut(text, longestEvent);
    const digest = createHash('sha256').update(`${uid} ${message}`).digest('hex').slice(0, 16);
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`;
    const eventName = `${name.slice(0, 230)}.${digest}`;
    const now = timestamp();
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: eventName, namespace },
      involvedObject: { apiVersion: object.apiVersion, kind: object.kind, name, namespace, uid, resourceVersion },
      type: accepted && text === '' ? 'Normal' : 'Warning',
      reason,
      message,
      source: { component: fieldManager },
      reportingComponent: fieldManager,
      reportingInstance: this.#election.identity,
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    };
    try {
      await this.#change({ method: 'POST', path, body: event });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      const known = await this.#client.request({ path: `${path}/${eventName}` });
      const count = isPlainObject(known) ? Number(known['count'] ?? 1) : 1;
      await this.#change({
        method: 'PATCH',
        path: `${path}/${eventName}`,
        contentType: 'application/merge-patch+json',
        body: { count: count + 1, lastTimestamp: now },
      });
    }
  }

  /** Only who leads writes, and an outage of the API server may be longer than the Lease lasts. */
  async #change(request: ApiRequest): Promise<void> {
    await this.#client.request({ ...request, stillWanted: () => this.#election.leads });
  }

  /** After the abort: lets another replica take over. */
  async close(): Promise<void> {
    const client = new ApiClient(this.#access, AbortSignal.timeout(2_000), silentLogger);
    await this.#election.release(client).catch(() => {});
  }
}

interface Condition {
  readonly status: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

function conditionOf(object: ApiObject): Condition | undefined {
  const status = object['status'];
  const conditions: unknown = isPlainObject(status) ? status['conditions'] : undefined;
  const found: unknown = Array.isArray(conditions)
    ? conditions.find((one: unknown) => isPlainObject(one) && one['type'] === conditionType)
    : undefined;
  if (!isPlainObject(found)) return undefined;
  return {
    status: String(found['status']),
    message: String(found['message'] ?? ''),
    lastTransitionTime: String(found['lastTransitionTime']),
  };
}

/** Seconds are all that Kubernetes' times have. */
function timestamp(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
