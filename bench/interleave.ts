import { setTimeout as pause } from 'node:timers/promises';
import { cpuSeconds, load, pinned, residentKiB, stop, waitForPort, warmUp } from './measure.ts';

/** A program that answers requests. */
export interface Contender {
  readonly name: string;
  /** Absent: core 0. */
  readonly cores?: string;
  /** What is asked of it. */
  readonly script: string;
  /** Its command line. */
  readonly start: (port: number) => readonly [string, readonly string[]];
  readonly env?: Record<string, string>;
}

/** What one window showed. */
export interface Sample {
  readonly requestsPerSecond: number;
  readonly cpuMicroseconds: number;
  /** Share of one core that the program used. */
  readonly utilisation: number;
  readonly residentMiB: number;
  readonly errors: string;
}

/**
 * Starts all contenders, calls each until it is warm, and then each in turn for one second, `rounds` times. Short windows of
 * programs that stay up, because machines have neighbours: what slows one window down concerns those next to it, too, and a
 * fresh process would be measured while it still compiles.
 *
 * @returns the samples of each contender in the order of rounds
 */
export async function interleave(
  contenders: readonly Contender[],
  rounds: number,
  firstPort: number,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const running = contenders.map((contender, index) => {
    const port = firstPort + index;
    const [command, args] = contender.start(port);
    return { contender, port, child: pinned(contender.cores ?? '0', command, args, contender.env) };
  });
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  try {
    for (const { port } of running) await waitForPort(port);
    // Long enough for a gateway to have given back what its start needed (decision 7).
    await pause(6_000);
    for (const { contender, port, child } of running) await warmUp(child.pid as number, port, contender.script);
    for (let round = 0; round < rounds; round++) {
      for (const { contender, port, child } of running) {
        const pid = child.pid as number;
        const before = cpuSeconds(pid);
        const started = performance.now();
        const result = await load(port, 1, contender.script);
        const used = cpuSeconds(pid) - before;
        samples.get(contender.name)?.push({
          requestsPerSecond: result.requestsPerSecond,
          cpuMicroseconds: (used * 1e6) / result.total,
          utilisation: used / ((performance.now() - started) / 1_000),
          residentMiB: residentKiB(pid) / 1_024,
          errors: result.errors,
        });
      }
    }
  } finally {
    await Promise.all(running.map(({ child }) => stop(child)));
  }
  return samples;
}
