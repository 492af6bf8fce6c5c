import { describe, expect, test } from 'vitest';
import {
  diagnoseOf,
  objectOf,
  type Plain,
  policySetOf,
  type RequestSketch,
  requestOf,
} from '../../test/support/policy.ts';
import { formatDiagnostic } from '../errors.ts';
import { compilePolicySet, type PolicyConfig } from './policy-set.ts';
import { lifecycleMethods } from './view.ts';

type Said = readonly ['allow' | 'deny', 'rule' | 'default' | 'lifecycle' | 'malformed', number?];

/** Outcome, reason and deciding rule of a request. */
function decide(config: PolicyConfig, sketch: RequestSketch): Said {
  const { outcome, reason, rule } = policySetOf(config).decide(requestOf(sketch));
  return rule === undefined ? [outcome, reason] : [outcome, reason, rule];
}

const quoteStyles = [
  ['backticks', (text: string) => text],
  ['double quotes', (text: string) => text.replaceAll('`', '"')],
  ['single quotes', (text: string) => text.replaceAll('`', "'")],
] as const;

describe('[PL-4.worked-cases] the worked cases', () => {
  const rows: readonly (readonly ['allow' | 'deny', string, RequestSketch, boolean])[] = [
    ['allow', '!Equals(`jwt.role`, `guest`)', { jwt: {} }, false],
    ['allow', '!Equals(`jwt.role`, `guest`)', { jwt: undefined }, false],
    ['allow', '!Equals(`jwt.role`, `guest`)', { jwt: { role: 'admin' } }, true],
    ['deny', '!Contains(`jwt.groups`, `admin`)', { jwt: {} }, true],
    ['deny', '!Contains(`jwt.groups`, `admin`)', { jwt: { groups: ['admin'] } }, false],
    ['deny', 'Lt(`jwt.clearance_level`, `5`)', { jwt: {} }, true],
    ['deny', 'Lt(`jwt.clearance_level`, `5`)', { jwt: { clearance_level: 5 } }, false],
    ['deny', 'Gt(`mcp.params.arguments.amount`, `${jwt.approval_limit}`)', { mcp: amount(250), jwt: {} }, true],
    [
      'deny',
      'Gt(`mcp.params.arguments.amount`, `${jwt.approval_limit}`)',
      { mcp: amount(250), jwt: { approval_limit: 300 } },
      false,
    ],
    ['deny', '!Equals(`mcp.params.arguments.mode`, `readonly`)', { mcp: amount(1) }, true],
    [
      'deny',
      '!Equals(`mcp.params.arguments.mode`, `readonly`)',
      { mcp: { params: { arguments: { mode: 'readonly' } } } },
      false,
    ],
    ['deny', 'Equals(`mcp.params.arguments.force`, `true`)', { mcp: amount(1) }, false],
    ['deny', 'Equals(`mcp.params.arguments.force`, `true`)', { mcp: { params: { arguments: { force: true } } } }, true],
    ['deny', 'Gt(`mcp.params.arguments.amount`, `100`)', { mcp: amount([1000]) }, true],
    ['deny', 'Gt(`mcp.params.arguments.amount`, `100`)', { mcp: amount('1000') }, true],
    ['deny', 'Gt(`mcp.params.arguments.amount`, `100`)', { mcp: amount('100') }, false],
    [
      'allow',
      'Contains(`mcp.params.uri`, `tenant-${jwt.tenant_id}`)',
      { mcp: { params: { uri: 'x/tenant-/y' } }, jwt: {} },
      false,
    ],
    [
      'allow',
      'Contains(`mcp.params.uri`, `tenant-${jwt.tenant_id}`)',
      { mcp: { params: { uri: 'x/tenant-7/y' } }, jwt: { tenant_id: 7 } },
      true,
    ],
    [
      'allow',
      'Prefix(`mcp.params.uri`, `${jwt.root}`)',
      { mcp: { params: { uri: 'file:///a' } }, jwt: { root: '' } },
      false,
    ],
    [
      'allow',
      'Prefix(`mcp.params.uri`, `${jwt.root}`)',
      { mcp: { params: { uri: 'file:///a' } }, jwt: { root: 'file:' } },
      true,
    ],
  ];

  function amount(amount: Plain): { [key: string]: Plain } {
    return { method: 'tools/call', params: { name: 'pay', arguments: { amount } } };
  }

  for (const [style, quote] of quoteStyles) {
    test.each(rows)(`in ${style}: %s %s %#`, (action, match, sketch, applies) => {
      const opposite = action === 'allow' ? 'deny' : 'allow';
      const said = decide({ policies: [{ match: quote(match), action }], defaultAction: opposite }, sketch);
      expect(said).toEqual(applies ? [action, 'rule', 0] : [opposite, 'default']);
    });
  }
});

