import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keptLogger } from '../../../test/support/kept-log.ts';
import { describeLimiterContract } from '../../../test/support/limiter-contract.ts';
import type { LogFields, Logger } from '../../telemetry/log.ts';
import { redisOptions } from '../redis-options.ts';
import { RedisLimiter } from './redis-limiter.ts';

const installed = spawnSync('redis-server', ['--version']).status === 0;
if (!installed) console.warn('redis-server is not installed: the shared rate limiter is not tested against it');

const limiters: RedisLimiter[] = [];
let server: ChildProcess | undefined;
let port = 0;
let count = 0;

beforeAll(async () => {
  port = await freePort();
  if (!installed) return;
  server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']);
  const probe = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 20, maxRetriesPerRequest: null });
  probe.on('error', () => {});
  await probe.ping();
  probe.disconnect();
});

afterAll(() => {
  for (const limiter of limiters) limiter.dispose();
  server?.kill();
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const listener = createServer().listen(0, '127.0.0.1', () => {
      const address = listener.address();
      listener.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function make(rate: { perSecond: number; burst: number; maxDelay: number }, name = `m${++count}@file`) {
  const limiter = new RedisLimiter(rate, redisOptions.parse({ endpoints: [`127.0.0.1:${port}`] }), name, keptLogger);
  limiters.push(limiter);
  // The first commands would be counted in memory while the connection is made.
  while (!limiter.shared) await sleep(5);
  return { limiter, now: () => performance.now(), advance: (milliseconds: number) => sleep(milliseconds) };
}

describe.skipIf(!installed)('with a Redis server', () => {
  describeLimiterContract('RedisLimiter', make, { slack: 20, runs: 3 });

  it('[SEC-rate] counts together with every other gateway', async () => {
    const rate = { perSecond: 0.1, burst: 2, maxDelay: 0 };
    const one = await make(rate, 'shared@file');
    const two = await make(rate, 'shared@file');
    const other = await make(rate, 'other@file');
    expect(await one.limiter.take('a')).toBe(0);
    expect(await two.limiter.take('a')).toBe(0);
    expect(await one.limiter.take('a')).toBeGreaterThan(1_000);
    expect(await other.limiter.take('a')).toBe(0);
  });

  it('[SEC-errors] writes no key of a client in plain text, and lets every bucket expire', async () => {
    const { limiter } = await make({ perSecond: 1, burst: 1, maxDelay: 0 }, 'secret@file');
    await limiter.take('alice@example.com');
    const client = new Redis({ host: '127.0.0.1', port });
    const keys = await client.keys('*secret@file*');
    expect(keys).toHaveLength(1);
    expect(keys[0]).not.toContain('alice');
    expect(await client.pttl(keys[0] ?? '')).toBeGreaterThan(0);
    client.disconnect();
  });
});

describe('without a Redis server', () => {
  it('[DP-1.nothing-blocks] counts in memory, and says so once', async () => {
    const warnings: (LogFields | undefined)[] = [];
    const log: Logger = { ...keptLogger, warn: (_message, fields) => void warnings.push(fields) };
    const nobody = await freePort();
    const redis = redisOptions.parse({ endpoints: [`127.0.0.1:${nobody}`] });
    const limiter = new RedisLimiter({ perSecond: 0.1, burst: 1, maxDelay: 0 }, redis, 'm@file', log);
    limiters.push(limiter);
    expect(await limiter.take('a')).toBe(0);
    expect(await limiter.take('a')).toBeGreaterThan(1_000);
    expect(limiter.shared).toBe(false);
    expect(warnings).toHaveLength(1);
  });
});
