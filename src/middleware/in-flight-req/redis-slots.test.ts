import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keptLogger } from '../../../test/support/kept-log.ts';
import { redisOptions } from '../redis-options.ts';
import { RedisSlots } from './redis-slots.ts';
import { MemorySlots, type Slots } from './slots.ts';

const installed = spawnSync('redis-server', ['--version']).status === 0;
if (!installed) console.warn('redis-server is not installed: shared slots are not tested against it');

const lease = 600;
const made: RedisSlots[] = [];
let server: ChildProcess | undefined;
let port = 0;
let count = 0;

beforeAll(async () => {
  port = await new Promise<number>((resolve) => {
    const listener = createServer().listen(0, '127.0.0.1', () => {
      const address = listener.address();
      listener.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
  if (installed) await startServer();
});
afterAll(() => {
  for (const slots of made) slots.dispose();
  server?.kill();
});

async function startServer(): Promise<void> {
  server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']);
  const probe = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 20, maxRetriesPerRequest: null });
  probe.on('error', () => {});
  await probe.ping();
  probe.disconnect();
}

async function redisSlots(name = `m${++count}@file`): Promise<RedisSlots> {
  const slots = new RedisSlots(redisOptions.parse({ endpoints: [`127.0.0.1:${port}`] }), name, keptLogger, lease);
  made.push(slots);
  await pause(50);
  return slots;
}

const kinds: readonly (readonly [string, () => Promise<Slots>])[] = [
  ['memory', () => Promise.resolve(new MemorySlots())],
  ...(installed ? [['redis', () => redisSlots()] as const] : []),
];

describe.each(kinds)('slots in %s', (_kind, make) => {
  test('at most the amount is taken, per source, and a slot given back can be taken again', async () => {
    const slots = await make();
    const first = await slots.take('a', 2);
    expect(first).toBeDefined();
    expect(await slots.take('a', 2)).toBeDefined();
    expect(await slots.take('a', 2)).toBeUndefined();
    expect(await slots.take('b', 2)).toBeDefined();
    expect(await slots.take('a', 3)).toBeDefined();
    first?.give();
    first?.give();
    await pause(30);
    expect(await slots.take('a', 3)).toBeDefined();
    expect(await slots.take('a', 3)).toBeUndefined();
  });

  test('a hundred at once get exactly the amount', async () => {
    const slots = await make();
    const taken = await Promise.all(Array.from({ length: 100 }, () => slots.take('a', 7)));
    expect(taken.filter((slot) => slot !== undefined)).toHaveLength(7);
  });
});

describe.skipIf(!installed)('slots in redis', () => {
  test('are shared by gateways of one middleware, and by no other', async () => {
    const [one, two, other] = [
      await redisSlots('same@file'),
      await redisSlots('same@file'),
      await redisSlots('other@file'),
    ];
    expect(await one.take('a', 1)).toBeDefined();
    expect(await two.take('a', 1)).toBeUndefined();
    expect(await other.take('a', 1)).toBeDefined();
  });

  test('of a gateway that lives are kept beyond their lease; those of a dead one come free', async () => {
    const [living, dead, asking] = [
      await redisSlots('lease@file'),
      await redisSlots('lease@file'),
      await redisSlots('lease@file'),
    ];
    expect(await living.take('a', 2)).toBeDefined();
    expect(await dead.take('a', 2)).toBeDefined();
    dead.dispose();
    await pause(lease * 2);
    expect(await asking.take('a', 2)).toBeDefined();
    expect(await asking.take('a', 2)).toBeUndefined();
  });

  test('while redis is away each gateway counts for itself, and never without a limit', async () => {
    const slots = await redisSlots();
    server?.kill('SIGKILL');
    await pause(100);
    expect(await slots.take('a', 1)).toBeDefined();
    expect(await slots.take('a', 1)).toBeUndefined();
    await startServer();
    await pause(2_500);
    expect(await slots.take('b', 1)).toBeDefined();
    const again = await redisSlots();
    expect(await again.take('b', 1)).toBeDefined();
  });
});