describe('[G-12.policies] the policies of the guide', () => {
  const call = (name: string, args: { [key: string]: Plain } = {}) => ({
    mcp: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } },
  });
  const read = (uri: string) => ({ mcp: { method: 'resources/read', params: { uri } } });
  const developer = { jwt: { sub: 'test-user', groups: ['developer'] } };
  const admin = { jwt: { sub: 'admin-user', groups: ['admin'] } };

  const step12 = [
    'Equals(`mcp.method`, `tools/list`)',
    'Equals(`mcp.method`, `tools/call`) && Equals(`mcp.params.name`, `read_wiki_structure`)',
    'Equals(`mcp.method`, `tools/call`) && Equals(`mcp.params.name`, `read_wiki_contents`) && Contains(`jwt.groups`, `admin`)',
  ];

  for (const [style, quote] of quoteStyles) {
    test.each<[string, RequestSketch, Said]>([
      ['a developer lists tools', { mcp: { method: 'tools/list' }, ...developer }, ['allow', 'rule', 0]],
      ['a developer reads a structure', { ...call('read_wiki_structure'), ...developer }, ['allow', 'rule', 1]],
      ['a developer reads contents', { ...call('read_wiki_contents'), ...developer }, ['deny', 'default']],
      ['an admin reads contents', { ...call('read_wiki_contents'), ...admin }, ['allow', 'rule', 2]],
      ['an admin asks a question', { ...call('ask_question'), ...admin }, ['deny', 'default']],
      ['a developer connects', { mcp: { method: 'initialize' }, ...developer }, ['allow', 'lifecycle']],
      ['a developer lists prompts', { mcp: { method: 'prompts/list' }, ...developer }, ['deny', 'default']],
    ])(`step 12 in ${style}: %s`, (_, sketch, said) => {
      const policies = step12.map((match) => ({ match: quote(match), action: 'allow' as const }));
      expect(decide({ policies, defaultAction: 'deny' }, sketch)).toEqual(said);
    });

    test.each<[string, RequestSketch, boolean]>([
      [
        'Contains(`mcp.params.uri`, `tenant-${jwt.tenant_id}`)',
        { ...read('db://tenant-7/a'), jwt: { tenant_id: '7' } },
        true,
      ],
      [
        'Contains(`mcp.params.uri`, `tenant-${jwt.tenant_id}`)',
        { ...read('db://tenant-8/a'), jwt: { tenant_id: '7' } },
        false,
      ],
      ['SplitContains(`jwt.scope`, ` `, `mcp:admin`)', { jwt: { scope: 'openid mcp:admin' } }, true],
      ['SplitContains(`jwt.scope`, ` `, `mcp:admin`)', { jwt: { scope: 'openid mcp:administrator' } }, false],
      ['OneOf(`mcp.params.name`, `tool1`, `tool2`)', call('tool2'), true],
      ['OneOf(`mcp.params.name`, `tool1`, `tool2`)', call('tool3'), false],
      ['Prefix(`mcp.params.uri`, `file:///safe/`)', read('file:///safe/a'), true],
      ['Prefix(`mcp.params.uri`, `file:///safe/`)', read('file:///safer'), false],
      [
        'Lte(`mcp.params.arguments.amount`, `${jwt.approval_limit}`)',
        { ...call('pay', { amount: 100 }), jwt: { approval_limit: 100 } },
        true,
      ],
      [
        'Lte(`mcp.params.arguments.amount`, `${jwt.approval_limit}`)',
        { ...call('pay', { amount: 101 }), jwt: { approval_limit: 100 } },
        false,
      ],
      ['Gte(`jwt.clearance_level`, `5`)', { jwt: { clearance_level: 5 } }, true],
      ['Gte(`jwt.clearance_level`, `5`)', { jwt: { clearance_level: 4 } }, false],
      ['Lt(`mcp.params.arguments.count`, `100`)', call('x', { count: 99 }), true],
      ['Lt(`mcp.params.arguments.count`, `100`)', call('x', { count: 100 }), false],
      [
        'Gt(`jwt.rate_limit`, `${mcp.params.arguments.requests}`)',
        { ...call('x', { requests: 9 }), jwt: { rate_limit: 10 } },
        true,
      ],
      [
        'Gt(`jwt.rate_limit`, `${mcp.params.arguments.requests}`)',
        { ...call('x', { requests: 10 }), jwt: { rate_limit: 10 } },
        false,
      ],
      [nested, { ...call('pay', { amount: 1000 }), ...developer }, true],
      [nested, { ...call('pay', { amount: 1001 }), ...developer }, false],
      [nested, { ...call('pay', { amount: 1001 }), ...admin }, true],
      [nested, { ...call('pay'), ...developer }, false],
    ])(`in ${style}: %s %#`, (match, sketch, allowed) => {
      const said = decide({ policies: [{ match: quote(match), action: 'allow' }] }, sketch);
      expect(said).toEqual(allowed ? ['allow', 'rule', 0] : ['deny', 'default']);
    });
  }
});

