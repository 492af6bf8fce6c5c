import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signToken } from '../peers/tokens.ts';
import { type Caller, createCaller, routes, until } from './setting.ts';
import { startUpstream } from './upstream.ts';

/**
 * Two gateways of one process with an upstream, which share heap and compiled code: what one of them costs more than the
 * other, its options cost. Two processes with the same code may differ by a tenth for as long as they live.
 */
export interface Pair {
  readonly first: Caller;
  readonly second: Caller;
  /** Seconds of CPU that the thread which serves requests has used. */
  cpu(): number;
  stop(): Promise<void>;
}

const gateways = join(import.meta.dirname, '../../bench/gateways.ts');

/** Starts them with the given install options beside those that any gateway needs. */
export async function startPair(
  first: readonly string[],
  second: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Pair> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-pair-'));
  const upstream = await startUpstream();
  writeFileSync(join(folder, 'routes.yaml'), routes(upstream.port));
  const common = [
    `--providers.file.directory=${folder}`,
    ...['web', 'websecure', 'admin'].map((name) => `--entryPoints.${name}.address=127.0.0.1:0`),
    '--log.format=json',
    '--log.level=INFO',
  ];
  const child = spawn(
    process.execPath,
    [gateways, ...[first, second].map((own) => JSON.stringify([...common, ...own]))],
    {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  // They are started one after the other, so that is how their entrypoints are told apart.
  const listening = /"entryPoint":"web","address":"([^"]+)"/g;
  const addresses = await until(() => {
    const found = [...output.matchAll(listening)].map(([, address]) => `http://${address}`);
    return found.length === 2 && found;
  }, 'two gateways');
  const token = await signToken({ sub: 'alice', groups: ['members'] });
  const callers = addresses.map((address) => createCaller(address, token));
  const [one, two] = callers;
  if (one === undefined || two === undefined) throw new Error('two gateways were wanted');
  return {
    first: one,
    second: two,
    // The scheduler's own figure: that of `stat` is cut to hundredths. Other threads compile code that has been called
    // often, whenever they get to it.
    cpu: () => Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e9,
    async stop() {
      for (const caller of callers) caller.close();
      child.kill('SIGTERM');
      await exited;
      await upstream.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
