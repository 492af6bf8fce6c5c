import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import { type AuditedChange, type Cluster, podEnvironment, programs, startCluster } from './cluster.ts';

/** As the gateway writes it into its Lease. */
const leaseDuration = 15_000;
/** Generous, since nothing hangs on the takeover being quick: renewals come every four seconds, and machines are busy. */
const patience = { timeout: 60_000, interval: 100 } as const;

const broken = (name: string): string => `apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: { name: ${name}, namespace: apps }
spec: { plugin: { mcp: { defaultActoin: deny } } }
`;

describe.skipIf(programs === undefined)('the replica that writes statuses', () => {
  let cluster: Cluster;
  const replicas = new Map<string, TestGateway>();
  let serial = 0;

  const start = async (replica: number): Promise<void> => {
    const flags = cluster.replicaFlags(replica);
    replicas.set(`replica-${replica}`, await startTestGateway({ files: {}, flags, env: podEnvironment }));
  };
  const gatewayOf = (name: string): TestGateway => {
    const found = replicas.get(name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  };
  /** The API server has a Lease of its own, too. */
  const changes = () => cluster.changes().filter(({ by }) => by.startsWith('replica'));
  /** Every taking over or renewing of the Lease that the API server has agreed to. */
  const holdings = (): readonly AuditedChange[] =>
    changes().filter(({ resource, name, code }) => resource === 'leases' && name === 'portcullis' && code < 300);
  const writes = (): readonly AuditedChange[] =>
    changes().filter(({ resource }) => /\/status$|^events$/.test(resource));
  const breakOne = async (): Promise<string> => {
    const name = `broken-${++serial}`;
    await cluster.apply(broken(name));
    return name;
  };
  const toldOf = async (names: readonly string[]): Promise<number> => {
    const { output } = await cluster.kubectl(['get', 'middlewares', '-n', 'apps', '-o', 'json']);
    const { items } = JSON.parse(output) as {
      items: { metadata: { name: string }; status?: { conditions: { status: string }[] } }[];
    };
    return items.filter(
      ({ metadata, status }) => names.includes(metadata.name) && status?.conditions[0]?.status === 'False',
    ).length;
  };

  /** Breaks objects while the leader is put out of action, until another replica has written about the last of them. */
  async function takeOver(signal: 'SIGKILL' | 'SIGSTOP') {
    const leader = holdings().at(-1)?.by ?? '';
    const names = [await breakOne()];
    await expect.poll(() => toldOf(names), patience).toBe(1);
    process.kill(gatewayOf(leader).pid, signal);
    while (holdings().at(-1)?.by === leader) {
      names.push(await breakOne());
      await pause(500);
    }
    names.push(await breakOne());
    await expect.poll(() => toldOf(names), patience).toBe(names.length);
    return { leader, names };
  }

  beforeAll(async () => {
    cluster = await startCluster({ audit: true });
    await start(0);
    await gatewayOf('replica-0').waitForLine(({ message }) => message.startsWith('this replica writes the status'));
    await start(1);
  }, 120_000);
  afterAll(async () => {
    await Promise.all([...replicas.values()].map((gateway) => gateway.stop()));
    await cluster?.stop();
  });

  /** Whoever wrote held the Lease: nobody else had it between their last renewal and what they wrote. */
  const expectOneWriter = (): void => {
    const held = holdings();
    for (const { by, at, name, resource } of writes()) {
      const holder = held.findLast((one) => one.at <= at)?.by;
      expect(by, `${resource} ${name}`).toBe(holder);
    }
  };

  test('[AR-leader] killed with -9, it is followed by another one when its Lease has run out, not before', async () => {
    const { leader, names } = await takeOver('SIGKILL');
    const held = holdings();
    const last = held.findLast(({ by }) => by === leader)?.at ?? 0;
    const first = held.find(({ by, at }) => by !== leader && at > last)?.at ?? 0;
    process.stdout.write(`the Lease changed hands ${((first - last) / 1_000).toFixed(1)} s after its last renewal\n`);
    expect(first - last).toBeGreaterThan(leaseDuration);
    expectOneWriter();
    // Each object was told once, whoever did: what the one before has written is not written again.
    const told = writes().filter(({ resource, code }) => resource === 'middlewares/status' && code < 300);
    for (const name of names)
      expect(
        told.filter((one) => one.name === name),
        name,
      ).toHaveLength(1);
    await gatewayOf(leader).stop();
    await start(0);
  }, 150_000);

  test('[AR-leader] having stood still for longer than its Lease, it writes nothing any more', async () => {
    const { leader } = await takeOver('SIGSTOP');
    process.kill(gatewayOf(leader).pid, 'SIGCONT');
    const names = [await breakOne(), await breakOne()];
    await expect.poll(() => toldOf(names), patience).toBe(names.length);
    // It is back, has seen them, and left them to the other.
    const loads = () =>
      gatewayOf(leader)
        .lines()
        .filter(({ message }) => message === 'configuration loaded').length;
    const before = loads();
    await breakOne();
    await expect.poll(loads, patience).toBeGreaterThan(before);
    expectOneWriter();
    expect(new Set(holdings().map(({ by }) => by)).size).toBe(2);
  }, 150_000);
});
