import { Buffer } from 'node:buffer';
/**
 * Bodies on their way back to the client. A body is pushed, not pulled: the producer calls the sink for each chunk and
 * stops when it is told to pause, which is what sockets do natively, so nothing is queued in between.
 */

/** Receives a body. Exactly one of `end` or `fail` is called, last; never both, never twice. */
export interface BodySink {
  chunk(data: Uint8Array): void;
  end(): void;
  /** The body broke off. A client must see a cut, never a well-formed end. */
  fail(error: Error): void;
}

/** Controls a running body. All three may be called from inside the sink. */
export interface BodyFlow {
  pause(): void;
  resume(): void;
  /** Nobody wants the rest: stop the producer. No sink call follows. */
  cancel(reason?: Error): void;
}

/** A body that has not started to flow. `start` is called at most once; if never called, `cancel` must be. */
export interface BodySource {
  start(sink: BodySink): BodyFlow;
  cancel(reason?: Error): void;
}

/** A reply's body: none, complete, or flowing. */
export type ReplyBody = null | Buffer | BodySource;

/** Reads a body whole, up to `limit` bytes. Rejects with `BodyTooLarge` past it and with the body's own error on a cut. */
export function collect(body: ReplyBody, limit: number): Promise<Buffer> {
  if (body === null) return Promise.resolve(Buffer.alloc(0));
  if (Buffer.isBuffer(body)) {
    return body.length > limit ? Promise.reject(new BodyTooLarge(limit)) : Promise.resolve(body);
  }
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    let done = false;
    const flow: BodyFlow = body.start({
      chunk(data) {
        if (done) return;
        size += data.length;
        if (size > limit) {
          done = true;
          // `start` may deliver before it returns, so the flow is cancelled on the next turn.
          queueMicrotask(() => flow.cancel(new BodyTooLarge(limit)));
          reject(new BodyTooLarge(limit));
          return;
        }
        chunks.push(data);
      },
      end() {
        if (!done) resolve(Buffer.concat(chunks, size));
      },
      fail(error) {
        if (!done) reject(error);
      },
    });
  });
}

/** A body was longer than allowed. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
  readonly limit: number;
  constructor(limit: number) {
    super(`body is longer than ${limit} bytes`);
    this.limit = limit;
  }
}
