import { execFileSync, execSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { guideSecret, signToken } from '../peers/tokens.ts';
import { canary, searchOutputs } from '../support/canaries.ts';
import { startGatewayWithin } from '../support/gateway-within.ts';
import { type Collector, startCollector } from './collector.ts';
import { createCaller, policies, routes, startSetting, until } from './setting.ts';
import { startUpstream, type Upstream } from './upstream.ts';

const cli = join(import.meta.dirname, '../../bin/portcullis');

let folder: string;
let collector: Collector;
let upstream: Upstream;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-searched-'));
  collector = await startCollector();
  upstream = await startUpstream();
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '50');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await upstream.stop();
  await collector.stop();
  rmSync(folder, { recursive: true, force: true });
});

const everything = (): string[] => [
  `--tracing.otlp.http.endpoint=${collector.httpUrl}/v1/traces`,
  `--metrics.otlp.http.endpoint=${collector.httpUrl}/v1/metrics`,
  '--metrics.otlp.pushInterval=100ms',
  `--audit.otlp.http.endpoint=${collector.httpUrl}/v1/logs`,
  `--audit.filePath=${join(folder, 'audit.jsonl')}`,
  `--accessLog.filePath=${join(folder, 'access.log')}`,
  '--accessLog.format=json',
  '--accessLog.fields.headers.defaultMode=keep',
];

/** Starts a gateway in this process, and a caller of it. */
async function startWithin(mcp: string) {
  writeFileSync(join(folder, 'routes.yaml'), routes(upstream.port, mcp));
  const ports = ['web', 'admin'].map((name) => `--entryPoints.${name}.address=127.0.0.1:0`);
  const gateway = await startGatewayWithin(
    [...ports, `--providers.file.filename=${join(folder, 'routes.yaml')}`, ...everything()],
    folder,
  );
  const token = await signToken({ sub: 'alice', groups: ['members'] });
  const caller = createCaller(`http://127.0.0.1:${gateway.addresses.get('web')?.port}`, token);
  const stop = async () => {
    caller.close();
    await gateway.shutdown();
  };
  return { ...caller, token, stop };
}

/** Waits until each signal has been pushed. */
const allPushed = () =>
  until(
    () => collector.spans.length > 1 && collector.logs.length > 1 && collector.points().length > 10,
    'spans, records and metrics',
  );

describe('a secret that is written down', () => {
  /** The name of a tool stands everywhere, and serves as a secret here, for a search apart from that of the run. */
  const planted = 'secret_tool';
  let outputs: string;
  beforeEach(() => {
    outputs = join(folder, 'outputs-of-this-test');
    vi.stubEnv('TEST_OUTPUTS', outputs);
    canary(planted);
  });

  /** Outputs with the planted name, without the numbers of processes. */
  const found = (): string[] =>
    searchOutputs(outputs)
      .leaks.filter((leak) => leak.canary.endsWith(planted))
      .map(({ output }) => output.replaceAll(/\d+-/g, ''));

  test('[TEL-canary] by a gateway in a process of its own is found in each of its outputs', async () => {
    const setting = await startSetting({
      flags: everything,
      env: { OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_BLRP_SCHEDULE_DELAY: '50' },
    });
    await setting.send('tools/list');
    await setting.send('tools/call', { name: planted, arguments: {} });
    await allPushed();
    await setting.stop();
    expect(new Set(found())).toEqual(
      new Set([
        'process-stdout',
        'process-access.log',
        'process-audit.jsonl',
        'metrics-page',
        'otlp-traces',
        'otlp-metrics',
        'otlp-logs',
      ]),
    );
  }, 60_000);

  test('[TEL-canary] by a gateway within the test is found in each of its outputs', async () => {
    const within = await startWithin(policies);
    await within.send('tools/list');
    await within.send('tools/call', { name: planted, arguments: {} });
    await allPushed();
    await within.stop();
    expect(new Set(found())).toEqual(
      new Set([
        'within-log',
        'within-access',
        'within-audit',
        'metrics-page',
        'otlp-traces',
        'otlp-metrics',
        'otlp-logs',
      ]),
    );
  }, 60_000);

  test('[TEL-canary] by a command that is waited for is found, in whatever way it is started', () => {
    const file = join(folder, `${planted}.yaml`);
    writeFileSync(file, 'http: {routes: {}}');
    const calls = [
      () => spawnSync(process.execPath, [cli, 'check', file]),
      () => execFileSync(process.execPath, [cli, 'check', file], { encoding: 'utf8', stdio: 'pipe' }),
      () => execSync(`${process.execPath} ${cli} check ${file}`, { stdio: 'pipe' }),
    ];
    for (const [index, call] of calls.entries()) {
      try {
        call();
      } catch {
        // The file is wrong on purpose.
      }
      expect(new Set(found()).size, `way ${index}`).toBe(index + 1);
    }
  });

  test('[TEL-canary] an access log that nobody could search is refused', async () => {
    await expect(startGatewayWithin(['--accessLog=true'], folder)).rejects.toThrow('name a file');
  });
});

describe('what is not written down', () => {
  const cookie = canary('canary-cookie-within-8a21', 'cookie');
  const secret = canary('canary-secret-within-52c7', 'secret');
  const argument = canary('canary-argument-within-0f9e', 'argument');

  test('[TEL-canary] token, cookie, secret and argument, by a gateway within the test and by commands that read its account', async () => {
    const within = await startWithin(
      policies.replace(
        '            - name: members',
        '            - name: reads-it\n              match: Prefix(`mcp.params.arguments.forbidden`, `canary-`)\n              action: deny\n            - name: members',
      ),
    );
    const headers = { cookie: `session=${cookie}`, 'x-api-key': secret };
    for (const era of ['legacy', 'modern'] as const)
      for (const token of [within.token, `${within.token.slice(0, -8)}AAAAAAAA`, null])
        for (const name of ['echo', 'fail', 'secret_tool', 'die', 'boom', 'invalid'])
          await within.send('tools/call', { name, arguments: { value: argument } }, { era, headers, token });
    const forbidden = await within.send(
      'tools/call',
      { name: 'echo', arguments: { forbidden: argument } },
      { headers },
    );
    expect(forbidden.status).toBe(403);
    await allPushed();
    await within.stop();
    expect(upstream.receipts.some(({ body }) => body.includes(argument))).toBe(true);

    // What becomes of the same configuration, and of the account, on the command line; the second is broken.
    const broken = join(folder, 'broken.yaml');
    writeFileSync(broken, routes(upstream.port).replace('signingSecret:', 'signingSecrte:'));
    const unreadable = join(folder, 'unreadable.yaml');
    writeFileSync(unreadable, routes(upstream.port).replace(guideSecret, `"${guideSecret}`));
    const account = join(folder, 'audit.jsonl');
    const run = (...args: string[]) => spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8' });
    expect(run('check', join(folder, 'routes.yaml')).status).toBe(0);
    expect(run('check', broken).stderr).toContain('signingSecrte');
    expect(run('check', unreadable).status).toBe(3);
    expect(run('run', unreadable).status).toBe(3);
    expect(run('audit', 'verify', account).status).toBe(0);
    expect(run('policy', 'replay', '--log', account, '--policy', join(folder, 'routes.yaml')).stdout).toMatch(
      /\d+ decisions/,
    );
  }, 60_000);
});
