import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  type EventStore,
  isLegacyRequest,
  type McpServer,
  type McpServerFactory,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';

/** What an MCP endpoint of both eras is made of. */
export type DualEraEndpointOptions = {
  /** Makes one server per legacy session and one per modern request. */
  readonly createServer: (era: 'legacy' | 'modern') => McpServer;
  /** Answers a GET that names no session with an open, silent event stream instead of 400. */
  readonly streamWithoutSession?: boolean;
  /** Makes a session's streams resumable. */
  readonly createEventStore?: () => EventStore;
  /** Milliseconds the client is told to wait before it reconnects a resumable stream. */
  readonly retryInterval?: number;
};

/** A running endpoint. `listener` serves every request it is given, whatever the path. */
export type DualEraEndpoint = {
  readonly listener: RequestListener;
  readonly changed: {
    readonly tools: () => void;
    readonly prompts: () => void;
    readonly resources: () => void;
    /** Tells modern subscribers and the legacy sessions of `sessions` that a resource has new content. */
    readonly resource: (uri: string, sessions?: ReadonlySet<McpServer>) => void;
  };
  readonly close: () => Promise<void>;
};

type Session = { readonly server: McpServer; readonly transport: WebStandardStreamableHTTPServerTransport };

const keepAliveMs = 15_000;
const maxSessions = 1_000;

/**
 * Serves MCP at one URL for clients of both eras: requests that carry the 2026-07-28 envelope get a fresh server each,
 * everything else belongs to a session that `initialize` opened (2025-11-25 "Session Management").
 */
export function createDualEraEndpoint(options: DualEraEndpointOptions): DualEraEndpoint {
  const sessions = new Map<string, Session>();
  const factory: McpServerFactory = ({ era }) => options.createServer(era);
  const modern = createMcpHandler(factory, { legacy: 'reject', keepAliveMs });
  const closing = new AbortController();

  const forget = (id: string) => {
    const session = sessions.get(id);
    sessions.delete(id);
    // Closing the server closes the transport, whose own close would run while it still answers the DELETE.
    if (session !== undefined) setImmediate(() => void session.server.close());
  };

  const openSession = async (request: Request): Promise<Response> => {
    const oldest = sessions.keys().next();
    if (sessions.size >= maxSessions && oldest.done !== true) forget(oldest.value);
    const server = options.createServer('legacy');
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, { server, transport }),
      onsessionclosed: forget,
      keepAliveMs,
      ...(options.createEventStore === undefined ? {} : { eventStore: options.createEventStore() }),
      ...(options.retryInterval === undefined ? {} : { retryInterval: options.retryInterval }),
    });
    await server.connect(transport);
    const response = await transport.handleRequest(request);
    // A refused opening request leaves a server nobody will ever name again.
    if (transport.sessionId === undefined) await server.close();
    return response;
  };

  const fetch = async (request: Request): Promise<Response> => {
    if (!(await isLegacyRequest(request))) return modern.fetch(request);
    const id = request.headers.get('mcp-session-id');
    if (id !== null) {
      const session = sessions.get(id);
      return session === undefined
        ? refuse(404, -32_001, 'Session not found')
        : cancelWithRequest(request, await session.transport.handleRequest(request));
    }
    if (request.method === 'GET' && options.streamWithoutSession === true) return openSilentStream(closing.signal);
    return openSession(request);
  };

  const serve = toNodeHandler({ fetch });
  const toLegacy = (tell: (server: McpServer) => unknown) => {
    for (const { server } of sessions.values()) tell(server);
  };
  return {
    listener: (request, response) =>
      void serve(request as NodeIncomingMessageLike, flushingEventStreams(request, response)),
    changed: {
      tools: () => {
        modern.notify.toolsChanged();
        toLegacy((server) => server.sendToolListChanged());
      },
      prompts: () => {
        modern.notify.promptsChanged();
        toLegacy((server) => server.sendPromptListChanged());
      },
      resources: () => {
        modern.notify.resourcesChanged();
        toLegacy((server) => server.sendResourceListChanged());
      },
      resource: (uri, only) => {
        modern.notify.resourceUpdated(uri);
        toLegacy((server) => only?.has(server) === true && server.server.sendResourceUpdated({ uri }));
      },
    },
    close: async () => {
      closing.abort();
      await Promise.all([modern.close(), ...[...sessions.values()].map(({ server }) => server.close())]);
      sessions.clear();
    },
  };
}

function refuse(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', id: null, error: { code, message } }, { status });
}

/**
 * Cancels a stream as soon as its reader is gone. The adapter would notice at the next event only, and until then the
 * session counts the stream as open and refuses to resume it.
 */
function cancelWithRequest({ signal }: Request, response: Response): Response {
  const reader = response.body?.getReader();
  if (reader === undefined) return response;
  signal.addEventListener('abort', () => void reader.cancel(), { once: true });
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(body, response);
}

function openSilentStream(closing: AbortSignal): Response {
  let timer: NodeJS.Timeout | undefined;
  const gone = new AbortController();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const comment = (text: string) => controller.enqueue(new TextEncoder().encode(`: ${text}\n\n`));
      comment('open');
      timer = setInterval(() => comment('keep-alive'), keepAliveMs);
      const end = (): void => {
        clearInterval(timer);
        controller.close();
      };
      closing.addEventListener('abort', end, { signal: gone.signal });
    },
    cancel() {
      clearInterval(timer);
      // Whoever has gone cannot be told any more that it is over.
      gone.abort();
    },
  });
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    },
  });
}

/**
 * The adapter writes the head of a response together with its first byte, which an idle event stream may send many
 * seconds later. Clients wait for the head before they count a stream as open.
 */
function flushingEventStreams(request: IncomingMessage, response: ServerResponse) {
  const writeHead = (status: number, headers: Record<string, string> = {}) => {
    response.writeHead(status, headers);
    if (headers['content-type']?.startsWith('text/event-stream') === true) response.flushHeaders();
  };
  request.on('error', () => response.destroy());
  return {
    writeHead,
    write: (chunk: string | Uint8Array) => response.write(chunk),
    end: (chunk?: string | Uint8Array) => (chunk === undefined ? response.end() : response.end(chunk)),
    on: (event: string, listener: (...args: unknown[]) => void) => response.on(event, listener),
    get destroyed() {
      return response.destroyed;
    },
  };
}
