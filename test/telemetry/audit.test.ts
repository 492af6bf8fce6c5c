import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { type JsonObject, scanJsonText } from '../../src/http/json.ts';
import { compilePolicySet, type PolicyConfig } from '../../src/policy/index.ts';
import { signToken } from '../peers/tokens.ts';
import { policies, routes, type Setting, startSetting, until } from './setting.ts';

const run = promisify(execFile);
const cli = join(import.meta.dirname, '../../bin/portcullis');

/** Calls the command line; a failure is a result, too. */
async function portcullis(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  try {
    const { stdout, stderr } = await run(process.execPath, [cli, ...args], { encoding: 'utf8' });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const failed = error as { code: number; stdout: string; stderr: string };
    return { code: failed.code, out: failed.stdout, err: failed.stderr };
  }
}

interface AuditLine {
  readonly type: string;
  readonly outcome: string;
  readonly time: string;
  readonly router?: string;
  readonly errorType?: string;
  readonly hidden?: number;
  readonly identity?: { subject?: string };
  readonly mcp?: { method?: string; name?: string; requestId?: string };
  readonly decision?: { id: string; rule?: number; ruleName?: string; reason: string };
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly withheld?: readonly string[];
  readonly absent?: readonly string[];
}

function readAudit(file: string): AuditLine[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditLine);
}

let setting: Setting | undefined;
afterEach(async () => {
  await setting?.stop();
  setting = undefined;
});

