import { randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { localhostHostValidation, localhostOriginValidation } from '@modelcontextprotocol/node';
import { createRequestStateCodec, McpServer } from '@modelcontextprotocol/server';
import { createDualEraEndpoint } from '../../demo/dual-era-endpoint.ts';
import { createEventStore } from './event-store.ts';
import { registerQuestions } from './everything-questions.ts';
import { registerPrompts, registerResources } from './everything-resources.ts';
import { type EverythingControls, registerPlainTools, registerSlowTools } from './everything-tools.ts';

/** A request as the upstream received it. */
export type SeenRequest = { readonly method: string; readonly url: string; readonly headers: IncomingHttpHeaders };

export type RunningEverything = {
  readonly url: string;
  readonly port: number;
  /** Requests in the order of arrival. */
  readonly seen: readonly SeenRequest[];
  /** How many `wait` calls were cancelled by their caller so far. */
  readonly cancellations: () => number;
  readonly close: () => Promise<void>;
};

/**
 * Starts an MCP server that offers everything the conformance suite asks for, plus two tools of ours (`wait`,
 * `touch_resource`). Both eras, resumable legacy streams, loopback names only.
 */
export async function startEverything(): Promise<RunningEverything> {
  const seen: SeenRequest[] = [];
  let cancellations = 0;
  let extraTool = false;
  let extraPrompt = false;
  const servers = new Map<McpServer, Set<string>>();
  const codec = createRequestStateCodec<{ step: number; name?: string }>({ key: randomBytes(32) });

  const controls: EverythingControls = {
    changeTools: () => {
      extraTool = !extraTool;
      endpoint.changed.tools();
    },
    changePrompts: () => {
      extraPrompt = !extraPrompt;
      endpoint.changed.prompts();
    },
    touchResource: (uri) => {
      const watching = [...servers].filter(([, uris]) => uris.has(uri)).map(([server]) => server);
      endpoint.changed.resource(uri, new Set(watching));
    },
    cancelled: () => {
      cancellations += 1;
    },
  };

  const createEverything = (): McpServer => {
    const server = new McpServer(
      { name: 'portcullis-test-everything', version: '1.0.0' },
      {
        capabilities: {
          tools: { listChanged: true },
          prompts: { listChanged: true },
          resources: { listChanged: true, subscribe: true },
          logging: {},
          completions: {},
        },
        requestState: { verify: codec.verify },
      },
    );
    const uris = new Set<string>();
    servers.set(server, uris);
    server.server.onclose = () => void servers.delete(server);
    server.server.setRequestHandler('resources/subscribe', ({ params }) => {
      uris.add(params.uri);
      return {};
    });
    server.server.setRequestHandler('resources/unsubscribe', ({ params }) => {
      uris.delete(params.uri);
      return {};
    });
    registerPlainTools(server, controls);
    registerSlowTools(server, controls);
    registerQuestions(server, codec);
    registerResources(server);
    registerPrompts(server);
    if (extraTool) server.registerTool('extra_tool', { description: 'Comes and goes' }, () => ({ content: [] }));
    if (extraPrompt) server.registerPrompt('extra_prompt', { description: 'Comes and goes' }, () => ({ messages: [] }));
    return server;
  };

  const endpoint = createDualEraEndpoint({ createServer: createEverything, createEventStore, retryInterval: 100 });
  const hostIsLocal = localhostHostValidation();
  const originIsLocal = localhostOriginValidation();
  const server = createServer((request, response) => {
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    if (!hostIsLocal(request, response) || !originIsLocal(request, response)) return;
    if (request.url?.split('?')[0] === '/mcp') endpoint.listener(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    port,
    seen,
    cancellations: () => cancellations,
    close: async () => {
      await endpoint.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
