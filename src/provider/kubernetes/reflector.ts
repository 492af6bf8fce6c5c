import { performance } from 'node:perf_hooks';
import { isPlainObject } from '../../config/source/plain-value.ts';
import type { Logger } from '../../telemetry/log.ts';
import { type ApiClient, ApiError } from './api-client.ts';
import { type ApiObject, keyOf, readApiObject } from './api-object.ts';
import { backOff, pause } from './pause.ts';
import type { Source } from './source.ts';
import { explainRefusal } from './withheld.ts';

/** An object before and after a change; one of them is undefined when it was added or removed. */
export type Change = (before: ApiObject | undefined, after: ApiObject | undefined) => void;

const pageSize = 500;
/** A kind whose definition is not installed is asked for again so often, in milliseconds. */
const missingPause = 10_000;
/** The longest pause after a connection that broke, in milliseconds. */
const longestBreak = 2_000;

/**
 * A copy of the API server's objects that stays up to date: lists, watches from there on, and lists again when the API
 * server no longer knows the past. While it cannot, the copy stays as it was: a failed list never empties it.
 */
export class Reflector {
  readonly source: Source;
  /** Resolves once the first list is complete, or it is clear that there can be no such objects. */
  readonly synced: Promise<void>;
  /** Resolves once that is so, or the API server has refused to tell. */
  readonly answered: Promise<void>;
  #isSynced = false;
  #refusal: string | undefined;
  readonly #client: ApiClient;
  readonly #log: Logger;
  readonly #change: Change;
  readonly #idleTimeout: number;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #sync: () => void;
  readonly #answer: () => void;
  #objects = new Map<string, ApiObject>();
  #version: string | undefined;
  #lastProblem = '';
  /** When the watch was opened that is open, or was last. */
  #opened: number | undefined;

