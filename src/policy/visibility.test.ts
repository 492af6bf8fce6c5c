import { describe, expect, test } from 'vitest';
import { objectOf, type Plain, policySetOf, type RequestSketch, requestOf } from '../../test/support/policy.ts';
import type { PolicyConfig } from './policy-set.ts';
import type { ItemKind } from './visibility.ts';

function shows(
  config: PolicyConfig,
  kind: ItemKind,
  item: { [key: string]: Plain },
  sketch: RequestSketch = {},
): boolean {
  return policySetOf(config).visible(kind, objectOf(item), requestOf({ mcp: { method: 'tools/list' }, ...sketch }));
}

const tool = (name: string) => ({ name, description: 'x' });
const allow = (...matches: string[]): PolicyConfig => ({
  policies: matches.map((match) => ({ match, action: 'allow' as const })),
});
const deny = (...matches: string[]): PolicyConfig => ({
  policies: matches.map((match) => ({ match, action: 'deny' as const })),
  defaultAction: 'allow',
});

describe('[PL-6.callable] a tool is shown when some call of it could be allowed', () => {
  const call = "Equals('mcp.method', 'tools/call')";

  test.each<[string, PolicyConfig, RequestSketch, boolean]>([
    ['nothing allows it', {}, {}, false],
    ['the default allows it', { defaultAction: 'allow' }, {}, true],
    ['a rule for all tools', allow(call), {}, true],
    ['a rule for it', allow(`${call} && Equals('mcp.params.name', 'pay')`), {}, true],
    ['a rule for another', allow(`${call} && Equals('mcp.params.name', 'look')`), {}, false],
    ['a rule for lists only', allow("Equals('mcp.method', 'tools/list')"), {}, false],
    ['a rule on an argument', allow(`${call} && Lte('mcp.params.arguments.amount', '100')`), {}, true],
    ['a rule on the absence of an argument', allow(`${call} && !Exists('mcp.params.arguments.amount')`), {}, true],
    ['a rule on all arguments', allow("Exists('mcp.params.arguments')"), {}, true],
    ['a rule on the meta', allow("Equals('mcp.params._meta.k', 'v')"), {}, true],
    ['a rule on another parameter', allow("Equals('mcp.params.task.ttl', '5')"), {}, true],
    ['a rule on a parameter of other methods', allow("Equals('mcp.params.uri', 'x')"), {}, true],
    ['a rule on the id', allow("Equals('mcp.id', '1')"), {}, true],
    [
      'an argument against an absent claim',
      allow("Lte('mcp.params.arguments.amount', '${jwt.limit}')"),
      { jwt: {} },
      false,
    ],
    [
      'an argument against a claim of the wrong type',
      allow("Lte('mcp.params.arguments.amount', '${jwt.limit}')"),
      { jwt: { limit: 'much' } },
      false,
    ],
    [
      'an argument against a claim',
      allow("Lte('mcp.params.arguments.amount', '${jwt.limit}')"),
      { jwt: { limit: 5 } },
      true,
    ],
    ['a claim against an argument', allow("Gt('jwt.limit', '${mcp.params.arguments.n}')"), { jwt: { limit: 5 } }, true],
    ['an absent claim against an argument', allow("Gt('jwt.limit', '${mcp.params.arguments.n}')"), { jwt: {} }, false],
    ['a group it has', allow("Contains('jwt.groups', 'admin')"), { jwt: { groups: ['admin'] } }, true],
    ['a group it has not', allow("Contains('jwt.groups', 'admin')"), { jwt: { groups: ['dev'] } }, false],
    ['no claims', allow("Contains('jwt.groups', 'admin')"), { jwt: undefined }, false],
    ['tools named in a claim', allow("Contains('jwt.tools', '${mcp.params.name}')"), { jwt: { tools: ['pay'] } }, true],
    [
      'other tools named in a claim',
      allow("Contains('jwt.tools', '${mcp.params.name}')"),
      { jwt: { tools: ['look'] } },
      false,
    ],
    ['the HTTP method is that of a call', allow("Equals('http.method', 'POST')"), { http: { method: 'GET' } }, true],
    ['the JSON-RPC version is that of a call', allow("Equals('mcp.jsonrpc', '2.0')"), {}, true],
    [
      'headers are those of the caller',
      allow("Equals('http.headers.x-env', 'prod')"),
      { headers: { 'x-env': 'prod' } },
      true,
    ],
    ['headers that are not sent', allow("Equals('http.headers.x-env', 'prod')"), {}, false],
    ['host and path too', allow("Equals('http.host', 'mcp.localhost') && Equals('http.path', '/mcp')"), {}, true],
    ['the address of the caller', allow("Equals('client.ip', '192.0.2.1')"), {}, true],
    ['the revision of the caller', allow("Equals('mcp.protocolVersion', '2025-11-25')"), {}, true],
    ['below the name there is nothing', allow("Equals('mcp.params.name.x', 'y')"), {}, false],
    ['the parameters are an object', allow("Exists('mcp.params')"), {}, true],
    ['and no scalar', allow("Equals('mcp.params', 'x')"), {}, false],
    ['a definite deny', deny("Equals('mcp.params.name', 'pay')"), {}, false],
    ['a deny of another', deny("Equals('mcp.params.name', 'look')"), {}, true],
    ['a possible deny', deny("Gt('mcp.params.arguments.amount', '100')"), {}, true],
    ['a deny that only the right argument avoids', deny("!Equals('mcp.params.arguments.mode', 'readonly')"), {}, true],
    ['a deny that nothing avoids: an absent claim', deny("!Contains('jwt.groups', 'admin')"), { jwt: {} }, false],
    ['a deny on a claim that cannot be judged', deny("Lt('jwt.level', '5')"), { jwt: { level: 'high' } }, false],
    [
      'a deny against an absent claim that leaving the argument out avoids',
      deny("Gt('mcp.params.arguments.a', '${jwt.limit}')"),
      { jwt: {} },
      true,
    ],
    ['a deny of everything', deny("Exists('mcp.method')"), {}, false],
    ['a deny of whatever exists', deny("Exists('mcp.params.arguments')"), {}, true],
    [
      'a definite deny before an allow',
      {
        policies: [
          { match: "Equals('mcp.params.name', 'pay')", action: 'deny' },
          { match: call, action: 'allow' },
        ],
      },
      {},
      false,
    ],
    [
      'a possible deny before an allow',
      {
        policies: [
          { match: "Exists('mcp.params.arguments.force')", action: 'deny' },
          { match: call, action: 'allow' },
        ],
      },
      {},
      true,
    ],
    [
      'an allow before a definite deny',
      {
        policies: [
          { match: call, action: 'allow' },
          { match: "Equals('mcp.params.name', 'pay')", action: 'deny' },
        ],
      },
      {},
      true,
    ],
    [
      'a possible deny, then a definite one',
      {
        policies: [
          { match: "Exists('mcp.params.arguments.force')", action: 'deny' },
          { match: call, action: 'deny' },
        ],
        defaultAction: 'allow',
      },
      {},
      false,
    ],
    [
      'an allow that cannot apply, then the default',
      { policies: [{ match: "Contains('jwt.groups', 'admin')", action: 'allow' }], defaultAction: 'deny' },
      { jwt: { groups: [] } },
      false,
    ],
  ])('%s', (_, config, sketch, expected) => {
    expect(shows(config, 'tools', tool('pay'), sketch)).toBe(expected);
  });

  test.each([
    ['jwt.id', 'a', false],
    ['jwt.params.x', 'a', false],
    ['mcp.params.x', 'a', true],
    ['mcp.params.name.x', 'a', false],
    ['mcp.jsonrpc', '2.0', true],
    ['mcp.jsonrpc', '1.0', false],
  ])('only what the caller chooses in a call is open: %s %s', (path, value, expected) => {
    const jwt = { id: 'b', params: { x: 'b' } };
    expect(shows(allow(`Equals('${path}', '${value}')`), 'tools', tool('pay'), { jwt })).toBe(expected);
  });

  test('annotations are those of the listed tool', () => {
    const config = allow("Equals('tool.annotations.readOnlyHint', 'true')");
    expect(shows(config, 'tools', { name: 'look', annotations: { readOnlyHint: true } })).toBe(true);
    expect(shows(config, 'tools', { name: 'look', annotations: { readOnlyHint: false } })).toBe(false);
    expect(shows(config, 'tools', { name: 'look', annotations: 'readOnlyHint' })).toBe(false);
    expect(shows(config, 'tools', { name: 'look' }, { annotations: { look: { readOnlyHint: true } } })).toBe(false);
    expect(shows(config, 'prompts', { name: 'look', annotations: { readOnlyHint: true } })).toBe(false);
    expect(shows(deny("!Equals('tool.annotations.readOnlyHint', 'true')"), 'tools', { name: 'look' })).toBe(false);
  });
});

