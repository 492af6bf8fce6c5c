import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { generate } from 'selfsigned';
import { afterEach } from 'vitest';
import type {
  Item,
  LoadBalancerConfig,
  ServersTransportConfig,
  ServiceConfig,
} from '../../src/config/dynamic/model.ts';
import { Clearance } from '../../src/http/clearance.ts';
import type { ServicesContext } from '../../src/service/context.ts';
import { ServiceRegistry } from '../../src/service/registry.ts';
import type { Service } from '../../src/service/service.ts';
import { createServices, type Services } from '../../src/service/services.ts';
import { keptLogger } from './kept-log.ts';

/** A server on a loopback port that its test closes. */
export interface Upstream {
  readonly port: number;
  readonly url: string;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Those that are open. */
  readonly sockets: Set<Socket>;
  close(): Promise<void>;
}

export const clearance = Clearance.stamp();

/** Speaks HTTP properly. */
export function httpUpstream(listener: RequestListener): Promise<Upstream> {
  return listen(createHttpServer({ keepAlive: true, keepAliveTimeout: 60_000 }, listener), 'http');
}

export function httpsUpstream(options: ServerOptions, listener: RequestListener): Promise<Upstream> {
  return listen(createHttpsServer(options, listener), 'https');
}

/** What a hostile server sees of one request, and the line it can write to. */
export interface RawRequest {
  readonly socket: Socket;
  /** Head and body as sent. */
  readonly text: string;
  /** Counts requests over all connections, from 0. */
  readonly index: number;
  /** Counts requests on this connection, from 0. */
  readonly onConnection: number;
}

/** Answers with whatever bytes a test likes. Requests are split by `Content-Length`. */
export function rawUpstream(answer: (request: RawRequest) => void): Promise<Upstream> {
  let index = 0;
  const server = createTcpServer((socket) => {
    let pending = '';
    let onConnection = 0;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1');
      for (;;) {
        const head = pending.indexOf('\r\n\r\n');
        if (head < 0) return;
        const length = Number(/^content-length: *(\d+)/im.exec(pending.slice(0, head))?.[1] ?? 0);
        if (pending.length < head + 4 + length) return;
        const text = pending.slice(0, head + 4 + length);
        pending = pending.slice(text.length);
        answer({ socket, text, index: index++, onConnection: onConnection++ });
      }
    });
  });
  return listen(server, 'http');
}

const running: Upstream[] = [];

/** Closes all upstreams of a test file after each of its tests. Call once per file. */
export function closeUpstreams(): void {
  afterEach(async () => {
    await Promise.all(running.splice(0).map((upstream) => upstream.close()));
  });
}

async function listen(server: HttpServer | TcpServer, scheme: string): Promise<Upstream> {
  const sockets = new Set<Socket>();
  const upstream = {
    port: 0,
    url: '',
    connections: 0,
    sockets,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  server.on('connection', (socket: Socket) => {
    upstream.connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  running.push(upstream);
  return Object.assign(upstream, { port, url: `${scheme}://127.0.0.1:${port}` });
}

/** A certificate for names and addresses that signs itself, so it is its own authority. */
export async function selfSigned(...names: string[]): Promise<{ cert: string; key: string }> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: names[0] ?? 'upstream' }], {
    keySize: 2048,
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (/^[\d.:]+$/.test(name) ? { type: 7, ip: name } : { type: 2, value: name })),
      },
    ],
  });
  return { cert, key };
}

export const transportDefaults: ServersTransportConfig = {
  insecureSkipVerify: false,
  rootCAs: [],
  certificates: [],
  maxIdleConnsPerHost: 200,
  disableHTTP2: false,
  cipherSuites: [],
  forwardingTimeouts: { dialTimeout: 5_000, responseHeaderTimeout: 0, idleConnTimeout: 60_000 },
};

/** An item as a provider would make it. */
export function item<Config>(name: string, config: Config): Item<Config> {
  return {
    name,
    config,
    path: [],
    problems: [],
    origin: { provider: 'file', label: `Service ${name}`, locate: () => undefined, line: () => undefined },
  };
}

export type BalancerOverrides = Partial<Omit<LoadBalancerConfig, 'servers'>> & {
  readonly servers: readonly (string | { url: string; weight?: number; preservePath?: boolean; fenced?: boolean })[];
};

export function balancer(options: BalancerOverrides): ServiceConfig {
  return {
    kind: 'loadBalancer',
    loadBalancer: {
      strategy: 'wrr',
      passHostHeader: true,
      ...options,
      servers: options.servers.map((server) =>
        typeof server === 'string' ? { url: server, weight: 1 } : { weight: 1, ...server },
      ),
    },
  };
}

export interface Setup {
  readonly registry: ServiceRegistry;
  readonly services: Services;
  readonly service: Service;
}

/** Builds services from configuration; `service` is the first. */
export function setUp(
  services: Readonly<Record<string, ServiceConfig>>,
  options: {
    readonly transport?: Partial<ServersTransportConfig>;
    readonly context?: Partial<ServicesContext>;
    readonly registry?: ServiceRegistry;
  } = {},
): Setup {
  const registry =
    options.registry ??
    new ServiceRegistry({
      log: keptLogger,
      serversTransport: { ...transportDefaults, ...options.transport },
      ...options.context,
    });
  const built = createServices(
    {
      services: new Map(Object.entries(services).map(([name, config]) => [name, item(name, config)])),
      serversTransports: new Map(),
    },
    registry,
  );
  return { registry, services: built, service: built.get(Object.keys(services)[0] ?? '') };
}
