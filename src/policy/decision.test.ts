import { describe, expect, test } from 'vitest';
import { objectOf, type Plain, policySetOf, type RequestSketch, requestOf } from '../../test/support/policy.ts';
import { Decision, type DecisionParts, type Explanation, makeDecision } from './decision.ts';
import type { PolicyConfig } from './policy-set.ts';

const config: PolicyConfig = {
  policies: [
    { match: "Equals('mcp.method', 'tools/list')", action: 'allow' },
    {
      match:
        "Equals('mcp.method', 'tools/call') && Equals('mcp.params.name', 'pay') && Gt('mcp.params.arguments.amount', '100')",
      action: 'deny',
      name: 'large amounts',
    },
    { match: "Contains('jwt.groups', 'staff')", action: 'allow' },
  ],
};
const pay = (amount: Plain, more: RequestSketch = {}): RequestSketch => ({
  mcp: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'pay', arguments: { amount } } },
  jwt: { sub: 'ann', groups: ['staff'] },
  ...more,
});

function decide(sketch: RequestSketch, policies = config): Decision {
  return policySetOf(policies).decide(requestOf(sketch));
}

describe('[PL-8.record] the record', () => {
  test('of a rule', () => {
    const before = Date.now();
    const set = policySetOf(config);
    const decision = set.decide(requestOf(pay(250)));
    expect(decision.record()).toEqual({
      id: decision.id,
      time: new Date(decision.time).toISOString(),
      outcome: 'deny',
      reason: 'rule',
      rule: 1,
      ruleName: 'large amounts',
      policySet: set.hash,
      middleware: 'apps-wiki-mcp@file',
      route: 'apps-wiki@file',
      kind: 'request',
      method: 'tools/call',
      name: 'pay',
      uri: undefined,
      subject: 'ann',
    });
    expect(decision.time).toBeGreaterThanOrEqual(before);
    expect(decision.time).toBeLessThanOrEqual(Date.now());
    expect(decision.allowed).toBe(false);
    expect(JSON.parse(JSON.stringify(decision))).toMatchObject({ id: decision.id, ruleName: 'large amounts' });
  });

  test('of the default and of the lifecycle', () => {
    expect(decide({ mcp: { method: 'prompts/list' }, jwt: {} }).record()).toMatchObject({
      outcome: 'deny',
      reason: 'default',
      rule: undefined,
      ruleName: undefined,
      method: 'prompts/list',
      subject: undefined,
    });
    expect(decide({ mcp: { method: 'initialize' } }).record()).toMatchObject({
      outcome: 'allow',
      reason: 'lifecycle',
      rule: undefined,
    });
    expect(decide({ mcp: { method: 'initialize' } }).allowed).toBe(true);
    expect(decide({ kind: 'stream' }).record()).toMatchObject({
      kind: 'stream',
      method: undefined,
      name: undefined,
      uri: undefined,
    });
    expect(decide({ mcp: { method: 'completion/complete' } }).record()).toMatchObject({
      outcome: 'deny',
      reason: 'malformed',
    });
  });

  test.each<
    [
      string,
      RequestSketch,
      {
        name?: string | undefined;
        uri?: string | undefined;
        subject?: string | undefined;
        method?: string | undefined;
      },
    ]
  >([
    [
      'a resource',
      { mcp: { method: 'resources/read', params: { uri: 'file:///a' } } },
      { uri: 'file:///a', name: undefined },
    ],
    ['a task', { mcp: { method: 'tasks/get', params: { taskId: 't1' } } }, { name: 't1' }],
    ['a task id that is no text', { mcp: { method: 'tasks/get', params: { taskId: 5 } } }, { name: undefined }],
    ['a task without parameters', { mcp: { method: 'tasks/list' } }, { name: undefined }],
    ['a task id elsewhere', { mcp: { method: 'tools/call', params: { taskId: 't1' } } }, { name: undefined }],
    [
      'a name that is no text',
      { mcp: { method: 'tools/call', params: { name: ['a'], uri: 5 } } },
      { name: undefined, uri: undefined },
    ],
    ['a method that is no text', { mcp: { method: 5 } }, { method: undefined }],
    ['a subject that is given', { ...pay(1), subject: 'basic:ann' }, { subject: 'basic:ann' }],
    ['a subject that is no text', { jwt: { sub: 5 } }, { subject: undefined }],
    ['no claims', { jwt: undefined }, { subject: undefined }],
  ])('names %s', (_, sketch, expected) => {
    expect(decide(sketch).record()).toMatchObject(expected);
  });

  test('ids are unique, stay, and begin with the id of the exchange', () => {
    const random = Array.from({ length: 3 }, () => decide(pay(1)).id);
    expect(new Set(random).size).toBe(3);
    for (const id of random) expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    const one = decide(pay(1, { id: 'x7' }));
    const other = decide(pay(1, { id: 'x7' }));
    expect(one.id).toMatch(/^x7-[0-9a-z]+$/);
    expect(one.id).toBe(one.id);
    expect(other.id).not.toBe(one.id);
    expect(one.record().id).toBe(one.id);
  });

  test('[SEC-decision-brand] cannot be changed, and none is made without deciding', () => {
    const decision = decide(pay(250));
    expect(Object.isFrozen(decision.record())).toBe(true);
    for (const field of ['outcome', 'allowed', 'reason', 'rule', 'id', 'time'] as const) {
      expect(() => {
        (decision as unknown as Record<string, unknown>)[field] = 'allow';
      }).toThrow(TypeError);
    }
    expect(Decision.is(decision)).toBe(true);
    const lookalike = Object.create(Decision.prototype) as Decision;
    for (const other of [
      lookalike,
      { ...decision },
      { outcome: 'allow', allowed: true },
      null,
      undefined,
      'allow',
      () => true,
    ]) {
      expect(Decision.is(other)).toBe(false);
    }
    expect(() => new Decision({} as DecisionParts, Symbol('guess'))).toThrow('decisions are made by deciding');
    expect(Decision.is(makeDecision({} as DecisionParts))).toBe(true);
  });
});

