import { createHash } from 'node:crypto';
import { readFileSync, type Stats, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { Clock } from './clock.ts';
import { InvalidKeySet, type KeySet, parseKeySet } from './key-set.ts';

/** Where a source reports what happens to its keys; a logger fits. */
export interface KeyJournal {
  info(message: string, fields: Readonly<Record<string, string | number>>): void;
  warn(message: string, fields: Readonly<Record<string, string | number>>): void;
}

/** Where verification keys come from. */
export interface KeySource {
  /** The keys now; a new object whenever they change, undefined while there are none to be had. */
  readonly current: KeySet | undefined;
  /** Resolves when the source has had its first chance to get keys; never rejects. */
  settled(): Promise<void>;
  /** Looks again because a token names a key that `current` has not. May do nothing (cooldown); never rejects. */
  lookAgain(): Promise<void>;
  /** Whole seconds after which asking again makes sense, for `Retry-After`. */
  retryAfter(): number;
  dispose(): void;
}

/** Keys from the configuration itself. */
export function fixedKeys(keys: KeySet): KeySource {
  return {
    current: keys,
    settled: () => Promise.resolve(),
    lookAgain: () => Promise.resolve(),
    retryAfter: () => 1,
    dispose() {},
  };
}

const pollInterval = 5_000;
const maxFileSize = 1 << 20;

/** Keys from a file, read again when it changes. A change that cannot be read keeps the keys there were. */
export class FileKeySource implements KeySource {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: KeyJournal;
  #keys: KeySet;
  #seen: string;
  #digest: string;
  #cancel: () => void = () => {};
  #disposed = false;

  /** @throws {InvalidKeySet} or the file system's error when the file cannot be read now */
  constructor(path: string, options: { readonly clock: Clock; readonly log: KeyJournal }) {
    this.#path = path;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#seen = fingerprint(statSync(path));
    const bytes = readFileSync(path);
    this.#keys = read(bytes);
    this.#digest = digest(bytes);
    this.#schedule();
  }

  get current(): KeySet {
    return this.#keys;
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  lookAgain(): Promise<void> {
    return Promise.resolve();
  }

  retryAfter(): number {
    return pollInterval / 1000;
  }

  dispose(): void {
    this.#disposed = true;
    this.#cancel();
  }

  #schedule(): void {
    // Polled and not watched: mounted Secrets change by swapping a symbolic link above the file, which watchers miss.
    this.#cancel = this.#clock.after(pollInterval, () => {
      void this.#poll();
    });
  }

  async #poll(): Promise<void> {
    try {
      const seen = fingerprint(await stat(this.#path));
      if (seen !== this.#seen) {
        const bytes = await readFile(this.#path);
        this.#seen = seen;
        if (digest(bytes) !== this.#digest) {
          this.#keys = read(bytes);
          this.#digest = digest(bytes);
          this.#log.info('key set file read again', { path: this.#path, keys: this.#keys.keys.length });
          for (const problem of this.#keys.problems) this.#log.warn('key left out', { path: this.#path, problem });
        }
      }
    } catch (error) {
      this.#log.warn('key set file cannot be read; the keys from before stay', {
        path: this.#path,
        error: error instanceof Error ? error.message : String(error),
      });
    }
    if (!this.#disposed) this.#schedule();
  }
}

function fingerprint(stats: Stats): string {
  return [stats.ino, stats.size, stats.mtimeMs].join(' ');
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}

function read(bytes: Uint8Array): KeySet {
  if (bytes.length > maxFileSize) throw new InvalidKeySet(`longer than ${maxFileSize} bytes`);
  return parseKeySet(bytes, { secrets: true });
}
