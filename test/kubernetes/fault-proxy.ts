import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What the proxy does with requests from now on. */
export type Fault =
  | 'none'
  /** Every request is answered with 500. */
  | 'errors'
  /** Every connection is closed at once. */
  | 'away'
  /** The next watch of every kind is answered with 410. */
  | 'gone'
  /** The next watch of every kind sends an ERROR event with 410. */
  | 'gone-event'
  /** Bookmarks are held back for a second, and bytes come one by one. */
  | 'slow';

/** A plain-text way to an API server that can fail in every way that an API server, or what stands before it, fails. */
export interface FaultProxy {
  readonly url: string;
  /** Times at which requests came in, as `performance.now()`. */
  readonly requests: readonly { readonly at: number; readonly path: string }[];
  /** Sets the fault and cuts all open watches, so that it shows at once. */
  readonly set: (fault: Fault) => void;
  readonly close: () => Promise<void>;
}

const goneStatus = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Expired', code: 410 };

export async function startFaultProxy(server: string, certificate: string): Promise<FaultProxy> {
  const agent = new Agent({ ca: readFileSync(certificate), keepAlive: true });
  const requests: { at: number; path: string }[] = [];
  const open = new Set<ServerResponse>();
  const told = new Set<string>();
  let fault: Fault = 'none';

  const proxy = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '/';
    const watches = path.includes('watch=1');
    requests.push({ at: performance.now(), path });
    if (fault === 'away') return void incoming.socket.destroy();
    if (fault === 'errors') return void outgoing.writeHead(500).end('{"kind":"Status","message":"out of order"}');
    if ((fault === 'gone' || fault === 'gone-event') && watches && !told.has(pathOnly(path))) {
      told.add(pathOnly(path));
      if (fault === 'gone') return void outgoing.writeHead(410).end(JSON.stringify(goneStatus));
      return void outgoing.writeHead(200).end(`${JSON.stringify({ type: 'ERROR', object: goneStatus })}\n`);
    }
    forward(incoming, outgoing, watches && fault === 'slow');
  });

  function forward(incoming: IncomingMessage, outgoing: ServerResponse, slowly: boolean): void {
    open.add(outgoing);
    const onward = httpsRequest(
      server + (incoming.url ?? '/'),
      { agent, method: incoming.method, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        outgoing.flushHeaders();
        if (slowly) trickle(answer, outgoing).catch(() => outgoing.destroy());
        else answer.pipe(outgoing);
        answer.on('error', () => outgoing.destroy());
      },
    );
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => {
      open.delete(outgoing);
      onward.destroy();
    });
    incoming.pipe(onward);
  }

  async function trickle(answer: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      if (chunk.includes('"BOOKMARK"')) await new Promise((resolve) => setTimeout(resolve, 1_000));
      for (let at = 0; at < chunk.length; at += 64) outgoing.write(chunk.subarray(at, at + 64));
    }
    outgoing.end();
  }

  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    requests,
    set(next) {
      fault = next;
      told.clear();
      for (const response of open) response.destroy();
    },
    async close() {
      proxy.closeAllConnections();
      agent.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

function pathOnly(path: string): string {
  return `${path.split('?')[0]} ${new URLSearchParams(path.split('?')[1]).get('fieldSelector') ?? ''}`;
}