const nested =
  'Equals(`mcp.method`, `tools/call`) && (Contains(`jwt.groups`, `admin`) || Lte(`mcp.params.arguments.amount`, `1000`))';

describe('[PL-4.order] rules are tried in order', () => {
  const policies = [
    { match: "Equals('mcp.params.name', 'a')", action: 'deny' as const },
    { match: "OneOf('mcp.params.name', 'a', 'b')", action: 'allow' as const },
    { match: "Equals('mcp.method', 'tools/call')", action: 'deny' as const, name: 'no calls' },
  ];
  const call = (name: Plain) => ({ mcp: { method: 'tools/call', params: { name } } });

  test.each<[Plain, Said]>([
    ['a', ['deny', 'rule', 0]],
    ['b', ['allow', 'rule', 1]],
    ['c', ['deny', 'rule', 2]],
    [['a'], ['deny', 'rule', 0]],
    [['b'], ['deny', 'rule', 0]],
    [5, ['deny', 'rule', 2]],
  ])('%j', (name, said) => {
    expect(decide({ policies, defaultAction: 'allow' }, call(name))).toEqual(said);
  });

  test('the default is deny unless it is said otherwise', () => {
    expect(decide({}, call('x'))).toEqual(['deny', 'default']);
    expect(decide({ defaultAction: 'deny' }, call('x'))).toEqual(['deny', 'default']);
    expect(decide({ defaultAction: 'allow' }, call('x'))).toEqual(['allow', 'default']);
  });
});

