/** A collector that takes everything, in a process of its own, so that what it does is nobody's cost. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Starts the collector on a core of its own; resolves once it listens. */
export async function startCollector(core: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn('taskset', ['-c', core, process.execPath, import.meta.filename], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<string>((resolve) =>
    child.stdout.once('data', (text) => resolve(String(text).trim())),
  );
  return { child, url: `http://127.0.0.1:${port}` };
}

if (process.argv[1] === import.meta.filename) {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(200).end());
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
}