describe('[PL-6.kinds] each kind of item is judged by its own use', () => {
  test.each<[ItemKind, { [key: string]: Plain }, string, boolean]>([
    ['tools', { name: 'a' }, "Equals('mcp.method', 'tools/call') && Equals('mcp.params.name', 'a')", true],
    ['tools', { name: 'a' }, "Equals('mcp.method', 'prompts/get')", false],
    ['prompts', { name: 'a' }, "Equals('mcp.method', 'prompts/get') && Equals('mcp.params.name', 'a')", true],
    ['prompts', { name: 'a' }, "Equals('mcp.method', 'prompts/get') && Equals('mcp.params.arguments.x', 'a')", true],
    ['prompts', { name: 'a' }, "Equals('mcp.method', 'tools/call')", false],
    [
      'resources',
      { uri: 'file:///a', name: 'b' },
      "Equals('mcp.method', 'resources/read') && Equals('mcp.params.uri', 'file:///a')",
      true,
    ],
    ['resources', { uri: 'file:///a', name: 'b' }, "Equals('mcp.params.uri', 'file:///b')", false],
    ['resources', { uri: 'file:///a', name: 'b' }, "Equals('mcp.method', 'resources/subscribe')", false],
    ['resources', { uri: 'file:///a', name: 'b' }, "Equals('mcp.params.name', 'b')", true],
    ['resourceTemplates', { uriTemplate: 'file:///{a}' }, "Equals('mcp.method', 'resources/read')", true],
  ])('%s %j with %s: %s', (kind, item, match, expected) => {
    expect(shows(allow(match), kind, item)).toBe(expected);
  });

  test.each<[ItemKind, { [key: string]: Plain }]>([
    ['tools', {}],
    ['tools', { name: 5 }],
    ['prompts', { title: 'a' }],
    ['resources', { name: 'a' }],
    ['resourceTemplates', { uri: 'file:///a' }],
  ])('%s without the text that names them (%j) are hidden', (kind, item) => {
    expect(shows({ defaultAction: 'allow' }, kind, item)).toBe(false);
    expect(shows({ listDefaultAction: 'show' }, kind, item)).toBe(false);
    expect(policySetOf({ defaultAction: 'allow' }).viewOf(requestOf({})).callable(kind, objectOf(item))).toBe(false);
  });
});

