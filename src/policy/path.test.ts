import { describe, expect, test } from 'vitest';
import { jsonValue, number, type Plain, requestOf } from '../../test/support/policy.ts';
import { type Argument, formatProblem, type Problem, parse } from '../expression/index.ts';
import { Facts } from './facts.ts';
import { compileClaimsPath, compilePolicyPath, isArgumentPath, locatorOf, type Path } from './path.ts';
import { roots } from './root.ts';

function pathOf(text: string, compile = compilePolicyPath): Path {
  const problems: Problem[] = [];
  const path = compile(
    text,
    (offset, length) => ({ offset, length }),
    (problem) => problems.push(problem),
  );
  if (path === undefined) throw new Error(problems.map((problem) => formatProblem(text, problem)).join('\n'));
  return path;
}

/** The diagnostic for a path, as the first argument of a call. */
function problemOf(argument: string): string {
  const source = `F(${argument})`;
  const parsed = parse(source);
  const [written] = parsed.ok && parsed.expression.type === 'call' ? parsed.expression.arguments : [];
  const problems: Problem[] = [];
  const path = compilePolicyPath(written?.value ?? '', locatorOf(written as Argument), (problem) =>
    problems.push(problem),
  );
  expect(path).toBeUndefined();
  expect(problems).toHaveLength(1);
  return formatProblem(source, problems[0] as Problem).replace('error[POLICY_PATH]: ', '');
}

const facts = new Facts(
  requestOf({
    mcp: {
      jsonrpc: '2.0',
      id: 7,
      method: 'tools/call',
      params: {
        name: 'pay',
        uri: 'file:///a',
        arguments: {
          amount: 250,
          paths: ['/a', ['/b'], { '0': 'zero', length: 'long' }],
          'a.b': 'dotted',
          'a\\b': 'slashed',
          '': 'nameless',
          '00': 'two',
          '*x': 'starred',
          nothing: null,
          flag: false,
          many: Array.from('abcdefghijkl'),
        },
      },
    },
    jwt: { sub: 'ann', 'https://acme.com/groups': ['dev'], realm: { roles: ['a', 'b'] } },
    http: { method: 'POST', host: 'mcp.localhost', path: '/wiki/mcp' },
    headers: { 'x-env': 'prod', 'x-many': ['a', 'b'], 'x-one': ['a'], 'x-none': [] },
    ip: '203.0.113.9',
    protocolVersion: '2026-07-28',
    annotations: { pay: { destructiveHint: true } },
  }),
);

