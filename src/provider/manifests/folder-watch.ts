import { type FSWatcher, statSync, watch } from 'node:fs';
import type { Logger } from '../../telemetry/log.ts';

/** Interval of looking again where the system cannot tell of changes, in milliseconds. */
const pollInterval = 5_000;

/** Folders, each with the only name in it that matters, or undefined when all do. */
export type WatchedFolders = ReadonlyMap<string, string | undefined>;

export interface FolderWatch {
  /** Watches exactly these folders from now on; true when one of them was not watched before. */
  follow(folders: WatchedFolders): boolean;
  close(): void;
}

/**
 * Tells that something may have changed in folders. Folders are watched rather than files, because editors and mounts
 * exchange files. What happened is not looked at: whoever is told reads again.
 */
export function createFolderWatch(changed: () => void, log: Logger): FolderWatch {
  const watched = new Map<string, { readonly watcher: FSWatcher; readonly identity: string }>();
  let polling: NodeJS.Timeout | undefined;

  function poll(folder: string, error: unknown): void {
    if (polling !== undefined) return;
    const reason = error instanceof Error ? error.message : String(error);
    log.warn('changes of configuration files cannot be watched; looking every 5 s instead', { folder, reason });
    polling = setInterval(changed, pollInterval);
  }

  function forget(folder: string): void {
    watched.get(folder)?.watcher.close();
    watched.delete(folder);
  }

  return {
    follow(folders) {
      for (const folder of watched.keys()) if (!folders.has(folder)) forget(folder);
      let added = false;
      for (const [folder, only] of folders) {
        const identity = identityOf(folder, only);
        if (identity === undefined || watched.get(folder)?.identity === identity) continue;
        forget(folder);
        try {
          const watcher = watch(folder, { persistent: false }, (_, name) => {
            if (only === undefined || name === null || name === only) changed();
          });
          watcher.on('error', () => {
            // The folder went away, or watching it failed: reading again finds out which.
            forget(folder);
            changed();
          });
          watched.set(folder, { watcher, identity });
          added = true;
        } catch (error) {
          poll(folder, error);
        }
      }
      return added;
    },
    close() {
      for (const folder of [...watched.keys()]) forget(folder);
      clearInterval(polling);
    },
  };
}

/** A folder that was deleted and made again is another one under the same name. */
function identityOf(folder: string, only: string | undefined): string | undefined {
  const info = statSync(folder, { throwIfNoEntry: false });
  return info === undefined ? undefined : `${info.dev}:${info.ino}:${info.birthtimeMs}:${only ?? ''}`;
}
