import type { BodyFlow, BodySink, BodySource } from '../../src/http/body.ts';

/** A reply body that a test pushes by hand. */
export interface PushedBody extends BodySource {
  push(text: string): void;
  end(): void;
  fail(error: Error): void;
  readonly state: { started: boolean; paused: boolean; cancelled: boolean };
}

/** @param early chunks that are delivered before `start` returns. */
export function pushedBody(early: readonly string[] = []): PushedBody {
  let sink: BodySink | undefined;
  const state = { started: false, paused: false, cancelled: false };
  const flow: BodyFlow = {
    pause() {
      state.paused = true;
    },
    resume() {
      state.paused = false;
    },
    cancel() {
      state.cancelled = true;
    },
  };
  return {
    state,
    start(given) {
      if (state.started) throw new Error('a body was started twice');
      state.started = true;
      sink = given;
      for (const text of early) given.chunk(Buffer.from(text));
      return flow;
    },
    cancel() {
      state.cancelled = true;
    },
    push: (text) => sink?.chunk(Buffer.from(text)),
    end: () => sink?.end(),
    fail: (error) => sink?.fail(error),
  };
}

/** A sink that remembers what came. */
export function recordingSink(): BodySink & { readonly text: () => string; outcome: 'open' | 'ended' | Error } {
  const chunks: Uint8Array[] = [];
  return {
    outcome: 'open',
    text: () => Buffer.concat(chunks).toString('utf8'),
    chunk: (data) => void chunks.push(data),
    end() {
      this.outcome = 'ended';
    },
    fail(error) {
      this.outcome = error;
    },
  };
}
