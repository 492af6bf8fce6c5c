import cluster, { type Worker } from 'node:cluster';
import { randomBytes } from 'node:crypto';
import type { StaticConfiguration } from '../config/static/schema.ts';
import { createApplicationLog } from '../telemetry/application-log.ts';
import { type ExitCode, exitCode } from './exit-code.ts';

/** A worker that ends sooner than this after its start counts as one that cannot start, in milliseconds. */
const tooSoon = 5000;
const longestPause = 30_000;

/**
 * Runs several processes that share the entrypoints. A worker that dies is replaced; when every worker fails right at
 * the start, there is something wrong that trying again does not cure, and the first one's exit code is ours.
 */
export async function runWorkers(configuration: StaticConfiguration): Promise<ExitCode> {
  // The kernel hands out connections: measured faster here than passing each one through the first process.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  const applicationLog = createApplicationLog(configuration.log);
  const log = applicationLog.logger;
  const environment: Record<string, string> = {};
  if (configuration.mcp.sessionKey === undefined && configuration.mcp.sessionKeyFile === undefined) {
    // A session that began at one worker must be known to the others.
    environment['PORTCULLIS_MCP_SESSIONKEY'] = randomBytes(32).toString('base64url');
  }
  const { promise, resolve } = Promise.withResolvers<ExitCode>();
  const startedAt = new Map<number, number>();
  let ending = false;
  let failure: number | null = null;
  let settled = false;
  let pause = 100;
  const start = (): void => {
    const worker = cluster.fork(environment);
    startedAt.set(worker.id, performance.now());
  };
  const forAll = (act: (worker: Worker) => void): void => {
    for (const worker of Object.values(cluster.workers ?? {})) if (worker !== undefined) act(worker);
  };

  cluster.on('listening', () => {
    settled = true;
    pause = 100;
  });
  cluster.on('exit', (worker, code, signal) => {
    const lived = performance.now() - (startedAt.get(worker.id) ?? 0);
    startedAt.delete(worker.id);
    if (ending || (!settled && code !== 0)) {
      if (!settled) failure ??= code;
      ending = true;
      forAll((other) => other.process.kill('SIGTERM'));
      if (startedAt.size === 0) resolve((failure ?? exitCode.ok) as ExitCode);
      return;
    }
    const wait = lived < tooSoon ? pause : 0;
    pause = lived < tooSoon ? Math.min(pause * 2, longestPause) : 100;
    log.error('a worker ended and is replaced', {
      pid: worker.process.pid,
      exitCode: code ?? undefined,
      signal: signal ?? undefined,
      pause: wait,
    });
    setTimeout(() => {
      if (!ending) start();
    }, wait);
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      ending = true;
      forAll((worker) => worker.process.kill(signal));
    });
  }
  for (const signal of ['SIGHUP', 'SIGUSR1'] as const) {
    process.on(signal, () => {
      if (signal === 'SIGUSR1') applicationLog.reopen();
      forAll((worker) => worker.process.kill(signal));
    });
  }
  for (let index = 0; index < configuration.workers; index++) start();
  const code = await promise;
  await applicationLog.close();
  return code;
}
