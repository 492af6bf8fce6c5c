import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism, loadavg } from 'node:os';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import { type Cluster, podEnvironment, programs, startCluster } from './cluster.ts';

const routes = 2_000;
const changes = 100;

/** How many times longer everything takes because other work waits for the processors, too; 1 on a machine of our own. */
const crowd = (): number => Math.max(1, (loadavg()[0] ?? 1) / availableParallelism());

/** Two thousand routes, each with a middleware and a Service of its own. */
function objectsOf(index: number): readonly object[] {
  const metadata = { name: `route-${index}`, namespace: 'apps' };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { type: 'ExternalName', externalName: 'upstream.example', ports: [{ port: 80 }] },
    },
    middlewareOf(index, 'first'),
    {
      apiVersion: 'traefik.io/v1alpha1',
      kind: 'IngressRoute',
      metadata,
      spec: {
        entryPoints: ['web'],
        routes: [
          {
            kind: 'Rule',
            match: `Host(\`many.localhost\`) && PathPrefix(\`/r${index}/\`)`,
            middlewares: [{ name: metadata.name }],
            services: [{ name: metadata.name, port: 80 }],
          },
        ],
      },
    },
  ];
}

function middlewareOf(index: number, value: string): object {
  return {
    apiVersion: 'traefik.io/v1alpha1',
    kind: 'Middleware',
    metadata: { name: `route-${index}`, namespace: 'apps' },
    spec: { headers: { customResponseHeaders: { 'X-Version': value } } },
  };
}

describe.skipIf(programs === undefined)('two thousand routes', () => {
  let cluster: Cluster;
  let upstream: Server;
  let gateway: TestGateway | undefined;
  const agent = new Agent({ connect: { rejectUnauthorized: false }, connections: 16 });

  const plurals = new Map([
    ['Service', '/api/v1/namespaces/apps/services'],
    ['Middleware', '/apis/traefik.io/v1alpha1/namespaces/apps/middlewares'],
    ['IngressRoute', '/apis/traefik.io/v1alpha1/namespaces/apps/ingressroutes'],
  ]);
  /** Faster than kubectl, whose own start would be most of what is measured. */
  async function send(method: 'POST' | 'PATCH', path: string, body: unknown): Promise<void> {
    const type = method === 'POST' ? 'application/json' : 'application/merge-patch+json';
    const answer = await request(cluster.server + path, {
      dispatcher: agent,
      method,
      headers: { authorization: 'Bearer token-of-the-administrator', 'content-type': type },
      body: JSON.stringify(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${answer.statusCode} ${text}`);
  }

  const versionAt = async (index: number) => {
    const url = `${gateway?.webUrl}/r${index}/`;
    const answer = await request(url, { dispatcher: agent, headers: { host: 'many.localhost' } });
    await answer.body.dump();
    return answer.headers['x-version'];
  };

  beforeAll(async () => {
    upstream = createServer((_, response) => response.end('ok'));
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    cluster = await startCluster();
    const indexes = Array.from({ length: routes }, (_, index) => index).values();
    const worker = async () => {
      for (const index of indexes) {
        for (const object of objectsOf(index)) {
          await send('POST', plurals.get((object as { kind: string }).kind) ?? '', object);
        }
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
  }, 180_000);
  afterAll(async () => {
    await gateway?.stop();
    await cluster?.stop();
    upstream?.close();
    await agent.close();
  });

  test('[AR-scale-load] are served 5 s after the start', async () => {
    const { port } = upstream.address() as AddressInfo;
    const begun = performance.now();
    gateway = await startTestGateway({
      files: {},
      flags: [...cluster.flags, `--resolve=upstream.example:80=127.0.0.1:${port}`],
      env: podEnvironment,
    });
    expect(await versionAt(routes - 1)).toBe('first');
    const whole = Math.round(performance.now() - begun);
    // Without the time that the runtime needs to start, which other work on this machine decides.
    const ready = (await gateway.waitForLine(({ message }) => message === 'Portcullis is ready'))['milliseconds'];
    const loaded = gateway.lines().find(({ message }) => message === 'configuration loaded');
    process.stdout.write(
      `2,000 routes: served ${ready} ms after the start (${whole} ms with the runtime), built in ${loaded?.['milliseconds']} ms\n`,
    );
    expect(loaded).toMatchObject({ routers: routes, errors: 0 });
    expect(ready).toBeLessThan(5_000 * crowd());
  }, 60_000);

  test('[AR-scale-change] a change of one is live within 1 s, 99 times of 100, also right after a burst', async () => {
    const times: number[] = [];
    for (let round = 0; round < changes; round += 1) {
      const index = (round * 37) % routes;
      const value = `round-${round}`;
      if (round % 25 === 24) {
        const burst = Array.from({ length: 50 }, (_, nth) => (index + 1 + nth) % routes);
        for (const other of burst)
          void send('PATCH', `${plurals.get('Middleware')}/route-${other}`, middlewareOf(other, 'burst'));
      }
      await send('PATCH', `${plurals.get('Middleware')}/route-${index}`, middlewareOf(index, value));
      const begun = performance.now();
      while ((await versionAt(index)) !== value && performance.now() - begun < 5_000) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      times.push(performance.now() - begun);
    }
    times.sort((a, b) => a - b);
    const at = (share: number) => Math.round(times[Math.ceil(share * times.length) - 1] ?? Number.NaN);
    process.stdout.write(`a change is live: median ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms\n`);
    expect(at(0.99)).toBeLessThan(1_000 * crowd());
  }, 180_000);
});