describe('[PL-2.paths] reading', () => {
  test.each<[string, Plain | undefined]>([
    ['mcp.method', 'tools/call'],
    ['mcp.id', 7],
    ['mcp.jsonrpc', '2.0'],
    ['mcp.protocolVersion', '2026-07-28'],
    ['mcp.params.name', 'pay'],
    ['mcp.params.uri', 'file:///a'],
    ['mcp.params.name.length', undefined],
    ['mcp.params.name.0', undefined],
    ['mcp.params.uri.length', undefined],
    ['mcp.params.arguments.many.10', 'k'],
    ['mcp.params.arguments.many.1x', undefined],
    ['mcp.params.arguments.amount', 250],
    ['mcp.params.arguments.amount.text', undefined],
    ['mcp.params.arguments.paths.0', '/a'],
    ['mcp.params.arguments.paths.1.0', '/b'],
    ['mcp.params.arguments.paths.2.0', 'zero'],
    ['mcp.params.arguments.paths.2.length', 'long'],
    ['mcp.params.arguments.paths.3', undefined],
    ['mcp.params.arguments.paths.-1', undefined],
    ['mcp.params.arguments.paths.00', undefined],
    ['mcp.params.arguments.paths.0x0', undefined],
    ['mcp.params.arguments.paths.1e0', undefined],
    ['mcp.params.arguments.paths.length', undefined],
    ['mcp.params.arguments.paths.99999999999999999999', undefined],
    ['mcp.params.arguments.00', 'two'],
    ['mcp.params.arguments.a\\.b', 'dotted'],
    ['mcp.params.arguments.a\\\\b', 'slashed'],
    ['mcp.params.arguments.*x', 'starred'],
    ['mcp.params.arguments.nothing', null],
    ['mcp.params.arguments.nothing.more', undefined],
    ['mcp.params.arguments.flag', false],
    ['mcp.params.arguments.flag.more', undefined],
    ['mcp.params.arguments.__proto__', undefined],
    ['mcp.params.arguments.constructor', undefined],
    ['mcp.params.arguments.toString', undefined],
    ['mcp.params.arguments.size', undefined],
    ['mcp.params.cursor', undefined],
    ['jwt.sub', 'ann'],
    ['jwt.none', undefined],
    ['jwt.none.more', undefined],
    ['jwt.realm.roles.1', 'b'],
    ['jwt.https://acme\\.com/groups', ['dev']],
    ['jwt.https://acme\\.com/groups.0', 'dev'],
    ['http.method', 'POST'],
    ['http.host', 'mcp.localhost'],
    ['http.path', '/wiki/mcp'],
    ['http.headers.x-env', 'prod'],
    ['http.headers.x-one', 'a'],
    ['http.headers.x-many', ['a', 'b']],
    ['http.headers.x-none', undefined],
    ['http.headers.x-absent', undefined],
    ['client.ip', '203.0.113.9'],
    ['tool.annotations.destructiveHint', true],
    ['tool.annotations.readOnlyHint', undefined],
  ])('%s', (text, expected) => {
    expect(pathOf(text).read(facts)).toEqual(expected === undefined ? undefined : jsonValue(expected));
  });

  test('a whole object', () => {
    expect(pathOf('mcp.params').read(facts)).toBe(facts.params);
    expect(pathOf('jwt.realm').read(facts)).toEqual(jsonValue({ roles: ['a', 'b'] }));
  });

  test('[PL-2.own-properties] own keys of any name are found', () => {
    const claims = JSON.parse('{"__proto__": "mine", "constructor": "too"}') as Record<string, Plain>;
    const own = new Facts(requestOf({ jwt: claims }));
    expect(pathOf('jwt.__proto__').read(own)).toBe('mine');
    expect(pathOf('jwt.constructor').read(own)).toBe('too');
  });

  test('a request that says nothing has nothing', () => {
    const empty = new Facts(requestOf({ jwt: undefined, ip: undefined, protocolVersion: undefined }));
    for (const { example, path } of roots) {
      const expected = { 'http.method': 'POST', 'http.host': 'mcp.localhost', 'http.path': '/mcp' }[path.join('.')];
      expect(pathOf(example).read(empty), example).toBe(expected);
    }
  });

  test('parameters that are no object hold nothing but by index', () => {
    const listed = new Facts(requestOf({ mcp: { params: ['a'] } }));
    expect(pathOf('mcp.params.0').read(listed)).toBe('a');
    expect(pathOf('mcp.params.name').read(listed)).toBeUndefined();
    expect(pathOf('mcp.params.uri').read(listed)).toBeUndefined();
  });
});

describe('[PL-7.roots] other roots', () => {
  test.each([
    ['mcp.method', true],
    ['mcp.params.arguments.a', true],
    ['http.headers.x-env', true],
    ['http.path', true],
    ['http.method', true],
    ['http.host', true],
    ['mcp.id', true],
    ['mcp.jsonrpc', true],
    ['mcp.protocolVersion', true],
    ['jwt.sub', false],
    ['client.ip', false],
    ['tool.annotations.readOnlyHint', false],
  ])('%s is of the request: %s', (text, ofRequest) => {
    expect(pathOf(text).ofRequest).toBe(ofRequest);
  });

  test('annotations are there only for a known tool that is called', () => {
    const hint = pathOf('tool.annotations.readOnlyHint');
    const annotations = { look: { readOnlyHint: true } };
    const of = (mcp: { [key: string]: Plain }, known = true) =>
      hint.read(new Facts(requestOf({ mcp, ...(known ? { annotations } : {}) })));
    expect(of({ method: 'tools/call', params: { name: 'look' } })).toBe(true);
    expect(of({ method: 'tools/call', params: { name: 'pay' } })).toBeUndefined();
    expect(of({ method: 'tools/call', params: { name: 'look' } }, false)).toBeUndefined();
    expect(of({ method: 'prompts/get', params: { name: 'look' } })).toBeUndefined();
    expect(of({ method: 'tools/call', params: { name: ['look'] } })).toBeUndefined();
    expect(of({ method: 'tools/call' })).toBeUndefined();
  });

  test('headers and annotations are asked for once', () => {
    let asked = 0;
    const sent = requestOf({ mcp: { method: 'tools/call', params: { name: 'look' } } });
    const counted = new Facts({
      ...sent,
      http: { ...sent.http, header: () => `${++asked}` },
      toolAnnotations: () => new Map([['readOnlyHint', `${++asked}`]]),
    });
    const [header, hint, absent] = ['http.headers.a', 'tool.annotations.readOnlyHint', 'tool.annotations.title'].map(
      (text) => pathOf(text),
    );
    for (let i = 0; i < 2; i += 1) {
      expect(header?.read(counted)).toBe('1');
      expect(hint?.read(counted)).toBe('2');
      expect(absent?.read(counted)).toBeUndefined();
    }
    expect(asked).toBe(2);
  });

  test('the table is fit for a reference page', () => {
    for (const root of roots) {
      expect(root.summary).toMatch(/^[A-Z].*[.…]$/);
      expect(pathOf(root.example).names.slice(0, root.path.length)).toEqual(root.path);
    }
  });
});