describe('[PL-5.lifecycle] what is always let through', () => {
  const lifecycle = [
    'initialize',
    'server/discover',
    'ping',
    'notifications/initialized',
    'notifications/cancelled',
    'notifications/progress',
    'notifications/roots/list_changed',
  ];

  test.each(lifecycle)('%s', (method) => {
    expect(decide({}, { mcp: { method } })).toEqual(['allow', 'lifecycle']);
    expect(decide({ defaultAction: 'allow' }, { mcp: { method } })).toEqual(['allow', 'lifecycle']);
    expect(
      decide({ policies: [{ match: `Equals('mcp.method', '${method}')`, action: 'deny' }] }, { mcp: { method } }),
    ).toEqual(['deny', 'rule', 0]);
    expect(
      decide({ policies: [{ match: `Equals('mcp.method', '${method}')`, action: 'allow' }] }, { mcp: { method } }),
    ).toEqual(['allow', 'rule', 0]);
    expect(decide({}, { kind: 'notification', mcp: { method } })).toEqual(['allow', 'lifecycle']);
  });

  test.each([
    'tools/list',
    'tools/call',
    'prompts/list',
    'prompts/get',
    'resources/list',
    'resources/read',
    'resources/templates/list',
    'resources/subscribe',
    'resources/unsubscribe',
    'logging/setLevel',
    'tasks/get',
    'tasks/list',
    'notifications/elicitation/complete',
    'notifications/message',
    'Initialize',
    'initialize ',
    'x/unknown',
    '',
  ])('not %j', (method) => {
    expect(decide({}, { mcp: { method, params: {} } })).toEqual(['deny', 'default']);
  });

  test.each<[string, RequestSketch]>([
    ['a response of the client', { kind: 'response', mcp: { jsonrpc: '2.0', id: 1, result: {} } }],
    ['the stream', { kind: 'stream', http: { method: 'GET' } }],
    ['the end of the session', { kind: 'end-session', http: { method: 'DELETE' } }],
  ])('%s', (_, sketch) => {
    expect(decide({}, sketch)).toEqual(['allow', 'lifecycle']);
    expect(decide({ policies: [{ match: "Contains('jwt.groups', 'banned')", action: 'deny' }] }, sketch)).toEqual([
      'deny',
      'rule',
      0,
    ]);
    expect(decide({ policies: [{ match: "Equals('mcp.method', 'tools/call')", action: 'deny' }] }, sketch)).toEqual([
      'allow',
      'lifecycle',
    ]);
  });

  test('a message without a method is not one of them', () => {
    expect(decide({}, { mcp: {} })).toEqual(['deny', 'default']);
    expect(decide({}, { mcp: { method: ['initialize'] } })).toEqual(['deny', 'default']);
  });

  test('the list is exactly this', () => {
    expect([...lifecycleMethods]).toEqual(lifecycle);
  });
});

