import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonValue, type Plain, policySetOf, requestOf, toldBy } from '../../test/support/policy.ts';
import { Facts, type PolicyRequest } from './facts.ts';
import type { Path } from './path.ts';
import type { PolicyConfig, PolicySet } from './policy-set.ts';
import { compileFieldReader } from './recorded-fields.ts';
import { decideRecorded, type RecordedRequest } from './replay.ts';

/** The record of a decision, as it is kept for the fields that `sets` read. */
function recordOf(
  request: PolicyRequest,
  decider: PolicySet,
  sets: readonly PolicySet[],
  withhold: (path: Path) => boolean = () => false,
): RecordedRequest {
  const { method, name, uri, subject, route } = decider.decide(request);
  const { values, absent } = toldBy(compileFieldReader(sets, withhold)(request));
  const { kind, protocolVersion } = request;
  return { kind, method, name, uri, subject, route, protocolVersion, values: new Map(values), absent: new Set(absent) };
}

/** All that a record may lack: what is called stands in it in any case. */
function keepBack({ text }: Path): boolean {
  return text !== 'mcp.params.name' && text !== 'mcp.params.uri';
}

const atoms = [
  "Equals('mcp.method', 'tools/call')",
  "Prefix('mcp.method', 'resources/')",
  "OneOf('mcp.method', 'subscriptions/listen', 'completion/complete', 'tasks/get')",
  "Equals('mcp.params.name', 'a')",
  "Equals('mcp.params.name', '${jwt.sub}')",
  "Exists('mcp.params.uri')",
  "Prefix('mcp.params.uri', 'file:///${jwt.sub}')",
  "Equals('mcp.protocolVersion', '2025-11-25')",
  "Gt('mcp.params.arguments.n', '5')",
  "Exists('mcp.params.arguments')",
  "Exists('mcp.params')",
  "Equals('mcp.params.arguments.a\\\\.b.c', 'x')",
  "Equals('mcp.params._meta.k', 'x')",
  "Equals('mcp.jsonrpc', '2.0')",
  "Equals('mcp.id', 7)",
  "Contains('jwt.groups', 'dev')",
  "Equals('jwt.groups.0', 'dev')",
  "Equals('http.method', 'POST')",
  "Equals('http.host', 'mcp.localhost')",
  "Prefix('http.path', '/m')",
  "OneOf('http.headers.x-team', 'a', 'b')",
  "Contains('http.headers.x-team', 'd')",
  "Prefix('client.ip', '192.')",
  "Equals('tool.annotations.readOnlyHint', 'true')",
];
const atom = fc.constantFrom(...atoms);
const match = fc.oneof(
  atom,
  atom.map((one) => `!${one}`),
  fc.tuple(atom, fc.constantFrom('&&', '||'), atom).map((parts) => parts.join(' ')),
  fc.tuple(atom, atom, atom).map(([a, b, c]) => `${a} && !(${b} || ${c})`),
);
const config: fc.Arbitrary<PolicyConfig> = fc.record({
  policies: fc.array(fc.record({ match, action: fc.constantFrom('allow' as const, 'deny' as const) }), {
    maxLength: 4,
  }),
  defaultAction: fc.constantFrom('allow' as const, 'deny' as const),
});

