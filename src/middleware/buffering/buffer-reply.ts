import { Buffer } from 'node:buffer';
import type { Reply } from '../../http/exchange.ts';
import { HeldBody } from '../../http/held-body.ts';

/** How much of a reply is held back. */
export interface ReplyLimits {
  /** Most bytes; 0 for no limit. */
  readonly most: number;
  /** Without a limit: how many bytes are held before the reply is passed on as it comes. */
  readonly hold: number;
}

/**
 * Reads a reply's body whole, so that what reaches the client is complete. A body longer than `hold`, where there is no
 * limit, goes on as a stream that begins with what was held. Rejects when the body breaks off while it is held.
 *
 * @returns the reply, or undefined when its body is longer than `most`; the rest of it has then been cancelled.
 */
export function bufferReply(reply: Reply, { most, hold }: ReplyLimits): Promise<Reply | undefined> {
  const { body } = reply;
  if (body === null) return Promise.resolve(reply);
  if (Buffer.isBuffer(body)) return Promise.resolve(most > 0 && body.length > most ? undefined : reply);
  return new Promise((resolve, reject) => {
    // The body may be full before the constructor has returned.
    const held = Promise.withResolvers<HeldBody>();
    held.resolve(
      new HeldBody(body, most > 0 ? most : hold, {
        whole(bytes) {
          reply.body = bytes;
          reply.headers.set('Content-Length', String(bytes.length));
          resolve(reply);
        },
        async full() {
          const rest = await held.promise;
          if (most > 0) {
            rest.cancel();
            resolve(undefined);
          } else {
            reply.body = rest;
            resolve(reply);
          }
        },
        failed: reject,
      }),
    );
  });
}