describe('[PL-8.settled] what settled it', () => {
  const explain = (
    match: string,
    action: 'allow' | 'deny',
    sketch: RequestSketch,
    options?: { argumentValues: boolean },
  ): Explanation => decide(sketch, { policies: [{ match, action }], defaultAction: 'allow' }).explanation(options);

  test('the example of the language', () => {
    const { settled, fieldsRead } = decide(pay(250)).explanation({ argumentValues: true });
    expect(settled).toEqual({
      expression: "Gt('mcp.params.arguments.amount', '100')",
      outcome: 'true',
      reason: undefined,
      values: [{ path: 'mcp.params.arguments.amount', present: true, value: '250', withheld: false }],
    });
    expect(fieldsRead).toEqual(['mcp.method', 'mcp.params.name', 'mcp.params.arguments.amount']);
  });

  test.each<[string, 'allow' | 'deny', string, string]>([
    ["Equals('mcp.method', 'tools/call')", 'allow', "Equals('mcp.method', 'tools/call')", 'true'],
    [
      "Contains('jwt.groups', 'staff') && Equals('mcp.method', 'tools/call')",
      'allow',
      "Contains('jwt.groups', 'staff')",
      'true',
    ],
    [
      "Equals('mcp.params.name', 'pay') && Equals('mcp.method', 'tools/call')",
      'allow',
      "Equals('mcp.method', 'tools/call')",
      'true',
    ],
    ["Exists('jwt.sub') && Contains('jwt.groups', 'staff')", 'allow', "Contains('jwt.groups', 'staff')", 'true'],
    ["Exists('jwt.none') || Exists('jwt.sub') || Exists('jwt.groups')", 'allow', "Exists('jwt.sub')", 'true'],
    [
      "!(Exists('jwt.sub') && Contains('jwt.groups', 'boss') && Exists('jwt.none'))",
      'deny',
      "Contains('jwt.groups', 'boss')",
      'false',
    ],
    ["!(Exists('jwt.none') || Contains('jwt.groups', 'boss'))", 'deny', "Contains('jwt.groups', 'boss')", 'false'],
    ["!Contains('jwt.groups', 'boss')", 'allow', "Contains('jwt.groups', 'boss')", 'false'],
    ["!!Exists('jwt.sub')", 'allow', "Exists('jwt.sub')", 'true'],
    ["Exists('jwt.sub') && Contains('jwt.roles', 'x')", 'deny', "Contains('jwt.roles', 'x')", 'undetermined'],
    [
      "Exists('jwt.none') || Contains('jwt.roles', 'x') || Exists('jwt.no')",
      'deny',
      "Contains('jwt.roles', 'x')",
      'undetermined',
    ],
    [
      "Exists('jwt.sub') && (Equals('mcp.method', 'x') || Equals('mcp.params.name', 'pay'))",
      'allow',
      "Exists('jwt.sub')",
      'true',
    ],
    [
      "(Exists('jwt.groups') || Exists('jwt.none')) && (Equals('mcp.method', 'tools/call') && Exists('jwt.sub'))",
      'allow',
      "Exists('jwt.sub')",
      'true',
    ],
  ])('%s %s: %s', (match, action, expression, outcome) => {
    const { settled } = explain(match, action, pay(1));
    expect([settled?.expression, settled?.outcome]).toEqual([expression, outcome]);
  });

  test('an undetermined condition says why, with all it read', () => {
    const match = "Gt('mcp.params.arguments.amount', '${jwt.limit}')";
    expect(explain(match, 'deny', pay(1), { argumentValues: true }).settled).toEqual({
      expression: match,
      outcome: 'undetermined',
      reason: 'absent',
      values: [
        { path: 'mcp.params.arguments.amount', present: true, value: '1', withheld: false },
        { path: 'jwt.limit', present: false, value: undefined, withheld: false },
      ],
    });
    expect(explain("Gt('jwt.groups', '5')", 'deny', pay(1)).settled).toMatchObject({
      reason: 'type',
      values: [{ value: '["staff"]' }],
    });
  });

  test.each<[string, RequestSketch, boolean]>([
    ["Exists('mcp.params.arguments.amount')", pay(1), true],
    ["Exists('mcp.params.arguments')", pay(1), true],
    ["Exists('mcp.params')", pay(1), true],
    ["Exists('mcp.params._meta.k')", { mcp: { params: { _meta: { k: 1 } } } }, true],
    ["Exists('mcp.params.name.0') || Exists('mcp.params.extra')", { mcp: { params: { extra: 1 } } }, true],
    ["Exists('mcp.params.name')", pay(1), false],
    ["Exists('mcp.params.uri')", { mcp: { params: { uri: 'a' } } }, false],
    ["Exists('mcp.id')", pay(1), false],
    ["Exists('jwt.sub')", pay(1), false],
    ["Exists('http.path')", pay(1), false],
  ])('[PL-8.opt-in] argument values appear only where the operator opted in: %s', (match, sketch, withheld) => {
    const [closed] = explain(match, 'allow', sketch).settled?.values ?? [];
    const [open] = explain(match, 'allow', sketch, { argumentValues: true }).settled?.values ?? [];
    expect(closed).toMatchObject({ present: true, withheld });
    expect(closed?.value === undefined).toBe(withheld);
    expect(open).toMatchObject({ present: true, withheld: false });
    expect(open?.value).toBeDefined();
  });

  test('an absent argument is not withheld, there is nothing to withhold', () => {
    expect(explain("!Exists('mcp.params.arguments.x')", 'allow', pay(1)).settled?.values).toEqual([
      { path: 'mcp.params.arguments.x', present: false, value: undefined, withheld: false },
    ]);
  });

  test('the default was settled by no rule, but fields were read', () => {
    const { settled, fieldsRead } = decide({ ...pay(50), jwt: { groups: [] } }).explanation();
    expect(settled).toBeUndefined();
    expect(fieldsRead).toEqual(['mcp.method', 'mcp.params.name', 'mcp.params.arguments.amount', 'jwt.groups']);
  });

  test('fields that a settled connective no longer reads are not among them', () => {
    const policies = [
      { match: "Exists('jwt.sub') || Exists('jwt.a')", action: 'deny' as const },
      { match: "Exists('jwt.b')", action: 'deny' as const },
    ];
    expect(decide(pay(1), { policies }).explanation().fieldsRead).toEqual(['jwt.sub']);
    const other = [
      {
        match: "!(Exists('jwt.none') && Exists('jwt.a')) && Exists('jwt.b') && Exists('jwt.c')",
        action: 'allow' as const,
      },
    ];
    expect(decide(pay(1), { policies: other }).explanation().fieldsRead).toEqual(['jwt.none', 'jwt.b']);
  });

  test('headers are explained as they were when it was decided', () => {
    const headers: { [name: string]: string } = { 'x-env': 'prod' };
    const decision = decide(
      { ...pay(1), headers },
      { policies: [{ match: "Equals('http.headers.x-env', 'prod')", action: 'allow' }] },
    );
    headers['x-env'] = 'changed by the chain';
    expect(decision.explanation().settled).toMatchObject({ outcome: 'true', values: [{ value: '"prod"' }] });
  });
});