test.each([
  ['mcp.params', true],
  ['mcp.params.arguments', true],
  ['mcp.params.arguments.name', true],
  ['mcp.params.name.first', true],
  ['mcp.params.uri.first', true],
  ['mcp.params._meta', true],
  ['mcp.params.name', false],
  ['mcp.params.uri', false],
  ['mcp.method', false],
  ['jwt.params.secret', false],
  ['http.headers.params', false],
])('[PL-8.opt-in] %s is what a caller passes: %s', (text, expected) => {
  expect(isArgumentPath(pathOf(text))).toBe(expected);
});

describe('[PL-2.impossible-paths] paths that can never lead to a value are errors', () => {
  test.each([
    [
      "'mcp.metod'",
      "There is no path `mcp.metod`.\n  | F('mcp.metod')\n  |    ^^^^^^^^^\n  = help: Did you mean mcp.method?",
    ],
    [
      "'jtw.groups'",
      "There is no path `jtw.groups`.\n  | F('jtw.groups')\n  |    ^^^^^^^^^^\n  = help: Did you mean jwt.groups?",
    ],
    ["'jwt'", "`jwt` needs a name below it.\n  | F('jwt')\n  |    ^^^\n  = help: For instance jwt.groups."],
    [
      "'mcp'",
      "There is no path `mcp`.\n  | F('mcp')\n  |    ^^^\n  = help: Below mcp there is method, id, jsonrpc, protocolVersion or params.",
    ],
    [
      "'mpc.params.name'",
      "There is no path `mpc.params.name`.\n  | F('mpc.params.name')\n  |    ^^^^^^^^^^^^^^^\n  = help: Did you mean mcp.params.name?",
    ],
    [
      "'mcp.param.name'",
      "There is no path `mcp.param.name`.\n  | F('mcp.param.name')\n  |    ^^^^^^^^^^^^^^\n  = help: Did you mean mcp.params.name?",
    ],
    [
      "'mcp.arguments.x'",
      "There is no path `mcp.arguments.x`.\n  | F('mcp.arguments.x')\n  |    ^^^^^^^^^^^^^^^\n  = help: Below mcp there is method, id, jsonrpc, protocolVersion or params.",
    ],
    [
      "'http.header.x'",
      "There is no path `http.header.x`.\n  | F('http.header.x')\n  |    ^^^^^^^^^^^^^\n  = help: Did you mean http.headers.x?",
    ],
    [
      "'request.method'",
      "There is no path `request.method`.\n  | F('request.method')\n  |    ^^^^^^^^^^^^^^\n  = help: Paths begin with mcp, jwt, http, client or tool.",
    ],
    [
      "'tool.name'",
      "There is no path `tool.name`.\n  | F('tool.name')\n  |    ^^^^^^^^^\n  = help: Below tool there is annotations.",
    ],
    [
      "'mcp.method.x'",
      "There is nothing below `mcp.method`.\n  | F('mcp.method.x')\n  |               ^\n  = help: For instance mcp.method.",
    ],
    [
      "'mcp.id.a.b'",
      "There is nothing below `mcp.id`.\n  | F('mcp.id.a.b')\n  |           ^^^\n  = help: For instance mcp.id.",
    ],
    [
      "'http.headers'",
      "`http.headers` needs a name below it.\n  | F('http.headers')\n  |    ^^^^^^^^^^^^\n  = help: For instance http.headers.x-environment.",
    ],
    [
      "'http.headers.x.y'",
      "There is nothing below `http.headers.x`.\n  | F('http.headers.x.y')\n  |                   ^\n  = help: For instance http.headers.x-environment.",
    ],
    [
      "'http.headers.X-Env'",
      "`X-Env` is not a header name in lower case.\n  | F('http.headers.X-Env')\n  |                 ^^^^^\n  = help: For instance http.headers.x-environment.",
    ],
    [
      "'http.headers.x_env'",
      "`x_env` is not a header name in lower case.\n  | F('http.headers.x_env')\n  |                 ^^^^^\n  = help: For instance http.headers.x-environment.",
    ],
    [
      "'tool.annotations'",
      "`tool.annotations` needs a name below it.\n  | F('tool.annotations')\n  |    ^^^^^^^^^^^^^^^^\n  = help: For instance tool.annotations.destructiveHint.",
    ],
    [
      "'tool.annotations.a.b'",
      "There is nothing below `tool.annotations.a`.\n  | F('tool.annotations.a.b')\n  |                       ^\n  = help: For instance tool.annotations.destructiveHint.",
    ],
    [
      "'client.ip.v4'",
      "There is nothing below `client.ip`.\n  | F('client.ip.v4')\n  |              ^^\n  = help: For instance client.ip.",
    ],
    ["''", "The path is empty.\n  | F('')\n  |    ^\n  = help: Names are separated by single dots: mcp.params.name."],
    [
      "'mcp.params.'",
      "A name is missing in this path.\n  | F('mcp.params.')\n  |               ^\n  = help: Names are separated by single dots: mcp.params.name.",
    ],
    [
      "'.mcp.method'",
      "A name is missing in this path.\n  | F('.mcp.method')\n  |    ^\n  = help: Names are separated by single dots: mcp.params.name.",
    ],
    [
      "'mcp..method'",
      "A name is missing in this path.\n  | F('mcp..method')\n  |        ^\n  = help: Names are separated by single dots: mcp.params.name.",
    ],
    [
      "'mcp.params.*.x'",
      "`*` is reserved in paths.\n  | F('mcp.params.*.x')\n  |               ^\n  = help: Use OneOf or Contains to look into an array, or an index such as 0.",
    ],
    [
      "'jwt.*'",
      "`*` is reserved in paths.\n  | F('jwt.*')\n  |        ^\n  = help: Use OneOf or Contains to look into an array, or an index such as 0.",
    ],
    [
      '`jwt.a\\b`',
      'A backslash in a path stands before a dot or a backslash.\n  | F(`jwt.a\\b`)\n  |         ^\n  = help: Write \\\\ for a backslash, \\. for a dot inside a name.',
    ],
    [
      '`jwt.a\\`',
      'A backslash in a path stands before a dot or a backslash.\n  | F(`jwt.a\\`)\n  |         ^\n  = help: Write \\\\ for a backslash, \\. for a dot inside a name.',
    ],
    [
      "'jwt.a\\\\b'",
      "A backslash in a path stands before a dot or a backslash.\n  | F('jwt.a\\\\b')\n  |   ^^^^^^^^^^\n  = help: Write \\\\ for a backslash, \\. for a dot inside a name.",
    ],
    ["' jwt.a'", "There is no path ` jwt.a`.\n  | F(' jwt.a')\n  |    ^^^^^^\n  = help: Did you mean jwt.a?"],
    [
      "'Mcp.method'",
      "There is no path `Mcp.method`.\n  | F('Mcp.method')\n  |    ^^^^^^^^^^\n  = help: Did you mean mcp.method?",
    ],
  ])('%s', (argument, expected) => {
    expect(problemOf(argument)).toBe(expected);
  });
});

