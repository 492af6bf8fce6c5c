import type { Buffer } from 'node:buffer';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import type { BodyFlow, BodySink, BodySource } from '../../http/body.ts';
import type { Coding } from './accept-encoding.ts';

const encoders: Readonly<Record<Coding, () => Transform>> = {
  gzip: () => zlib.createGzip(),
  // Level 5 of 11 is what a reverse proxy can afford while a client waits.
  br: () => zlib.createBrotliCompress({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } }),
  zstd: () => zlib.createZstdCompress(),
};

/** A body that is compressed while it flows, with back-pressure to both sides. */
export function compressBody(body: BodySource, coding: Coding): BodySource {
  return {
    cancel: (reason) => body.cancel(reason),
    start(sink: BodySink): BodyFlow {
      const encoder = encoders[coding]();
      let over = false;
      // The source may deliver before `start` returns.
      let flow: BodyFlow | undefined;
      let full = false;
      const fail = (error: Error): void => {
        if (over) return;
        over = true;
        encoder.destroy();
        sink.fail(error);
      };
      encoder.on('data', (data: Buffer) => {
        if (!over) sink.chunk(data);
      });
      encoder.on('end', () => {
        if (over) return;
        over = true;
        sink.end();
      });
      encoder.on('error', (error) => {
        flow?.cancel(error);
        fail(error);
      });
      encoder.on('drain', () => {
        full = false;
        flow?.resume();
      });
      const started = body.start({
        chunk(data) {
          if (over || encoder.write(data)) return;
          full = true;
          flow?.pause();
        },
        end: () => void encoder.end(),
        fail,
      });
      flow = started;
      if (full) started.pause();
      return {
        pause: () => void encoder.pause(),
        resume: () => void encoder.resume(),
        cancel(reason) {
          over = true;
          encoder.destroy();
          started.cancel(reason);
        },
      };
    },
  };
}

/** A complete body as one that flows, so that both kinds are compressed alike. */
export function flowingBody(bytes: Buffer): BodySource {
  return {
    cancel() {},
    start(sink) {
      let cancelled = false;
      queueMicrotask(() => {
        if (cancelled) return;
        sink.chunk(bytes);
        sink.end();
      });
      return {
        pause() {},
        resume() {},
        cancel() {
          cancelled = true;
        },
      };
    },
  };
}