/** The same pseudo-random numbers every time. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 10) % below;
  };
}

describe('a thousand mixed calls, with an upstream that dies', () => {
  test.each([false, true])(
    '[AUD-before] every call that reached the upstream has exactly one earlier allow record (strict: %s)',
    async (strict) => {
      setting = await startSetting({
        flags: (folder) => [
          `--audit.filePath=${join(folder, 'audit.jsonl')}`,
          `--audit.strict=${strict}`,
          '--log.level=INFO',
        ],
      });
      const { send, upstream, folder } = setting;
      const random = generator(7);
      const names = ['echo', 'echo', 'fail', 'die', 'die_late', 'boom', 'secret_tool', 'invalid'];
      const file = join(folder, 'audit.jsonl');
      const statuses = new Map<number, number>();
      let violations = 0;
      const calls = Array.from({ length: 1_000 }, (_, index) => index);
      const worker = async (): Promise<void> => {
        for (let index = calls.shift(); index !== undefined; index = calls.shift()) {
          const era = random(2) === 0 ? 'legacy' : 'modern';
          const choice = random(10);
          const id = `call-${index}`;
          const answer =
            choice < 7
              ? await send('tools/call', { name: names[random(names.length)], arguments: { value: id } }, { era, id })
              : choice < 9
                ? await send('tools/list', {}, { era, id })
                : await send('tools/list', {}, { era, id, token: 'nonsense' });
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
          if (strict && index % 100 === 0) {
            // What has been answered is on the disk already.
            const written = readFileSync(file, 'utf8');
            if (answer.status === 200 && !written.includes(`"requestId":"${id}"`)) violations += 1;
          }
        }
      };
      await Promise.all(Array.from({ length: 16 }, worker));
      const refused = statuses.get(401) ?? 0;
      await until(
        () => readAudit(file).filter(({ type }) => type === 'authentication-failure').length === refused,
        'all records',
      );
      const records = readAudit(file);
      const allowed = records.filter(({ type, outcome }) => type === 'decision' && outcome === 'allow');
      const denied = records.filter(({ type, outcome }) => type === 'decision' && outcome === 'deny');
      const idOf = (record: AuditLine): string => record.mcp?.requestId ?? '';
      const receipts = upstream.receipts.map(({ message }) => String(message?.id));
      expect(violations).toBe(0);
      expect(allowed.map(idOf).toSorted()).toEqual(receipts.toSorted());
      expect(new Set(receipts).size).toBe(receipts.length);
      expect(allowed.length + denied.length).toBe(1_000 - refused);
      expect(denied.length).toBe(statuses.get(403));
      expect(new Set(denied.map(({ mcp }) => mcp?.name))).toEqual(new Set(['secret_tool']));
      expect(new Set(records.filter(({ type }) => type === 'list-filtered').map(({ hidden }) => hidden))).toEqual(
        new Set([1]),
      );
      expect(records.find(({ type }) => type === 'configuration')).toMatchObject({ outcome: 'loaded' });
      expect(records.find(({ type }) => type === 'authentication-failure')).toMatchObject({
        outcome: 'refused',
        router: 'one@file',
        errorType: expect.stringMatching(/^jwt_/),
      });
      expect(Math.min(...[200, 401, 403, 500, 502].map((status) => statuses.get(status) ?? 0))).toBeGreaterThan(0);

      const running = await portcullis('audit', 'verify', file);
      expect(running).toMatchObject({ code: 1, err: expect.stringContaining('has no end') });
      const key = setting.gateway.lines().find(({ message }) => message === 'audit checkpoints are signed')?.[
        'publicKey'
      ];
      const copy = readFileSync(file, 'utf8');
      expect(await setting.gateway.stop()).toBe(0);
      const ended = readFileSync(file, 'utf8');
      expect(ended.startsWith(copy)).toBe(true);
      expect(await portcullis('audit', 'verify', file, '--key', String(key))).toMatchObject({
        code: 0,
        err: '',
        out: expect.stringMatching(
          /^\d+ records in 1 chain, \d+ valid signatures, 0 records lost at the time, 0 problems\n/,
        ),
      });
      const lines = ended.trimEnd().split('\n');
      for (const tampered of [lines.toSpliced(500, 1), lines.slice(0, 700), lines.with(300, lines[301] ?? '')]) {
        writeFileSync(file, `${tampered.join('\n')}\n`);
        expect((await portcullis('audit', 'verify', file, '--key', String(key))).code).toBe(1);
      }
    },
    90_000,
  );
});

describe('what a record holds', () => {
  test('[AUD-fields] exactly the fields that the policies read; arguments only when asked for', async () => {
    setting = await startSetting({ flags: (folder) => [`--audit.filePath=${join(folder, 'audit.jsonl')}`] });
    const file = join(setting.folder, 'audit.jsonl');
    const token = await signToken({ sub: 'bob', groups: ['members'], email: 'bob@example.com' });
    await setting.send('tools/call', { name: 'echo', arguments: { amount: 5, note: 'n' } }, { token, id: 'one' });
    await setting.send('tools/call', { name: 'echo', arguments: {} }, { token, id: 'two' });
    const [first, second] = await until(() => {
      const found = readAudit(file).filter(({ type }) => type === 'decision');
      return found.length === 2 ? found : undefined;
    }, 'two records');
    expect(first).toMatchObject({
      outcome: 'allow',
      identity: { kind: 'jwt', subject: 'bob' },
      mcp: { kind: 'request', method: 'tools/call', name: 'echo', requestId: 'one', protocolVersion: '2025-11-25' },
      decision: { reason: 'rule', rule: 2, ruleName: 'members', middleware: 'policy@file' },
      withheld: ['mcp.params.arguments.amount'],
    });
    expect(first?.fields).toEqual({ 'jwt.groups': ['members'] });
    expect(second?.absent).toEqual(['mcp.params.arguments.amount']);
    expect(JSON.stringify(first)).not.toMatch(/bob@example|"n"|note/);
  });
});

describe('a disk that is full', () => {
  test('[AUD-strict] refuses calls with 503 and calls no upstream', async () => {
    setting = await startSetting({ flags: () => ['--audit.filePath=/dev/full', '--audit.strict=true'] });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const answer = await setting.send('tools/call', { name: 'echo', arguments: {} }, { id: 3 });
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body)).toEqual({
      jsonrpc: '2.0',
      id: 3,
      error: { code: 503, message: 'the service is not available' },
    });
    // A refusal needs no record to stand.
    expect((await setting.send('tools/call', { name: 'secret_tool', arguments: {} })).status).toBe(403);
    expect(setting.upstream.receipts).toEqual([]);
  });

  test('[AUD-disk] without strict costs no call anything, and what is lost is counted', async () => {
    setting = await startSetting({ flags: () => ['--audit.filePath=/dev/full', '--log.level=INFO'] });
    const { send, http, gateway } = setting;
    const filler = 'x'.repeat(8_000);
    const uri = `file:///${filler}`;
    for (let round = 0; round < 30; round++) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => send('resources/read', { uri })));
      expect(answers.every(({ status }) => status === 200)).toBe(true);
    }
    const scrape = (await http('GET', '/metrics', {}, '', gateway.adminUrl)).body;
    const dropped = /portcullis_telemetry_dropped_total\{signal="audit"\} (\d+)/.exec(scrape)?.[1];
    expect(Number(dropped)).toBeGreaterThan(10);
    expect(gateway.lines().filter(({ message }) => message === 'audit records cannot be written')).toHaveLength(1);
  }, 60_000);
});

/** The policies of a setting as the policy room takes them. */
const live: PolicyConfig = {
  policies: [
    { name: 'no-secrets', match: 'Equals(`mcp.params.name`, `secret_tool`)', action: 'deny' },
    { name: 'not-much', match: 'Gt(`mcp.params.arguments.amount`, `100`)', action: 'deny' },
    { name: 'members', match: 'Contains(`jwt.groups`, `members`)', action: 'allow' },
  ],
};
const mutated: PolicyConfig = {
  policies: [
    { name: 'not-much', match: 'Gt(`mcp.params.arguments.amount`, `50`)', action: 'deny' },
    { name: 'owners', match: 'Contains(`jwt.groups`, `owners`)', action: 'allow' },
    {
      name: 'members',
      match: 'Contains(`jwt.groups`, `members`) && !Equals(`mcp.params.name`, `fail`)',
      action: 'allow',
    },
  ],
};

function yamlOf({ policies: rules = [] }: PolicyConfig): string {
  const items = rules.map(
    ({ name, match, action }) =>
      `            - name: ${name}\n              match: ${match}\n              action: ${action}\n`,
  );
  return `          policies:\n${items.join('')}`;
}

