import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';

const probe = fileURLToPath(new URL('./heap-probe.mjs', import.meta.url));
const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}}';
const answer = '{"jsonrpc":"2.0","id":1,"result":{"content":[]}}';
const request = `POST /mcp HTTP/1.1\r\nHost: mcp.localhost\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: ${call.length}\r\n\r\n${call}`;

/** So many requests, `clients` at a time, each of a client's on one connection; resolves with the number answered. */
async function send(port: number, requests: number, clients = 32): Promise<number> {
  let asked = 0;
  let answered = 0;
  await Promise.all(
    Array.from(
      { length: clients },
      () =>
        new Promise<void>((resolve, reject) => {
          const socket = connect(port, '127.0.0.1');
          let text = '';
          const next = (): void => {
            text = '';
            if (asked++ < requests) socket.write(request);
            else socket.end();
          };
          socket.setEncoding('latin1').on('data', (chunk: string) => {
            text += chunk;
            if (!text.endsWith(answer)) return;
            answered += text.startsWith('HTTP/1.1 200') ? 1 : 0;
            next();
          });
          socket.on('connect', next).on('close', () => resolve());
          socket.on('error', reject);
        }),
    ),
  );
  return answered;
}

async function signal(gateway: TestGateway, said: RegExp): Promise<RegExpExecArray> {
  process.kill(gateway.pid, 'SIGUSR2');
  await expect.poll(() => said.test(gateway.log()), { timeout: 20_000 }).toBe(true);
  return said.exec(gateway.log()) as RegExpExecArray;
}

const routes = (upstream: number): Readonly<Record<string, string>> => ({
  'routes.yaml': `
http:
  routers:
    calls: { rule: 'Host(\`mcp.localhost\`)', service: upstream, middlewares: [policies] }
  middlewares:
    policies: { plugin: { mcp: { policies: [{ match: 'Equals(\`mcp.method\`, \`tools/call\`)', action: allow }] } } }
  services:
    upstream: { loadBalancer: { servers: [{ url: 'http://127.0.0.1:${upstream}' }] } }
`,
});

/** Bytes that the old generation grows by for each of so many requests: those answered since `run` started the probe. */
async function grownPerRequest(
  requests: number,
  env: Readonly<Record<string, string>>,
  run: (port: number, start: () => Promise<unknown>) => Promise<number>,
): Promise<number> {
  const upstream = createServer((incoming, response) => {
    incoming.resume().on('end', () => response.setHeader('Content-Type', 'application/json').end(answer));
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const gateway = await startTestGateway({
    files: routes((upstream.address() as AddressInfo).port),
    env: { NODE_OPTIONS: `--import=${probe}`, ...env },
  });
  try {
    const port = Number(new URL(gateway.webUrl).port);
    expect(await run(port, () => signal(gateway, /probe started/))).toBe(requests);
    const [, told = ''] = await signal(gateway, /probe (\{.*\})/);
    const { grown, scavenges } = JSON.parse(told) as { grown: number; scavenges: number };
    expect(scavenges).toBeGreaterThan(2);
    return grown / requests;
  } finally {
    await gateway.stop();
    upstream.close();
  }
}

test('[PERF-left-behind] after a full collection, requests that are over keep no later ones alive', async () => {
  const grown = await grownPerRequest(6_000, {}, async (port, start) => {
    await send(port, 2_000);
    // In the middle of requests, so that the collection finds some under way.
    const busy = send(port, 6_000);
    await start();
    return busy;
  });
  expect(grown).toBeLessThan(1_024);
}, 60_000);

test('[PERF-left-behind] a gateway that is called by many as soon as it listens does not take what they bring for lasting', async () => {
  const grown = await grownPerRequest(12_000, { PROBE_COLLECTS: 'no' }, async (port, start) => {
    // Most of what this leaves is compiled code and what the gateway learns about requests.
    await send(port, 12_000, 256);
    await start();
    return send(port, 12_000, 256);
  });
  expect(grown).toBeLessThan(1_024);
}, 60_000);