describe('a trace', () => {
  const set = policySetOf(config);

  test('tells how every rule and sub-expression fared, also where it no longer matters', () => {
    const { decision, views } = set.trace(requestOf(pay(50)));
    expect(decision.record()).toMatchObject({ outcome: 'allow', rule: 2 });
    expect(views).toHaveLength(1);
    const [view] = views;
    expect(view).toMatchObject({
      as: 'message',
      method: 'tools/call',
      name: 'pay',
      uri: undefined,
      outcome: 'allow',
      reason: 'rule',
      decidedBy: 2,
    });
    expect(view?.rules.map(({ rule, applies, outcome }) => [rule.index, applies, outcome])).toEqual([
      [0, false, 0],
      [1, false, 0],
      [2, true, 2],
    ]);
    const root = view?.rules[1]?.root;
    expect(root).toMatchObject({ type: 'and', outcome: 0, reads: [], condition: undefined, reason: undefined });
    expect(root?.text).toBe(set.rules[1]?.match);
    expect(
      root?.operands.map(({ text, outcome, span }) => [
        text,
        outcome,
        root.text.slice(span.offset, span.offset + span.length) === text,
      ]),
    ).toEqual([
      ["Equals('mcp.method', 'tools/call')", 2, true],
      ["Equals('mcp.params.name', 'pay')", 2, true],
      ["Gt('mcp.params.arguments.amount', '100')", 0, true],
    ]);
    const [, , amount] = root?.operands ?? [];
    expect(amount?.reads.map(({ path, value }) => [path.text, value])).toEqual([
      ['mcp.params.arguments.amount', { text: '50' }],
    ]);
    expect(amount?.condition?.function.name).toBe('Gt');
  });

  test('of connectives', () => {
    const { views } = policySetOf({
      policies: [
        {
          match: "!(Exists('jwt.none') || Equals('jwt.none', 'x')) || !Exists('jwt.sub') && Exists('jwt.none')",
          action: 'deny',
        },
      ],
    }).trace(requestOf(pay(1)));
    const root = views[0]?.rules[0]?.root;
    expect(root).toMatchObject({ type: 'or', outcome: 1 });
    expect(root?.operands.map(({ type, outcome }) => [type, outcome])).toEqual([
      ['not', 1],
      ['and', 0],
    ]);
    expect(root?.operands[0]?.operands[0]).toMatchObject({ type: 'or', outcome: 1 });
    expect(root?.operands[0]?.operands[0]?.operands.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      [0, undefined],
      [1, 'absent'],
    ]);
    expect(root?.operands[1]?.operands.map(({ type, outcome }) => [type, outcome])).toEqual([
      ['not', 0],
      ['call', 0],
    ]);
    expect(views[0]?.rules[0]).toMatchObject({ applies: true, outcome: 1 });
  });

  test('shows each view of a message that stands for something else', () => {
    const listen = {
      mcp: { method: 'subscriptions/listen', params: { notifications: { resourceSubscriptions: ['file:///a'] } } },
    };
    const { decision, views } = set.trace(requestOf(listen));
    expect(views.map(({ as, method, uri, outcome, reason }) => [as, method, uri, outcome, reason])).toEqual([
      ['message', 'subscriptions/listen', undefined, 'allow', 'lifecycle'],
      ['subscription', 'resources/subscribe', 'file:///a', 'deny', 'default'],
    ]);
    expect(decision.allowed).toBe(false);
    const complete = { mcp: { method: 'completion/complete', params: { ref: { type: 'ref/prompt', name: 'p' } } } };
    expect(
      set.trace(requestOf(complete)).views.map(({ as, method, name, reason }) => [as, method, name, reason]),
    ).toEqual([
      ['reference', 'prompts/get', 'p', 'default'],
      ['message', 'completion/complete', 'p', 'default'],
    ]);
  });

  test('of a message that cannot be judged has no view', () => {
    const { decision, views } = set.trace(requestOf({ mcp: { method: 'completion/complete' } }));
    expect(views).toEqual([]);
    expect(decision.reason).toBe('malformed');
  });

  test('of fields that are no text names none', () => {
    const [view] = set.trace(requestOf({ mcp: { method: 5, params: { name: 5, uri: [] } } })).views;
    expect(view).toMatchObject({ method: undefined, name: undefined, uri: undefined });
  });
});

test('a decision is not shaken by what it decides on', () => {
  const nasty: Plain[] = [null, true, 5, '', 'tools/call', [], {}, ['tools/call'], { method: 'tools/call' }];
  const set = policySetOf({ ...config, listPolicies: [{ match: "Contains('mcp.params.name', 'a')", action: 'show' }] });
  for (const method of [...nasty, 'completion/complete', 'subscriptions/listen', 'tasks/get']) {
    for (const params of nasty) {
      for (const jwt of [undefined, {}, { groups: params }]) {
        const request = requestOf({ mcp: { method, params, id: params }, jwt });
        const decision = set.decide(request);
        expect(['allow', 'deny']).toContain(decision.outcome);
        decision.record();
        decision.explanation({ argumentValues: true });
        set.trace(request);
        set.concealed(request);
        set.visible('tools', objectOf({ name: method }), request);
      }
    }
  }
});
