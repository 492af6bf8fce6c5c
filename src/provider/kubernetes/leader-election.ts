import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { performance } from 'node:perf_hooks';
import { isPlainObject } from '../../config/source/plain-value.ts';
import type { Logger } from '../../telemetry/log.ts';
import { type ApiClient, ApiError } from './api-client.ts';
import { backOff, pause } from './pause.ts';

/** As client-go has them by default, in milliseconds. */
const leaseDuration = 15_000;
const renewDeadline = 10_000;
const renewPause = 4_000;

interface Lease {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

/**
 * Finds out which replica speaks for all: the holder of a Lease. Time is only measured with this machine's own clock, as
 * the time since the Lease was last seen to change, so that clocks need not agree.
 */
export class LeaderElection {
  /** Distinguishes this process from every other one, this pod's earlier containers included. */
  readonly identity = `${hostname()}_${randomUUID()}`;
  readonly #client: ApiClient;
  readonly #path: string;
  readonly #name: string;
  readonly #namespace: string;
  readonly #log: Logger;
  readonly #elected: () => void;
  #renewed = Number.NEGATIVE_INFINITY;
  #seen = { version: '', at: Number.NEGATIVE_INFINITY };

  constructor(
    client: ApiClient,
    lease: { readonly namespace: string; readonly name: string },
    log: Logger,
    elected: () => void,
  ) {
    this.#client = client;
    this.#name = lease.name;
    this.#namespace = lease.namespace;
    this.#path = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(lease.namespace)}/leases`;
    this.#log = log;
    this.#elected = elected;
    void this.#run();
  }

  /** True while nobody else can have been elected. */
  get leads(): boolean {
    return performance.now() - this.#renewed < renewDeadline;
  }

  /** Lets go of the Lease, so that another replica need not wait until it has run out. */
  async release(client: ApiClient): Promise<void> {
    if (!this.leads) return;
    this.#renewed = Number.NEGATIVE_INFINITY;
    const lease = await this.#read(client);
    if (lease?.spec['holderIdentity'] === this.identity) await this.#write(client, lease, { holderIdentity: '' });
  }

  async #run(): Promise<void> {
    const { signal } = this.#client;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#compete();
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        if (failures === 1) {
          this.#log.warn('the Lease that decides which replica writes status cannot be used: nothing is written', {
            lease: `${this.#namespace}/${this.#name}`,
            error: error instanceof Error ? error.message : String(error),
          });
        }
      }
      const wait = failures === 0 ? renewPause * (0.8 + Math.random() * 0.4) : renewPause + backOff(failures);
      await pause(wait, signal);
    }
  }

  async #compete(): Promise<void> {
    const begun = performance.now();
    const lease = await this.#read(this.#client);
    const led = this.leads;
    try {
      if (lease === undefined) await this.#create();
      else if (lease.spec['holderIdentity'] === this.identity) await this.#write(this.#client, lease, {});
      else if (this.#isFree(lease, begun)) await this.#take(lease);
      else return;
    } catch (error) {
      // Another replica was quicker.
      if (error instanceof ApiError && error.status === 409) return;
      throw error;
    }
    this.#renewed = begun;
    if (led) return;
    this.#log.info('this replica writes the status of routing objects', { lease: `${this.#namespace}/${this.#name}` });
    this.#elected();
  }

  #isFree({ metadata, spec }: Lease, now: number): boolean {
    const version = String(metadata['resourceVersion']);
    if (version !== this.#seen.version) this.#seen = { version, at: now };
    const holder = spec['holderIdentity'];
    if (holder === undefined || holder === '') return true;
    const duration = Number(spec['leaseDurationSeconds'] ?? leaseDuration / 1_000) * 1_000;
    return now - this.#seen.at > duration;
  }

  async #read(client: ApiClient): Promise<Lease | undefined> {
    try {
      const lease = await client.request({ path: `${this.#path}/${encodeURIComponent(this.#name)}` });
      if (!isPlainObject(lease) || !isPlainObject(lease['metadata'])) throw new Error('the answer is not a Lease');
      return { metadata: lease['metadata'], spec: isPlainObject(lease['spec']) ? lease['spec'] : {} };
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  async #create(): Promise<void> {
    const now = microTime();
    await this.#client.request({
      method: 'POST',
      path: this.#path,
      body: leaseObject(
        { name: this.#name, namespace: this.#namespace },
        { ...this.#holding(), acquireTime: now, renewTime: now, leaseTransitions: 0 },
      ),
    });
  }

  async #take(lease: Lease): Promise<void> {
    const now = microTime();
    const transitions = Number(lease.spec['leaseTransitions'] ?? 0) + 1;
    await this.#write(this.#client, lease, { ...this.#holding(), acquireTime: now, leaseTransitions: transitions });
  }

  /** The version that was read goes along, so that of two writers one fails. */
  async #write(client: ApiClient, lease: Lease, changes: Readonly<Record<string, unknown>>): Promise<void> {
    await client.request({
      method: 'PUT',
      path: `${this.#path}/${encodeURIComponent(this.#name)}`,
      body: leaseObject(lease.metadata, { ...lease.spec, renewTime: microTime(), ...changes }),
    });
  }

  #holding() {
    return { holderIdentity: this.identity, leaseDurationSeconds: leaseDuration / 1_000 };
  }
}

function leaseObject(metadata: Readonly<Record<string, unknown>>, spec: Readonly<Record<string, unknown>>) {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
}

/** `2026-03-01T12:00:00.000000Z`, the form of Kubernetes' MicroTime. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