  constructor(source: Source, context: { client: ApiClient; log: Logger; change: Change; idleTimeout: number }) {
    this.source = source;
    this.#client = context.client;
    this.#log = context.log;
    this.#change = context.change;
    this.#idleTimeout = context.idleTimeout;
    this.#signal = AbortSignal.any([context.client.signal, this.#stop.signal]);
    const synced = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    this.synced = synced.promise;
    this.answered = answered.promise;
    this.#answer = answered.resolve;
    this.#sync = () => {
      this.#isSynced = true;
      synced.resolve();
      answered.resolve();
    };
    void this.#run();
  }

  get objects(): ReadonlyMap<string, ApiObject> {
    return this.#objects;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  get isAnswered(): boolean {
    return this.#isSynced || this.#refusal !== undefined;
  }

  /** The API server's words when it has refused to tell anything so far: RBAC does not allow it. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  stop(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#signal.aborted) {
      this.#opened = undefined;
      try {
        if (this.#version === undefined) await this.#list();
        this.#lastProblem = '';
        await this.#watch();
        // A watch that ends at once, again and again, is a fault, too.
        failures = this.#worked() ? 0 : failures + 1;
        await this.#wait(failures === 0 ? Math.random() * 250 : backOff(failures));
      } catch (error) {
        if (this.#signal.aborted) return;
        failures = this.#worked() ? 1 : failures + 1;
        const { status, retryAfter } = error instanceof ApiError ? error : { status: 0, retryAfter: 0 };
        // The past is forgotten (410), or the API server has another one than we were told of.
        if ((status >= 400 && status < 500 && status !== 429) || failures % 3 === 0) this.#version = undefined;
        if (status === 410 && failures <= 2) continue;
        if (status === 404) this.#missing();
        else this.#complain(error, failures);
        if (status === 403) this.#refuse(error);
        // Of connections that break the gate takes care; a short pause is enough then, so that changes are not late.
        const patience = status === 0 ? Math.min(longestBreak, backOff(failures)) : backOff(failures);
        const usual = status === 404 ? missingPause * (0.8 + Math.random() * 0.4) : patience;
        await this.#wait(Math.max(retryAfter, usual));
      }
    }
  }

  /** True when the last watch was open for a while. */
  #worked(): boolean {
    return this.#opened !== undefined && performance.now() - this.#opened > 1_000;
  }

  /** Waits, but no longer than an outage of the API server lasts. */
  async #wait(milliseconds: number): Promise<void> {
    await Promise.race([pause(milliseconds, this.#signal), this.#client.gate.recovered()]);
  }

  async #list(): Promise<void> {
    const found = new Map<string, ApiObject>();
    let version: unknown;
    let next: string | undefined;
    do {
      const page = await this.#client.request({
        path: this.source.path,
        query: { ...this.#selectors(), limit: String(pageSize), continue: next },
      });
      if (!isPlainObject(page) || !isPlainObject(page['metadata'])) throw new Error('the answer is not a list');
      const items: unknown = page['items'];
      for (const item of Array.isArray(items) ? items : []) {
        const object = readApiObject(item, this.source);
        if (object !== undefined) found.set(keyOf(object), object);
      }
      version = page['metadata']['resourceVersion'];
      const token = page['metadata']['continue'];
      next = typeof token === 'string' && token !== '' ? token : undefined;
    } while (next !== undefined);
    const before = this.#objects;
    this.#objects = found;
    this.#version = typeof version === 'string' ? version : undefined;
    this.#sync();
    // What is not there is another thing than what may not be seen, and somebody may have been told of the latter.
    if (this.#refusal !== undefined && found.size === 0) this.#change(undefined, undefined);
    this.#refusal = undefined;
    for (const [key, object] of found) {
      const old = before.get(key);
      if (old?.metadata.resourceVersion !== object.metadata.resourceVersion) this.#change(old, object);
    }
    for (const [key, object] of before) if (!found.has(key)) this.#change(object, undefined);
  }

  async #watch(): Promise<void> {
    const seconds = Math.round(290 + Math.random() * 290);
    const request = {
      path: this.source.path,
      query: {
        ...this.#selectors(),
        watch: '1',
        allowWatchBookmarks: 'true',
        resourceVersion: this.#version,
        timeoutSeconds: String(seconds),
      },
    };
    // The API server ends the watch itself; should it forget to, we do.
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout((seconds + 30) * 1_000)]);
    const opened = (): void => {
      this.#opened = performance.now();
    };
    const events = this.#client.lines(request, { idleTimeout: this.#idleTimeout, signal, opened });
    for await (const event of events) this.#take(event);
  }

  #take(event: unknown): void {
    if (!isPlainObject(event) || !isPlainObject(event['object'])) throw new Error('the answer is not a watch event');
    const { type, object: value } = event;
    if (type === 'ERROR') {
      const { code, message } = value as { code?: unknown; message?: unknown };
      throw new ApiError(typeof code === 'number' ? code : 500, String(message));
    }
    const metadata = value['metadata'];
    if (isPlainObject(metadata) && typeof metadata['resourceVersion'] === 'string') {
      this.#version = metadata['resourceVersion'];
    }
    if (type === 'BOOKMARK') return;
    const object = readApiObject(value, this.source);
    if (object === undefined) return;
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (type === 'DELETED') this.#objects.delete(key);
    else this.#objects.set(key, object);
    this.#change(before, type === 'DELETED' ? undefined : object);
  }

  #selectors() {
    return { labelSelector: this.source.labelSelector, fieldSelector: this.source.fieldSelector };
  }

  #missing(): void {
    if (!this.#isSynced) {
      this.#sync();
      // A change is told, so that whoever waited for this kind goes on.
      this.#change(undefined, undefined);
    }
    const message = `${this.source.kind} (${this.source.apiVersion}) is not known to the API server; looking again from time to time`;
    if (this.#lastProblem !== message) this.#log.warn(message);
    this.#lastProblem = message;
  }

  #refuse(error: unknown): void {
    // What was read before goes on.
    if (this.#isSynced) return;
    const first = this.#refusal === undefined;
    this.#refusal = error instanceof Error ? error.message : String(error);
    this.#answer();
    if (first) this.#change(undefined, undefined);
  }

  /** One connection that breaks is nothing to worry about. */
  #complain(error: unknown, failures: number): void {
    if (failures < 2 && this.#isSynced) {
      this.#log.debug(`the watch of ${this.source.kind} broke off`, { error: String(error) });
      return;
    }
    const message = error instanceof Error ? error.message : String(error);
    if (this.#lastProblem === message) return;
    this.#lastProblem = message;
    const { kind, path, fieldSelector } = this.source;
    const known = this.#isSynced ? 'what is known of it goes on' : 'nothing is known of it yet';
    const refused = error instanceof ApiError && error.status === 403;
    const hint = refused ? explainRefusal(kind, this.source, message).hint : undefined;
    this.#log.warn(
      `${kind} ${refused ? 'may not be read: RBAC forbids it' : 'cannot be read from the API server'}; ${known}`,
      { path, fieldSelector, error: message, hint },
    );
  }
}
