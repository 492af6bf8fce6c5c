/** CPU per request of each part of telemetry alone, in a hot loop: lower bounds for real traffic, but free of noise. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { newFacts, type RequestFacts } from '../src/http/facts.ts';
import { type JsonObject, scanJsonText } from '../src/http/json.ts';
import { compileAccount } from '../src/middleware/mcp/account.ts';
import { compilePolicySet, type PolicyRequest } from '../src/policy/index.ts';
import { createAccessLog } from '../src/telemetry/access-log.ts';
import { openAppendFile } from '../src/telemetry/append-file.ts';
import { AuditTrail } from '../src/telemetry/audit/audit-trail.ts';
import { AuditChain } from '../src/telemetry/audit/chain.ts';
import { ByteWriter } from '../src/telemetry/byte-writer.ts';
import { silentLogger } from '../src/telemetry/log.ts';
import { GatewayMetrics } from '../src/telemetry/metrics/gateway-metrics.ts';
import { pushRecords } from '../src/telemetry/opentelemetry.ts';
import { RequestSpans } from '../src/telemetry/tracing/request-trace.ts';
import { chooseSampler } from '../src/telemetry/tracing/sampling.ts';
import { writeSpans } from '../src/telemetry/tracing/spans.ts';
import { testExchange } from '../test/support/exchange.ts';
import { startCollector } from './collector.ts';

const requests = 4_000;
const batches = 40;
const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-pieces-'));

/** Facts as a call of a tool leaves them. */
function filledFacts(): RequestFacts {
  const facts = newFacts();
  const start = facts.startedAt;
  return Object.assign(facts, {
    generation: 1,
    router: 'bench@file',
    service: 'upstream@file',
    serverUrl: 'http://127.0.0.1:9650',
    originStatus: 200,
    originDuration: 1.2,
    username: 'user-1',
    requestBytes: 300,
    replyBytes: 300,
    authenticationStart: start + 0.01,
    authenticationEnd: start + 0.02,
    decisionStart: start + 0.05,
    decisionEnd: start + 0.06,
    originStart: start + 0.1,
    originEnd: start + 1.3,
    mcp: {
      kind: 'request',
      era: 'legacy',
      method: 'tools/call',
      name: 'search_documents',
      offered: true,
      uri: undefined,
      requestId: '42',
      sessionId: undefined,
      protocolVersion: '2025-06-18',
      errorCode: undefined,
      toolError: false,
      hidden: 0,
    },
    decision: {
      id: 'd-1',
      number: 1,
      outcome: 'allow',
      reason: 'rule',
      rule: 9,
      ruleName: undefined,
      middleware: 'mcp@file',
    },
  } satisfies Partial<RequestFacts>);
}

const exchange = testExchange({
  facts: filledFacts(),
  headers: { 'user-agent': 'bench/1' },
  method: 'POST',
  path: '/mcp',
});
const message = scanJsonText(
  '{"jsonrpc":"2.0","id":42,"method":"tools/call","params":{"name":"search_documents","arguments":{"limit":10}}}',
) as JsonObject;
const question: PolicyRequest = {
  kind: 'request',
  mcp: message,
  jwt: new Map<string, string | string[]>([
    ['sub', 'user-1'],
    ['scope', 'tools:read tools:call'],
    ['groups', ['eng', 'ops']],
  ]),
  http: { method: 'POST', host: 'mcp.example.com', path: '/mcp', header: () => undefined },
  client: { ip: '127.0.0.1' },
  protocolVersion: '2025-06-18',
  route: 'bench@file',
  exchange: { id: 'exchange-1' },
};
const compiled = compilePolicySet(
  {
    policies: [
      { match: 'Gt(`mcp.params.arguments.limit`, `100`)', action: 'deny' },
      {
        match:
          'Equals(`mcp.method`, `tools/call`) && SplitContains(`jwt.scope`, ` `, `tools:call`) && Contains(`jwt.groups`, `eng`)',
        action: 'allow',
      },
    ],
  },
  { middleware: 'mcp@file', diagnose: (problem) => problem },
);
if (!compiled.ok) throw new Error('the policies of the benchmark are broken');
const { policies } = compiled;

