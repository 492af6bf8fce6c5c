import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import { guideSecret, signToken } from '../peers/tokens.ts';

const streamCount = 200;
const changeCount = 60;
const brokenEvery = 3;
const tools = ['red', 'blue'] as const;
type Tool = (typeof tools)[number];

/** Policy `red` allows the tool `red` and nothing else; policy `blue` the other way round. */
const policy = (allowed: Tool): string => `http:
  middlewares:
    policy:
      plugin:
        mcp:
          policies:
            - match: Equals(\`mcp.method\`, \`tools/call\`) && Equals(\`mcp.params.name\`, \`${allowed}\`)
              action: allow
          defaultAction: deny
`;

const routes = (port: number): string => `http:
  routers:
    one:
      rule: PathPrefix(\`/mcp\`)
      entryPoints: [web]
      middlewares: [token, policy]
      service: one
  middlewares:
    token:
      plugin:
        jwt:
          signingSecret: ${guideSecret}
  services:
    one:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:${port}
`;

/** Twenty ways to break the policy file, each of another kind. */
const broken: readonly string[] = [
  'http: [',
  'http:\n  middlewares:\n    policy:\n   plugin: {}',
  '\t: tab',
  'http:\n  middelwares: {}\n',
  'http:\n  middlewares:\n    policy:\n      plugin:\n        mpc: {}\n',
  policy('red').replace('Equals(`mcp.method`', 'Equal(`mcp.method`'),
  policy('red').replace('&&', '&'),
  policy('red').replace('`mcp.method`', '`mcp.metod`'),
  policy('red').replace('action: allow', 'action: permit'),
  policy('red').replace('action: allow', 'acton: allow'),
  policy('red').replace('defaultAction: deny', 'defaultAction: maybe'),
  policy('red').replace('defaultAction: deny', 'defaultActoin: deny'),
  policy('red').replace('policies:', 'policies: 5 #'),
  policy('red').replace(' && ', ' && ('),
  policy('red').replace('`red`)', '`red`'),
  policy('red').replace('Equals(`mcp.params.name`, `red`)', 'Matches(`mcp.params.name`, `(`)'),
  policy('red').replace('Equals(`mcp.params.name`, `red`)', 'Equals(`mcp.params.name`)'),
  policy('red').replace('plugin:', 'plugins:'),
  policy('red').replace('mcp:', 'mcp:\n          statusCodeOnDeny: yes please'),
  'just a sentence',
];

let folder: string;
let gateway: TestGateway;
let port: number;
const upstream = createServer(answer);
const agent = new Agent({ keepAlive: true, maxSockets: 50 });
let headers: Record<string, string>;

function answer(message: IncomingMessage, response: ServerResponse): void {
  if (message.method === 'GET') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const timer = setInterval(
      () =>
        response.write(
          'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}\n\n',
        ),
      1_000,
    );
    response.on('close', () => clearInterval(timer));
    return;
  }
  message.resume();
  message.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"jsonrpc":"2.0","id":1,"result":{"content":[]}}');
  });
}

beforeAll(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  folder = mkdtempSync(join(tmpdir(), 'portcullis-reload-'));
  gateway = await startTestGateway({
    files: { 'routes.yaml': routes((upstream.address() as AddressInfo).port), 'policy.yaml': policy('red') },
    flags: [
      '--providers.providersThrottleDuration=100ms',
      '--log.level=INFO',
      `--accessLog.filePath=${join(folder, 'access.log')}`,
      '--accessLog.format=json',
      '--accessLog.bufferingSize=0',
    ],
  });
  port = Number(new URL(gateway.webUrl).port);
  headers = {
    authorization: `Bearer ${await signToken({ sub: 'somebody' })}`,
    accept: 'application/json, text/event-stream',
  };
});
afterAll(async () => {
  await gateway?.stop();
  agent.destroy();
  upstream.closeAllConnections();
  upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Status of one call. */
function call(tool: Tool): Promise<number> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: {} } });
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        path: '/mcp',
        method: 'POST',
        agent,
        headers: { ...headers, 'content-type': 'application/json', 'content-length': body.length },
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

interface OpenStream {
  events: number;
  ended: boolean;
  status: number;
  close(): void;
}

function openStream(): Promise<OpenStream> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path: '/mcp', headers: { ...headers, accept: 'text/event-stream' } },
      (response) => {
        const stream: OpenStream = {
          events: 0,
          ended: false,
          status: response.statusCode ?? 0,
          close: () => sent.destroy(),
        };
        response.on('data', () => {
          stream.events += 1;
        });
        for (const event of ['end', 'close', 'error']) {
          response.on(event, () => {
            stream.ended = true;
          });
        }
        resolve(stream);
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

describe('sixty changes in sixty seconds', () => {
  test('[SEC-reload-under-load] under open streams and steady calls: nothing is dropped, every answer fits a policy, broken files change nothing', async () => {
    const streams = await Promise.all(Array.from({ length: streamCount }, openStream));
    expect(streams.every((stream) => stream.status === 200)).toBe(true);

    let running = true;
    const seen = new Map<number, number>();
    const failures: unknown[] = [];
    const callers = tools.flatMap((tool) =>
      Array.from({ length: 4 }, async () => {
        while (running) {
          try {
            const status = await call(tool);
            seen.set(status, (seen.get(status) ?? 0) + 1);
          } catch (error) {
            failures.push(error);
          }
          await pause(20);
        }
      }),
    );

    let current: Tool = 'red';
    let brokenFiles = 0;
    for (let change = 1; change <= changeCount; change++) {
      const until = performance.now() + 1_000;
      if (change % brokenEvery === 0) {
        await gateway.reload({ 'policy.yaml': broken[brokenFiles++ % broken.length] as string });
      } else {
        current = current === 'red' ? 'blue' : 'red';
        await gateway.reload({ 'policy.yaml': policy(current) });
      }
      // Whatever was written, what holds now is the last good policy, and both tools say so.
      expect(await Promise.all(tools.map(call)), `after change ${change}`).toEqual(
        tools.map((tool) => (tool === current ? 200 : 403)),
      );
      await pause(Math.max(0, until - performance.now()));
    }
    running = false;
    await Promise.all(callers);

    expect(brokenFiles).toBe(20);
    expect(failures).toEqual([]);
    expect([...seen.keys()].toSorted()).toEqual([200, 403]);
    expect([...seen.values()].reduce((sum, one) => sum + one, 0)).toBeGreaterThan(5_000);
    expect(streams.filter((stream) => stream.ended)).toEqual([]);
    expect(streams.every((stream) => stream.events >= 30)).toBe(true);
    for (const stream of streams) stream.close();

    // No generation ever answered by two policies: what it allowed once it always allowed.
    await pause(300);
    const allowedBy = new Map<number, Set<string>>();
    for (const line of readFileSync(join(folder, 'access.log'), 'utf8').trim().split('\n')) {
      const entry = JSON.parse(line) as {
        Generation: number;
        McpMethod?: string;
        McpTarget?: string;
        DownstreamStatus: number;
      };
      if (entry.McpMethod !== 'tools/call' || entry.DownstreamStatus !== 200) continue;
      allowedBy.set(entry.Generation, (allowedBy.get(entry.Generation) ?? new Set()).add(entry.McpTarget ?? ''));
    }
    expect(allowedBy.size).toBeGreaterThanOrEqual(40);
    for (const [generation, allowed] of allowedBy) expect([...allowed], `generation ${generation}`).toHaveLength(1);
  }, 120_000);
});
