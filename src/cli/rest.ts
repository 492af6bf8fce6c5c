import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of heap above which a collection would stop the process for too long, quiet or not. */
const largest = 256 * 1024 * 1024;

export interface RestOptions {
  /** How long nothing must happen before the first rest, in milliseconds. */
  readonly quiet?: number;
  /** How many times as long it must be before each one after that. */
  readonly patience?: number;
  /** Share of the time that the event loop may be busy and still count as quiet. */
  readonly busyBelow?: number;
  /** Bytes that the heap must have grown since the last time. */
  readonly worthwhile?: number;
  /** Told each time, with how long it took in milliseconds and how many bytes the heap gave back. */
  readonly rested?: (duration: number, bytes: number) => void;
}

/**
 * Gives memory back when nothing happens. V8 collects garbage when it needs room, never because there is time: a process
 * that has started, or has seen a burst, keeps several times what it uses for as long as it is left alone. The collection
 * stops the process for a moment, so it waits for a quiet time, and is not repeated until there
 * is something to gain.
 *
 * A full collection at a time without requests also takes the shapes of their objects away, and with them the machine code
 * that was compiled for them: the next few thousand requests are slow again. After the start there is none to lose; later
 * the quiet must last, so that no caller who comes every few seconds pays for it.
 *
 * @returns a function that ends it
 */
export function restWhenQuiet(options: RestOptions = {}): () => void {
  const { quiet = 5_000, patience = 24, busyBelow = 0.02, worthwhile = 8 * 1024 * 1024, rested } = options;
  let collect: (() => void) | undefined;
  let left = 0;
  let quietTimes = 0;
  let before = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    quietTimes = utilization < busyBelow ? quietTimes + 1 : 0;
    if (quietTimes < (left === 0 ? 1 : patience)) return;
    const size = getHeapStatistics().total_physical_size;
    if (size - left < worthwhile || size > largest) return;
    quietTimes = 0;
    collect ??= collector();
    const began = performance.now();
    collect();
    left = getHeapStatistics().total_physical_size;
    // What was spent here is not something that happened.
    before = performance.eventLoopUtilization();
    rested?.(performance.now() - began, size - left);
  }, quiet);
  timer.unref();
  return () => clearInterval(timer);
}

/** V8's own collector, which Node shows only when it is asked to. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  setFlagsFromString('--no-expose-gc');
  // The other flavour leaves the room for young objects at the size that a burst has made it.
  return () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
