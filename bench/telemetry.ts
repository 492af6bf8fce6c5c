/**
 * CPU per request that telemetry adds, interleaved: in each round every contender runs once, the gateway on core 0, load
 * and upstream on core 1. The chain is the one of `throughput.ts`: a cached token and ten policies.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startCollector } from './collector.ts';
import { keepCoresAwake } from './idle-cores.ts';
import { cpuSeconds, load, median, pinned, stop, waitForPort } from './measure.ts';
import { prepare, upstreamPort } from './setup.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
const seconds = Number(process.env['BENCH_SECONDS'] ?? 3);
const root = join(import.meta.dirname, '..');
const cores = keepCoresAwake();
const files = await prepare();
const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-telemetry-'));
const upstream = pinned('1', files.upstream, [String(upstreamPort), '300']);
const collector = await startCollector('1');
await waitForPort(upstreamPort);

const off = '--metrics=false';
const traces = `--tracing.otlp.http.endpoint=${collector.url}/v1/traces`;
/** Name, flags, and the most microseconds that it should add. */
const contenders: readonly (readonly [string, readonly string[], number | undefined])[] = [
  ['nothing', [off], undefined],
  ['metrics', [], 1],
  ['access log (JSON)', [off, `--accessLog.filePath=${join(folder, 'access.log')}`, '--accessLog.format=json'], 2],
  ['audit', [off, `--audit.filePath=${join(folder, 'audit.jsonl')}`], 4],
  ['audit, strict', [off, `--audit.filePath=${join(folder, 'strict.jsonl')}`, '--audit.strict=true'], undefined],
  ['tracing, 1 %', [off, traces, '--tracing.sampleRate=0.01'], undefined],
  ['tracing, 100 %', [off, traces], 12],
];
const samples = new Map<string, number[]>(contenders.map(([name]) => [name, []]));
let nextPort = 9_760;
try {
  for (let round = 0; round < rounds; round++) {
    for (const [name, flags] of contenders) {
      const port = nextPort++;
      const child = pinned(
        '0',
        process.execPath,
        [
          join(root, 'bin/portcullis'),
          'run',
          files.full,
          `--entryPoints.web.address=127.0.0.1:${port}`,
          '--entryPoints.admin.address=127.0.0.1:0',
          '--log.level=ERROR',
          ...flags,
        ],
        { OTEL_BSP_MAX_QUEUE_SIZE: '200000', OTEL_BSP_SCHEDULE_DELAY: '500' },
      );
      try {
        await waitForPort(port);
        await load(port, 2, files.cachedScript);
        const before = cpuSeconds(child.pid as number);
        const { total } = await load(port, seconds, files.cachedScript);
        samples.get(name)?.push(((cpuSeconds(child.pid as number) - before) * 1e6) / total);
      } finally {
        await stop(child);
        await pause(200);
      }
    }
  }
} finally {
  await stop(upstream);
  collector.child.kill();
  rmSync(folder, { recursive: true, force: true });
}
const base = samples.get('nothing') ?? [];
const rows = contenders.map(([name, , target]) => {
  const list = samples.get(name) ?? [];
  // Compared round by round: what the machine did meanwhile concerns both.
  const added = median(list.map((value, round) => value - (base[round] ?? value)));
  return {
    telemetry: name,
    'CPU µs/request': Number(median(list).toFixed(1)),
    'added µs': Number(added.toFixed(1)),
    'at most': target ?? '',
  };
});
console.log(
  `${rounds} rounds of ${seconds} s, 64 connections, 300-byte tools/call, Node ${process.versions.node}, ${cores}`,
);
console.table(rows);
