/**
 * CPU per request that telemetry adds to a gateway, next to the same gateway without it: `pair.ts` says how. The chain is
 * the one of `throughput.ts`: a cached token and ten policies. Arguments: words out of the names, to run only those.
 */

import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCollector } from './collector.ts';
import { keepCoresAwake } from './idle-cores.ts';
import { comparePair, processes, undisturbedText } from './pair.ts';
import { prepare } from './setup.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 200);
const only = process.argv.slice(2);
const cores = keepCoresAwake();
const files = await prepare();
const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-telemetry-'));
const collector = await startCollector('1');

// Files begin anew twice a second, so that lines come to lie in memory that was in use a moment ago, as on a machine that has
// run for days. Where a hypervisor has to fetch memory first, a page costs 10 µs instead of one: more than four lines.
const anew = setInterval(() => {
  for (const file of readdirSync(folder)) truncateSync(join(folder, file));
}, 500);

const off = '--metrics=false';
const traces = `--tracing.otlp.http.endpoint=${collector.url}/v1/traces`;
/** Name, flags, and the most microseconds that it should add. */
const settings: readonly (readonly [string, readonly string[], number | undefined])[] = [
  // What a gateway differs from itself by is what this machine cannot resolve.
  ['nothing', [off], undefined],
  ['metrics', [], 1],
  ['access log (JSON)', [off, `--accessLog.filePath=${join(folder, 'access.log')}`, '--accessLog.format=json'], 2],
  ['audit', [off, `--audit.filePath=${join(folder, 'audit.jsonl')}`], 4],
  ['audit, strict', [off, `--audit.filePath=${join(folder, 'strict.jsonl')}`, '--audit.strict=true'], undefined],
  ['tracing, 1 %', [off, traces, '--tracing.sampleRate=0.01'], undefined],
  ['tracing, 100 %', [off, traces], 12],
];
try {
  const rows = [];
  for (const [name, flags, target] of settings) {
    if (only.length > 0 && !only.some((word) => name.includes(word))) continue;
    const pair = [
      { folder: files.full, flags: [off] },
      { folder: files.full, flags },
    ] as const;
    const difference = await comparePair(files, pair, rounds, {
      OTEL_BSP_MAX_QUEUE_SIZE: '200000',
      // What is left of a window is sent before the next one.
      OTEL_BSP_SCHEDULE_DELAY: '50',
    });
    const { base, added, error } = difference;
    rows.push({
      telemetry: name,
      'without, µs': Number(base.toFixed(1)),
      'added CPU µs/request': Number(added.toFixed(1)),
      '±': Number(error.toFixed(1)),
      'undisturbed (of windows)': undisturbedText(difference),
      'at most': target ?? '',
    });
  }
  console.log(
    `${rounds} windows of 0.2 s each in ${processes} processes, 64 connections, 300-byte tools/call, Node ${process.versions.node}, ${cores}`,
  );
  console.table(rows);
} finally {
  clearInterval(anew);
  collector.child.kill();
  rmSync(folder, { recursive: true, force: true });
}
