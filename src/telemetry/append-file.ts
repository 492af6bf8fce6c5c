import type { Buffer } from 'node:buffer';
import { closeSync, fdatasync, fstatSync, mkdirSync, openSync, write, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';

/** A file that only grows. Writes are made one at a time, through the thread pool unless they are to be prompt. */
export interface AppendFile {
  /**
   * Calls back once all of the bytes are written, or with the error and the number of bytes that were: later, or before it
   * returns.
   */
  write(bytes: Buffer, done: (error: Error | null, written: number) => void): void;
  /** Writes without waiting, when the process ends. Throws when it cannot. */
  writeNow(bytes: Buffer): void;
  /** Continues in a new file of the same name; not while a write is under way. Throws when it cannot, and goes on as before. */
  reopen(): void;
  close(): void;
}

export interface AppendOptions {
  /** Wait for the disk, not only for the system's memory. */
  readonly sync?: boolean;
  /**
   * Write at once, in the calling thread, as long as that is a matter of microseconds: what is written has then reached the
   * system before anything else happens, and no other thread has to be woken. A disk that was slow once is left to the
   * thread pool for a while.
   */
  readonly prompt?: boolean;
  /** Who may read a new file. */
  readonly mode?: number;
}

/** Opens a file for appending; folders on the way are made. Throws when it cannot. */
export function openAppendFile(path: string, options: AppendOptions = {}): AppendFile {
  mkdirSync(dirname(path), { recursive: true });
  return new Appender(openSync(path, 'a', options.mode), path, options);
}

/** The same for a descriptor that is open already, and stays open. */
export function appendToDescriptor(fd: number, options: AppendOptions = {}): AppendFile {
  return new Appender(fd, undefined, options);
}

/** Milliseconds that a prompt write may take. */
const quick = 5;
/**
 * Milliseconds for which the thread pool takes over when one took longer: once may have been the processor's doing, a disk
 * that is slow again so soon is left to threads for twice as long each time.
 */
const shortestPause = 100;
const longestPause = 10_000;

class Appender implements AppendFile {
  #fd: number;
  #pause = shortestPause;
  #slowUntil = Number.NEGATIVE_INFINITY;
  readonly #path: string | undefined;
  readonly #options: AppendOptions;
  readonly #prompt: boolean;

  constructor(fd: number, path: string | undefined, options: AppendOptions) {
    this.#fd = fd;
    this.#path = path;
    this.#options = options;
    // Whoever reads a pipe or a terminal may take any time, and waiting for a disk always does.
    this.#prompt = options.prompt === true && options.sync !== true && fstatSync(fd).isFile();
  }

  write(bytes: Buffer, done: (error: Error | null, written: number) => void): void {
    const now = performance.now();
    if (this.#prompt && now >= this.#slowUntil) this.#writePromptly(bytes, now, done);
    else this.#writeFrom(bytes, 0, done);
  }

  writeNow(bytes: Buffer): void {
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(this.#fd, bytes, offset);
  }

  reopen(): void {
    if (this.#path === undefined) return;
    const next = openSync(this.#path, 'a', this.#options.mode);
    closeSync(this.#fd);
    this.#fd = next;
  }

  close(): void {
    if (this.#path !== undefined) closeSync(this.#fd);
  }

  #writePromptly(bytes: Buffer, began: number, done: (error: Error | null, written: number) => void): void {
    let offset = 0;
    let failure: Error | null = null;
    try {
      while (offset < bytes.length) offset += writeSync(this.#fd, bytes, offset);
    } catch (error) {
      failure = error as Error;
    }
    const ended = performance.now();
    if (ended - began > quick) {
      const soon = began - this.#slowUntil < this.#pause;
      this.#pause = soon ? Math.min(this.#pause * 2, longestPause) : shortestPause;
      this.#slowUntil = ended + this.#pause;
    }
    done(failure, offset);
  }

  #writeFrom(bytes: Buffer, offset: number, done: (error: Error | null, written: number) => void): void {
    write(this.#fd, bytes, offset, bytes.length - offset, null, (error, count) => {
      if (error !== null) done(error, offset);
      else if (offset + count < bytes.length) this.#writeFrom(bytes, offset + count, done);
      else if (this.#options.sync === true) fdatasync(this.#fd, (failure) => done(failure, bytes.length));
      else done(null, bytes.length);
    });
  }
}