describe('[PL-6.templates] a resource template stands for every URI that begins like it', () => {
  test.each<[string, string, boolean, boolean]>([
    // template, match, shown when it allows, shown when it denies
    ['db://a/{id}', "Prefix('mcp.params.uri', 'db://a/')", true, false],
    ['db://a/{id}', "Prefix('mcp.params.uri', 'db://')", true, false],
    ['db://a/{id}', "Prefix('mcp.params.uri', 'db://a/7')", true, true],
    ['db://a/{id}', "Prefix('mcp.params.uri', 'db://b/')", false, true],
    ['db://a/{id}', "Equals('mcp.params.uri', 'db://a/7')", true, true],
    ['db://a/{id}', "Equals('mcp.params.uri', 'db://b/7')", false, true],
    ['db://a/{id}', "Equals('mcp.params.uri', 5)", false, true],
    ['db://a/{id}', "OneOf('mcp.params.uri', 'db://b/7', 'db://a/7')", true, true],
    ['db://a/{id}', "OneOf('mcp.params.uri', 'db://b/7', 'db://c/7')", false, true],
    ['db://a/{id}', "Contains('mcp.params.uri', 'a')", true, false],
    ['db://a/{id}', "Contains('mcp.params.uri', 'tenant-7')", true, true],
    ['db://a/{id}', "Contains('mcp.params.uri', '')", false, false],
    ['db://a/{id}', "Contains('mcp.params.uri', 5)", false, false],
    ['db://a/{id}', "Suffix('mcp.params.uri', '.md')", true, true],
    ['db://a/{id}', "SplitContains('mcp.params.uri', '/', 'db:')", true, false],
    ['db://a/{id}', "SplitContains('mcp.params.uri', '/', 'a')", true, false],
    ['db://a/{id}', "SplitContains('mcp.params.uri', '/', 'b')", true, true],
    ['db://a{id}', "SplitContains('mcp.params.uri', '/', 'a')", true, true],
    ['db://a/{id}', "SplitContains('mcp.params.uri', '/', 'b/c')", false, true],
    ['db://a/{id}', "Matches('mcp.params.uri', '^db://a/')", true, false],
    ['db://a/{id}', "Matches('mcp.params.uri', '^db://b/')", false, true],
    ['db://a/{id}', "Matches('mcp.params.uri', '^db://a/[0-9]+$')", true, true],
    ['db://a/{id}', "Matches('mcp.params.uri', '^db://a/7')", true, true],
    ['db://a/{id}', 'Matches(`mcp.params.uri`, `^db://a\\.`)', false, true],
    ['db://a/{id}', 'Matches(`mcp.params.uri`, `^db://aa?`)', true, false],
    ['db://a/{id}', 'Matches(`mcp.params.uri`, `^db://ab?`)', true, false],
    ['db://a/{id}', 'Matches(`mcp.params.uri`, `^db://b?`)', true, false],
    ['db://a/{id}', 'Matches(`mcp.params.uri`, `^db://b*a`)', true, false],
    ['db://a/{id}', 'Matches(`mcp.params.uri`, `^db://b{0}a/7`)', true, true],
    ['db://a/{id}', 'Matches(`mcp.params.uri`, `^db://b|7`)', true, true],
    ['db://a/{id}', 'Matches(`mcp.params.uri`, `(?i)^DB://A/7`)', true, true],
    ['db://a/{id}', 'Matches(`mcp.params.uri`, `a\\b`)', true, true],
    ['db://a/{id}', 'Matches(`mcp.params.uri`, `/$`)', true, true],
    ['db://a/{id}', 'Matches(`mcp.params.uri`, `\\Adb://b/`)', false, true],
    ['db://a/{id}', "Lt('mcp.params.uri', '5')", false, false],
    ['{+uri}', "Lt('mcp.params.uri', '5')", true, true],
    ['{+uri}', "Prefix('mcp.params.uri', 'db://')", true, true],
    ['{+uri}', "Equals('mcp.params.uri', 5)", true, true],
    ['1{+uri}', "Gt('mcp.params.uri', '5')", true, true],
    ['db://a/{id}', "Exists('mcp.params.uri')", true, false],
    ['db://a/{id}', "Exists('mcp.params.uri.x')", false, true],
    ['db://a/b', "Equals('mcp.params.uri', 'db://a/b')", true, false],
    ['db://a/b', "Equals('mcp.params.uri', 'db://a/bc')", false, true],
    // A character that is encoded when the template is expanded ends what is known.
    ['db://é/{id}', "Prefix('mcp.params.uri', 'db://é/')", true, true],
    ['db://é/{id}', "Prefix('mcp.params.uri', 'db://%C3%A9/')", true, true],
    ['db://a b', "Equals('mcp.params.uri', 'db://a%20b')", true, true],
    ['db://%41%zz/{id}', "Prefix('mcp.params.uri', 'db://%41%')", true, true],
    ['db://%41/{id}', "Prefix('mcp.params.uri', 'db://%41/')", true, false],
    ['db://%4/{id}', "Prefix('mcp.params.uri', 'db://%254/')", true, true],
    ["a-._~:/?#[]@!$&'()*+,;=%20Z9{x}", 'Prefix("mcp.params.uri", "a-._~:/?#[]@!$&\'()*+,;=%20Z9")', true, false],
    ['db://a/{id}', "Equals('mcp.params.arguments.u', '${mcp.params.uri}')", true, true],
    ['db://a/{id}', "Equals('mcp.params.arguments.u', 'x${mcp.params.uri}')", true, true],
    ['db://a/{id}', "Prefix('jwt.u', '${mcp.params.uri}')", false, true],
    ['db://a/{id}', "Equals('jwt.v', '${mcp.params.uri}')", true, true],
    ['db://a/{id}', "Equals('jwt.v', 'x${mcp.params.uri}')", false, true],
  ])('%s with %s', (uriTemplate, match, allowing, denying) => {
    const sketch = { jwt: { u: 'db://b/7', v: 'db://a/7' } };
    expect([
      shows(allow(match), 'resourceTemplates', { uriTemplate }, sketch),
      shows(deny(match), 'resourceTemplates', { uriTemplate }, sketch),
    ]).toEqual([allowing, denying]);
  });

  test('rules about single URIs are not lost to the index', () => {
    const many = Array.from(
      { length: 20 },
      (_, n) => `Equals('mcp.method', 'resources/read') && Equals('mcp.params.uri', 'db://a/${n}')`,
    );
    expect(shows(allow(...many), 'resourceTemplates', { uriTemplate: 'db://a/{id}' })).toBe(true);
    expect(shows(allow(...many), 'resources', { uri: 'db://a/7' })).toBe(true);
    expect(shows(allow(...many), 'resources', { uri: 'db://a/70' })).toBe(false);
    // The name is free in the use of a resource.
    const named = many.map((match) => match.replace('params.uri', 'params.name'));
    expect(shows(allow(...named), 'resources', { uri: 'db://a/70' })).toBe(true);
  });
});

