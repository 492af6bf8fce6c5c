import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the upstream got it. */
export interface Receipt {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly message: RpcMessage | undefined;
}

export interface RpcMessage {
  readonly jsonrpc: '2.0';
  readonly id?: number | string;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>> & { readonly name?: string };
}

export interface Upstream {
  readonly port: number;
  readonly url: string;
  readonly receipts: Receipt[];
  stop(): Promise<void>;
}

const text = (value: string) => ({ content: [{ type: 'text', text: value }] });
const tool = (name: string, properties: object = { value: { type: 'string' } }) => ({
  name,
  inputSchema: { type: 'object', properties },
});

const tools = [
  tool('echo', { value: { type: 'string' }, pinCode: { type: 'string', 'x-sensitive': true } }),
  tool('fail'),
  tool('secret_tool'),
  tool('invalid'),
  tool('die'),
  tool('die_late'),
  tool('boom'),
];

/** What each tool does to the connection or answers. */
const behaviours: Readonly<Record<string, (message: RpcMessage, response: ServerResponse) => void>> = {
  fail: (message, response) => reply(response, message, { result: { ...text('no'), isError: true } }),
  invalid: (message, response) => reply(response, message, { error: { code: -32602, message: 'bad arguments' } }),
  die: (_message, response) => void response.socket?.destroy(),
  die_late: (_message, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"jsonrpc"', () => response.socket?.destroy());
  },
  boom: (_message, response) => void response.writeHead(500, { 'content-length': '0' }).end(),
};

const results: Readonly<Record<string, (message: RpcMessage) => object>> = {
  initialize: () => ({
    protocolVersion: '2025-11-25',
    capabilities: { tools: {}, prompts: {}, resources: {} },
    serverInfo: { name: 'upstream', version: '1' },
  }),
  'tools/list': () => ({ tools }),
  'prompts/list': () => ({ prompts: [{ name: 'greet' }] }),
  'prompts/get': () => ({ messages: [] }),
  'resources/list': () => ({ resources: [{ uri: 'file:///a', name: 'a' }] }),
  'resources/read': () => ({ contents: [] }),
  'tools/call': (message) => text(JSON.stringify(message.params?.['arguments'] ?? {})),
};

/** An MCP server of both eras that keeps a receipt of every request and can fail in several ways. */
export async function startUpstream(): Promise<Upstream> {
  const receipts: Receipt[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => {});
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const message = body === '' ? undefined : (JSON.parse(body) as RpcMessage);
      receipts.push({ headers: request.headers, body, message });
      if (request.url?.endsWith('/stream')) {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\n');
        return;
      }
      if (message === undefined) {
        response.writeHead(request.method === 'DELETE' ? 200 : 405, { 'content-length': '0' }).end();
        return;
      }
      if (message.id === undefined) {
        response.writeHead(202, { 'content-length': '0' }).end();
        return;
      }
      const behaviour = message.method === 'tools/call' ? behaviours[message.params?.name ?? ''] : undefined;
      if (behaviour !== undefined) behaviour(message, response);
      else if (message.method === 'initialize')
        reply(
          response,
          message,
          { result: results['initialize']?.(message) ?? {} },
          { 'mcp-session-id': randomUUID() },
        );
      else if (message.method in results)
        reply(response, message, { result: results[message.method]?.(message) ?? {} });
      else reply(response, message, { error: { code: -32601, message: 'no such method' } });
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    receipts,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function reply(
  response: ServerResponse,
  message: RpcMessage,
  outcome: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = JSON.stringify({ jsonrpc: '2.0', id: message.id, ...outcome });
  response
    .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers })
    .end(body);
}