describe('[PL-5.listen] subscriptions/listen is judged item by item', () => {
  const listen = (notifications: Plain, meta?: Plain): RequestSketch => ({
    mcp: { method: 'subscriptions/listen', params: { notifications, ...(meta === undefined ? {} : { _meta: meta }) } },
  });
  const safe: PolicyConfig = {
    policies: [
      {
        match: "Equals('mcp.method', 'resources/subscribe') && Prefix('mcp.params.uri', 'file:///safe/')",
        action: 'allow',
      },
    ],
  };
  const notices = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: false };

  test.each<[string, PolicyConfig, RequestSketch, Said]>([
    ['list-changed notices', {}, listen(notices), ['allow', 'lifecycle']],
    ['nothing at all', {}, listen({}), ['allow', 'lifecycle']],
    ['an empty list of resources', {}, listen({ ...notices, resourceSubscriptions: [] }), ['allow', 'lifecycle']],
    ['a resource', {}, listen({ resourceSubscriptions: ['file:///a'] }), ['deny', 'default']],
    [
      'an allowed resource',
      safe,
      listen({ ...notices, resourceSubscriptions: ['file:///safe/a'] }),
      ['allow', 'lifecycle'],
    ],
    [
      'one of two allowed',
      safe,
      listen({ resourceSubscriptions: ['file:///safe/a', 'file:///b'] }),
      ['deny', 'default'],
    ],
    [
      'one of two allowed, the other way round',
      safe,
      listen({ resourceSubscriptions: ['file:///b', 'file:///safe/a'] }),
      ['deny', 'default'],
    ],
    [
      'two allowed',
      safe,
      listen({ resourceSubscriptions: ['file:///safe/a', 'file:///safe/b'] }),
      ['allow', 'lifecycle'],
    ],
    ['something unknown', {}, listen({ toolsListChanged: true, taskIds: ['1'] }), ['deny', 'default']],
    ['no filter', {}, { mcp: { method: 'subscriptions/listen' } }, ['deny', 'default']],
    ['a filter that is no object', {}, listen(['toolsListChanged']), ['deny', 'default']],
    [
      'resources that are no list',
      { defaultAction: 'allow' },
      listen({ resourceSubscriptions: 'file:///a' }),
      ['deny', 'malformed'],
    ],
    [
      'a resource that is no text',
      { defaultAction: 'allow' },
      listen({ resourceSubscriptions: ['file:///a', 5] }),
      ['deny', 'malformed'],
    ],
    [
      'no list at all: null',
      { defaultAction: 'allow' },
      listen({ resourceSubscriptions: null }),
      ['deny', 'malformed'],
    ],
    [
      'a rule for the message itself',
      { policies: [{ match: "Equals('mcp.method', 'subscriptions/listen')", action: 'deny' }] },
      listen(notices),
      ['deny', 'rule', 0],
    ],
    [
      'an allow for the message does not allow its resources',
      { policies: [{ match: "Equals('mcp.method', 'subscriptions/listen')", action: 'allow' }] },
      listen({ resourceSubscriptions: ['file:///a'] }),
      ['deny', 'default'],
    ],
    [
      'an allow for the message does for what is unknown',
      { policies: [{ match: "Equals('mcp.method', 'subscriptions/listen')", action: 'allow' }] },
      listen({ taskIds: ['1'] }),
      ['allow', 'rule', 0],
    ],
    [
      'a deny for one resource, under default allow',
      { policies: [{ match: "Equals('mcp.params.uri', 'file:///b')", action: 'deny' }], defaultAction: 'allow' },
      listen({ resourceSubscriptions: ['file:///a', 'file:///b'] }),
      ['deny', 'rule', 0],
    ],
    [
      'the meta of the message is seen',
      { policies: [{ match: "Equals('mcp.params._meta.k', 'v')", action: 'allow' }] },
      listen({ resourceSubscriptions: ['file:///a'] }, { k: 'v' }),
      ['allow', 'rule', 0],
    ],
    [
      'but nothing else of it',
      { policies: [{ match: "Exists('mcp.params.notifications')", action: 'deny' }], defaultAction: 'allow' },
      { mcp: { method: 'subscriptions/listen', params: { notifications: { resourceSubscriptions: ['file:///a'] } } } },
      ['deny', 'rule', 0],
    ],
  ])('%s', (_, config, sketch, said) => {
    expect(decide(config, sketch)).toEqual(said);
  });

  test('the record names the resource that was refused', () => {
    const decision = policySetOf(safe).decide(
      requestOf(listen({ resourceSubscriptions: ['file:///safe/a', 'file:///b'] })),
    );
    expect(decision.record()).toMatchObject({ method: 'subscriptions/listen', uri: 'file:///b', outcome: 'deny' });
  });
});

