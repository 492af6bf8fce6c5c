import { randomBytes } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import type { Logger } from '../../telemetry/log.ts';
import { connectRedis, digestKey, RedisTrouble } from '../redis-connection.ts';
import type { RedisOptions } from '../redis-options.ts';
import { MemorySlots, type Slot, type Slots } from './slots.ts';

/**
 * Slots as members of a sorted set, scored by the time at which their lease ends on the clock of the server, so that those
 * of a gateway that died come free by themselves. Arguments: member, amount, lease in milliseconds. Answers 1 when taken.
 */
const takeScript = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`;

/** Extends the leases of members that are still there. Arguments: lease, members. */
const renewScript = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
for index = 2, #ARGV do redis.call('ZADD', KEYS[1], 'XX', now + ARGV[1], ARGV[index]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
`;

/** How long a slot is held for a gateway that says nothing more, in milliseconds. */
const standardLease = 30_000;

/**
 * Slots in Redis, shared by all gateways with the same middleware. While Redis does not answer, each gateway counts for
 * itself in memory: never without a limit.
 */
export class RedisSlots implements Slots {
  readonly #client: Redis | Cluster;
  readonly #prefix: string;
  readonly #lease: number;
  readonly #fallback: MemorySlots;
  readonly #trouble: RedisTrouble;
  readonly #held = new Map<string, Set<string>>();
  readonly #heartbeat: NodeJS.Timeout;
  readonly #process = randomBytes(6).toString('base64url');
  #sequence = 0;

  /** @param name of the middleware, so that two of them never share a slot. */
  constructor(redis: RedisOptions, name: string, log: Logger, lease: number = standardLease) {
    this.#lease = lease;
    this.#prefix = `portcullis:slots:${name}:`;
    this.#fallback = new MemorySlots();
    this.#trouble = new RedisTrouble(log, 'requests under way are counted in this process only');
    this.#client = connectRedis(redis);
    this.#client.on('error', (error) => this.#trouble.report(error));
    // Streams hold their slot for hours: their leases are extended while they last.
    this.#heartbeat = setInterval(() => this.#renew(), lease / 3).unref();
  }

  async take(key: string, amount: number): Promise<Slot | undefined> {
    const set = this.#prefix + digestKey(key);
    const member = `${this.#process}:${++this.#sequence}`;
    try {
      const taken = await this.#client.eval(takeScript, 1, set, member, String(amount), String(this.#lease));
      if (taken !== 1) return undefined;
    } catch (error) {
      this.#trouble.report(error);
      return this.#fallback.take(key, amount);
    }
    const members = this.#held.get(set) ?? new Set<string>();
    this.#held.set(set, members.add(member));
    return { give: () => this.#give(set, members, member) };
  }

  dispose(): void {
    clearInterval(this.#heartbeat);
    this.#client.disconnect();
    this.#fallback.dispose();
  }

  #give(set: string, members: Set<string>, member: string): void {
    if (!members.delete(member)) return;
    if (members.size === 0) this.#held.delete(set);
    // A slot that cannot be given back now comes free when its lease ends.
    this.#client.zrem(set, member).catch((error: unknown) => this.#trouble.report(error));
  }

  #renew(): void {
    for (const [set, members] of this.#held) {
      this.#client
        .eval(renewScript, 1, set, String(this.#lease), ...members)
        .catch((error: unknown) => this.#trouble.report(error));
    }
  }
}
