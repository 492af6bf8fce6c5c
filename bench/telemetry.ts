/**
 * CPU per request that telemetry adds, interleaved: gateways of one process on core 0, one second for each in turn, load and
 * upstream on core 1. The chain is the one of `throughput.ts`: a cached token and ten policies.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCollector } from './collector.ts';
import { keepCoresAwake } from './idle-cores.ts';
import { interleaveWithin } from './interleave.ts';
import { lowerQuartile, median, pinned, stop, waitForPort } from './measure.ts';
import { prepare, upstreamPort } from './setup.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 20);
const cores = keepCoresAwake();
const files = await prepare();
const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-telemetry-'));
const upstream = pinned('1', files.upstream, [String(upstreamPort), '300']);
const collector = await startCollector('1');
await waitForPort(upstreamPort);

const off = '--metrics=false';
const traces = `--tracing.otlp.http.endpoint=${collector.url}/v1/traces`;
/** Name, flags, and the most microseconds that it should add. */
const settings: readonly (readonly [string, readonly string[], number | undefined])[] = [
  ['nothing', [off], undefined],
  ['metrics', [], 1],
  ['access log (JSON)', [off, `--accessLog.filePath=${join(folder, 'access.log')}`, '--accessLog.format=json'], 2],
  ['audit', [off, `--audit.filePath=${join(folder, 'audit.jsonl')}`], 4],
  ['audit, strict', [off, `--audit.filePath=${join(folder, 'strict.jsonl')}`, '--audit.strict=true'], undefined],
  ['tracing, 1 %', [off, traces, '--tracing.sampleRate=0.01'], undefined],
  ['tracing, 100 %', [off, traces], 12],
  // What the same twice differs by is what this machine cannot resolve.
  ['nothing, once more', [off], undefined],
];
try {
  const samples = await interleaveWithin(
    settings.map(([name, flags]) => ({ name, script: files.cachedScript, folder: files.full, flags })),
    rounds,
    9_760,
    { OTEL_BSP_MAX_QUEUE_SIZE: '200000', OTEL_BSP_SCHEDULE_DELAY: '500' },
  );
  const cpu = (name: string): readonly number[] => (samples.get(name) ?? []).map((one) => one.cpuMicroseconds);
  const base = cpu('nothing');
  const rows = settings.map(([name, , target]) => {
    const list = cpu(name);
    // Compared round by round: what the machine did meanwhile concerns both.
    const added = median(list.map((value, round) => value - (base[round] ?? value)));
    return {
      telemetry: name,
      'CPU µs/request': Number(median(list).toFixed(1)),
      'added µs': Number(added.toFixed(1)),
      'added µs, undisturbed': Number((lowerQuartile(list) - lowerQuartile(base)).toFixed(1)),
      'at most': target ?? '',
    };
  });
  console.log(
    `${rounds} windows of 1 s each, 64 connections, 300-byte tools/call, Node ${process.versions.node}, ${cores}`,
  );
  console.table(rows);
} finally {
  await stop(upstream);
  collector.child.kill();
  rmSync(folder, { recursive: true, force: true });
}
