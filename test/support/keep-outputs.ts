import { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { keepOutput } from './canaries.ts';

/**
 * Keeps what every gateway writes that a test starts, in whatever way it starts it: standard output and error, and the
 * log files that its flags name. Runs before each test file.
 */
interface Spawning {
  spawn(options: { readonly args?: readonly string[] }): number;
}

// The types do not have it, but every way to start a process ends here.
const prototype = ChildProcess.prototype as unknown as Spawning;
const { spawn } = prototype;

prototype.spawn = function keepingSpawn(this: ChildProcess & Spawning, options) {
  const result = spawn.call(this, options);
  const args = options.args ?? [];
  const at = args.findIndex((argument) => argument.endsWith('bin/portcullis'));
  // What `token` prints is its result and no log.
  if (at < 0 || args[at + 1] === 'token') return result;
  for (const [name, stream] of [
    ['stdout', this.stdout],
    ['stderr', this.stderr],
  ] as const)
    if (stream !== null) tap(stream, `${this.pid}-${name}`);
  const files = args.flatMap((argument) => /filePath=(.+)$/i.exec(argument)?.[1] ?? []);
  // Before those who wait for the end and remove the folder.
  this.prependListener('exit', () => {
    for (const file of files)
      if (existsSync(file) && statSync(file).isFile()) keepOutput(`${this.pid}-file`, readFileSync(file));
  });
  return result;
};

/** Sees what comes in without becoming a reader, so that nothing changes for those who are. */
function tap(stream: Readable, name: string): void {
  const push = stream.push;
  stream.push = function tappedPush(this: Readable, chunk: unknown, encoding?: BufferEncoding) {
    if (chunk instanceof Uint8Array || typeof chunk === 'string') keepOutput(name, chunk);
    return push.call(this, chunk, encoding);
  };
}
