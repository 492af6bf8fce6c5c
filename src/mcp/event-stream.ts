import { Buffer } from 'node:buffer';
import type { BodyFlow, BodySink, BodySource } from '../http/body.ts';
import { EventSplitter, keepAliveComment, readEvent, replaceData, type SseEvent } from './sse.ts';

export interface EventStreamOptions {
  /**
   * Gives an event other data, or undefined to leave its bytes as they are. With it, every event is held back until it is
   * complete; what it throws breaks the stream off.
   */
  readonly rewrite?: (event: SseEvent) => string | undefined;
  /** Sees every complete event that is not too long, after its bytes were passed on. */
  readonly observe?: (event: SseEvent) => void;
  /** The longest event in bytes. A longer one breaks a rewritten stream off, and is not observed on another. */
  readonly maxEventBytes: number;
  /** Milliseconds of silence after which a comment is sent. */
  readonly keepAliveAfter: number;
}

const nothing = Buffer.alloc(0);
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * A stream of events on its way to the client: bytes unchanged unless an event is rewritten, flushed as they come,
 * comments when the upstream is silent, events of our own only between two of the upstream's. Back-pressure passes
 * through: nothing is queued but the event under way. It is the source for what comes after it and the sink and the flow of
 * what comes before, all in one object: thousands of streams may be open for hours.
 */
export class EventStream implements BodySource, BodySink, BodyFlow {
  readonly #source: BodySource;
  readonly #options: EventStreamOptions;
  readonly #splitter: EventSplitter;
  #sink: BodySink | undefined;
  #flow: BodyFlow | undefined;
  #timer: NodeJS.Timeout | undefined;
  #paused = false;
  #done = false;
  /** Asked to close before it was started. */
  #closing: Error | undefined;
  /** First bytes, while they may still become a byte order mark; undefined once that is settled. */
  #head: Buffer | undefined = nothing;
  #inserted = false;
  /** Something came from the upstream. */
  #opened = false;
  #waiting: Buffer[] = [];
  #afterFirst = false;
  #whenDone: (() => void) | undefined;

  constructor(source: BodySource, options: EventStreamOptions) {
    this.#source = source;
    this.#options = options;
    this.#splitter = new EventSplitter(options.maxEventBytes);
  }

