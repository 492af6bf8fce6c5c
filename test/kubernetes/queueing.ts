import { readFileSync } from 'node:fs';

/**
 * Milliseconds that the main thread of a process has stood in line for a processor since it began: what other work on
 * this machine has cost it. 0 where the kernel does not tell.
 */
export function queueingTime(pid: number): number {
  try {
    // https://docs.kernel.org/scheduler/sched-stats.html: time on a processor, time waiting for one, in nanoseconds.
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
