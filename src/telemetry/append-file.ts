import type { Buffer } from 'node:buffer';
import { closeSync, fdatasync, mkdirSync, openSync, write, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** A file that only grows. Writes go through the thread pool, one at a time. */
export interface AppendFile {
  /** Calls back once all of the bytes are written, or with the error and the number of bytes that were. */
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
  /** Who may read a new file. */
  readonly mode?: number;
}

/** Opens a file for appending; folders on the way are made. Throws when it cannot. */
export function openAppendFile(path: string, options: AppendOptions = {}): AppendFile {
  mkdirSync(dirname(path), { recursive: true });
  return new Appender(openSync(path, 'a', options.mode), path, options);
}

/** The same for a descriptor that is open already, and stays open. */
export function appendToDescriptor(fd: number): AppendFile {
  return new Appender(fd, undefined, {});
}

class Appender implements AppendFile {
  #fd: number;
  readonly #path: string | undefined;
  readonly #options: AppendOptions;

  constructor(fd: number, path: string | undefined, options: AppendOptions) {
    this.#fd = fd;
    this.#path = path;
    this.#options = options;
  }

  write(bytes: Buffer, done: (error: Error | null, written: number) => void): void {
    this.#writeFrom(bytes, 0, done);
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

  #writeFrom(bytes: Buffer, offset: number, done: (error: Error | null, written: number) => void): void {
    write(this.#fd, bytes, offset, bytes.length - offset, null, (error, count) => {
      if (error !== null) done(error, offset);
      else if (offset + count < bytes.length) this.#writeFrom(bytes, offset + count, done);
      else if (this.#options.sync === true) fdatasync(this.#fd, (failure) => done(failure, bytes.length));
      else done(null, bytes.length);
    });
  }
}
