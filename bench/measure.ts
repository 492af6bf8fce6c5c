import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Starts a program on given processor cores. */
export function pinned(
  cores: string,
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): ChildProcess {
  return spawn('taskset', ['-c', cores, command, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production', ...env },
  });
}

/** Ends a program that we started, and waits until it is gone. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await Promise.race([gone, pause(3_000)]);
  if (child.exitCode === null) child.kill('SIGKILL');
}

/** Waits until a port answers. */
export async function waitForPort(port: number): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (open) return;
    await pause(100);
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** Process ids of a program and its children. */
function family(pid: number): number[] {
  const members = [pid];
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim();
      for (const child of children.split(' ').filter((one) => one !== '')) members.push(...family(Number(child)));
    }
  } catch {
    // It has ended meanwhile.
  }
  return members;
}

/** Processor time used so far by all threads that are alive, in seconds, as exact as the scheduler keeps it. */
export function cpuSeconds(pid: number): number {
  let nanoseconds = 0;
  for (const member of family(pid)) {
    try {
      for (const thread of readdirSync(`/proc/${member}/task`))
        nanoseconds += Number(readFileSync(`/proc/${member}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // It has ended meanwhile.
    }
  }
  return nanoseconds / 1e9;
}

/** Resident memory in KiB. */
export function residentKiB(pid: number): number {
  return family(pid).reduce((sum, member) => {
    try {
      return sum + Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${member}/status`, 'utf8'))?.[1] ?? 0);
    } catch {
      return sum;
    }
  }, 0);
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly total: number;
  readonly errors: string;
}

/** Runs wrk on core 1 for some seconds. */
export function load(port: number, seconds: number, script: string, connections = 64): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    let output = '';
    const args = [
      '-c',
      '1',
      'wrk',
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '-s',
      script,
      `http://127.0.0.1:${port}/mcp`,
    ];
    const wrk = spawn('taskset', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    wrk.stdout.on('data', (chunk) => {
      output += String(chunk);
    });
    wrk.on('error', reject);
    wrk.on('close', () => {
      resolve({
        requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1] ?? 0),
        total: Number(/(\d+) requests in/.exec(output)?.[1] ?? 0),
        errors: /Non-2xx.*|Socket errors.*/.exec(output)?.[0] ?? '',
      });
    });
  });
}

/**
 * Calls until a program is as quick as it gets: pieces of two seconds until one costs no less CPU per request than the one
 * before, at most ten. A server runs for days; what its compiler needs in the first seconds is no part of a request.
 */
export async function warmUp(pid: number, port: number, script: string): Promise<void> {
  let last = Number.POSITIVE_INFINITY;
  for (let piece = 0; piece < 10; piece++) {
    const before = cpuSeconds(pid);
    const { total } = await load(port, 2, script);
    const cost = (cpuSeconds(pid) - before) / total;
    if (piece >= 2 && cost > last * 0.97) return;
    last = Math.min(last, cost);
  }
}

/** The value that a quarter of them stay below. */
export function lowerQuartile(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 2] as number;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
