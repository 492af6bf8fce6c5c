import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../src/auth/clock.ts';

/** A clock that stands still until told. */
export interface ManualClock extends Clock {
  /** Moves both times forward and runs what falls due, in order. */
  advance(ms: number): Promise<void>;
  /** Moves the wall time only, as an administrator does. */
  setWall(ms: number): void;
  /** Timers that wait. */
  readonly waiting: number;
}

export function manualClock(start = Date.UTC(2026, 0, 1)): ManualClock {
  let wall = start;
  let monotonic = 1_000;
  const timers = new Set<{ due: number; run: () => void }>();
  return {
    wall: () => wall,
    monotonic: () => monotonic,
    after(delay, run) {
      const timer = { due: monotonic + delay, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    get waiting() {
      return timers.size;
    },
    setWall(ms) {
      wall = ms;
    },
    async advance(ms) {
      const until = monotonic + ms;
      for (;;) {
        const due = [...timers].filter((timer) => timer.due <= until).sort((a, b) => a.due - b.due)[0];
        if (due === undefined) break;
        timers.delete(due);
        wall += Math.max(0, due.due - monotonic);
        monotonic = Math.max(monotonic, due.due);
        due.run();
        await nextTurn();
      }
      wall += until - monotonic;
      monotonic = until;
      await nextTurn();
    },
  };
}
