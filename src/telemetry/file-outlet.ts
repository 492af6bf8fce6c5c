import type { Buffer } from 'node:buffer';
import type { AppendFile } from './append-file.ts';
import { ByteWriter } from './byte-writer.ts';

/** What a line sink writes to. */
export interface Outlet {
  /**
   * Takes what the writer holds and leaves it empty, perhaps with another buffer. False when it was not taken because too
   * much is waiting; the writer is empty all the same.
   */
  take(lines: ByteWriter): boolean;
  reopen(): void;
  end(done: () => void): void;
  /** Last chance when the process ends: writes without waiting. */
  writeNow(bytes: Buffer): void;
}

/**
 * Lines on their way into a file, in two buffers: one is written while the other one fills, and no byte is copied as long
 * as the disk keeps up. What could not be written is kept and tried again with the next lines, so a full disk needs no more
 * than that.
 */
export class FileOutlet implements Outlet {
  readonly #file: AppendFile;
  readonly #maxWaiting: number;
  /** Being written, or to be tried again. */
  #current = new ByteWriter(0);
  /** How much of it has been written. */
  #written = 0;
  /** Came while the disk was busy. */
  readonly #next = new ByteWriter(0);
  #writing = false;
  #reopenDue = false;
  #done: (() => void) | undefined;

  constructor(file: AppendFile, maxWaiting: number) {
    this.#file = file;
    this.#maxWaiting = maxWaiting;
  }

  take(lines: ByteWriter): boolean {
    const waiting = this.#current.length - this.#written + this.#next.length;
    const taken = waiting + lines.length <= this.#maxWaiting;
    if (taken && waiting === 0) this.#current.exchange(lines);
    else if (taken) this.#next.append(lines);
    lines.length = 0;
    this.#write();
    return taken;
  }

  reopen(): void {
    if (this.#writing) {
      this.#reopenDue = true;
      return;
    }
    try {
      this.#file.reopen();
    } catch {
      // The folder is gone or closed to us: better in the old file than nowhere.
    }
  }

  end(done: () => void): void {
    this.#done = done;
    if (this.#current.length + this.#next.length === 0) this.#finish();
    else this.#write();
  }

  writeNow(bytes: Buffer): void {
    try {
      // What a thread is writing at this moment will be written, or is lost with the process.
      if (!this.#writing) this.#file.writeNow(this.#current.written.subarray(this.#written));
      this.#file.writeNow(this.#next.written);
      this.#file.writeNow(bytes);
    } catch {
      // A full disk: the process is ending, and a lost line must not change how.
    }
  }

  #write(): void {
    if (this.#writing || this.#current.length === 0) return;
    this.#writing = true;
    this.#file.write(this.#current.written.subarray(this.#written), (error, count) => {
      this.#writing = false;
      this.#written += count;
      if (this.#reopenDue) {
        this.#reopenDue = false;
        this.reopen();
      }
      if (error !== null) {
        // Nobody waits for a disk that is full.
        if (this.#done !== undefined) this.#finish();
        return;
      }
      this.#written = 0;
      this.#current.length = 0;
      // What holds nothing stays where it is: two buffers lie closer to the processor than three.
      if (this.#next.length > 0) {
        this.#current.exchange(this.#next);
        this.#write();
      } else if (this.#done !== undefined) this.#finish();
    });
  }

  #finish(): void {
    const done = this.#done;
    this.#done = undefined;
    this.#file.close();
    done?.();
  }
}
