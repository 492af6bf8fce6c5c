/**
 * CPU per request of a service beside undici's bare dispatch, in one run, against an upstream in a process of its own.
 *
 *     node bench/service.bench.ts [requests per sample] [samples]
 *
 * Read the ratios; absolute figures move with the machine and its neighbours.
 */
import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { Clearance } from '../src/http/clearance.ts';
import type { Exchange } from '../src/http/exchange.ts';
import { newFacts } from '../src/http/facts.ts';
import { HeaderFields } from '../src/http/headers.ts';
import { ServiceRegistry } from '../src/service/registry.ts';
import { createServices } from '../src/service/services.ts';
import { silentLogger } from '../src/telemetry/log.ts';

const answer = Buffer.alloc(300, 'j');
const request = Buffer.alloc(300, 'q');
const fields = [
  'Content-Type',
  'application/json',
  'Accept',
  'application/json, text/event-stream',
  'User-Agent',
  'bench/1',
  'X-Forwarded-For',
  '127.0.0.1',
  'X-Forwarded-Proto',
  'http',
  'X-Forwarded-Host',
  'mcp.localhost',
  'X-Real-Ip',
  '127.0.0.1',
  'Mcp-Session-Id',
  'f1b4f0c6-54b6-4c1a-9a8e-0d5a4b7f4b51',
  'MCP-Protocol-Version',
  '2025-11-25',
];

if (process.argv[2] === 'upstream') {
  const server = createServer((incoming, response) => {
    incoming.resume();
    incoming.on('end', () => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': answer.length });
      response.end(answer);
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
} else {
  await main(Number(process.argv[2] ?? 20_000), Number(process.argv[3] ?? 7));
}

async function main(count: number, samples: number): Promise<void> {
  const child = fork(import.meta.filename, ['upstream']);
  const port = await new Promise<number>((resolve) => child.once('message', (message) => resolve(Number(message))));
  const origin = `http://127.0.0.1:${port}`;
  const runners: Readonly<Record<string, () => Promise<unknown>>> = {
    'undici dispatch': bare(origin),
    'service, wrr': service(origin, 1, 'wrr'),
    'service, hrw of 3': service(origin, 3, 'hrw'),
  };
  const results = new Map<string, number[]>();
  for (const run of Object.values(runners)) await sample(run, count / 2);
  for (let i = 0; i < samples; i++) {
    for (const [name, run] of Object.entries(runners)) {
      results.set(name, [...(results.get(name) ?? []), await sample(run, count)]);
    }
  }
  const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
  const base = median(results.get('undici dispatch') ?? []);
  for (const [name, values] of results) {
    const value = median(values);
    process.stdout.write(
      `${name.padEnd(20)} ${value.toFixed(1).padStart(6)} µs CPU/request  ×${(value / base).toFixed(2)}\n`,
    );
  }
  child.kill();
  process.exit(0);
}

/** CPU microseconds per request, 64 at a time. */
async function sample(run: () => Promise<unknown>, count: number): Promise<number> {
  const before = process.cpuUsage();
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await run();
    }
  };
  await Promise.all(Array.from({ length: 64 }, worker));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

function bare(origin: string): () => Promise<unknown> {
  const pool = new Pool(origin, { pipelining: 1, allowH2: false, headersTimeout: 0, bodyTimeout: 0 });
  return () =>
    new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let status = 0;
      pool.dispatch(
        { path: '/mcp', method: 'POST', headers: fields, body: request },
        {
          onRequestStart() {},
          onResponseStart(_controller, code) {
            status = code;
          },
          onResponseData(_controller, chunk) {
            chunks.push(chunk);
          },
          onResponseEnd() {
            resolve({ status, body: Buffer.concat(chunks) });
          },
          onResponseError(_controller, error) {
            reject(error);
          },
        },
      );
    });
}

function service(origin: string, servers: number, strategy: 'wrr' | 'hrw'): () => Promise<unknown> {
  const registry = new ServiceRegistry({ log: silentLogger });
  const config = {
    kind: 'loadBalancer',
    loadBalancer: {
      servers: Array.from({ length: servers }, (_, index) => ({ url: `${origin}/${index}`, weight: 1 })),
      strategy,
      passHostHeader: true,
    },
  } as const;
  const origin_ = { provider: 'file', label: 'bench', locate: () => undefined, line: () => undefined };
  const item = { name: 'bench', config, origin: origin_, path: [], problems: [] };
  const built = createServices({ services: new Map([['bench', item]]), serversTransports: new Map() }, registry).get(
    'bench',
  );
  const clearance = Clearance.stamp();
  const headers = HeaderFields.fromRaw(fields);
  return () => built.handle(exchange(headers), clearance);
}

function exchange(headers: HeaderFields): Exchange {
  return {
    number: 1,
    id: 'bench',
    entrypoint: 'web',
    protocol: '1.1',
    target: { scheme: 'http', authority: 'mcp.localhost', host: 'mcp.localhost', port: undefined },
    peerAddress: '127.0.0.1',
    clientAddress: '127.0.0.1',
    method: 'POST',
    originalPath: '/mcp',
    path: '/mcp',
    query: '',
    headers,
    body: {
      empty: false,
      declaredLength: request.length,
      buffered: request,
      read: () => Promise.resolve(request),
      stream: () => {
        throw new TypeError('no stream');
      },
    },
    identity: undefined,
    decision: undefined,
    allowedOrigins: undefined,
    routeResource: undefined,
    routeScopes: undefined,
    abortOnClose: true,
    facts: newFacts(),
    closed: false,
    onClosed: () => () => {},
  };
}
