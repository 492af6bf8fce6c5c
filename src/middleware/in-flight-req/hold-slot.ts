import { Buffer } from 'node:buffer';
import type { BodyFlow, BodySink, BodySource } from '../../http/body.ts';
import type { Reply } from '../../http/exchange.ts';

/**
 * Calls `release` once, when the reply has nothing more to send: at once for a complete body, else when the flowing body
 * has ended, broken off, or been cancelled.
 */
export function releaseAfter(reply: Reply, release: () => void): Reply {
  const { body } = reply;
  if (body === null || Buffer.isBuffer(body)) release();
  else reply.body = watched(body, once(release));
  return reply;
}

function watched(body: BodySource, done: () => void): BodySource {
  return {
    start(sink: BodySink): BodyFlow {
      const flow = body.start({
        chunk: (data) => sink.chunk(data),
        end() {
          done();
          sink.end();
        },
        fail(error) {
          done();
          sink.fail(error);
        },
      });
      return {
        pause: () => flow.pause(),
        resume: () => flow.resume(),
        cancel(reason) {
          done();
          flow.cancel(reason);
        },
      };
    },
    cancel(reason) {
      done();
      body.cancel(reason);
    },
  };
}

function once(callback: () => void): () => void {
  let called = false;
  return () => {
    if (called) return;
    called = true;
    callback();
  };
}
