import { performance } from 'node:perf_hooks';
import { ByteWriter } from './byte-writer.ts';

/** Sends encoded records in batches, in the background. Adding never waits: what finds no room is dropped and counted. */
export interface ExportQueueOptions {
  /** Most records that wait. */
  readonly capacity: number;
  /** Records after which a batch is sent. */
  readonly batch: number;
  /** Milliseconds after which a batch that is not full is sent. */
  readonly delay: number;
  /** Milliseconds after which a batch that was not answered is given up. */
  readonly timeout: number;
  /** Bytes that are left free in front of the records of a batch. */
  readonly room: number;
  /** Resolves true when the batch was taken. */
  send(batch: ByteWriter): Promise<boolean>;
  dropped(records: number): void;
}

/** Bytes of memory that a queue may keep while nothing waits in it. */
const mostSpared = 1024 * 1024;

interface Batch {
  readonly bytes: ByteWriter;
  records: number;
}

export class ExportQueue {
  readonly #options: ExportQueueOptions;
  /** Batches that wait, the last of them being filled. */
  readonly #batches: Batch[] = [];
  #waiting = 0;
  #sending = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** Of a batch that was sent, for the next one: memory that has just been used is quicker than new memory. */
  #spare: ByteWriter | undefined;

  constructor(options: ExportQueueOptions) {
    this.#options = options;
  }

  /** Adds what `write` encodes; it says how many records that were. `expected` is counted when there is no room. */
  add(expected: number, write: (out: ByteWriter) => number): void {
    if (this.full) {
      this.#options.dropped(expected);
      return;
    }
    const { batch, delay } = this.#options;
    let filling = this.#batches.at(-1);
    if (filling === undefined || filling.records >= batch) {
      filling = { bytes: this.#emptyWriter(), records: 0 };
      this.#batches.push(filling);
    }
    const records = write(filling.bytes);
    filling.records += records;
    this.#waiting += records;
    if (this.#sending) return;
    if (filling.records >= batch) void this.#send();
    else this.#timer ??= setTimeout(() => void this.#send(), delay).unref();
  }

  #emptyWriter(): ByteWriter {
    const bytes = this.#spare ?? new ByteWriter(64 * 1_024);
    this.#spare = undefined;
    bytes.length = 0;
    bytes.skip(this.#options.room);
    return bytes;
  }

  /** True when nothing more can be taken now: then a record need not be made at all. */
  get full(): boolean {
    return this.#closed || this.#waiting >= this.#options.capacity;
  }

  /** Sends what is left, for at most `withinMs`, and takes no more. */
  async close(withinMs: number): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const deadline = performance.now() + withinMs;
    while ((this.#waiting > 0 || this.#sending) && performance.now() < deadline) {
      if (this.#sending) await new Promise((resolve) => setTimeout(resolve, 10));
      else await Promise.race([this.#send(), pause(deadline - performance.now())]);
    }
    if (this.#waiting > 0) this.#options.dropped(this.#waiting);
    this.#waiting = 0;
    this.#batches.length = 0;
  }

  /** One batch at a time: a collector that hangs holds up one batch, and the queue fills up to its capacity. */
  async #send(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#sending) return;
    const next = this.#batches.shift();
    if (next === undefined) return;
    this.#sending = true;
    this.#waiting -= next.records;
    const { batch, timeout, send, dropped, delay } = this.#options;
    const limit = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => limit.resolve(false), timeout).unref();
    let taken = false;
    try {
      taken = await Promise.race([send(next.bytes), limit.promise]);
    } catch {
      taken = false;
    }
    clearTimeout(timer);
    if (!taken) dropped(next.records);
    // A sender that has not succeeded may still be reading it.
    else if (next.bytes.buffer.length <= mostSpared) this.#spare = next.bytes;
    this.#sending = false;
    if (this.#closed) return;
    if ((this.#batches[0]?.records ?? 0) >= batch) void this.#send();
    else if (this.#waiting > 0) this.#timer ??= setTimeout(() => void this.#send(), delay).unref();
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)).unref());
}
