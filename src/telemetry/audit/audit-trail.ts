import { Buffer } from 'node:buffer';
import type { AppendFile } from '../append-file.ts';
import { ByteWriter } from '../byte-writer.ts';
import type { AuditEntry, AuditType } from './audit-entry.ts';
import type { AuditChain } from './chain.ts';
import { encodeEntry } from './encode-entry.ts';

/** The record could not be written; what it is about must not happen. */
export class AuditUnavailable extends Error {
  override readonly name = 'AuditUnavailable';
}

/** Where records go for good. */
export type AuditOutlet = Omit<AppendFile, 'writeNow'>;

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
  readonly recorded?: ((type: AuditType) => void) | undefined;
  dropped?(records: number): void;
  /** The disk began or ceased to fail. */
  failing?(error: Error | undefined): void;
}

/** Tells a strict record what became of it. */
type Settle = (error: Error | undefined) => void;

const retryAfter = 500;
const recordsPerCheckpoint = 1_000;

/**
 * The account of what was decided. Records of one turn of the event loop are written together, in the turn in which the
 * calls they are about go to their upstreams. A record gets its place in the chain when it is written, so one that had to
 * be dropped leaves no hole but a `lost` record.
 */
export class AuditTrail {
  readonly strict: boolean;
  /** True when values of arguments are recorded. */
  readonly arguments: boolean;
  readonly #options: AuditTrailOptions;
  readonly #maxWaiting: number;
  readonly #timer: NodeJS.Timeout;
  /**
   * Came in this turn. They are encoded one after the other at its end: between two requests the processor has forgotten
   * the code that does it.
   */
  #entries: AuditEntry[] = [];
  /** Members of the records that wait, one after the other, and where each ends. */
  readonly #members = new ByteWriter();
  #ends: number[] = [];
  #settles: Settle[] = [];
  /** What is being written, or could not be. */
  readonly #lines = new ByteWriter();
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
    const time = new Date().toISOString();
    this.#members.text(
      `"type":"start","time":"${time}","version":${JSON.stringify(version)},"key":"${chain.publicKey}"`,
    );
    this.#enqueue();
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
    if (!this.strict || this.#options.outlet === undefined) {
      this.#entries.push(entry);
      this.#schedule();
      return undefined;
    }
    if (this.#failing || this.#closing || !this.#encode(entry))
      return Promise.reject(new AuditUnavailable('audit records cannot be written'));
    this.#enqueue();
    return new Promise((resolve, reject) => {
      // A disk that hangs must not hold up a call for ever.
      const timer = setTimeout(
        () => reject(new AuditUnavailable('an audit record could not be written in time')),
        this.#options.patience ?? 5_000,
      );
      this.#settles.push((error) => {
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

  /** Puts a record behind those that wait; false when there is no room for it, or it has no text. */
  #encode(entry: AuditEntry): boolean {
    const members = this.#members;
    const { length } = members;
    const encoded = encodes(members, entry);
    if (encoded && members.length + (this.#unwritten?.length ?? 0) <= this.#maxWaiting) return true;
    members.length = length;
    return false;
  }

  #drop(): void {
    this.#lost += 1;
    this.#options.dropped?.(1);
  }

  /** What stands at the end of the members is a record. */
  #enqueue(): void {
    this.#ends.push(this.#members.length);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(endOfTurn, this);
  }

  endOfTurn(): void {
    this.#scheduled = false;
    const entries = this.#entries;
    if (entries.length > 0) this.#entries = [];
    if (!this.#writing && !this.#failing) {
      this.#flush(entries);
      return;
    }
    // While the disk is busy records wait as bytes, of which there may be so many.
    for (const entry of entries) {
      if (this.#encode(entry)) this.#ends.push(this.#members.length);
      else this.#drop();
    }
  }

  /** Writes those that wait and then the entries, which go straight into their lines. */
  #flush(entries: readonly AuditEntry[]): void {
    const settles = this.#settles;
    this.#settles = [];
    const lines = this.#lines;
    lines.length = 0;
    let from = 0;
    for (const end of this.#ends) {
      this.#link(this.#members.buffer.subarray(from, end));
      from = end;
    }
    this.#ends = [];
    this.#members.length = 0;
    const { chain } = this.#options;
    for (const entry of entries) {
      if (lines.length > this.#maxWaiting) {
        this.#drop();
        continue;
      }
      const start = chain.begin(lines);
      if (encodes(lines, entry)) {
        chain.end(lines);
        this.#linked(start);
      } else {
        chain.abandon(lines, start);
        this.#drop();
      }
    }
    if (this.#lost > 0) {
      this.#link(Buffer.from(`"type":"lost","time":"${new Date().toISOString()}","count":${this.#lost}`));
      this.#lost = 0;
    }
    const ends = this.#closing && this.#closed !== undefined;
    if (ends || this.#checkpointDue || this.#sinceCheckpoint >= recordsPerCheckpoint) {
      const start = lines.length;
      chain.checkpoint(lines, ends, Date.now());
      this.#linked(start);
      this.#checkpointDue = false;
      this.#sinceCheckpoint = 0;
    }
    chain.seal(lines);
    const { outlet } = this.#options;
    if (outlet === undefined) {
      this.#finish(settles, undefined);
      if (ends) this.#closed?.();
      return;
    }
    this.#write(outlet, lines.written, settles, ends);
  }

  #link(members: Uint8Array): void {
    const { chain } = this.#options;
    const start = chain.begin(this.#lines);
    this.#lines.bytes(members);
    chain.end(this.#lines);
    this.#linked(start);
  }

  /** A line is in the chain, from `start` on: whoever gets a copy gets it. */
  #linked(start: number): void {
    this.#sinceCheckpoint += 1;
    this.#options.copy?.(this.#lines.buffer.toString('utf8', start, this.#lines.length));
  }

  #write(outlet: AuditOutlet, bytes: Buffer, settles: readonly Settle[], ends: boolean): void {
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
        this.#finish(settles, error);
        return;
      }
      if (this.#failing) {
        this.#failing = false;
        this.#options.failing?.(undefined);
      }
      this.#finish(settles, undefined);
      if (ends) this.#closed?.();
      else if (this.#ends.length > 0 || this.#lost > 0 || this.#closing) this.#schedule();
    });
  }

  /** What is in the chain stays in the chain: it is written as soon as there is room again. */
  #fail(outlet: AuditOutlet, error: Error, ends: boolean): void {
    if (!this.#failing) this.#options.failing?.(error);
    this.#failing = true;
    // Nothing to do but to try again: what waits in between is bounded.
    setTimeout(() => this.#write(outlet, this.#unwritten ?? Buffer.alloc(0), [], ends), retryAfter).unref();
  }

  #finish(settles: readonly Settle[], error: Error | undefined): void {
    for (const settle of settles) settle(error);
  }
}

function endOfTurn(trail: AuditTrail): void {
  trail.endOfTurn();
}

/** Nothing that is recorded should fail to become text; if something does, it must not end the process with it. */
function encodes(out: ByteWriter, entry: AuditEntry): boolean {
  try {
    encodeEntry(out, entry);
    return true;
  } catch {
    return false;
  }
}