describe('[PL-5.completion] completion/complete is judged on its reference', () => {
  const complete = (ref: Plain, more: { [key: string]: Plain } = {}): RequestSketch => ({
    mcp: { method: 'completion/complete', params: { ref, argument: { name: 'a', value: 'x' }, ...more } },
  });
  const prompt = complete({ type: 'ref/prompt', name: 'greet' });
  const resource = complete({ type: 'ref/resource', uri: 'db://{table}' });
  const allow = (match: string): PolicyConfig => ({ policies: [{ match, action: 'allow' }] });
  const denyFirst = (match: string): PolicyConfig => ({
    policies: [{ match, action: 'deny' }],
    defaultAction: 'allow',
  });

  test.each<[string, PolicyConfig, RequestSketch, Said]>([
    ['default deny', {}, prompt, ['deny', 'default']],
    ['default allow', { defaultAction: 'allow' }, prompt, ['allow', 'default']],
    [
      'a prompt that may be got',
      allow("Equals('mcp.method', 'prompts/get') && Equals('mcp.params.name', 'greet')"),
      prompt,
      ['allow', 'rule', 0],
    ],
    [
      'another prompt',
      allow("Equals('mcp.method', 'prompts/get') && Equals('mcp.params.name', 'other')"),
      prompt,
      ['deny', 'default'],
    ],
    [
      'a resource that may be read',
      allow("Equals('mcp.method', 'resources/read') && Prefix('mcp.params.uri', 'db://')"),
      resource,
      ['allow', 'rule', 0],
    ],
    [
      'another resource',
      allow("Equals('mcp.method', 'resources/read') && Prefix('mcp.params.uri', 'file://')"),
      resource,
      ['deny', 'default'],
    ],
    [
      'an allow for completion alone',
      allow("Equals('mcp.method', 'completion/complete')"),
      prompt,
      ['deny', 'default'],
    ],
    ['a deny for completion', denyFirst("Equals('mcp.method', 'completion/complete')"), prompt, ['deny', 'rule', 0]],
    [
      'a deny for the prompt',
      denyFirst("Equals('mcp.method', 'prompts/get') && Equals('mcp.params.name', 'greet')"),
      prompt,
      ['deny', 'rule', 0],
    ],
    [
      'a deny for completion of this prompt',
      denyFirst("Equals('mcp.method', 'completion/complete') && Equals('mcp.params.name', 'greet')"),
      prompt,
      ['deny', 'rule', 0],
    ],
    [
      'a deny for completion of another prompt',
      denyFirst("Equals('mcp.method', 'completion/complete') && Equals('mcp.params.name', 'other')"),
      prompt,
      ['allow', 'default'],
    ],
    [
      'a deny for completion of this resource',
      denyFirst("Equals('mcp.method', 'completion/complete') && Equals('mcp.params.uri', 'db://{table}')"),
      resource,
      ['deny', 'rule', 0],
    ],
    [
      'a deny on what is being completed',
      denyFirst("Equals('mcp.params.argument.value', 'x')"),
      prompt,
      ['deny', 'rule', 0],
    ],
    [
      'the name of the reference counts, not one beside it',
      allow("Equals('mcp.params.name', 'free')"),
      complete({ type: 'ref/prompt', name: 'greet' }, { name: 'free' }),
      ['deny', 'default'],
    ],
    [
      'arguments beside the reference do not count',
      allow("Equals('mcp.params.arguments.a', 'x')"),
      complete({ type: 'ref/prompt', name: 'greet' }, { arguments: { a: 'x' } }),
      ['deny', 'default'],
    ],
    [
      'the meta of the message does',
      allow("Equals('mcp.params._meta.k', 'v')"),
      complete({ type: 'ref/prompt', name: 'greet' }, { _meta: { k: 'v' } }),
      ['allow', 'rule', 0],
    ],
    ['no reference', { defaultAction: 'allow' }, complete(null), ['deny', 'malformed']],
    ['no parameters', { defaultAction: 'allow' }, { mcp: { method: 'completion/complete' } }, ['deny', 'malformed']],
    [
      'an unknown kind',
      { defaultAction: 'allow' },
      complete({ type: 'ref/tool', name: 'greet', uri: 'db://a' }),
      ['deny', 'malformed'],
    ],
    [
      'a prompt by URI',
      { defaultAction: 'allow' },
      complete({ type: 'ref/prompt', uri: 'db://a' }),
      ['deny', 'malformed'],
    ],
    [
      'a resource by name',
      { defaultAction: 'allow' },
      complete({ type: 'ref/resource', name: 'greet' }),
      ['deny', 'malformed'],
    ],
    [
      'a name that is no text',
      { defaultAction: 'allow' },
      complete({ type: 'ref/prompt', name: ['greet'] }),
      ['deny', 'malformed'],
    ],
    [
      'a URI that is no text',
      { defaultAction: 'allow' },
      complete({ type: 'ref/resource', uri: 5 }),
      ['deny', 'malformed'],
    ],
    ['a reference that is a text', { defaultAction: 'allow' }, complete('greet'), ['deny', 'malformed']],
  ])('%s', (_, config, sketch, said) => {
    expect(decide(config, sketch)).toEqual(said);
  });

  test('the record names what is completed', () => {
    const record = (sketch: RequestSketch) => policySetOf({}).decide(requestOf(sketch)).record();
    expect(record(prompt)).toMatchObject({ method: 'completion/complete', name: 'greet', uri: undefined });
    expect(record(resource)).toMatchObject({ method: 'completion/complete', name: undefined, uri: 'db://{table}' });
  });
});