describe('replay', () => {
  test('[AUD-replay] under the same policies nothing differs, under others exactly what brute force says', async () => {
    expect(yamlOf(live)).toBe(policies);
    setting = await startSetting({
      flags: (folder) => [
        `--audit.filePath=${join(folder, 'audit.jsonl')}`,
        '--audit.arguments=true',
        '--log.level=INFO',
      ],
    });
    const { folder, upstream } = setting;
    const random = generator(11);
    const people = await Promise.all(
      [['members'], ['owners'], ['members', 'owners'], undefined].map(async (groups, index) => ({
        sub: `person-${index}`,
        groups,
        token: await signToken({ sub: `person-${index}`, ...(groups === undefined ? {} : { groups }) }),
      })),
    );
    const compile = (config: PolicyConfig) => {
      const compiled = compilePolicySet(config, { middleware: 'policy@file', diagnose: (problem) => ({ ...problem }) });
      if (!compiled.ok) throw new Error('the policies of the test are broken');
      return compiled.policies;
    };
    const [liveSet, mutatedSet] = [compile(live), compile(mutated)];
    const expected = new Map<string, number>();
    for (let index = 0; index < 300; index++) {
      const person = people[random(people.length)];
      const name = ['echo', 'fail', 'secret_tool'][random(3)] ?? '';
      const amount = [undefined, 0, 50, 51, 100.5, '70', [1], 9007199254740993n][random(8)];
      const argumentsText =
        amount === undefined ? '{}' : `{"amount":${typeof amount === 'bigint' ? amount : JSON.stringify(amount)}}`;
      const body = `{"jsonrpc":"2.0","id":${index},"method":"tools/call","params":{"name":"${name}","arguments":${argumentsText}}}`;
      await setting.http(
        'POST',
        '/mcp',
        {
          'content-type': 'application/json',
          authorization: `Bearer ${person?.token}`,
          accept: 'application/json, text/event-stream',
        },
        body,
      );
      const request = {
        kind: 'request',
        mcp: scanJsonText(body) as JsonObject,
        jwt: new Map<string, never>(
          Object.entries({
            sub: person?.sub,
            ...(person?.groups === undefined ? {} : { groups: person.groups }),
          }) as never,
        ),
        http: { method: 'POST', host: '', path: '', header: () => undefined },
        client: { ip: undefined },
        protocolVersion: undefined,
        route: '',
      } as const;
      const [before, after] = [liveSet.decide(request).outcome, mutatedSet.decide(request).outcome];
      if (before === after) continue;
      const key = `${after === 'allow' ? 'gains' : 'loses'} ${person?.sub} tools/call ${name}`;
      expected.set(key, (expected.get(key) ?? 0) + 1);
    }
    expect(upstream.receipts.length).toBeGreaterThan(0);
    const file = join(folder, 'audit.jsonl');
    await until(() => readAudit(file).filter(({ type }) => type === 'decision').length === 300, 'all records');

    writeFileSync(join(folder, 'same.yaml'), routes(1, yamlOf(live)));
    writeFileSync(join(folder, 'other.yaml'), routes(1, yamlOf(mutated)));
    const same = await portcullis('policy', 'replay', '--log', file, '--policy', join(folder, 'same.yaml'));
    expect(same).toEqual({ code: 0, out: '300 decisions: 0 would change, 0 cannot be decided again\n', err: '' });

    const other = await portcullis('policy', 'replay', '--json', '--log', file, '--policy', join(folder, 'other.yaml'));
    const { differences } = JSON.parse(other.out) as {
      differences: { change: string; subject: string; what: string; decisions: number }[];
    };
    const found = new Map<string, number>();
    for (const { change, subject, what, decisions } of differences) {
      const key = `${change} ${subject} ${what}`;
      found.set(key, (found.get(key) ?? 0) + decisions);
    }
    expect(expected.size).toBeGreaterThan(4);
    expect([...found].toSorted()).toEqual([...expected].toSorted());
  }, 60_000);

  test('[AUD-replay] says which fields a record lacks instead of guessing', async () => {
    setting = await startSetting({
      flags: (folder) => [`--audit.filePath=${join(folder, 'audit.jsonl')}`],
    });
    const file = join(setting.folder, 'audit.jsonl');
    await setting.send('tools/call', { name: 'echo', arguments: { amount: 5 } });
    await setting.send('tools/call', { name: 'secret_tool', arguments: {} });
    await until(() => readAudit(file).filter(({ type }) => type === 'decision').length === 2, 'records');
    const mcp = yamlOf({
      policies: [
        { name: 'secret', match: 'Equals(`mcp.params.name`, `secret_tool`)', action: 'deny' },
        { name: 'mail', match: 'Suffix(`jwt.email`, `@example.com`)', action: 'allow' },
      ],
    });
    writeFileSync(join(setting.folder, 'new.yaml'), routes(1, mcp));
    const replay = await portcullis('policy', 'replay', '--log', file, '--policy', join(setting.folder, 'new.yaml'));
    expect(replay.code).toBe(1);
    expect(replay.out).toBe(
      'unknown alice  tools/call echo  (1×, not recorded: jwt.email)\n2 decisions: 0 would change, 1 cannot be decided again\n',
    );
  });
});
