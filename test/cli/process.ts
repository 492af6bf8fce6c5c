import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = join(import.meta.dirname, '..', '..');
const program = join(root, 'bin', 'portcullis');

/** A `portcullis` process and what it has written so far. */
export interface RunningProcess {
  readonly child: ChildProcess;
  out(): string;
  err(): string;
  /** Resolves with the first match in the output; rejects when the process ends or nothing comes for 20 s. */
  seen(pattern: RegExp): Promise<RegExpExecArray>;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** Starts `bin/portcullis`, as a person would. */
export function start(argv: readonly string[], env: Readonly<Record<string, string>> = {}): RunningProcess {
  const inherited = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent' };
  const child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...inherited, ...env } });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal)),
  );
  let over = false;
  void ended.then(() => {
    over = true;
  });
  return {
    child,
    out: () => out,
    err: () => err,
    ended,
    async seen(pattern) {
      for (const begun = performance.now(); performance.now() - begun < 20_000; await sleep(10)) {
        const match = pattern.exec(out);
        if (match !== null) return match;
        if (over) break;
      }
      throw new Error(`${pattern} was not written:\n${out}${err}`);
    },
  };
}

/** Flags that put a gateway on free ports of this machine. */
export const freePorts = ['--entryPoints.web.address=127.0.0.1:0', '--entryPoints.admin.address=127.0.0.1:0'];

/** The address that an entrypoint of a started gateway listens on. */
export async function addressOf(running: RunningProcess, entryPoint: string): Promise<string> {
  const match = await running.seen(new RegExp(`entrypoint listening address=(\\S+) entryPoint=${entryPoint} `));
  return match[1] ?? '';
}
