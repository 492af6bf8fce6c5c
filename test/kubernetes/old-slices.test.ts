import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { curl } from '../guide/curl.ts';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import { type Cluster, podEnvironment, programs, startCluster } from './cluster.ts';
import { type OldSlices, startOldSlices } from './old-slices.ts';

const patience = { timeout: 30_000, interval: 50 } as const;

const objects = `apiVersion: v1
kind: Service
metadata: { name: inside, namespace: apps }
spec: { ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: { name: inside, namespace: apps }
spec:
  entryPoints: [web]
  routes: [{ kind: Rule, match: Host(\`inside.localhost\`), services: [{ name: inside, port: 80 }] }]
`;
const slice = (ready: boolean) => `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: inside-1, namespace: apps, labels: { kubernetes.io/service-name: inside } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints: [{ addresses: [10.1.2.3], conditions: { ready: ${ready} }, nodeName: one, zone: a, hints: { forZones: [{ name: a }] } }]
`;

describe.skipIf(programs === undefined)('an API server that has EndpointSlices only as a beta', () => {
  let cluster: Cluster;
  let old: OldSlices;
  let upstream: Server;
  let gateway: TestGateway;

  beforeAll(async () => {
    upstream = createServer((_, response) => response.end('here\n'));
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    cluster = await startCluster();
    await cluster.apply(`${objects}---\n${slice(true)}`);
    old = await startOldSlices(cluster.server, cluster.certificate);
    gateway = await startTestGateway({
      files: {},
      flags: [
        ...cluster.flags.filter((flag) => !/endpoint|certAuth/.test(flag)),
        `--providers.kubernetesCRD.endpoint=${old.url}`,
        `--resolve=10.1.2.3:8080=127.0.0.1:${(upstream.address() as AddressInfo).port}`,
      ],
      env: podEnvironment,
    });
  }, 120_000);
  afterAll(async () => {
    await gateway?.stop();
    await old?.close();
    await cluster?.stop();
    upstream?.close();
  });

  test('[AR-endpoints] is read in that version: endpoints are there, and come and go', async () => {
    const status = () =>
      curl(`http://inside.localhost:${new URL(gateway.webUrl).port}/`).then((answer) => answer.status);
    expect(await status()).toBe(200);
    await cluster.apply(slice(false));
    await expect.poll(status, patience).toBe(503);
    await cluster.apply(slice(true));
    await expect.poll(status, patience).toBe(200);
    expect(old.asked.filter((path) => path.includes('/v1beta1/endpointslices?')).length).toBeGreaterThanOrEqual(2);
    expect(old.asked.filter((path) => path.includes('/v1/'))).toEqual([]);
  });
});
