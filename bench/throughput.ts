/**
 * Requests per second and CPU per request, interleaved: one second for each contender in turn, the gateway on core 0, load
 * and upstream on core 1. `undisturbed` compares the quickest quarters of the windows of both. Figures of one run may be compared with each other, not with those of another machine.
 * Arguments: words out of the names of contenders, to run only those beside nginx.
 */

import { bareCommand, gatewayCommand, nginxCommand } from './contenders.ts';
import { keepCoresAwake } from './idle-cores.ts';
import { type Contender, interleave, type Sample } from './interleave.ts';
import { lowerQuartile, median, pinned, stop, waitForPort } from './measure.ts';
import { comparePair, type Setting, undisturbedText } from './pair.ts';
import { prepare, upstreamPort } from './setup.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 15);
const only = process.argv.slice(2);
const cores = keepCoresAwake();
const files = await prepare();
const upstream = pinned('1', files.upstream, [String(upstreamPort), '300']);
await waitForPort(upstreamPort);

const script = files.cachedScript;
const secure = '--entryPoints.websecure.address=127.0.0.1:0';
const gateway = (folder: string, ...flags: readonly string[]): Contender['start'] => {
  return (port) => gatewayCommand(folder, port, [secure, ...flags]);
};
const contenders: readonly Contender[] = [
  { name: 'nginx, plain proxy', script, start: (port) => nginxCommand(files, port) },
  { name: 'bare node:http and undici', script, start: bareCommand },
  { name: 'gateway, plain route', script, start: gateway(files.plain) },
  { name: 'gateway, JWT cached + 10 policies + metadata', script, start: gateway(files.full) },
  {
    name: 'gateway, the same with an uncached RS256 token',
    script: files.uncachedScript,
    start: gateway(files.full),
  },
  {
    name: 'gateway, the cached chain with 2 workers on both cores',
    cores: '0,1',
    script,
    start: gateway(files.full, '--workers=2'),
  },
];
const chosen = contenders.filter(
  ({ name }) => only.length === 0 || name.startsWith('nginx') || only.some((word) => name.includes(word)),
);

try {
  const samples = await interleave(chosen, rounds, 9_660);
  const base = samples.get('nginx, plain proxy') as readonly Sample[];
  const cpu = (name: string): readonly number[] => (samples.get(name) ?? []).map((one) => one.cpuMicroseconds);
  const rows = [...samples].map(([name, list]) => {
    const ofNginx = list.map((one, round) => one.requestsPerSecond / (base[round] as Sample).requestsPerSecond);
    const cpuOfNginx = list.map((one, round) => (base[round] as Sample).cpuMicroseconds / one.cpuMicroseconds);
    return {
      name,
      'requests/s': Math.round(median(list.map((one) => one.requestsPerSecond))),
      'of nginx': Number(median(ofNginx).toFixed(3)),
      'CPU µs/request': Number(median(list.map((one) => one.cpuMicroseconds)).toFixed(1)),
      'nginx CPU / CPU': Number(median(cpuOfNginx).toFixed(3)),
      undisturbed: Number((lowerQuartile(cpu('nginx, plain proxy')) / lowerQuartile(cpu(name))).toFixed(3)),
      'core used': Number(median(list.map((one) => one.utilisation)).toFixed(2)),
      'RSS MiB': Math.round(median(list.map((one) => one.residentMiB))),
      errors: list.map((one) => one.errors).find((one) => one !== '') ?? '',
    };
  });
  console.log(
    `${rounds} windows of 1 s each, 64 connections, 300-byte tools/call, Node ${process.versions.node}, ${cores}`,
  );
  console.table(rows);
} finally {
  await stop(upstream);
}
// What calls the pairs is their upstream.
if (only.length === 0 || only.includes('routes')) await compareRoutes();

/** What the features cost above a plain route: each time two gateways of one process. */
async function compareRoutes(): Promise<void> {
  const plain: Setting = { folder: files.plain, flags: [] };
  const full: Setting = { folder: files.full, flags: [] };
  for (const [what, other] of [
    ['features over the plain route', full],
    ['the plain route over itself', plain],
  ] as const) {
    const difference = await comparePair(files, [plain, other], 12 * rounds);
    const { base, added, error } = difference;
    const figures = `${added.toFixed(1)} ± ${error.toFixed(1)} µs, in undisturbed windows ${undisturbedText(difference)}`;
    console.log(`${what}, in one process: ${figures} (of ${base.toFixed(1)} µs)`);
  }
}
