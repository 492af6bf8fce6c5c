import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { lowerQuartile, median, pinned, stop, waitForPort } from './measure.ts';
import { type BenchFiles, upstreamPort } from './setup.ts';

/** One way to configure the gateway. */
export interface Setting {
  /** Folder of its routes. */
  readonly folder: string;
  readonly flags: readonly string[];
}

/** What one gateway costs more than another, in microseconds of CPU per request. */
export interface Difference {
  /** Of the first gateway. */
  readonly base: number;
  /** Median of what the second one cost more in two windows that followed each other. */
  readonly added: number;
  /** Standard error of `added`. */
  readonly error: number;
  /** The same from the quickest quarters of the windows of both. */
  readonly undisturbed: number;
}

const windowMilliseconds = 100;
const connections = 64;
const roundsToWarmUp = 80;
const ports = [9_780, 9_781];

/**
 * Compares two gateways of one process on core 0, called in turn for a tenth of a second each, `rounds` times; load on core
 * 1. Two processes differ by several microseconds a request for as long as they live, whatever they run; two gateways of one
 * process differ by what their options cost. Not more than two: code that serves many configurations is compiled for none.
 */
export async function comparePair(
  files: BenchFiles,
  [first, second]: readonly [Setting, Setting],
  rounds: number,
  env: Record<string, string> = {},
): Promise<Difference> {
  const gateways = [first, second].map(({ folder, flags }, index) =>
    JSON.stringify([
      `--providers.file.directory=${folder}`,
      `--entryPoints.web.address=127.0.0.1:${ports[index]}`,
      '--entryPoints.websecure.address=127.0.0.1:0',
      '--entryPoints.admin.address=127.0.0.1:0',
      '--log.level=ERROR',
      ...flags,
    ]),
  );
  const child = pinned('0', process.execPath, [join(import.meta.dirname, 'gateways.ts'), ...gateways], env);
  try {
    for (const port of ports) await waitForPort(port);
    // Long enough for them to have given back what their start needed (decision 7), and to be compiled.
    await pause(6_000);
    const all = await takeTurns(files, child.pid as number, rounds + roundsToWarmUp);
    const [base = [], other = []] = all.map((costs) => costs.slice(roundsToWarmUp));
    const added = other.map((cost, round) => cost - (base[round] as number));
    return {
      base: median(base),
      added: median(added),
      error: standardErrorOfMedian(added),
      undisturbed: lowerQuartile(other) - lowerQuartile(base),
    };
  } finally {
    await stop(child);
  }
}

/** CPU per request in microseconds, by port and round. */
async function takeTurns(files: BenchFiles, pid: number, rounds: number): Promise<number[][]> {
  const numbers = [pid, windowMilliseconds, rounds, connections].map(String);
  const args = [
    '-c',
    '1',
    files.turns,
    ...numbers,
    files.rawRequest,
    String(upstreamPort),
    '300',
    ...ports.map(String),
  ];
  const { stdout } = await promisify(execFile)('taskset', args, { maxBuffer: 64 * 1024 * 1024 });
  const costs: number[][] = ports.map(() => []);
  for (const line of stdout.trim().split('\n')) {
    const [port = 0, requests = 0, nanoseconds = 0] = line.split(' ').map(Number);
    costs[port]?.push(nanoseconds / 1_000 / requests);
  }
  return costs;
}

/** From the spread of the middle half, which what happens to single windows does not concern. */
function standardErrorOfMedian(values: readonly number[]): number {
  const spread = -lowerQuartile(values.map((value) => -value)) - lowerQuartile(values);
  return ((spread / 1.349) * 1.253) / Math.sqrt(values.length);
}
