/** Sends records in batches, in the background. Adding never waits: what finds no room is dropped and counted. */
export interface ExportQueueOptions<Record> {
  /** Most records that wait. */
  readonly capacity: number;
  /** Most records of one batch. */
  readonly batch: number;
  /** Milliseconds after which a batch that is not full is sent. */
  readonly delay: number;
  /** Milliseconds after which a batch that was not answered is given up. */
  readonly timeout: number;
  /** Resolves true when the batch was taken. */
  send(records: Record[]): Promise<boolean>;
  dropped(records: number): void;
}

export class ExportQueue<Record> {
  readonly #options: ExportQueueOptions<Record>;
  #waiting: Record[] = [];
  #sending = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ExportQueueOptions<Record>) {
    this.#options = options;
  }

  add(record: Record): void {
    if (this.#closed || this.#waiting.length >= this.#options.capacity) {
      this.#options.dropped(1);
      return;
    }
    this.#waiting.push(record);
    if (this.#sending) return;
    if (this.#waiting.length >= this.#options.batch) void this.#send();
    else this.#timer ??= setTimeout(() => void this.#send(), this.#options.delay).unref();
  }

  /** True when nothing more can be taken now: then a record need not be made at all. */
  get full(): boolean {
    return this.#closed || this.#waiting.length >= this.#options.capacity;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Sends what is left, for at most `withinMs`, and takes no more. */
  async close(withinMs: number): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const deadline = performance.now() + withinMs;
    while ((this.#waiting.length > 0 || this.#sending) && performance.now() < deadline) {
      if (this.#sending) await new Promise((resolve) => setTimeout(resolve, 10));
      else await Promise.race([this.#send(), pause(deadline - performance.now())]);
    }
    if (this.#waiting.length > 0) this.#options.dropped(this.#waiting.length);
    this.#waiting = [];
  }

  /** One batch at a time: a collector that hangs holds up one batch, and the queue fills up to its capacity. */
  async #send(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#sending || this.#waiting.length === 0) return;
    this.#sending = true;
    const { batch, timeout, send, dropped, delay } = this.#options;
    const records = this.#waiting.splice(0, batch);
    let taken = false;
    try {
      taken = await Promise.race([send(records), pause(timeout).then(() => false)]);
    } catch {
      taken = false;
    }
    if (!taken) dropped(records.length);
    this.#sending = false;
    if (this.#closed) return;
    if (this.#waiting.length >= batch) void this.#send();
    else if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => void this.#send(), delay).unref();
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)).unref());
}
