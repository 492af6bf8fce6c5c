import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An MCP server that remembers which calls it executed, by the nonce in their arguments. */
export interface CountingUpstream {
  readonly port: number;
  /** How often each nonce was executed. */
  readonly executed: ReadonlyMap<string, number>;
  /** Sessions that it issued. */
  readonly sessions: ReadonlySet<string>;
  /** Milliseconds that a call takes. */
  delay: number;
  close(): void;
}

export async function startCountingUpstream(): Promise<CountingUpstream> {
  const executed = new Map<string, number>();
  const sessions = new Set<string>();
  const state = { delay: 5 };

  const answer = (response: ServerResponse, body: unknown, headers: Record<string, string> = {}): void => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const session = request.headers['mcp-session-id'];
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const timer = setInterval(
        () =>
          response.write(
            'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}\n\n',
          ),
        200,
      );
      response.on('close', () => clearInterval(timer));
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const message = JSON.parse(Buffer.concat(chunks).toString()) as {
      id?: number;
      method: string;
      params?: { arguments?: { nonce?: string } };
    };
    if (message.method === 'initialize') {
      const id = `session-${sessions.size + 1}`;
      sessions.add(id);
      const result = {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'counting', version: '1' },
      };
      answer(response, { jsonrpc: '2.0', id: message.id, result }, { 'mcp-session-id': id });
      return;
    }
    if (typeof session === 'string' && !sessions.has(session)) {
      response.writeHead(404).end();
      return;
    }
    const nonce = message.params?.arguments?.nonce ?? '';
    executed.set(nonce, (executed.get(nonce) ?? 0) + 1);
    await new Promise((resolve) => setTimeout(resolve, state.delay));
    answer(response, { jsonrpc: '2.0', id: message.id, result: { content: [{ type: 'text', text: nonce }] } });
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    executed,
    sessions,
    get delay() {
      return state.delay;
    },
    set delay(value: number) {
      state.delay = value;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
