import { type AuditEntry, type AuditType, encodeEntry } from './audit-entry.ts';
import type { AuditOutlet } from './audit-file.ts';
import type { AuditChain } from './chain.ts';

/** The record could not be written; what it is about must not happen. */
export class AuditUnavailable extends Error {
  override readonly name = 'AuditUnavailable';
}

export interface AuditTrailOptions {
  readonly chain: AuditChain;
  /** Absent: lines only go to `copy`. */
  readonly outlet: AuditOutlet | undefined;
  /** Gets every line, once it is in the chain. */
  readonly copy?: ((line: string) => void) | undefined;
  readonly strict: boolean;
  readonly arguments: boolean;
  /** Milliseconds between checkpoints, when there is something new. */
  readonly checkpointInterval: number;
  readonly version: string;
  /** Most bytes that wait for a disk that is slow or full. */
  readonly maxWaiting?: number;
  /** Most milliseconds that a strict record waits for the disk. */
  readonly patience?: number;
  recorded?(type: AuditType): void;
  dropped?(records: number): void;
  /** The disk began or ceased to fail. */
  failing?(error: Error | undefined): void;
}

interface Waiting {
  readonly members: string;
  readonly settle: ((error: Error | undefined) => void) | undefined;
}

const retryAfter = 500;
const recordsPerCheckpoint = 1_000;

/**
 * The account of what was decided. Records of one turn of the event loop are written together. A record gets its place
 * in the chain when it is written, so one that had to be dropped leaves no hole but a `lost` record.
 */
export class AuditTrail {
  readonly strict: boolean;
  /** True when values of arguments are recorded. */
  readonly arguments: boolean;
  readonly #options: AuditTrailOptions;
  readonly #maxWaiting: number;
  readonly #timer: NodeJS.Timeout;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #scheduled = false;
  #writing = false;
  #checkpointDue = false;
  #sinceCheckpoint = 0;
  /** Bytes in the chain that the disk has not taken yet. */
  #unwritten: Buffer | undefined;
  #failing = false;
  #reopenDue = false;
  #closing = false;
  #closed: (() => void) | undefined;

  constructor(options: AuditTrailOptions) {
    this.#options = options;
    this.strict = options.strict;
    this.arguments = options.arguments;
    this.#maxWaiting = options.maxWaiting ?? 4 * 1024 * 1024;
    const { chain, version } = options;
    this.#enqueue(
      `"type":"start","time":"${new Date().toISOString()}","version":${JSON.stringify(version)},"key":"${chain.publicKey}"`,
      undefined,
    );
    this.#timer = setInterval(() => {
      if (this.#sinceCheckpoint === 0) return;
      this.#checkpointDue = true;
      this.#schedule();
    }, options.checkpointInterval).unref();
  }

  /**
   * Records. In strict mode the promise settles once the record is written, or rejects with {@link AuditUnavailable};
   * otherwise there is nothing to wait for.
   */
  record(entry: AuditEntry): Promise<void> | undefined {
    this.#options.recorded?.(entry.type);
    const members = encodeEntry(entry);
    if (!this.strict || this.#options.outlet === undefined) {
      if (!this.#hasRoom(members)) {
        this.#drop();
        return undefined;
      }
      this.#enqueue(members, undefined);
      return undefined;
    }
    if (this.#failing || this.#closing || !this.#hasRoom(members)) {
      return Promise.reject(new AuditUnavailable('audit records cannot be written'));
    }
    return new Promise((resolve, reject) => {
      // A disk that hangs must not hold up a call for ever.
      const timer = setTimeout(
        () => reject(new AuditUnavailable('an audit record could not be written in time')),
        this.#options.patience ?? 5_000,
      );
      this.#enqueue(members, (error) => {
        clearTimeout(timer);
        if (error === undefined) resolve();
        else reject(new AuditUnavailable('an audit record could not be written', { cause: error }));
      });
    });
  }

  /** Continues in a new file after a rotation. */
  reopen(): void {
    if (this.#writing) this.#reopenDue = true;
    else this.#options.outlet?.reopen();
  }

  /** Writes what is left and the last checkpoint, within a second. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    clearInterval(this.#timer);
    const timer = Promise.withResolvers<void>();
    const limit = setTimeout(timer.resolve, 1_000);
    const done = new Promise<void>((resolve) => {
      this.#closed = resolve;
    });
    this.#schedule();
    await Promise.race([done, timer.promise]);
    clearTimeout(limit);
    this.#options.outlet?.close();
  }

  #hasRoom(members: string): boolean {
    return this.#waitingBytes + (this.#unwritten?.length ?? 0) + members.length <= this.#maxWaiting;
  }

  #drop(): void {
    this.#lost += 1;
    this.#options.dropped?.(1);
  }

  #enqueue(members: string, settle: Waiting['settle']): void {
    this.#waiting.push({ members, settle });
    this.#waitingBytes += members.length;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#writing || this.#failing) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#writing) return;
    const taken = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    const lines = taken.map(({ members }) => this.#link(members));
    if (this.#lost > 0) {
      lines.push(this.#link(`"type":"lost","time":"${new Date().toISOString()}","count":${this.#lost}`));
      this.#lost = 0;
    }
    const ends = this.#closing && this.#closed !== undefined;
    if (ends || this.#checkpointDue || this.#sinceCheckpoint >= recordsPerCheckpoint) {
      lines.push(this.#options.chain.checkpoint(ends, Date.now()));
      this.#checkpointDue = false;
      this.#sinceCheckpoint = 0;
    }
    const { outlet, copy } = this.#options;
    if (copy !== undefined) for (const line of lines) copy(line);
    if (outlet === undefined) {
      this.#finish(taken, undefined);
      if (ends) this.#closed?.();
      return;
    }
    this.#write(outlet, Buffer.from(lines.join(''), 'utf8'), taken, ends);
  }

  #link(members: string): string {
    this.#sinceCheckpoint += 1;
    return this.#options.chain.link(members);
  }

  #write(outlet: AuditOutlet, bytes: Buffer, taken: readonly Waiting[], ends: boolean): void {
    this.#writing = true;
    outlet.write(bytes, (error, written) => {
      this.#writing = false;
      if (this.#reopenDue) {
        this.#reopenDue = false;
        outlet.reopen();
      }
      this.#unwritten = written < bytes.length ? bytes.subarray(written) : undefined;
      if (error !== null) {
        this.#fail(outlet, error, ends);
        this.#finish(taken, error);
        return;
      }
      if (this.#failing) {
        this.#failing = false;
        this.#options.failing?.(undefined);
      }
      this.#finish(taken, undefined);
      if (ends) this.#closed?.();
      else if (this.#waiting.length > 0 || this.#lost > 0 || this.#closing) this.#schedule();
    });
  }

  /** What is in the chain stays in the chain: it is written as soon as there is room again. */
  #fail(outlet: AuditOutlet, error: Error, ends: boolean): void {
    if (!this.#failing) this.#options.failing?.(error);
    this.#failing = true;
    // Nothing to do but to try again: what waits in between is bounded.
    setTimeout(() => this.#write(outlet, this.#unwritten ?? Buffer.alloc(0), [], ends), retryAfter).unref();
  }

  #finish(taken: readonly Waiting[], error: Error | undefined): void {
    for (const { settle } of taken) settle?.(error);
  }
}
