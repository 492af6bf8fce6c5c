import { performance } from 'node:perf_hooks';
/** Time, as a dependency. Wall time judges claims; monotonic time drives caches and timers, so a clock jump cannot stick them. */
export interface Clock {
  /** Milliseconds since 1970. */
  wall(): number;
  /** Milliseconds that only go forward. */
  monotonic(): number;
  /** Runs once after `delay` ms; does not keep the process alive. Returns a function that forgets it. */
  after(delay: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after(delay, run) {
    const timer = setTimeout(run, delay);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
