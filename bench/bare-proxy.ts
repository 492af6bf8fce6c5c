/**
 * What the gateway stands on, and nothing else: `node:http` and one undici pool, raw fields, the body passed on whole. The
 * distance to it is what the gateway itself costs. Arguments: its port and the upstream's.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Dispatcher, Pool } from 'undici';

const [port, upstream] = process.argv.slice(2).map(Number);
const pool = new Pool(`http://127.0.0.1:${upstream}`, { connections: null, pipelining: 1 });

function answer(response: ServerResponse): Dispatcher.DispatchHandler {
  const chunks: Buffer[] = [];
  const headers: string[] = [];
  let status = 0;
  return {
    onRequestStart() {},
    onResponseStart(controller, statusCode) {
      status = statusCode;
      const raw = (controller.rawHeaders ?? []) as Buffer[];
      for (let i = 0; i + 1 < raw.length; i += 2) {
        const name = String(raw[i]);
        if (!/^(connection|keep-alive)$/i.test(name)) headers.push(name, String(raw[i + 1]));
      }
    },
    onResponseData(_controller, chunk) {
      chunks.push(chunk);
    },
    onResponseEnd() {
      response.writeHead(status, headers);
      response.end(Buffer.concat(chunks).toString('latin1'), 'latin1');
    },
    onResponseError() {
      response.writeHead(502).end();
    },
  };
}

function pass(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const headers: string[] = [];
  const raw = request.rawHeaders;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (!/^(connection|content-length|transfer-encoding)$/i.test(raw[i] as string))
      headers.push(raw[i] as string, raw[i + 1] as string);
  }
  const method = (request.method ?? 'GET') as Dispatcher.HttpMethod;
  pool.dispatch({ path: request.url ?? '/', method, headers, body: body.length === 0 ? null : body }, answer(response));
}

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => pass(request, response, Buffer.concat(chunks)));
}).listen(port, '127.0.0.1');
