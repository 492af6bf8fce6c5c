import { basename, dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Provider } from '../definition.ts';
import { createFolderWatch, type WatchedFolders } from './folder-watch.ts';
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
  let wake = (): void => {};

  return {
    name: 'file',
    reload: () => {
      wake();
    },
    async provide(publish, signal, log) {
      const load = createLoader(paths);
      let woken = false;
      wake = () => {
        woken = true;
        waiting?.();
      };
      let waiting: (() => void) | undefined;
      const change = async (): Promise<void> => {
        await new Promise<void>((resolve) => {
          waiting = resolve;
          if (woken || signal.aborted) resolve();
        });
        woken = false;
      };
      const onAbort = (): void => waiting?.();
      signal.addEventListener('abort', onAbort);
      const watch = options.watch === false ? undefined : createFolderWatch(() => wake(), log);

      try {
        let loaded = await load();
        publish(loaded.update);
        for (let published = Date.now(); !signal.aborted; ) {
          // A change between reading and watching would go unseen: look once more when there was something new to watch.
          if (watch?.follow(foldersToWatch(paths, loaded.folders)) === true) wake();
          await change();
          // A busy neighbour must not make us read without a pause.
          await pause(settleTime, signal);
          await pause(published + options.throttleDuration - Date.now(), signal);
          if (signal.aborted) break;
          const next = await loadSettled(load, loaded, signal);
          if (next.digest !== loaded.digest && !signal.aborted) {
            publish(next.update);
            published = Date.now();
          }
          loaded = next;
        }
      } finally {
        watch?.close();
        signal.removeEventListener('abort', onAbort);
      }
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