// A process that has served for a while has seen texts of more kinds than the engine keeps quick ways for.
const many = `${'many '.repeat(4)}${process.pid}`;
const kinds = [
  many,
  many.slice(2, 18),
  `${many}日本`,
  `日本${many}`.slice(1, 16),
  JSON.parse('"日本"') as string,
  'enum',
];
for (const text of kinds) {
  const writer = new ByteWriter();
  writer.text(text);
  writer.jsonText(text);
  writer.putAscii(text, 0);
}

const metrics = new GatewayMetrics({ aliases: false, toolNames: 200 });
const accessLog = createAccessLog(
  {
    filePath: join(folder, 'access.log'),
    format: 'json',
    bufferingSize: 0,
    dualOutput: false,
    filters: { statusCodes: [], retryAttempts: false, minDuration: 0 },
    fields: { defaultMode: 'keep', names: {}, headers: { defaultMode: 'drop', names: {} } },
  },
  silentLogger,
);
const trail = new AuditTrail({
  chain: new AuditChain(),
  outlet: openAppendFile(join(folder, 'audit.jsonl'), { prompt: true }),
  strict: false,
  arguments: false,
  checkpointInterval: 10_000,
  version: '1',
});
const account = compileAccount(trail, [policies]);
const decision = policies.decide(question);
const traceSettings = {
  sample: chooseSampler(1, {}),
  intoMessage: false,
  captureArguments: false,
  captureResults: false,
};
const spanSettings = { capturedRequestHeaders: [], capturedResponseHeaders: [], safeQueryParams: [], aliases: false };
const collector = await startCollector('1');
const push = await pushRecords({
  signal: 'traces',
  route: { protocol: 'http/protobuf', url: `${collector.url}/v1/traces`, headers: {}, tls: undefined },
  resource: { 'service.name': 'bench' },
  env: { OTEL_BSP_MAX_QUEUE_SIZE: '1000000', OTEL_BSP_SCHEDULE_DELAY: '1' },
  dropped: () => undefined,
});

const pieces: readonly (readonly [name: string, target: number, work: () => void])[] = [
  ['metrics', 1, () => metrics.record(exchange, { status: 200, duration: 1.5, tls: false })],
  ['access log (JSON, to a file)', 2, () => accessLog.record(exchange, { status: 200, end: performance.now() })],
  ['audit (record, chain, to a file)', 4, () => void account?.(exchange, question, decision)],
  [
    'tracing, 100 % (four spans, encoded)',
    12,
    () => {
      const trace = new RequestSpans(traceSettings, undefined, undefined);
      push.add(4, (out) => writeSpans(out, { exchange, status: 200, end: performance.now(), trace }, spanSettings));
    },
  ],
];

const rows = [];
const only = process.argv[2] ?? '';
for (const [name, target, work] of pieces) {
  if (!name.includes(only)) continue;
  const times: number[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const before = process.cpuUsage();
    for (let request = 0; request < requests; request++) {
      work();
      // As busy as a gateway: what is due in one turn is written together.
      if (request % 32 === 31) await turn();
    }
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / requests);
  }
  times.sort((a, b) => a - b);
  rows.push({
    telemetry: name,
    'CPU µs/request': Number(times[batches >> 1]?.toFixed(2)),
    // What a machine without other work would need: a tenth of the batches were quicker.
    undisturbed: Number(times[Math.floor(batches / 10)]?.toFixed(2)),
    'at most': target,
  });
}
// The loop itself, event loop turns included, costs something too.
const before = process.cpuUsage();
for (let request = 0; request < requests; request++) if (request % 32 === 31) await turn();
const { user, system } = process.cpuUsage(before);
console.log(
  `median of ${batches} batches of ${requests}; the loop alone ${((user + system) / requests).toFixed(2)} µs`,
);
console.table(rows);
collector.child.kill();
await trail.close();
await accessLog.close();
rmSync(folder, { recursive: true, force: true });
process.exit(0);
