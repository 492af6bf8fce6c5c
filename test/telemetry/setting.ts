import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import { guideSecret, signToken } from '../peers/tokens.ts';
import { startUpstream, type Upstream } from './upstream.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface CallOptions {
  readonly era?: 'legacy' | 'modern';
  readonly id?: number | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly meta?: Readonly<Record<string, unknown>>;
  /** Another token than the usual one; `null`: none. */
  readonly token?: string | null;
  readonly path?: string;
}

export interface Caller {
  send(method: string, params?: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<Answer>;
  http(
    method: string,
    path: string,
    headers?: Readonly<Record<string, string>>,
    body?: string,
    base?: string,
  ): Promise<Answer>;
}

/** A gateway with one route, its upstream, and a caller. */
export interface Setting extends Caller {
  readonly gateway: TestGateway;
  readonly upstream: Upstream;
  /** Where logs and the like go. */
  readonly folder: string;
  readonly token: string;
  stop(): Promise<void>;
}

/** The tool `secret_tool` is denied and hidden, everything else is allowed to whoever has a token. */
export const policies = `          policies:
            - name: no-secrets
              match: Equals(\`mcp.params.name\`, \`secret_tool\`)
              action: deny
            - name: not-much
              match: Gt(\`mcp.params.arguments.amount\`, \`100\`)
              action: deny
            - name: members
              match: Contains(\`jwt.groups\`, \`members\`)
              action: allow
`;

export const routes = (port: number, mcp: string = policies): string => `http:
  routers:
    one:
      rule: PathPrefix(\`/mcp\`)
      entryPoints: [web]
      middlewares: [token, policy]
      service: one
    plain:
      rule: PathPrefix(\`/plain\`)
      entryPoints: [web]
      service: one
  middlewares:
    token:
      plugin:
        jwt:
          signingSecret: ${guideSecret}
    policy:
      plugin:
        mcp:
${mcp}
  services:
    one:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:${port}
`;

/** Starts a setting; `flags` may use the folder for files. */
export async function startSetting(options: {
  readonly flags?: (folder: string) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly mcp?: string;
  /** More routing beside `one` and `plain`, which may use the service `one` and the middlewares `token` and `policy`. */
  readonly more?: string;
}): Promise<Setting> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-telemetry-'));
  const upstream = await startUpstream();
  const gateway = await startTestGateway({
    files: {
      'routes.yaml': routes(upstream.port, options.mcp),
      ...(options.more === undefined ? {} : { 'more.yaml': options.more }),
    },
    flags: options.flags?.(folder) ?? [],
    env: options.env ?? {},
  });
  const token = await signToken({ sub: 'alice', groups: ['members'] });
  const caller = createCaller(gateway.webUrl, token);
  return {
    gateway,
    upstream,
    folder,
    token,
    send: caller.send,
    http: caller.http,
    async stop() {
      caller.close();
      await gateway.stop();
      await upstream.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A client of the gateway at `webUrl` that shows `token` unless told otherwise. */
export function createCaller(webUrl: string, token: string): Caller & { close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const http: Caller['http'] = (method, path, headers = {}, body = '', base = webUrl) =>
    new Promise((resolve, reject) => {
      const url = new URL(path, base);
      const sent = request(
        url,
        {
          method,
          agent,
          headers: { ...headers, ...(body === '' ? {} : { 'content-length': Buffer.byteLength(body) }) },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks).toString(),
            }),
          );
          response.on('error', () => resolve({ status: -1, headers: {}, body: '' }));
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  let lastId = 0;
  return {
    http,
    close: () => agent.destroy(),
    send(
      method,
      params = {},
      { era = 'legacy', id = ++lastId, headers = {}, meta, token: given = token, path = '/mcp' } = {},
    ) {
      const modern = era === 'modern';
      const _meta = modern
        ? {
            'io.modelcontextprotocol/protocolVersion': '2026-07-28',
            'io.modelcontextprotocol/clientCapabilities': {},
            'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
            ...meta,
          }
        : meta;
      const named = params['name'] ?? params['uri'];
      const body = JSON.stringify({
        jsonrpc: '2.0',
        id,
        method,
        params: _meta === undefined ? params : { ...params, _meta },
      });
      return http(
        'POST',
        path,
        {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          ...(given === null ? {} : { authorization: `Bearer ${given}` }),
          'mcp-protocol-version': modern ? '2026-07-28' : '2025-11-25',
          ...(modern ? { 'mcp-method': method, ...(named === undefined ? {} : { 'mcp-name': String(named) }) } : {}),
          ...headers,
        },
        body,
      );
    },
  };
}

/** Asks again every few milliseconds until the answer is there. */
export async function until<T>(
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  what: string,
  patience = 15_000,
): Promise<T> {
  const deadline = performance.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
