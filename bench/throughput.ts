/**
 * Requests per second and CPU per request, interleaved: in each round every contender runs once, the gateway on core 0,
 * load and upstream on core 1. Figures of one run may be compared with each other, not with those of another machine.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { bareCommand, gatewayCommand, nginxCommand } from './contenders.ts';
import { keepCoresAwake } from './idle-cores.ts';
import { cpuSeconds, load, median, pinned, residentKiB, stop, waitForPort, warmUp } from './measure.ts';
import { prepare, upstreamPort } from './setup.ts';

interface Sample {
  readonly requestsPerSecond: number;
  readonly cpuMicroseconds: number;
  readonly utilisation: number;
  readonly residentMiB: number;
  readonly errors: string;
}

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const seconds = Number(process.env['BENCH_SECONDS'] ?? 3);
const only = process.argv.slice(2);
const cores = keepCoresAwake();
const files = await prepare();
const upstream = pinned('1', files.upstream, [String(upstreamPort), '300']);
await waitForPort(upstreamPort);

let nextPort = 9_660;
interface Contender {
  readonly name: string;
  readonly cores?: string;
  readonly script?: string;
  start(port: number): readonly [string, readonly string[]];
}

const contenders: readonly Contender[] = [
  {
    name: 'nginx, plain proxy',
    start: (port) => nginxCommand(files, port),
  },
  { name: 'bare node:http and undici', start: bareCommand },
  { name: 'gateway, plain route', start: (port) => gatewayCommand(files.plain, port) },
  {
    name: 'gateway, JWT cached + 10 policies + metadata',
    start: (port) => gatewayCommand(files.full, port),
  },
  {
    name: 'gateway, the same with an uncached RS256 token',
    script: files.uncachedScript,
    start: (port) => gatewayCommand(files.full, port),
  },
  {
    name: 'gateway, the cached chain with 2 workers on both cores',
    cores: '0,1',
    start: (port) => gatewayCommand(files.full, port, ['--workers=2']),
  },
];
const chosen = contenders.filter(
  (one) => only.length === 0 || one.name.startsWith('nginx') || only.some((word) => one.name.includes(word)),
);

const samples = new Map<string, Sample[]>();
try {
  for (let round = 0; round < rounds; round++) {
    for (const contender of chosen) {
      const port = nextPort++;
      const [command, args] = contender.start(port);
      const child = pinned(contender.cores ?? '0', command, args);
      try {
        await waitForPort(port);
        const script = contender.script ?? files.cachedScript;
        const pid = child.pid as number;
        await warmUp(pid, port, script);
        const before = cpuSeconds(pid);
        const started = performance.now();
        const result = await load(port, seconds, script);
        const used = cpuSeconds(pid) - before;
        const sample: Sample = {
          requestsPerSecond: result.requestsPerSecond,
          cpuMicroseconds: (used * 1e6) / result.total,
          utilisation: used / ((performance.now() - started) / 1_000),
          residentMiB: residentKiB(pid) / 1_024,
          errors: result.errors,
        };
        samples.set(contender.name, [...(samples.get(contender.name) ?? []), sample]);
      } finally {
        await stop(child);
        await pause(200);
      }
    }
  }
} finally {
  await stop(upstream);
}

const base = samples.get('nginx, plain proxy') as Sample[];
const of = (list: readonly Sample[], read: (sample: Sample) => number): number => median(list.map(read));
const baseRate = of(base, (one) => one.requestsPerSecond);
const baseCpu = of(base, (one) => one.cpuMicroseconds);
const rows = [...samples].map(([name, list]) => ({
  name,
  'requests/s': Math.round(of(list, (one) => one.requestsPerSecond)),
  'of nginx': Number((of(list, (one) => one.requestsPerSecond) / baseRate).toFixed(3)),
  'CPU µs/request': Number(of(list, (one) => one.cpuMicroseconds).toFixed(1)),
  'nginx CPU / CPU': Number((baseCpu / of(list, (one) => one.cpuMicroseconds)).toFixed(3)),
  'core used': Number(of(list, (one) => one.utilisation).toFixed(2)),
  'RSS MiB': Math.round(of(list, (one) => one.residentMiB)),
  errors: list.map((one) => one.errors).find((one) => one !== '') ?? '',
}));
console.log(
  `${rounds} rounds of ${seconds} s, 64 connections, 300-byte tools/call, Node ${process.versions.node}, ${cores}`,
);
console.table(rows);
