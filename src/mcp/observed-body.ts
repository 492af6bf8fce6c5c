import { Buffer } from 'node:buffer';
import type { BodyFlow, BodySink, BodySource } from '../http/body.ts';

/** Passes a body on unchanged and hands a copy of it to `seen` at its end, if it was not longer than `limit` bytes. */
export class ObservedBody implements BodySource {
  readonly #source: BodySource;
  readonly #limit: number;
  readonly #seen: (body: Buffer) => void;

  constructor(source: BodySource, limit: number, seen: (body: Buffer) => void) {
    this.#source = source;
    this.#limit = limit;
    this.#seen = seen;
  }

  start(sink: BodySink): BodyFlow {
    let chunks: Uint8Array[] | undefined = [];
    let size = 0;
    return this.#source.start({
      chunk: (data) => {
        size += data.length;
        if (size > this.#limit) chunks = undefined;
        else chunks?.push(data);
        sink.chunk(data);
      },
      end: () => {
        if (chunks !== undefined) this.#seen(Buffer.concat(chunks, size));
        sink.end();
      },
      fail: (error) => sink.fail(error),
    });
  }

  cancel(reason?: Error): void {
    this.#source.cancel(reason);
  }
}
