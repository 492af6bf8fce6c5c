/**
 * Idle event streams: how much memory each costs a warm gateway that has come to rest, through JWT and policies. And
 * start-up: time from the start of the process to its first answer, and memory at rest.
 */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { gatewayCommand } from './contenders.ts';
import { median, pinned, residentKiB, stop, waitForPort } from './measure.ts';
import { prepare, upstreamPort } from './setup.ts';

const count = Number(process.env['BENCH_STREAMS'] ?? 4_000);
const files = await prepare();
const token = /Authorization: (Bearer \S+)/.exec(readFileSync(files.rawRequest, 'utf8'))?.[1] ?? '';
const upstream = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(': open\n\n');
});
upstream.listen(upstreamPort, '127.0.0.1', 8_192);

/** Opens one stream and resolves at its first bytes. */
function openStream(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(
        `GET /mcp HTTP/1.1\r\nHost: mcp.example.com\r\nAccept: text/event-stream\r\nAuthorization: ${token}\r\n\r\n`,
      );
    });
    socket.once('data', (chunk) => {
      if (chunk.toString().startsWith('HTTP/1.1 200')) resolve(socket);
      else reject(new Error(chunk.toString().slice(0, 40)));
    });
    socket.once('error', reject);
  });
}

/** Opens streams, a hundred at a time. */
async function openStreams(port: number, wanted: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < wanted) {
    sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => openStream(port)))));
  }
  return sockets;
}

/** The gateway gives memory back after five quiet seconds; two such times and a little. */
const rest = 12_000;

const startTimes: number[] = [];
const idle: number[] = [];
let perStream = 0;
for (let round = 0; round < 3; round++) {
  const port = 9_790 + round;
  const began = performance.now();
  const child = pinned('0', ...gatewayCommand(files.full, port));
  try {
    await waitForPort(port);
    const response = await fetch(`http://127.0.0.1:${port}/`);
    await response.text();
    startTimes.push(performance.now() - began);
    await pause(rest);
    const pid = child.pid as number;
    idle.push(residentKiB(pid) / 1_024);
    if (round < 2) continue;
    // Compiled code and the compiler's own memory come with the first streams; they are no part of the next ones.
    for (let turn = 0; turn < 10; turn++) {
      for (const socket of await openStreams(port, 200)) socket.destroy();
      await pause(100);
    }
    await pause(rest);
    const before = residentKiB(pid);
    const sockets = await openStreams(port, count);
    await pause(rest);
    perStream = (residentKiB(pid) - before) / count;
    for (const socket of sockets) socket.destroy();
  } finally {
    await stop(child);
  }
}
upstream.closeAllConnections();
upstream.close();
console.table([
  { figure: 'start to first answer', value: `${Math.round(median(startTimes))} ms` },
  { figure: 'resident memory at rest', value: `${Math.round(median(idle))} MiB` },
  {
    figure: `resident memory per idle stream, ${count.toLocaleString('en')} streams`,
    value: `${perStream.toFixed(1)} KiB`,
  },
]);
