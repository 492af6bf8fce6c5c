import childProcess, { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { keepOutput, type OutputKind } from './canaries.ts';
import { registerWhatIsSent } from './registered-secrets.ts';

/**
 * Keeps what every gateway writes that a test starts as a process, in whatever way it starts it: standard output and
 * error, and the log files that its flags and its environment name. Runs before each test file.
 */
interface SpawnOptions {
  readonly args?: readonly string[];
  readonly envPairs?: readonly string[];
}
interface Spawning {
  spawn(options: SpawnOptions): number;
}

registerWhatIsSent();

// The types do not have it, but every way to start a process and go on ends here.
const prototype = ChildProcess.prototype as unknown as Spawning;
const { spawn } = prototype;

prototype.spawn = function keepingSpawn(this: ChildProcess & Spawning, options) {
  const result = spawn.call(this, options);
  const { args = [], envPairs = [] } = options;
  if (!isOurs(args)) return result;
  for (const [name, stream] of [
    ['stdout', this.stdout],
    ['stderr', this.stderr],
  ] as const)
    if (stream !== null) tap(stream, `${this.pid}-${name}`);
  // Before those who wait for the end and remove the folder.
  this.prependListener('exit', () => keepFiles('process', `${this.pid}`, [...args, ...envPairs]));
  return result;
};

// Those that wait for the end do not come by there.
const { spawnSync, execFileSync, execSync } = childProcess;
let commands = 0;

function keepResult(args: readonly string[], outputs: readonly unknown[], env: NodeJS.ProcessEnv | undefined): void {
  if (!isOurs(args)) return;
  commands += 1;
  for (const output of outputs)
    if (typeof output === 'string' || output instanceof Uint8Array) keepOutput('command', `${commands}`, output);
  const pairs = Object.entries(env ?? {}).map(([name, value]) => `${name}=${value}`);
  keepFiles('command', `${commands}`, [...args, ...pairs]);
}

/** Wraps a function that waits for a process; `read` gives what it returned or threw as outputs. */
function keeping<Call extends (...given: never[]) => unknown>(call: Call): Call {
  return ((...given: never[]) => {
    const [file, list] = given as unknown as [string, unknown];
    const args = [file, ...(Array.isArray(list) ? (list as string[]) : [])];
    const options = given.findLast((each) => typeof each === 'object' && !Array.isArray(each)) as
      | { readonly env?: NodeJS.ProcessEnv }
      | undefined;
    const keepAll = (result: unknown): void => {
      const both = typeof result === 'object' && result !== null && 'stdout' in result ? result : undefined;
      const outputs = both === undefined ? [result] : [both.stdout, 'stderr' in both ? both.stderr : undefined];
      keepResult(args, outputs, options?.env);
    };
    try {
      const result = call(...given);
      keepAll(result);
      return result;
    } catch (error) {
      keepAll(error);
      throw error;
    }
  }) as Call;
}

Object.assign(childProcess, {
  spawnSync: keeping(spawnSync),
  execFileSync: keeping(execFileSync),
  execSync: keeping(execSync),
});
syncBuiltinESMExports();

/**
 * Whether a command line is one of ours, and not one that prints a token, which is its result and no log. A shell gets
 * its commands as one argument; what else it prints then is what a client is told.
 */
function isOurs(args: readonly string[]): boolean {
  const words = args.flatMap((argument) => argument.split(/\s+/));
  const at = words.findIndex((word) => word.endsWith('bin/portcullis'));
  return at >= 0 && words[at + 1] !== 'token' && !words.includes('curl');
}

function keepFiles(kind: OutputKind, name: string, settings: readonly string[]): void {
  for (const setting of settings) {
    const file = /file_?path=(.+)$/i.exec(setting)?.[1];
    if (file !== undefined && existsSync(file) && statSync(file).isFile())
      keepOutput(kind, `${name}-${basename(file)}`, readFileSync(file));
  }
}

/** Sees what comes in without becoming a reader, so that nothing changes for those who are. */
function tap(stream: Readable, name: string): void {
  const push = stream.push;
  stream.push = function tappedPush(this: Readable, chunk: unknown, encoding?: BufferEncoding) {
    if (chunk instanceof Uint8Array || typeof chunk === 'string') keepOutput('process', name, chunk);
    return push.call(this, chunk, encoding);
  };
}
