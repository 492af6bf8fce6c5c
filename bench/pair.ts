import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { median, pinned, stop, waitForPort } from './measure.ts';
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
  /** As `added`, and its error, of the windows in which nothing disturbed core 0; NaN where those are too few. */
  readonly undisturbed: number;
  readonly undisturbedError: number;
  /** How many of the pairs of windows those are, from 0 to 1. */
  readonly share: number;
}

/** What the undisturbed windows say, or that there were too few. */
export function undisturbedText({ undisturbed, undisturbedError, share }: Difference): string {
  const figure = Number.isNaN(undisturbed) ? 'too few' : `${undisturbed.toFixed(1)} ± ${undisturbedError.toFixed(1)}`;
  return `${figure} (${Math.round(share * 100)} %)`;
}

const windowMilliseconds = 200;
const connections = 64;
/** Rounds after which all connections are new ones. */
const roundsPerConnection = 2;
const roundsToWarmUp = 30;
/** How many processes a comparison runs, one after the other. Even, for they take turns in who comes first. */
export const processes = 6;
const ports = [9_780, 9_781];
/** Fixed work takes hardly longer than it ever did: nobody else uses the physical core. A neighbour costs it half as much again. */
const hardlyLonger = 1.1;
/** Pairs of windows of which a median tells something. */
const enough = 8;
/** What fixed work took when it went quickest, in nanoseconds: this process has one machine. */
let quickest = Number.POSITIVE_INFINITY;

/**
 * Compares two gateways of one process on core 0, called in turn for a fifth of a second each, `rounds` times; load on core
 * 1. Two processes differ by several microseconds a request for as long as they live, whatever they run; two gateways of one
 * process differ by what their options cost, and by where the kernel put the connections of either, which are therefore
 * replaced again and again. Not more than two: code that serves many configurations is compiled for none. How well it is
 * compiled is chance all the same, so there are several processes, one after the other. The gateway that was started first,
 * and is called first, costs some tenths less: in every other process it is the second one of the pair.
 */
export async function comparePair(
  files: BenchFiles,
  pair: readonly [Setting, Setting],
  rounds: number,
  env: Record<string, string> = {},
): Promise<Difference> {
  const runs: Pair[][] = [];
  for (let count = 0; count < processes; count++) {
    const swapped = count % 2 === 1;
    const order = swapped ? ([pair[1], pair[0]] as const) : pair;
    const [first, second] = await runProcess(files, order, Math.ceil(rounds / processes), env);
    const [base, other] = swapped ? [second, first] : [first, second];
    runs.push(base.map((window, round) => pairOf(window, other[round] as Window)));
  }
  const all = runs.flat();
  quickest = Math.min(quickest, ...all.map(({ pace }) => pace));
  const quiet = runs.map((pairs) => pairs.filter(({ pace }) => pace <= quickest * hardlyLonger));
  const added = runs.map(medianAdded);
  const medians = quiet.map((pairs) => (pairs.length < enough ? Number.NaN : medianAdded(pairs)));
  const quietOnes = (swapped: 0 | 1) => medians.filter((one, count) => count % 2 === swapped && !Number.isNaN(one));
  return {
    base: median(all.map(({ base }) => base)),
    added: mean(added),
    error: standardError(added),
    // Each order has the same weight, however many of its processes there are.
    undisturbed: (mean(quietOnes(0)) + mean(quietOnes(1))) / 2,
    undisturbedError: standardError([...quietOnes(0), ...quietOnes(1)]),
    share: quiet.flat().length / all.length,
  };
}

/** What one window of `turns` says. */
interface Window {
  /** CPU per request in microseconds. */
  readonly cost: number;
  /** Nanoseconds that fixed work took beside it. */
  readonly pace: number;
}

/** Two windows that followed each other: CPU per request of the first gateway, and what the second one took more. */
interface Pair {
  readonly base: number;
  readonly added: number;
  /** The slower one of the two. */
  readonly pace: number;
}

function pairOf(base: Window, other: Window): Pair {
  return { base: base.cost, added: other.cost - base.cost, pace: Math.max(base.pace, other.pace) };
}

function medianAdded(pairs: readonly Pair[]): number {
  return median(pairs.map(({ added }) => added));
}

async function runProcess(
  files: BenchFiles,
  pair: readonly [Setting, Setting],
  rounds: number,
  env: Record<string, string>,
): Promise<readonly [first: readonly Window[], second: readonly Window[]]> {
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
    const [first = [], second = []] = all.map((windows) => windows.slice(roundsToWarmUp));
    return [first, second];
  } finally {
    await stop(child);
  }
}

/** Windows by port and round. */
async function takeTurns(files: BenchFiles, pid: number, rounds: number): Promise<Window[][]> {
  const numbers = [pid, windowMilliseconds, rounds, roundsPerConnection, connections].map(String);
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
  const windows: Window[][] = ports.map(() => []);
  for (const line of stdout.trim().split('\n')) {
    const [port = 0, requests = 0, nanoseconds = 0, pace = 0] = line.split(' ').map(Number);
    windows[port]?.push({ cost: nanoseconds / 1_000 / requests, pace });
  }
  return windows;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of the mean. */
function standardError(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)) / (values.length - 1));
}
