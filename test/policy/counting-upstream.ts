import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  isLegacyRequest,
  McpServer,
  ResourceTemplate,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { z } from 'zod';

/** How an upstream writes its answers. */
export type AnswerFormat = 'json' | 'sse';

export type CountingUpstream = {
  readonly port: number;
  /** What arrived so far: `tools/call refund`, `resources/read file:///public/a`, … */
  readonly arrived: readonly string[];
  /** Media types of the answers so far. */
  readonly answered: readonly string[];
  readonly close: () => Promise<void>;
};

/** An MCP server of both eras that answers in one format and counts what arrives; sessions are not kept. */
export async function startCountingUpstream(format: AnswerFormat): Promise<CountingUpstream> {
  const arrived: string[] = [];
  const answered: string[] = [];

  const createShop = (): McpServer => {
    const server = new McpServer({ name: 'portcullis-test-shop', version: '1.0.0' });
    for (const name of ['look_up', 'refund', 'erase']) {
      server.registerTool(
        name,
        { description: name, inputSchema: z.object({ amount: z.number().optional() }) },
        () => ({
          content: [{ type: 'text', text: `${name} done` }],
        }),
      );
    }
    for (const name of ['greet', 'fire']) {
      server.registerPrompt(name, { description: name }, () => ({
        messages: [{ role: 'user', content: { type: 'text', text: name } }],
      }));
    }
    for (const uri of ['file:///public/a', 'file:///private/a']) {
      server.registerResource(uri, uri, {}, () => ({ contents: [{ uri, text: uri }] }));
    }
    for (const place of ['public', 'private']) {
      server.registerResource(
        place,
        new ResourceTemplate(`file:///${place}/{name}`, { list: undefined }),
        {},
        (uri) => ({
          contents: [{ uri: uri.href, text: place }],
        }),
      );
    }
    return server;
  };

  const modern = createMcpHandler(createShop, { legacy: 'reject', responseMode: format });
  const fetch = async (request: Request): Promise<Response> => {
    const message: unknown = request.method === 'POST' ? await request.clone().json() : undefined;
    arrived.push(describe(message));
    const response = (await isLegacyRequest(request.clone()))
      ? await answerLegacy(request)
      : await modern.fetch(request);
    answered.push(response.headers.get('content-type') ?? '');
    return response;
  };
  const answerLegacy = async (request: Request): Promise<Response> => {
    if (request.method !== 'POST') return new Response(null, { status: 405 });
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: format === 'json' });
    await createShop().connect(transport);
    return await transport.handleRequest(request);
  };

  const serve = toNodeHandler({ fetch });
  const server = createServer((request, response) => void serve(request as NodeIncomingMessageLike, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    arrived,
    answered,
    close: async () => {
      await modern.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function describe(message: unknown): string {
  const { method, params } = (message ?? {}) as { method?: string; params?: { name?: string; uri?: string } };
  return [method, params?.name ?? params?.uri].filter((part) => part !== undefined).join(' ');
}
