import { Buffer } from 'node:buffer';
import type { BodyFlow, BodySink, BodySource } from './body.ts';

/** What happens to a body while it is held; exactly one is called, once. */
export interface HoldEvents {
  /** The whole body is here. */
  whole(bytes: Buffer): void;
  /** More than `most` bytes have come. The body is paused; start or cancel the {@link HeldBody}. */
  full(): void;
  failed(error: Error): void;
}

/** A body that is held back up to a number of bytes, and can then go on as a stream. */
export class HeldBody implements BodySource {
  readonly #most: number;
  readonly #events: HoldEvents;
  readonly #flow: BodyFlow;
  #flowing = false;
  #held: Uint8Array[] = [];
  #size = 0;
  #full = false;
  #cancelled = false;
  #outcome: 'open' | 'ended' | Error = 'open';
  #sink: BodySink | undefined;

  /** Starts to read `source`. */
  constructor(source: BodySource, most: number, events: HoldEvents) {
    this.#most = most;
    this.#events = events;
    this.#flow = source.start({
      chunk: (data) => this.#take(data),
      end: () => this.#finish('ended'),
      fail: (error) => this.#finish(error),
    });
    this.#flowing = true;
    // A source may deliver before `start` returns, when there is nothing to pause it by yet.
    if (this.#full) this.#overflow();
  }

  start(sink: BodySink): BodyFlow {
    this.#sink = sink;
    for (const chunk of this.#held) sink.chunk(chunk);
    this.#held = [];
    if (this.#outcome === 'ended') sink.end();
    else if (this.#outcome !== 'open') sink.fail(this.#outcome);
    else this.#flow.resume();
    return this.#flow;
  }

  cancel(reason?: Error): void {
    this.#cancelled = true;
    this.#held = [];
    this.#flow.cancel(reason);
  }

  #take(data: Uint8Array): void {
    if (this.#cancelled) return;
    if (this.#sink !== undefined) {
      this.#sink.chunk(data);
      return;
    }
    this.#held.push(data);
    this.#size += data.length;
    if (this.#full || this.#size <= this.#most) return;
    this.#full = true;
    if (this.#flowing) this.#overflow();
  }

  #overflow(): void {
    this.#flow.pause();
    this.#events.full();
  }

  #finish(outcome: 'ended' | Error): void {
    if (this.#cancelled) return;
    this.#outcome = outcome;
    if (this.#sink !== undefined) {
      if (outcome === 'ended') this.#sink.end();
      else this.#sink.fail(outcome);
    } else if (this.#full) return;
    else if (outcome === 'ended') this.#events.whole(Buffer.concat(this.#held, this.#size));
    else this.#events.failed(outcome);
  }
}
