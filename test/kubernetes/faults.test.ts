import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import { type Cluster, podEnvironment, programs, startCluster } from './cluster.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';

const service = `apiVersion: v1
kind: Service
metadata: { name: steady, namespace: apps }
spec: { type: ExternalName, externalName: upstream.example, ports: [{ port: 80 }] }
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: { name: steady, namespace: apps }
spec:
  routes:
    - kind: Rule
      match: Host(\`steady.localhost\`)
      middlewares: [{ name: version }]
      services: [{ name: steady, port: 80 }]
`;
const version = (value: string) => `apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: { name: version, namespace: apps }
spec: { headers: { customResponseHeaders: { X-Version: ${value} } } }
`;

describe.skipIf(programs === undefined)('an API server that fails', () => {
  let cluster: Cluster;
  let upstream: Server;
  let proxy: FaultProxy;
  let direct: TestGateway;
  let proxied: TestGateway;
  let traffic: Traffic;
  const agent = new Agent();
  let serial = 0;

  const versionAt = async (gateway: TestGateway) => {
    const answer = await request(gateway.webUrl, { dispatcher: agent, headers: { host: 'steady.localhost' } });
    await answer.body.dump();
    return { status: answer.statusCode, version: answer.headers['x-version'] };
  };
  /** Changes an object and measures how long it takes until every gateway has it, in milliseconds. */
  async function converge(gateways: readonly TestGateway[], begun = performance.now()): Promise<number> {
    const value = `v${++serial}`;
    await cluster.apply(version(value));
    for (const gateway of gateways) {
      await expect
        .poll(() => versionAt(gateway), { timeout: 15_000, interval: 20 })
        .toEqual({ status: 200, version: value });
    }
    return performance.now() - begun;
  }

  beforeAll(async () => {
    upstream = createServer((_, response) => response.end('ok'));
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    cluster = await startCluster();
    await cluster.apply(`${service}---\n${version('v0')}`);
    proxy = await startFaultProxy(cluster.server, cluster.certificate);
    const { port } = upstream.address() as AddressInfo;
    const start = (...flags: readonly string[]) =>
      startTestGateway({
        files: {},
        flags: [`--resolve=upstream.example:80=127.0.0.1:${port}`, ...cluster.flags, ...flags],
        env: podEnvironment,
      });
    direct = await start('--providers.kubernetesCRD.watchIdleTimeout=4s');
    const access = cluster.flags.filter((flag) => !/endpoint|certAuth/.test(flag));
    proxied = await startTestGateway({
      files: {},
      flags: [
        `--resolve=upstream.example:80=127.0.0.1:${port}`,
        ...access,
        `--providers.kubernetesCRD.endpoint=${proxy.url}`,
      ],
      env: podEnvironment,
    });
  }, 120_000);
  afterAll(async () => {
    await direct?.stop();
    await proxied?.stop();
    await proxy?.close();
    await cluster?.stop();
    upstream?.close();
    await agent.close();
  });

  beforeEach(() => {
    traffic = startTraffic([direct, proxied], versionAt);
  });
  afterEach(async () => {
    const { answered, failed } = await traffic.stop();
    expect(answered).toBeGreaterThan(20);
    expect(failed).toEqual([]);
  });

  test('[AR-api-kill] is killed and comes back: traffic goes on, and changes are there within 5 s', async () => {
    cluster.signal('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect(direct.log()).toContain('the API server is away');
    await cluster.startApiServer();
    expect(await converge([direct, proxied])).toBeLessThan(5_000);
  }, 60_000);

  test('[AR-api-stop] stands still for 30 s: the same', async () => {
    cluster.signal('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 30_000));
    cluster.signal('SIGCONT');
    expect(await converge([direct, proxied])).toBeLessThan(5_000);
  }, 90_000);

  test.each(['gone', 'gone-event'] as const)(
    '[AR-api-gone] forgets the past (%s): it is listed anew, without a gap',
    async (fault) => {
      const from = proxied.lines().length;
      const before = proxy.requests.length;
      proxy.set(fault);
      expect(await converge([proxied])).toBeLessThan(5_000);
      const lists = proxy.requests
        .slice(before)
        .filter(({ path }) => path.includes('/middlewares?') && path.includes('limit='));
      expect(lists.length).toBeGreaterThan(0);
      const loads = proxied
        .lines()
        .slice(from)
        .filter(({ message }) => message === 'configuration loaded');
      // Nothing was ever published without its routes.
      expect(loads.every((line) => line['routers'] === 1)).toBe(true);
      proxy.set('none');
    },
    30_000,
  );

  test.each(['errors', 'away'] as const)(
    '[AR-api-errors] answers nothing of use (%s): no more than one request a second',
    async (fault) => {
      proxy.set(fault);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      const begun = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      const asked = proxy.requests.filter(({ at }) => at > begun);
      expect(asked.length).toBeLessThanOrEqual(10);
      expect(asked.length).toBeGreaterThan(2);
      proxy.set('none');
      expect(await converge([proxied])).toBeLessThan(5_000);
    },
    40_000,
  );

  test('[AR-api-slow] is slow: changes come all the same', async () => {
    proxy.set('slow');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    // Late, as the words about it are, but it comes.
    await converge([proxied]);
    proxy.set('none');
    expect(await converge([proxied])).toBeLessThan(5_000);
  }, 30_000);
});

interface Traffic {
  readonly stop: () => Promise<{ readonly answered: number; readonly failed: readonly string[] }>;
}

/** A steady request every few milliseconds to each gateway; anything but 200 with a version counts as failed. */
function startTraffic(
  gateways: readonly TestGateway[],
  ask: (gateway: TestGateway) => Promise<{ status: number; version: unknown }>,
): Traffic {
  let answered = 0;
  let running = true;
  const failed: string[] = [];
  const loops = gateways.map(async (gateway) => {
    while (running) {
      try {
        const { status, version: got } = await ask(gateway);
        if (status === 200 && typeof got === 'string') answered += 1;
        else failed.push(`${status} ${String(got)}`);
      } catch (error) {
        failed.push(String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  return {
    async stop() {
      running = false;
      await Promise.all(loops);
      return { answered, failed };
    },
  };
}