const maybe = <T>(arbitrary: fc.Arbitrary<T>, nil: T) => fc.option(arbitrary, { nil, freq: 3 });
const meta: Plain = { k: 'x' };
const messages: readonly { readonly [key: string]: Plain }[] = [
  { method: 'initialize' },
  { method: 'tools/call', params: { name: 'a', arguments: { n: 7, 'a.b': { c: 'x' } } } },
  { method: 'tools/call', params: { name: 'b', arguments: { n: 3 }, _meta: meta } },
  { method: 'tools/call', params: { name: 'ann' } },
  { method: 'resources/read', params: { uri: 'file:///ann/x' } },
  { method: 'resources/subscribe', params: { uri: 'file:///bob', _meta: meta } },
  { method: 'completion/complete', params: { ref: { type: 'ref/prompt', name: 'a' }, arguments: { n: 9 } } },
  { method: 'completion/complete', params: { ref: { type: 'ref/resource', uri: 'file:///ann' }, _meta: meta } },
  { method: 'completion/complete', params: { ref: { type: 'ref/tool', name: 'a' } } },
  { method: 'completion/complete' },
  { method: 'subscriptions/listen', params: { notifications: { toolsListChanged: true } } },
  {
    method: 'subscriptions/listen',
    params: { notifications: { resourceSubscriptions: ['file:///ann', 'file:///bob'] }, _meta: meta },
  },
  { method: 'subscriptions/listen', params: { notifications: { resourceSubscriptions: 'file:///ann' } } },
  { method: 'tasks/get', params: { taskId: 'a' } },
  { method: 'tasks/get', params: { taskId: 'b', name: 'a' } },
  { method: 'tools/call', params: { name: ['a'] } },
  { method: 'completion/complete', params: { ref: { type: 'ref/prompt', name: 'a' }, uri: 'file:///ann', name: 'b' } },
  { method: 'subscriptions/listen', params: { notifications: {}, uri: 'file:///bob' } },
];
const request = fc
  .record({
    message: fc.constantFrom(...messages),
    kind: fc.constantFrom('request' as const, 'notification' as const),
    sub: maybe(fc.constantFrom('ann', 'a'), undefined),
    groups: maybe(fc.constantFrom<Plain>(['dev'], ['ops', 'dev'], 'dev'), undefined),
    method: fc.constantFrom('POST', 'GET'),
    path: fc.constantFrom('/mcp', '/'),
    header: maybe(fc.constantFrom<string | readonly string[]>('a', ['b', 'c']), undefined),
    ip: maybe(fc.constantFrom('192.0.2.1', '10.0.0.1'), undefined),
    hints: maybe(fc.constantFrom({ a: { readOnlyHint: true }, b: { readOnlyHint: false } }), undefined),
    protocolVersion: fc.constantFrom('2025-11-25', '2026-07-28', undefined),
  })
  .map(({ message, kind, sub, groups, method, path, header, ip, hints, protocolVersion }) =>
    requestOf({
      kind,
      mcp: { jsonrpc: '2.0', id: 7, ...message },
      jwt: { ...(sub === undefined ? {} : { sub }), ...(groups === undefined ? {} : { groups }) },
      http: { method, path },
      headers: header === undefined ? {} : { 'x-team': header },
      ip,
      protocolVersion,
      ...(hints === undefined ? {} : { annotations: hints }),
    }),
  );