  start(sink: BodySink): BodyFlow {
    this.#sink = sink;
    this.#timer = setTimeout(() => this.#silent(), this.#options.keepAliveAfter);
    this.#timer.unref();
    this.#flow = this.#source.start(this);
    if (this.#done) this.#flow.cancel();
    if (this.#closing !== undefined) this.close(this.#closing);
    return this;
  }

  pause(): void {
    this.#paused = true;
    this.#flow?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#flushWaiting();
    if (!this.#done) this.#flow?.resume();
  }

  cancel(reason?: Error): void {
    if (!this.#finish()) return;
    if (this.#flow === undefined) this.#source.cancel(reason);
    else this.#flow.cancel(reason);
  }

  /**
   * Sends an event of our own between two of the upstream's, as soon as there is a gap and the client reads.
   *
   * @param afterFirst - not before the upstream's first event, which means something that must come first
   */
  insert(event: Buffer, options: { readonly afterFirst?: boolean } = {}): void {
    if (this.#done) return;
    this.#afterFirst ||= options.afterFirst === true;
    this.#waiting.push(event);
    this.#flushWaiting();
  }

  /** Ends the stream from our side: the client sees a proper end and asks again if it wants more. */
  close(reason: Error): void {
    if (this.#flow === undefined) {
      this.#closing = reason;
      return;
    }
    if (!this.#finish()) return;
    this.#flow.cancel(reason);
    this.#sink?.end();
  }

  /** Calls back once when the stream is over, whoever ended it; at once if it is over already. */
  whenDone(callback: () => void): void {
    if (this.#done) callback();
    else this.#whenDone = callback;
  }

  chunk(data: Uint8Array): void {
    if (this.#done) return;
    this.#timer?.refresh();
    const bytes = this.#head === undefined ? data : this.#afterByteOrderMark(data);
    if (bytes === undefined || bytes.length === 0) return;
    try {
      if (this.#options.rewrite === undefined) this.#passOn(bytes);
      else this.#rewrite(bytes, this.#options.rewrite);
    } catch (error) {
      this.#breakOff(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.#opened = true;
    this.#flushWaiting();
  }

  #passOn(bytes: Uint8Array): void {
    this.#sink?.chunk(bytes);
    const { observe } = this.#options;
    this.#splitter.push(bytes, observe === undefined ? ignore : (raw) => observe(readEvent(raw)));
  }

  #rewrite(bytes: Uint8Array, rewrite: (event: SseEvent) => string | undefined): void {
    const out: Buffer[] = [];
    const complete = this.#splitter.push(bytes, (raw) => out.push(rewritten(raw, rewrite)));
    // Events that came together leave together: one write for one read.
    if (out.length > 0) this.#sink?.chunk(out.length === 1 ? (out[0] as Buffer) : Buffer.concat(out));
    if (!complete) throw new Error(`an event is longer than ${this.#options.maxEventBytes} bytes`);
  }

  end(): void {
    if (this.#done) return;
    try {
      if (this.#head !== undefined && this.#head.length > 0) this.#sink?.chunk(this.#head);
      const { rewrite } = this.#options;
      // Some readers dispatch an event that the end of the stream cut short: it is judged like any other.
      const rest = rewrite === undefined ? undefined : this.#splitter.rest();
      if (rest !== undefined && rewrite !== undefined && rest.length > 0) this.#sink?.chunk(rewritten(rest, rewrite));
    } catch (error) {
      this.#breakOff(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (this.#finish()) this.#sink?.end();
  }

  fail(error: Error): void {
    if (this.#finish()) this.#sink?.fail(error);
  }

  /**
   * A byte order mark counts at the very start only. It is passed on as it is unless something of ours went before it:
   * then it is dropped, since in the middle it would spoil the first line.
   */
  #afterByteOrderMark(data: Uint8Array): Uint8Array | undefined {
    const start = Buffer.concat([this.#head ?? nothing, data]);
    if (start.length < 3 && byteOrderMark.subarray(0, start.length).equals(start)) {
      this.#head = start;
      return undefined;
    }
    this.#head = undefined;
    if (!start.subarray(0, 3).equals(byteOrderMark)) return start;
    if (!this.#inserted) this.#sink?.chunk(byteOrderMark);
    return start.subarray(3);
  }

  #silent(): void {
    if (this.#done) return;
    if (!this.#paused && this.#atGap()) {
      this.#inserted = true;
      this.#sink?.chunk(keepAliveComment);
    }
    this.#timer?.refresh();
  }

  #flushWaiting(): void {
    if (this.#sink === undefined || (this.#afterFirst && !this.#opened)) return;
    while (this.#waiting.length > 0 && !this.#paused && !this.#done && this.#atGap()) {
      this.#inserted = true;
      this.#timer?.refresh();
      this.#sink?.chunk(this.#waiting.shift() as Buffer);
    }
  }

  #atGap(): boolean {
    return this.#splitter.atBoundary && (this.#head === undefined || this.#head.length === 0);
  }

  #breakOff(error: Error): void {
    if (!this.#finish()) return;
    this.#flow?.cancel(error);
    this.#sink?.fail(error);
  }

  /** True the first time only. */
  #finish(): boolean {
    if (this.#done) return false;
    this.#done = true;
    this.#waiting = [];
    clearTimeout(this.#timer);
    this.#whenDone?.();
    this.#whenDone = undefined;
    return true;
  }
}

function rewritten(raw: Buffer, rewrite: (event: SseEvent) => string | undefined): Buffer {
  const event = readEvent(raw);
  if (event.data === undefined) return raw;
  const data = rewrite(event);
  return data === undefined ? raw : replaceData(raw, data);
}

function ignore(): void {}