describe('[DP-5.claims-expression] paths of claims', () => {
  const claims = new Facts(
    requestOf({ jwt: { groups: ['dev'], jwt: { inner: 'x' }, mcp: { method: 'a claim' }, n: number('1.0') } }),
  );

  test.each<[string, Plain | undefined]>([
    ['groups', ['dev']],
    ['groups.0', 'dev'],
    ['jwt.groups', ['dev']],
    ['jwt.jwt.inner', 'x'],
    ['jwt.inner', undefined],
    ['mcp.method', 'a claim'],
    ['n', number('1.0')],
    ['none', undefined],
  ])('%s', (text, expected) => {
    expect(pathOf(text, compileClaimsPath).read(claims)).toEqual(
      expected === undefined ? undefined : jsonValue(expected),
    );
  });

  test('`jwt` alone is a claim of that name', () => {
    expect(pathOf('jwt', compileClaimsPath).read(claims)).toEqual(jsonValue({ inner: 'x' }));
  });

  test('have names, and are not of the request', () => {
    expect(pathOf('groups', compileClaimsPath)).toMatchObject({
      text: 'groups',
      names: ['jwt', 'groups'],
      ofRequest: false,
    });
    expect(() => pathOf('a..b', compileClaimsPath)).toThrow('A name is missing');
  });
});
