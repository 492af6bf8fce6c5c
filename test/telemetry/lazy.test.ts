import { afterEach, expect, test } from 'vitest';
import { type Collector, startCollector } from './collector.ts';
import { type Setting, startSetting } from './setting.ts';

let collector: Collector | undefined;
let setting: Setting | undefined;
afterEach(async () => {
  await setting?.stop();
  await collector?.stop();
  setting = undefined;
  collector = undefined;
});

/** Writes the name of each module that is loaded. */
const report = `import { registerHooks } from 'node:module';
  import { writeSync } from 'node:fs';
  registerHooks({ load(url, context, next) { writeSync(2, '\\nLOADED ' + url + '\\n'); return next(url, context); } });`;
const hook = `--import=data:text/javascript;base64,${Buffer.from(report).toString('base64')}`;

/** Packages and rooms of telemetry that a gateway with these flags has loaded after a call. */
async function loadedWith(flags: (folder: string) => readonly string[]): Promise<ReadonlySet<string>> {
  const started = await startSetting({ flags, env: { NODE_OPTIONS: hook } });
  setting = started;
  expect((await started.send('tools/call', { name: 'echo', arguments: {} })).status).toBe(200);
  await started.gateway.stop();
  const names = new Set<string>();
  for (const [, path = ''] of started.gateway.log().matchAll(/^LOADED file:\/\/\S*?\/((?:node_modules|src)\/\S+)$/gm))
    names.add(
      path
        .replace(/^.*node_modules\/((?:@[^/]+\/)?[^/]+)\/.*$/, '$1')
        .replace(/^(src\/telemetry\/(?:tracing|otlp|metrics))\/.*$/, '$1'),
    );
  return names;
}

const push = /opentelemetry|grpc|protobuf|src\/telemetry\/(?:tracing|otlp$|export-queue)/;

test('[TEL-lazy] nothing that pushes or traces is loaded unless something is to be pushed', async () => {
  const loaded = await loadedWith((folder) => [
    `--audit.filePath=${folder}/audit`,
    `--accessLog.filePath=${folder}/access`,
  ]);
  expect(loaded).toContain('src/telemetry/metrics');
  expect(loaded).toContain('yaml');
  expect([...loaded].filter((name) => push.test(name))).toEqual([]);
}, 60_000);

test('[TEL-lazy] over HTTP there is no gRPC', async () => {
  const peer = await startCollector();
  collector = peer;
  const loaded = await loadedWith(() => [`--tracing.otlp.http.endpoint=${peer.httpUrl}/v1/traces`]);
  expect([...loaded].filter((name) => push.test(name))).toEqual(
    expect.arrayContaining(['src/telemetry/opentelemetry.ts', '@opentelemetry/otlp-exporter-base']),
  );
  expect([...loaded].filter((name) => /grpc|protobufjs/.test(name))).toEqual([]);
}, 60_000);