describe('[PL-8.replay] a recorded message is decided by policies as it was, or would have been', () => {
  test('when all that they read was recorded', () => {
    fc.assert(
      fc.property(config, config, request, (before, now, given) => {
        const [decider, set] = [policySetOf(before), policySetOf(now)];
        const { outcome, rule } = set.decide(given);
        const again = decideRecorded(set, recordOf(given, decider, [decider, set]));
        expect({ ...again, rule: again.outcome === 'unknown' ? undefined : again.rule?.index }).toEqual({
          outcome,
          rule,
        });
      }),
      { numRuns: 3_000 },
    );
  });

  test.each(atoms)('by one rule: %s', (match) => {
    const wrong: unknown[] = [];
    for (const [action, defaultAction] of [
      ['allow', 'deny'],
      ['deny', 'allow'],
      ['allow', 'allow'],
    ] as const) {
      const set = policySetOf({ policies: [{ match, action }], defaultAction });
      for (const message of messages) {
        const [full, other, empty] = contextsOf(message);
        for (const given of [full, other, empty]) {
          const { outcome, rule } = set.decide(given);
          const again = decideRecorded(set, recordOf(given, set, [set]));
          if (again.outcome !== outcome || again.rule?.index !== rule) wrong.push([action, message, again, outcome]);
          // The values of `full` and `other` may both be behind what was kept back.
          const hidden = decideRecorded(set, recordOf(given, set, [set], keepBack));
          const possible = given === empty ? [empty] : [full, other];
          const outcomes = new Set(possible.map((each) => set.decide(each).outcome));
          if (
            hidden.outcome === 'unknown'
              ? hidden.missing.length === 0
              : outcomes.size > 1 || !outcomes.has(hidden.outcome)
          )
            wrong.push([action, message, hidden, ...outcomes]);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test('and never otherwise, whatever was not recorded', () => {
    fc.assert(
      fc.property(config, config, request, fc.nat(), (before, now, given, hidden) => {
        const [decider, set] = [policySetOf(before), policySetOf(now)];
        // A name that is no text stands in no record by itself.
        const read = hidden % 3 === 0 && typeof new Facts(given).name !== 'object';
        const record = recordOf(
          given,
          decider,
          read ? [decider] : [decider, set],
          (path) => keepBack(path) && (hidden >> (path.text.length % 16)) % 2 === 1,
        );
        const again = decideRecorded(set, record);
        if (again.outcome !== 'unknown') expect(again.outcome).toBe(set.decide(given).outcome);
        else expect(again.missing).not.toEqual([]);
      }),
      { numRuns: 3_000 },
    );
  });

  const call: PolicyRequest = requestOf({
    mcp: { jsonrpc: '2.0', method: 'tools/call', params: { name: 'a', arguments: { n: 7 } } },
    jwt: { sub: 'ann', groups: ['dev'] },
  });
  const allow = (match: string) => ({ match, action: 'allow' as const });
  const deny = (match: string) => ({ match, action: 'deny' as const });
  const n = "Gt('mcp.params.arguments.n', '5')";
  const isAnn = "Equals('jwt.sub', 'ann')";
  const isDev = "Contains('jwt.groups', 'dev')";
  const isA = "Equals('mcp.params.name', 'a')";

  test.each<[string, PolicyConfig, string | readonly string[]]>([
    ['a rule may let it through', { policies: [allow(n)] }, ['mcp.params.arguments.n']],
    ['a rule may refuse it', { policies: [deny(n)], defaultAction: 'allow' }, ['mcp.params.arguments.n']],
    [
      'several may: all that they read is missing, in order, each once',
      { policies: [deny(n), allow("Equals('jwt.sub', '${jwt.groups}')"), deny(isDev)] },
      ['jwt.groups', 'jwt.sub', 'mcp.params.arguments.n'],
    ],
    ['what is known is not missing', { policies: [allow(`${isA} && ${n}`)] }, ['mcp.params.arguments.n']],
    [
      'a rule that cannot apply counts for nothing',
      { policies: [allow(`!${isA} && ${isAnn}`), allow(n)] },
      ['mcp.params.arguments.n'],
    ],
    [
      'what comes after a sure rule counts for nothing',
      { policies: [allow(n), deny(isA), allow(isAnn)] },
      ['mcp.params.arguments.n'],
    ],
    ['either way it is let through', { policies: [allow(n)], defaultAction: 'allow' }, 'allow by 0'],
    ['either way it is refused', { policies: [deny(n), deny(isAnn)] }, 'deny by 0'],
    ['a sure rule comes first', { policies: [deny(isA), allow(n)], defaultAction: 'allow' }, 'deny by 0'],
    ['a sure rule comes last', { policies: [allow(n), allow(isA)] }, 'allow by 0'],
    ['no rule can apply', { policies: [deny(`!${isA} && ${n}`)], defaultAction: 'allow' }, 'allow by undefined'],
    ['no rule can apply, and the default refuses', { policies: [allow(`!${isA}`)] }, 'deny by undefined'],
  ])('with arguments and claims kept back: %s', (_name, config, expected) => {
    const set = policySetOf(config);
    const again = decideRecorded(set, recordOf(call, set, [set], keepBack));
    if (again.outcome === 'unknown') expect(again.missing).toEqual(expected);
    else expect(`${again.outcome} by ${again.rule?.index}`).toBe(expected);
  });

  test('a view that is surely refused decides, whatever the others come to', () => {
    const listen = requestOf({
      mcp: {
        method: 'subscriptions/listen',
        params: { notifications: { resourceSubscriptions: ['file:///a', 'file:///b'] } },
      },
      jwt: { sub: 'ann' },
    });
    const set = policySetOf({
      policies: [
        deny(`Equals('mcp.method', 'subscriptions/listen') && ${isAnn}`),
        deny("Equals('mcp.params.uri', 'file:///b')"),
      ],
      defaultAction: 'allow',
    });
    const again = decideRecorded(set, recordOf(listen, set, [set], keepBack));
    expect(again).toEqual({ outcome: 'deny', rule: set.rules[1] });
    const open = policySetOf({
      policies: [deny(`Prefix('mcp.params.uri', 'file:') && ${isAnn}`)],
      defaultAction: 'allow',
    });
    expect(decideRecorded(open, recordOf(listen, open, [open], keepBack))).toEqual({
      outcome: 'unknown',
      missing: ['jwt.sub'],
    });
  });

  test('only what could change the outcome is missing', () => {
    const completion = requestOf({
      mcp: { method: 'completion/complete', params: { ref: { type: 'ref/prompt', name: 'p' } } },
      jwt: { sub: 'ann', groups: ['dev'] },
    });
    const prompt = "Equals('mcp.method', 'prompts/get')";
    const set = policySetOf({
      policies: [
        allow(`${prompt} && ${isAnn}`),
        allow(prompt),
        deny(`Equals('mcp.method', 'completion/complete') && ${isDev}`),
      ],
    });
    const again = decideRecorded(set, recordOf(completion, set, [set], keepBack));
    expect(again).toEqual({ outcome: 'unknown', missing: ['jwt.groups'] });
    const other = policySetOf({
      policies: [allow(`${prompt} && ${isDev}`), allow(`Equals('mcp.method', 'completion/complete') && ${isAnn}`)],
    });
    expect(decideRecorded(other, recordOf(completion, other, [other], keepBack))).toEqual(again);
  });

  test('a message that stands for the use of something has the item of that use, and no arguments', () => {
    const complete = requestOf({
      mcp: { method: 'completion/complete', params: { ref: { type: 'ref/prompt', name: 'p' }, arguments: { n: 9 } } },
    });
    const task = requestOf({ mcp: { method: 'tasks/get', params: { taskId: 'a', name: 'b' } } });
    const said = (match: string, given: PolicyRequest, action: 'allow' | 'deny' = 'allow') => {
      const set = policySetOf({ policies: [{ match, action }], defaultAction: action === 'allow' ? 'deny' : 'allow' });
      return decideRecorded(set, recordOf(given, set, [])).outcome;
    };
    const own = (match: string) => `Equals('mcp.method', 'completion/complete') && ${match}`;
    expect(said(`Equals('mcp.method', 'prompts/get') && ${n}`, complete)).toBe('deny');
    expect(said(own("Equals('mcp.params.name', 'p')"), complete, 'deny')).toBe('deny');
    expect(said(own("Equals('mcp.params.name', 'x')"), complete, 'deny')).toBe('allow');
    expect(said(own("Exists('mcp.params.uri')"), complete, 'deny')).toBe('unknown');
    expect(said("Exists('mcp.params.name')", task)).toBe('unknown');
    expect(said("Exists('mcp.params.name')", call)).toBe('allow');
    expect(said("Exists('mcp.params.uri')", call)).toBe('deny');
  });

  test('values that were recorded side by side, one in another and for no path come together', () => {
    const record: RecordedRequest = {
      ...recordOf(call, policySetOf({}), []),
      values: new Map(
        Object.entries({
          'jwt.groups.0': 'dev',
          'jwt.groups': ['dev', 'ops'],
          'jwt.realm.b': 'y',
          'jwt.realm.a.c': 'x',
          'jwt.realm.a.d': 'z',
          'mcp.params.arguments.a': 'x',
          'mcp.params.arguments': { a: 'x', b: 'y' },
          'not..a path': 'x',
          nothing: 'x',
        } satisfies Record<string, Plain>).map(([path, value]) => [path, jsonValue(value)]),
      ),
    };
    const match = [
      "Contains('jwt.groups', 'ops')",
      "Equals('jwt.groups.0', 'dev')",
      "Equals('jwt.realm.a.c', 'x')",
      "Equals('jwt.realm.a.d', 'z')",
      "Equals('jwt.realm.b', 'y')",
      "Equals('mcp.params.arguments.a', 'x')",
      "Equals('mcp.params.arguments.b', 'y')",
    ].join(' && ');
    expect(decideRecorded(policySetOf({ policies: [allow(match)] }), record).outcome).toBe('allow');
  });

  test('a field below or above one that was recorded is known, another is not', () => {
    const values = (path: string, value: Plain): RecordedRequest => ({
      ...recordOf(call, policySetOf({}), []),
      values: new Map([[path, jsonValue(value)]]),
      absent: new Set(['jwt.none']),
    });
    const said = (match: string, record: RecordedRequest) =>
      decideRecorded(policySetOf({ policies: [allow(match)] }), record).outcome;
    const args = values('mcp.params.arguments', { a: { b: 'x' }, 'c.d': 'y' });
    expect(said("Equals('mcp.params.arguments.a.b', 'x')", args)).toBe('allow');
    expect(said("Equals('mcp.params.arguments.c\\\\.d', 'y')", args)).toBe('allow');
    expect(said("Exists('mcp.params.arguments.z')", args)).toBe('deny');
    expect(said("Exists('mcp.params.other')", args)).toBe('unknown');
    expect(said("Exists('mcp.params')", args)).toBe('unknown');
    expect(said("Exists('jwt.none.below')", args)).toBe('deny');
    for (const path of ['jwt.nonesuch', 'jwt.method', 'jwt.protocolVersion', 'jwt.a.name', 'jwt.a.uri', 'mcp.jsonrpc'])
      expect([path, said(`Exists('${path}')`, args)]).toEqual([path, 'unknown']);
    for (const path of ['mcp.params.name.below', 'mcp.params.uri.below', 'mcp.params.a.name'])
      expect([path, said(`Exists('${path}')`, args)]).toEqual([path, 'unknown']);
    const dotted = values('jwt.https://a\\.b/c\\\\d', 'x');
    expect(said("Equals('jwt.https://a\\\\.b/c\\\\\\\\d', 'x')", dotted)).toBe('allow');
    expect(said("Exists('jwt.https://a')", dotted)).toBe('unknown');
  });
});

/** The same message in two contexts that have the same fields with other values, and in one with as few as can be. */
function contextsOf(message: {
  readonly [key: string]: Plain;
}): readonly [PolicyRequest, PolicyRequest, PolicyRequest] {
  const mcp = { jsonrpc: '2.0', id: 7, ...message };
  const hints = (readOnlyHint: boolean) => ({ a: { readOnlyHint }, b: { readOnlyHint }, ann: { readOnlyHint } });
  return [
    requestOf({
      mcp,
      jwt: { sub: 'ann', groups: ['dev'] },
      headers: { 'x-team': 'a' },
      ip: '192.0.2.1',
      annotations: hints(true),
    }),
    requestOf({
      mcp,
      jwt: { sub: 'bob', groups: ['ops'] },
      http: { method: 'GET', host: 'other', path: '/' },
      headers: { 'x-team': ['c', 'd'] },
      ip: '10.0.0.1',
      annotations: hints(false),
    }),
    requestOf({ mcp, jwt: undefined, http: { path: '/' }, ip: undefined, protocolVersion: undefined }),
  ];
}