describe('[PL-6.list-policies] listPolicies and listDefaultAction', () => {
  const list = (action: 'show' | 'hide', match: string, rest: PolicyConfig = {}): PolicyConfig => ({
    listPolicies: [{ match, action }],
    ...rest,
  });

  test.each<[string, PolicyConfig, RequestSketch, boolean]>([
    ['show by name', list('show', "Equals('mcp.params.name', 'pay')"), {}, true],
    ['hide by name', list('hide', "Equals('mcp.params.name', 'pay')", { listDefaultAction: 'show' }), {}, false],
    ['another name', list('show', "Equals('mcp.params.name', 'look')", { listDefaultAction: 'hide' }), {}, false],
    ['default show', { listDefaultAction: 'show' }, {}, true],
    ['default hide', { listDefaultAction: 'hide', defaultAction: 'allow' }, {}, false],
    ['default callable', { listDefaultAction: 'callable', defaultAction: 'allow' }, {}, true],
    ['no default means callable', { defaultAction: 'allow' }, {}, true],
    ['show to a group', list('show', "Contains('jwt.groups', 'dev')"), { jwt: { groups: ['dev'] } }, true],
    ['what cannot be judged does not show', list('show', "!Contains('jwt.groups', 'guest')"), { jwt: {} }, false],
    [
      'what cannot be judged hides',
      list('hide', "Contains('jwt.groups', 'guest')", { listDefaultAction: 'show' }),
      { jwt: {} },
      false,
    ],
    [
      'an absent request field does not hide',
      list('hide', "Equals('mcp.params.arguments.x', 'y')", { listDefaultAction: 'show' }),
      {},
      true,
    ],
    [
      'the method is that of the list',
      list('show', "Equals('mcp.method', 'tools/list')"),
      { mcp: { method: 'ping' } },
      true,
    ],
    ['not that of a call', list('show', "Equals('mcp.method', 'tools/call')"), {}, false],
    [
      'the rest of the request is not seen',
      list('show', "Exists('mcp.params.cursor')"),
      { mcp: { method: 'tools/list', params: { cursor: 'c' } } },
      false,
    ],
    ['nor its id', list('show', "Exists('mcp.id')"), { mcp: { id: 1, method: 'tools/list' } }, false],
    [
      'the first that applies decides',
      {
        listPolicies: [
          { match: "Prefix('mcp.params.name', 'p')", action: 'show' },
          { match: "Equals('mcp.params.name', 'pay')", action: 'hide' },
        ],
      },
      {},
      true,
    ],
  ])('%s', (_, config, sketch, expected) => {
    expect(shows(config, 'tools', tool('pay'), sketch)).toBe(expected);
  });

  test.each<[ItemKind, { [key: string]: Plain }, string]>([
    ['tools', { name: 'x' }, "Equals('mcp.method', 'tools/list') && Equals('mcp.params.name', 'x')"],
    ['tools', { name: 'x', annotations: { readOnlyHint: true } }, "Equals('tool.annotations.readOnlyHint', 'true')"],
    ['prompts', { name: 'x' }, "Equals('mcp.method', 'prompts/list') && Equals('mcp.params.name', 'x')"],
    [
      'resources',
      { uri: 'x', name: 'y' },
      "Equals('mcp.method', 'resources/list') && Equals('mcp.params.uri', 'x') && !Exists('mcp.params.name')",
    ],
    [
      'resourceTemplates',
      { uriTemplate: 'x{y}' },
      "Equals('mcp.method', 'resources/templates/list') && Equals('mcp.params.uri', 'x{y}')",
    ],
  ])('%s are bound as in their use', (kind, item, match) => {
    expect(shows(list('show', match, { listDefaultAction: 'hide' }), kind, item)).toBe(true);
    expect(shows(list('hide', match, { listDefaultAction: 'show' }), kind, item)).toBe(false);
  });
});

test('[PL-6.quick] a list of 500 tools under 1,000 rules takes little time', () => {
  const rules = Array.from(
    { length: 1_000 },
    (_, n) =>
      `Equals('mcp.method', 'tools/call') && Equals('mcp.params.name', 't${n}') && Lte('mcp.params.arguments.a', '\${jwt.limit}')`,
  );
  const set = policySetOf(allow(...rules));
  const items = Array.from({ length: 500 }, (_, n) => objectOf({ name: `t${n * 2}` }));
  const lists = 5;
  const started = performance.now();
  for (let n = 0; n < lists; n += 1) {
    const request = requestOf({ mcp: { method: 'tools/list' }, jwt: { limit: 5 } });
    expect(items.every((item) => set.visible('tools', item, request))).toBe(true);
  }
  expect((performance.now() - started) / lists).toBeLessThan(200);
});
