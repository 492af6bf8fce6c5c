/**
 * What policies cost: CPU time of decisions, visibility and list filtering, and cases per second (of CPU time) of `policy test`.
 * Rounds are interleaved and the best of each is printed; figures of one run may be compared with each other, not with those of
 * another machine. `node bench/policy.ts [--json]`; exits with 1 when a bound is broken.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runGroups } from '../src/cli/policy/test.ts';
import { readGroups } from '../src/cli/policy/test-groups.ts';
import { reports } from '../src/cli/policy/test-report.ts';
import { AnswerFilter } from '../src/mcp/answer-filter.ts';
import { hideItems } from '../src/mcp/lists.ts';
import { compilePolicySet, type PolicyRequest, type PolicySet } from '../src/policy/index.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 7);

function compile(policies: readonly { match: string; action: 'allow' | 'deny' }[]): PolicySet {
  const compiled = compilePolicySet({ policies }, { middleware: 'bench@file', diagnose: (problem) => problem });
  if (!compiled.ok) throw new Error(compiled.diagnostics.map(({ message }) => message).join('\n'));
  return compiled.policies;
}

/** Rules of a kind: a call of one tool, for one of ten groups, with a bound on an argument. */
function rulesFor(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    match: `Equals(\`mcp.method\`, \`tools/call\`) && Equals(\`mcp.params.name\`, \`tool_${index}\`) && Contains(\`jwt.groups\`, \`group_${index % 10}\`) && Lte(\`mcp.params.arguments.count\`, \`100\`)`,
    action: 'allow' as const,
  }));
}

function request(tool: string, group: string): PolicyRequest {
  const params = new Map<string, string | ReadonlyMap<string, { text: string }>>([
    ['name', tool],
    ['arguments', new Map([['count', { text: '42' }]])],
  ]);
  return {
    kind: 'request',
    mcp: new Map<string, string | { text: string } | typeof params>([
      ['jsonrpc', '2.0'],
      ['id', { text: '1' }],
      ['method', 'tools/call'],
      ['params', params],
    ]),
    jwt: new Map<string, string | readonly string[]>([
      ['sub', 'alice'],
      ['groups', ['everybody', group]],
    ]),
    http: { method: 'POST', host: 'mcp.localhost', path: '/mcp', header: () => undefined },
    client: { ip: '192.0.2.1' },
    protocolVersion: '2025-11-25',
    route: 'bench@file',
    exchange: { id: 'exchange' },
  };
}

/** CPU microseconds of this process for one of `count` runs of `work`. */
function cpu(count: number, work: (index: number) => unknown): number {
  const before = process.cpuUsage();
  for (let index = 0; index < count; index++) kept = work(index);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}
let kept: unknown;

/** CPU microseconds of this process so far. */
function cpuNow(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

const decisions = [10, 100, 1_000].map((count) => {
  const set = compile(rulesFor(count));
  // Requests for tools all over the policy, one in ten for none of them, made anew each time as in traffic.
  const requests = Array.from({ length: 1_000 }, (_, index) => {
    const tool = index % 10 === 9 ? 'unknown' : `tool_${(index * 37) % count}`;
    return request(tool, `group_${((index * 37) % count) % 10}`);
  });
  return {
    name: `decision, ${count} rules`,
    count: 100_000,
    work: (index: number) => set.decide(requests[index % 1_000] as PolicyRequest).allowed,
  };
});

const tools = Array.from({ length: 500 }, (_, index) => ({
  name: `tool_${index}`,
  description: `Does thing number ${index} — and says so at some length, "quoted" where it has to be.`,
  inputSchema: {
    type: 'object',
    properties: { path: { type: 'string' }, count: { type: 'integer' } },
    required: ['path'],
  },
}));
const answer = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools } }));
const manyRules = compile(rulesFor(500));
const items = tools.map(({ name }) => new Map([['name', name]]));

const filterList = () => {
  const view = manyRules.viewOf({ ...request('x', 'group_3') });
  return new AnswerFilter((parts) => hideItems(parts, (kind, _key, item) => view.shows(kind, item)).edits).filterJson(
    answer,
  );
};
if (JSON.parse(filterList().toString()).result.tools.length !== 50)
  throw new Error('the list is not filtered as meant');

