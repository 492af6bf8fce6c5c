import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { KeyPair } from '../certificates.ts';
import { createDualEraEndpoint } from '../dual-era-endpoint.ts';
import { loadLibrary, pagesFolder } from './library.ts';
import { createWikiServerFactory } from './server.ts';

export type WikiOptions = {
  /** Address to listen on; loopback unless told otherwise. */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port?: number;
  /** Serves HTTPS with this certificate; plain HTTP without. */
  readonly tls?: KeyPair;
  /** Host names that requests may name besides the address itself (a guard against DNS rebinding). */
  readonly names?: readonly string[];
  /** Folder of `<owner>/<repo>/NN-title.md` pages; the demo's own when absent. */
  readonly pages?: string;
  /** Hears about every request before it is answered. */
  readonly observe?: (request: IncomingMessage) => void;
};

export type RunningWiki = {
  /** The MCP endpoint, for instance `https://127.0.0.1:40123/mcp`. */
  readonly url: string;
  readonly port: number;
  readonly close: () => Promise<void>;
};

const endpointPath = '/mcp';

/** Starts the demo's MCP server: a wiki with the guide's three tools, for clients of both protocol eras. */
export async function startWiki(options: WikiOptions = {}): Promise<RunningWiki> {
  const {
    host = '127.0.0.1',
    port = 0,
    tls,
    names = ['mcp.deepwiki.com', 'localhost', '127.0.0.1'],
    pages = pagesFolder,
  } = options;
  const endpoint = createDualEraEndpoint({
    createServer: createWikiServerFactory(await loadLibrary(pages)),
    streamWithoutSession: true,
  });
  const listener: RequestListener = (request, response) => {
    options.observe?.(request);
    const name = hostName(request.headers.host);
    if (name === undefined || ![host, ...names].includes(name)) response.writeHead(403).end();
    else if (request.url?.split('?')[0] !== endpointPath) response.writeHead(404).end();
    else endpoint.listener(request, response);
  };
  const server =
    tls === undefined ? createHttpServer(listener) : createHttpsServer({ cert: tls.cert, key: tls.key }, listener);
  const bound = await listen(server, host, port);
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}:${bound}${endpointPath}`,
    port: bound,
    close: async () => {
      await endpoint.close();
      await close(server);
    },
  };
}

function hostName(header: string | undefined): string | undefined {
  if (header === undefined || !URL.canParse(`http://${header}`)) return undefined;
  return new URL(`http://${header}`).hostname;
}

async function listen(
  server: Pick<Server, 'once' | 'listen' | 'address'>,
  host: string,
  port: number,
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error(`no port after listening on ${host}`);
  return address.port;
}

async function close(server: Pick<Server, 'close' | 'closeAllConnections'>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
