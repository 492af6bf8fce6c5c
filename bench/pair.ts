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
  /** Of the first gateway: median of all windows. */
  readonly base: number;
  /** What the second one cost more: mean over the processes, of each the median of two windows that followed each other. */
  readonly added: number;
  /** Standard error of `added`, by what the processes differ. */
  readonly error: number;
  /** As `added`, from the quickest quarters of the windows of both. */
  readonly undisturbed: number;
}

const windowMilliseconds = 100;
const connections = 64;
const roundsToWarmUp = 60;
/** How many processes a comparison runs, one after the other. Even, for they take turns in who comes first. */
export const processes = 6;
const ports = [9_780, 9_781];

/**
 * Compares two gateways of one process on core 0, called in turn for a tenth of a second each, `rounds` times; load on core
 * 1. Two processes differ by several microseconds a request for as long as they live, whatever they run; two gateways of one
 * process differ by what their options cost. Not more than two: code that serves many configurations is compiled for none.
 * How well it is compiled is chance all the same, so there are several processes, one after the other. The gateway that was
 * started first, and is called first, costs some tenths less: in every other process it is the second one of the pair.
 */
export async function comparePair(
  files: BenchFiles,
  pair: readonly [Setting, Setting],
  rounds: number,
  env: Record<string, string> = {},
): Promise<Difference> {
  const runs: Run[] = [];
  for (let count = 0; count < processes; count++) {
    const swapped = count % 2 === 1;
    const order = swapped ? ([pair[1], pair[0]] as const) : pair;
    const [first, second] = await runProcess(files, order, Math.ceil(rounds / processes), env);
    runs.push(swapped ? { base: second, other: first } : { base: first, other: second });
  }
  const added = runs.map(({ base, other }) => median(other.map((cost, round) => cost - (base[round] as number))));
  return {
    base: median(runs.flatMap(({ base }) => base)),
    added: mean(added),
    error: standardError(added),
    undisturbed: mean(runs.map(({ base, other }) => lowerQuartile(other) - lowerQuartile(base))),
  };
}

/** CPU per request in microseconds, of both gateways in each round. */
interface Run {
  readonly base: readonly number[];
  readonly other: readonly number[];
}

async function runProcess(
  files: BenchFiles,
  pair: readonly [Setting, Setting],
  rounds: number,
  env: Record<string, string>,
): Promise<readonly [first: readonly number[], second: readonly number[]]> {
  const gateways = pair.map(({ folder, flags }, index) =>
    JSON.stringify([
      `--providers.file.directory=${folder}`,
      `--entryPoints.web.address=127.0.0.1:${ports[index]}`,
      '--entryPoints.websecure.address=127.0.0.1:0',
      '--entryPoints.admin.address=127.0.0.1:0',
      '--log.level=ERROR',
      ...flags,
    ]),
  );
  // As `bin/portcullis` does.
  const flags = ['--no-allocation-site-pretenuring'];
  const child = pinned('0', process.execPath, [...flags, join(import.meta.dirname, 'gateways.ts'), ...gateways], env);
  try {
    for (const port of ports) await waitForPort(port);
    // Long enough for them to have given back what their start needed (decision 7), and to be compiled.
    await pause(6_000);
    const all = await takeTurns(files, child.pid as number, rounds + roundsToWarmUp);
    const [first = [], second = []] = all.map((costs) => costs.slice(roundsToWarmUp));
    return [first, second];
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

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of the mean. */
function standardError(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)) / (values.length - 1));
}
