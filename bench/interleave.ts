import type { ChildProcess } from 'node:child_process';
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
  const running = contenders.map(({ name, script, cores, env, start }, index) => {
    const port = firstPort + index;
    const [command, args] = start(port);
    return { name, script, port, child: pinned(cores ?? '0', command, args, env) };
  });
  try {
    return await takeTurns(running, rounds);
  } finally {
    await Promise.all(running.map(({ child }) => stop(child)));
  }
}

interface Running {
  readonly name: string;
  readonly script: string;
  readonly port: number;
  readonly child: ChildProcess;
}

async function takeTurns(running: readonly Running[], rounds: number): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>(running.map(({ name }) => [name, []]));
  for (const { port } of running) await waitForPort(port);
  // Long enough for a gateway to have given back what its start needed (decision 7).
  await pause(6_000);
  for (const { port, child, script } of running) await warmUp(child.pid as number, port, script);
  for (let round = 0; round < rounds; round++) {
    // There and back, so that nobody always comes after the same one.
    for (const { name, port, child, script } of round % 2 === 0 ? running : running.toReversed()) {
      samples.get(name)?.push(await measureWindow(child.pid as number, port, script));
    }
  }
  return samples;
}

async function measureWindow(pid: number, port: number, script: string): Promise<Sample> {
  const before = cpuSeconds(pid);
  const started = performance.now();
  const result = await load(port, 1, script);
  const used = cpuSeconds(pid) - before;
  return {
    requestsPerSecond: result.requestsPerSecond,
    cpuMicroseconds: (used * 1e6) / result.total,
    utilisation: used / ((performance.now() - started) / 1_000),
    residentMiB: residentKiB(pid) / 1_024,
    errors: result.errors,
  };
}