const lists = [
  {
    name: 'visibility of 500 tools',
    count: 300,
    work: () => {
      const caller = { ...request('x', 'group_3') };
      let shown = 0;
      for (const item of items) if (manyRules.visible('tools', item, caller)) shown += 1;
      return shown;
    },
  },
  { name: 'filtering a list of 500 tools', count: 100, work: filterList },
  {
    name: 'JSON.parse and JSON.stringify of it',
    count: 100,
    work: () => JSON.stringify(JSON.parse(answer.toString())),
  },
];

/** A test file of many cases, as somebody would write it. */
function writeCases(folder: string, count: number): string {
  const policies = rulesFor(200).map(({ match, action }) => `        - match: ${match}\n          action: ${action}`);
  const manifest = [
    'apiVersion: traefik.io/v1alpha1',
    'kind: Middleware',
    'metadata: { name: bench }',
    'spec:',
    '  plugin:',
    '    mcp:',
    '      policies:',
    ...policies,
  ];
  writeFileSync(join(folder, 'policy.yaml'), manifest.join('\n'));
  const cases = Array.from({ length: count }, (_, index) => {
    const fits = index % 2 === 0;
    return `  - { caller: group_${(index + (fits ? 0 : 1)) % 10}, call: { tool: tool_${index % 200}, arguments: { count: ${index % 100} } }, expect: ${fits ? 'allow' : 'deny'} }`;
  });
  const callers = Array.from({ length: 10 }, (_, index) => `  group_${index}: { groups: [group_${index}] }`);
  const file = join(folder, 'bench.policy-test.yaml');
  writeFileSync(file, ['policies: policy.yaml', 'callers:', ...callers, 'cases:', ...cases].join('\n'));
  return file;
}

const measured = new Map<string, number[]>();
const note = (name: string, value: number) => void measured.set(name, [...(measured.get(name) ?? []), value]);
const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
try {
  const file = writeCases(folder, 10_000);
  for (let round = 0; round < rounds; round++) {
    for (const { count, work } of round === 0 ? [...decisions, ...lists] : []) cpu(count, work);
    // Short turns: what else the machine does then falls on few of them, and on all sizes alike.
    for (let turn = 0; turn < 10; turn++) {
      for (const { name, count, work } of decisions) note(name, cpu(count / 10, work));
    }
    for (const { name, count, work } of lists) note(name, cpu(count, work));
    const started = cpuNow();
    const groups = await readGroups([file], folder);
    const read = cpuNow();
    const run = runGroups(groups, [file]);
    const report = reports.human(run);
    const ended = cpuNow();
    if (!report.includes(' 0 failed')) throw new Error(report.slice(0, 400));
    note('cases per second, reading included', (10_000 / (ended - started)) * 1_000_000);
    note('cases per second', (10_000 / (ended - read)) * 1_000_000);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Noise only ever adds CPU time, so the best round says most. */
const of = (name: string) => {
  const values = measured.get(name) ?? [];
  return name.startsWith('cases') ? Math.max(...values) : Math.min(...values);
};
const ratio = (a: string, b: string) => of(a) / of(b);
const figures = {
  'decision with 10 rules (µs CPU)': of('decision, 10 rules'),
  '100 rules to 10': ratio('decision, 100 rules', 'decision, 10 rules'),
  '1000 rules to 10': ratio('decision, 1000 rules', 'decision, 10 rules'),
  'visibility of 500 tools (µs CPU)': of('visibility of 500 tools'),
  'filtering a list of 500 tools (µs CPU)': of('filtering a list of 500 tools'),
  'filtering to JSON.parse and JSON.stringify': ratio(
    'filtering a list of 500 tools',
    'JSON.parse and JSON.stringify of it',
  ),
  'policy test, cases per second': of('cases per second'),
  'policy test, cases per second with reading the files': of('cases per second, reading included'),
};
const bounds: readonly { name: keyof typeof figures; holds: (value: number) => boolean; words: string }[] = [
  { name: 'decision with 10 rules (µs CPU)', holds: (value) => value <= 1, words: '≤ 1' },
  { name: '1000 rules to 10', holds: (value) => value <= 3, words: '≤ 3' },
  { name: 'policy test, cases per second', holds: (value) => value >= 10_000, words: '≥ 10,000' },
];

if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
else {
  for (const [name, value] of Object.entries(figures)) {
    const bound = bounds.find((one) => one.name === name);
    const told = bound === undefined ? '' : `   (${bound.words}: ${bound.holds(value) ? 'holds' : 'BROKEN'})`;
    process.stdout.write(
      `${name.padEnd(54)} ${value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2)}${told}\n`,
    );
  }
}
if (bounds.some(({ name, holds }) => !holds(figures[name]))) process.exitCode = 1;
void kept;