describe('compiling a policy set', () => {
  const compiled = (config: PolicyConfig) =>
    compilePolicySet(config, { middleware: 'm', diagnose: diagnoseOf(config) });

  test('[PL-1.errors] reports every broken rule with its place', () => {
    const result = compiled({
      policies: [
        { match: "Equals('mcp.method', 'a')", action: 'allow' },
        { match: "Equal('mcp.method', 'a') && Equals('mcp.metod', 'a')", action: 'deny' },
      ],
      listPolicies: [{ match: 'Equals(', action: 'show' }],
    });
    expect(result.ok ? '' : result.diagnostics.map(formatDiagnostic).join('\n')).toBe(
      [
        'error[EXPRESSION_UNKNOWN_FUNCTION]: There is no function Equal. (policies.1.match)',
        "  | Equal('mcp.method', 'a') && Equals('mcp.metod', 'a')",
        '  | ^^^^^',
        '  = help: Did you mean Equals?',
        'error[POLICY_PATH]: There is no path `mcp.metod`. (policies.1.match)',
        "  | Equal('mcp.method', 'a') && Equals('mcp.metod', 'a')",
        '  |                                     ^^^^^^^^^',
        '  = help: Did you mean mcp.method?',
        'error[EXPRESSION_SYNTAX]: This `(` is never closed. (listPolicies.0.match)',
        '  | Equals(',
        '  |       ^',
      ].join('\n'),
    );
  });

  test('[PL-3.constant] warns without refusing', () => {
    const result = compiled({
      policies: [{ match: "Prefix('mcp.params.uri', '')", action: 'allow' }],
      listPolicies: [{ match: "Lt('jwt.a', 'b')", action: 'hide' }],
    });
    expect(result.ok && result.warnings.map(({ code, severity, subject }) => [code, severity, subject])).toEqual([
      ['POLICY_CONSTANT', 'warning', 'policies.0.match'],
      ['POLICY_CONSTANT', 'warning', 'listPolicies.0.match'],
    ]);
  });

  test('keeps what was configured', () => {
    const set = policySetOf({
      policies: [{ match: "Exists('mcp.id')", action: 'allow', name: 'first' }],
      listPolicies: [{ match: "Exists('jwt.a')", action: 'hide' }],
      listDefaultAction: 'show',
      hideAsUnknown: true,
      defaultAction: 'allow',
    });
    expect(set.rules).toMatchObject([{ index: 0, name: 'first', action: 'allow', match: "Exists('mcp.id')" }]);
    expect(set.listRules).toMatchObject([{ index: 0, name: undefined, action: 'hide' }]);
    expect([set.defaultAction, set.listDefaultAction, set.hideAsUnknown, set.middleware]).toEqual([
      'allow',
      'show',
      true,
      'apps-wiki-mcp@file',
    ]);
    expect(policySetOf({})).toMatchObject({
      defaultAction: 'deny',
      listDefaultAction: 'callable',
      hideAsUnknown: false,
    });
    expect(Object.isFrozen(set.rules) && Object.isFrozen(set.rules[0])).toBe(true);
  });

  test('[PL-8.hash] the hash changes with the meaning, not with the spacing', () => {
    const base: PolicyConfig = { policies: [{ match: "Exists('mcp.id')", action: 'allow' }] };
    const { hash } = policySetOf(base);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(
      policySetOf({ policies: [{ match: " ( Exists( 'mcp.id' ) ) ", action: 'allow' }], defaultAction: 'deny' }).hash,
    ).toBe(hash);
    const others: PolicyConfig[] = [
      {},
      { ...base, defaultAction: 'allow' },
      { ...base, listDefaultAction: 'show' },
      { ...base, hideAsUnknown: true },
      { policies: [{ match: "Exists('mcp.id')", action: 'deny' }] },
      { policies: [{ match: "Exists('mcp.id')", action: 'allow', name: 'x' }] },
      { policies: [{ match: "!Exists('mcp.id')", action: 'allow' }] },
      { ...base, listPolicies: [{ match: "Exists('mcp.id')", action: 'show' }] },
    ];
    expect(new Set([hash, ...others.map((other) => policySetOf(other).hash)]).size).toBe(others.length + 1);
  });
});

