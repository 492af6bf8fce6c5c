import { createServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer as LegacyServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import type { KeyPair } from '../../demo/certificates.ts';

export type RunningServer = { readonly url: string; readonly port: number; readonly close: () => Promise<void> };

const hello = { content: [{ type: 'text' as const, text: 'hello' }] };

/** A server of the first SDK generation, without sessions: it has never heard of the modern era. */
export function startLegacyOnly(): Promise<RunningServer> {
  return serve(async (request, response) => {
    const server = new LegacyServer({ name: 'legacy-only', version: '1.0.0' });
    server.registerTool('hello', { description: 'Says hello' }, () => hello);
    const transport = new StreamableHTTPServerTransport({});
    response.on('close', () => void server.close());
    await server.connect(transport as Transport);
    await transport.handleRequest(request, response);
  });
}

/** A server that refuses everything but the modern era. */
export function startModernOnly(): Promise<RunningServer> {
  const createHello = () => {
    const server = new McpServer({ name: 'modern-only', version: '1.0.0' });
    server.registerTool('hello', { description: 'Says hello' }, () => hello);
    return server;
  };
  const handle = toNodeHandler(createMcpHandler(createHello, { legacy: 'reject' }));
  return serve((request, response) => handle(request as NodeIncomingMessageLike, response));
}

/** Serves a listener on a free loopback port, over HTTPS when there is a certificate. */
export async function serve(
  listener: (...args: Parameters<RequestListener>) => unknown,
  tls?: KeyPair,
): Promise<RunningServer> {
  const handle: RequestListener = (request, response) => void listener(request, response);
  const server = tls === undefined ? createServer(handle) : createHttpsServer({ cert: tls.cert, key: tls.key }, handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/mcp`,
    port,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
