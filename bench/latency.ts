/**
 * What the gateway adds to one request at a time: one kept-alive connection, a pause of a millisecond between requests,
 * everything on one core, beside the upstream alone and nginx. Medians over rounds.
 */
import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { bareCommand, gatewayCommand, nginxCommand } from './contenders.ts';
import { keepCoresAwake } from './idle-cores.ts';
import { median, pinned, stop, waitForPort, warmUp } from './measure.ts';
import { prepare, upstreamPort } from './setup.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const cores = keepCoresAwake();
const files = await prepare();
const upstream = pinned('1', files.upstream, [String(upstreamPort), '300']);
await waitForPort(upstreamPort);

const contenders: readonly (readonly [string, ((port: number) => readonly [string, readonly string[]]) | undefined])[] =
  [
    ['upstream alone', undefined],
    ['nginx, plain proxy', (port) => nginxCommand(files, port)],
    ['bare node:http and undici', bareCommand],
    ['gateway, plain route', (port) => gatewayCommand(files.plain, port)],
    ['gateway, JWT cached + 10 policies + metadata', (port) => gatewayCommand(files.full, port)],
  ];

/** p50, p90 and p99 in microseconds. */
function probe(port: number, requests: number): readonly number[] {
  const args = ['-c', '1', files.latency, String(port), String(requests), '1000', files.rawRequest];
  return execFileSync('taskset', args, { encoding: 'utf8' }).trim().split(' ').map(Number);
}

let nextPort = 9_760;
const samples = new Map<string, (readonly number[])[]>();
try {
  for (let round = 0; round < rounds; round++) {
    for (const [name, command] of contenders) {
      const port = command === undefined ? upstreamPort : nextPort++;
      const child = command === undefined ? undefined : pinned('1', ...command(port));
      try {
        await waitForPort(port);
        if (child?.pid !== undefined) await warmUp(child.pid, port, files.cachedScript);
        probe(port, 1_500);
        samples.set(name, [...(samples.get(name) ?? []), probe(port, 3_000)]);
      } finally {
        if (child !== undefined) await stop(child);
        await pause(200);
      }
    }
  }
} finally {
  await stop(upstream);
}

const at = (name: string, index: number): number => median((samples.get(name) ?? []).map((one) => one[index] ?? 0));
const alone = at('upstream alone', 0);
console.log(
  `${rounds} rounds of 3,000 requests, one connection, all on one core, Node ${process.versions.node}, ${cores}`,
);
console.table(
  [...samples.keys()].map((name) => ({
    name,
    'p50 µs': Math.round(at(name, 0)),
    'p90 µs': Math.round(at(name, 1)),
    'p99 µs': Math.round(at(name, 2)),
    'added p50 µs': Math.round(at(name, 0) - alone),
  })),
);