describe('[PL-6.unknown] hideAsUnknown', () => {
  const base: PolicyConfig = {
    policies: [
      {
        match:
          "Equals('mcp.method', 'tools/call') && Equals('mcp.params.name', 'maybe') && Equals('mcp.params.arguments.a', 'x')",
        action: 'allow',
      },
      { match: "Equals('mcp.method', 'resources/read') && Equals('mcp.params.uri', 'file:///a')", action: 'allow' },
      {
        match: "Equals('mcp.method', 'tools/call') && Equals('tool.annotations.readOnlyHint', 'true')",
        action: 'allow',
      },
    ],
    hideAsUnknown: true,
  };
  const concealed = (config: PolicyConfig, method: string, params: { [key: string]: Plain }) =>
    policySetOf(config).concealed(
      requestOf({ mcp: { method, params }, annotations: { look: { readOnlyHint: true }, maybe: {} } }),
    );

  test.each<[string, PolicyConfig, string, { [key: string]: Plain }, boolean]>([
    ['a tool that could never be called', base, 'tools/call', { name: 'never' }, true],
    ['switched off', { ...base, hideAsUnknown: false }, 'tools/call', { name: 'never' }, false],
    ['a tool that some call could reach', base, 'tools/call', { name: 'maybe' }, false],
    ['a tool whose annotations allow it', base, 'tools/call', { name: 'look' }, false],
    ['hidden by a rule, but callable', { ...base, listDefaultAction: 'hide' }, 'tools/call', { name: 'maybe' }, false],
    [
      'shown by a rule, though not callable',
      { ...base, listDefaultAction: 'show' },
      'tools/call',
      { name: 'never' },
      false,
    ],
    ['a prompt', base, 'prompts/get', { name: 'never' }, true],
    ['a resource', base, 'resources/read', { uri: 'file:///b' }, true],
    ['a resource that may be read', base, 'resources/read', { uri: 'file:///a' }, false],
    ['another method', base, 'resources/subscribe', { uri: 'file:///b' }, false],
    ['another method with a name', base, 'tasks/get', { name: 'never' }, false],
    ['no name', base, 'tools/call', {}, false],
    ['a name that is no text', base, 'tools/call', { name: ['never'] }, false],
    ['a URI that is no text', base, 'resources/read', { name: 'never', uri: 5 }, false],
  ])('%s', (_, config, method, params, expected) => {
    expect(concealed(config, method, params)).toBe(expected);
  });

  test('a tool, while nothing is known of any', () => {
    const call = (name: string) => requestOf({ mcp: { method: 'tools/call', params: { name } } });
    const set = policySetOf(base);
    expect([set.concealed(call('never')), set.concealed(call('look')), set.concealed(call('maybe'))]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

test('the rules for the use of an item are those that can apply to it', () => {
  const set = policySetOf({
    policies: [
      { match: "Equals('mcp.method', 'tools/call') && Equals('mcp.params.name', 'a')", action: 'allow' },
      { match: "Equals('mcp.method', 'tools/call') && Equals('mcp.params.name', 'b')", action: 'allow' },
      { match: "Exists('jwt.sub')", action: 'deny' },
    ],
  });
  const indices = (rules: readonly { readonly index: number }[]) => rules.map(({ index }) => index);
  expect(indices(set.rulesForUse('tools/call', 'name', 'b'))).toEqual([1, 2]);
  expect(indices(set.rulesForUse('tools/call'))).toEqual([0, 1, 2]);
  expect(indices(set.rulesForUse('prompts/get', 'name', 'b'))).toEqual([2]);
});

test('a view of a caller is made once for a request', () => {
  const set = policySetOf({});
  const request = requestOf({});
  expect(set.viewOf(request)).toBe(set.viewOf(request));
  expect(set.viewOf(requestOf({}))).not.toBe(set.viewOf(request));
  expect(set.visible('tools', objectOf({ name: 'a' }), request)).toBe(false);
});
