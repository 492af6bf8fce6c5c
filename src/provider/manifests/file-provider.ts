import { basename, dirname, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../telemetry/log.ts';
import type { Provider, Publish } from '../definition.ts';
import { createFolderWatch, type FolderWatch, type WatchedFolders } from './folder-watch.ts';
import { createLoader, type Loaded } from './loader.ts';

export interface FileProviderOptions {
  /** A file with manifests or in Traefik's format. */
  readonly filename?: string | undefined;
  /** A folder of such files; its subfolders count too. */
  readonly directory?: string | undefined;
  /** Look for changes. Default: true. */
  readonly watch?: boolean | undefined;
  /** Least time between two publications, in milliseconds. */
  readonly throttleDuration: number;
}

/** How long files must stay the same before a change is believed: editors and copies write in several steps. */
const settleTime = 50;
const maxSettleRounds = 40;

/**
 * Publishes what files hold, and again whenever a byte of them changes, also through symbolic links (a mounted
 * ConfigMap is exchanged so) and in the certificates they refer to.
 */
export function createFileProvider(options: FileProviderOptions): Provider {
  const paths = [options.filename, options.directory].filter((path) => path !== undefined);
  const wake = createWake();

  return {
    name: 'file',
    reload: wake.up,
    async provide(publish, signal, log) {
      const load = createLoader(paths);
      const loaded = await load();
      if (signal.aborted) return;
      publish(loaded.update);
      signal.addEventListener('abort', wake.up, { once: true });
      const watch = options.watch === false ? undefined : createFolderWatch(wake.up, log);
      // Goes on in the background: from here on no fault may end it, because nobody would be told of later changes.
      void follow({ paths, load, loaded, publish, signal, watch, wake, log, throttle: options.throttleDuration });
    },
  };
}

interface Following {
  readonly paths: readonly string[];
  readonly load: () => Promise<Loaded>;
  readonly loaded: Loaded;
  readonly publish: Publish;
  readonly signal: AbortSignal;
  readonly watch: FolderWatch | undefined;
  readonly wake: Wake;
  readonly log: Logger;
  readonly throttle: number;
}

async function follow({ paths, load, loaded, publish, signal, watch, wake, log, throttle }: Following): Promise<void> {
  let current = loaded;
  let published = performance.now();
  while (!signal.aborted) {
    // A change between reading and watching would go unseen: look once more when there was something new to watch.
    if (watch?.follow(foldersToWatch(paths, current.folders)) === true) wake.up();
    await wake.call();
    await pause(Math.max(settleTime, published + throttle - performance.now()), signal);
    if (signal.aborted) break;
    try {
      const next = await loadSettled(load, current, signal);
      if (next.digest !== current.digest && !signal.aborted) {
        publish(next.update);
        published = performance.now();
      }
      current = next;
    } catch (error) {
      log.error('a change of configuration files could not be taken over', { reason: String(error) });
    }
  }
  watch?.close();
}

interface Wake {
  up(): void;
  /** Waits until woken; at once when that happened since the last call. */
  call(): Promise<void>;
}

function createWake(): Wake {
  let call = Promise.withResolvers<void>();
  return {
    up: () => {
      call.resolve();
    },
    async call() {
      await call.promise;
      call = Promise.withResolvers<void>();
    },
  };
}

/** The folders of all that was read, and the one above each path: the path itself may be exchanged as a whole. */
function foldersToWatch(paths: readonly string[], folders: readonly string[]): WatchedFolders {
  const above = paths.map((path) => [dirname(resolve(path)), basename(resolve(path))] as const);
  const inside = folders.map((folder) => [resolve(folder), undefined] as const);
  return new Map<string, string | undefined>([...above, ...inside]);
}

/** Loads until two readings in a row agree. */
async function loadSettled(load: () => Promise<Loaded>, before: Loaded, signal: AbortSignal): Promise<Loaded> {
  let loaded = before;
  for (let round = 0; round < maxSettleRounds && !signal.aborted; round++) {
    const next = await load();
    if (next.digest === loaded.digest) return next;
    loaded = next;
    await pause(settleTime, signal);
  }
  return loaded;
}

/** Waits; an abort ends it early. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds > 0) await sleep(milliseconds, undefined, { signal }).catch(() => {});
}
