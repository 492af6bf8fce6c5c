import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ExchangeOverrides, testExchange } from '../../test/support/exchange.ts';
import { parse, print, sameExpression } from '../expression/index.ts';
import { type CompiledRule, compileRule } from './rule.ts';
import { ruleReference, ruleVocabulary } from './vocabulary.ts';

function compiled(text: string): CompiledRule {
  const result = compileRule(text, (problem) => ({ ...problem }));
  if (!result.ok) throw new Error(result.diagnostics.map(({ message }) => message).join('; '));
  return result.rule;
}

function problems(text: string): string[] {
  const result = compileRule(text, (problem, range) => ({
    ...problem,
    excerpt: { text, column: range.offset + 1, length: range.length },
  }));
  return result.ok ? [] : result.diagnostics.map(({ message, excerpt }) => `${excerpt?.column}: ${message}`);
}

type Row = readonly [rule: string, matching: readonly ExchangeOverrides[], others: readonly ExchangeOverrides[]];

const at = (origin: string): ExchangeOverrides => ({ origin });
const path = (text: string): ExchangeOverrides => ({ path: text });
const query = (text: string): ExchangeOverrides => ({ query: text });
const from = (peerAddress: string, forwarded?: string): ExchangeOverrides => ({
  peerAddress,
  ...(forwarded === undefined ? {} : { headers: { 'X-Forwarded-For': forwarded } }),
});

/** Facts of Traefik's routing documentation, and the cases around them. */
const rows: readonly Row[] = [
  [
    'Host(`example.com`)',
    [at('http://example.com'), at('http://EXAMPLE.com:8080'), at('http://example.com.')],
    [at('http://www.example.com'), at('http://example.org'), at('http://example.com.evil.org')],
  ],
  ['Host(`Example.COM.`)', [at('http://example.com')], [at('http://example.co')]],
  [
    'Host(`*.example.com`)',
    [at('http://foo.example.com'), at('http://FOO.example.com')],
    [at('http://example.com'), at('http://foo.bar.example.com'), at('http://fooexample.com')],
  ],
  ['Host(`*`)', [at('http://example.com'), at('http://[::1]:80')], []],
  ['Host(`127.0.0.1`)', [at('http://127.0.0.1:8000')], [at('http://127.0.0.2')]],
  ['Host(`[::1]`)', [at('http://[::1]:8000')], [at('http://127.0.0.1')]],
  ['Host(`xn--bcher-kva.example`)', [at('http://xn--bcher-kva.example')], [at('http://bucher.example')]],
  [
    'HostRegexp(`^.+\\.example\\.com$`)',
    [at('http://a.example.com'), at('http://a.b.EXAMPLE.com')],
    [at('http://example.com'), at('http://a.example.com.evil.org')],
  ],
  ['HostRegexp(`example`)', [at('http://an-example-host.org')], [at('http://other.org')]],
  ['HostRegexp(`^Example`)', [], [at('http://Example.com')]],
  [
    'Path(`/products`)',
    [path('/products')],
    [path('/products/'), path('/products/shoes'), path('/Products'), path('/')],
  ],
  [
    'PathPrefix(`/products`)',
    [path('/products'), path('/products/shoes'), path('/products/'), path('/products-for-sale')],
    [path('/product'), path('/a/products')],
  ],
  ['PathPrefix(`/`)', [path('/'), path('/any')], []],
  ['PathPrefix(`/foo bar`)', [path('/foo%20bar/x')], [path('/foo'), path('/foo+bar')]],
  ['Path(`/caf\u00e9`)', [path('/caf%C3%A9')], [path('/cafe')]],
  ['Path(`/%7Euser/%c3%a9`)', [path('/~user/%C3%A9')], []],
  ['Path(`/a%3Ab`)', [path('/a%3Ab')], [path('/a:b')]],
  [
    'PathRegexp(`^/products/(shoes|socks)/[0-9]+$`)',
    [path('/products/shoes/31')],
    [path('/products/shoes'), path('/products/shoes/x')],
  ],
  ['PathRegexp(`\\.(jpeg|jpg|png)$`)', [path('/a.png')], [path('/a.gif')]],
  ['PathRegexp(`(?i)^/products`)', [path('/PRODUCTS/1')], [path('/x/products')]],
  ['PathRegexp(`^/foo b\u00e4r$`)', [path('/foo%20b%C3%A4r')], [path('/foo%20b%E4r')]],
  ['PathRegexp(`^/[^/]+$`)', [path('/a%2Fb')], [path('/a/b')]],
  ['Method(`OPTIONS`)', [{ method: 'OPTIONS' }], [{ method: 'GET' }]],
  ['Method(`post`)', [{ method: 'POST' }], [{ method: 'GET' }]],
  [
    'Header(`Content-Type`, `application/yaml`)',
    [
      { headers: { 'content-TYPE': 'application/yaml' } },
      { headers: { 'Content-Type': ['text/html', 'application/yaml'] } },
    ],
    [{ headers: { 'Content-Type': 'application/YAML' } }, { headers: { 'Content-Type': 'application/yaml; q=1' } }, {}],
  ],
  ['Header(`X-Empty`, ``)', [{ headers: { 'X-Empty': '' } }], [{}]],
  [
    'HeaderRegexp(`Content-Type`, `^application/(json|yaml)$`)',
    [{ headers: { 'Content-Type': 'application/json' } }],
    [{ headers: { 'Content-Type': 'application/xml' } }, {}],
  ],
  [
    'Query(`mobile`, `true`)',
    [query('?mobile=true'), query('?a=b&mobile=false&mobile=true'), query('?mobile=%74rue')],
    [query('?mobile=truer'), query('?Mobile=true'), query('')],
  ],
  ['Query(`mobile`)', [query('?mobile'), query('?mobile=')], [query('?mobile=1'), query('?mobil'), query('')]],
  ['Query(`a b`, `c d`)', [query('?a+b=c%20d')], [query('?ab=cd')]],
  ['Query(`a`, `b`)', [], [query('?a=b;c=d'), query('?a=b%zz')]],
  ['QueryRegexp(`mobile`, `^(true|yes)$`)', [query('?mobile=yes')], [query('?mobile=no'), query('?mobile'), query('')]],
  ['QueryRegexp(`mobile`, `^.*$`)', [query('?mobile'), query('?mobile=x')], [query('?other')]],
  ['QueryRegexp(`mobile`)', [query('?mobile')], [query('?mobile=x')]],
  ['ClientIP(`10.76.105.11`)', [from('10.76.105.11')], [from('10.76.105.12'), from('127.0.0.1', '10.76.105.11')]],
  ['ClientIP(`::1`)', [from('::1')], [from('127.0.0.1')]],
  ['ClientIP(`192.168.1.0/24`)', [from('192.168.1.7'), from('::ffff:192.168.1.7')], [from('192.168.2.1')]],
  ['ClientIP(`fe80::/10`)', [from('fe80::1')], [from('::1')]],
  [
    'Host(`a.test`) && PathPrefix(`/x`) || Method(`PUT`)',
    [
      { ...at('http://a.test'), path: '/x' },
      { ...at('http://b.test'), method: 'PUT' },
    ],
    [at('http://a.test')],
  ],
  [
    'Host(`a.test`) && (PathPrefix(`/x`) || Method(`PUT`))',
    [{ ...at('http://a.test'), method: 'PUT' }],
    [{ ...at('http://b.test'), method: 'PUT' }],
  ],
  ['!Host(`a.test`)', [at('http://b.test')], [at('http://a.test')]],
  [
    '!(Host(`a.test`) || PathPrefix(`/x`))',
    [{ ...at('http://b.test'), path: '/y' }],
    [{ ...at('http://b.test'), path: '/x' }, at('http://a.test')],
  ],
  [
    '!(Host(`a.test`) && PathPrefix(`/x`))',
    [{ ...at('http://a.test'), path: '/y' }],
    [{ ...at('http://a.test'), path: '/x' }],
  ],
  ['!!Host(`a.test`)', [at('http://a.test')], [at('http://b.test')]],
  ['Host(\'a.test\') && PathPrefix("/x")', [{ ...at('http://a.test'), path: '/x' }], [at('http://a.test')]],
  ['Host("a\\u002etest")', [at('http://a.test')], []],
  [
    'host(`a.test`)&&PATHPREFIX(`/x`)\n\t&& Pathregexp(`y$`)',
    [{ ...at('http://a.test'), path: '/xy' }],
    [{ ...at('http://a.test'), path: '/x' }],
  ],
];

describe('rules', () => {
  it.each(rows)('[DP-2.rules] %s', (text, matching, others) => {
    const rule = compiled(text);
    for (const request of matching) expect([request, rule.test(testExchange(request))]).toEqual([request, true]);
    for (const request of others) expect([request, rule.test(testExchange(request))]).toEqual([request, false]);
  });

  const broken: readonly (readonly [rule: string, problem: string])[] = [
    ['', '1: The rule is empty.'],
    [' \n', '1: The rule is empty.'],
    ['Host(`a.test`', '5: This `(` is never closed.'],
    ['Host()', '1: Host takes 1 argument, not 0.'],
    ['Host(`a.test`, `b.test`)', '1: Host takes 1 argument, not 2.'],
    ['Query(`a`, `b`, `c`)', '1: Query takes 1 to 2 arguments, not 3.'],
    ['Hots(`a.test`)', '1: There is no function Hots.'],
    ['hOST(`a.test`)', '1: There is no function hOST.'],
    ['Host(`b\u00fccher.example`)', '6: A host may only have ASCII characters.'],
    ['HostRegexp(`b\u00fccher`)', '12: A host may only have ASCII characters.'],
    ['Host(`a.test:8000`)', '6: `a.test:8000` is not a host name.'],
    ['Host(`a.*.test`)', '6: `a.*.test` is not a host name.'],
    ['Host(``)', '6: `` is not a host name.'],
    ['Path(`mcp`)', '6: The path `mcp` does not begin with `/`.'],
    ['PathPrefix(``)', '12: The path `` does not begin with `/`.'],
    ['ClientIP(`localhost`)', '10: `localhost` is no IP address or range.'],
    ['Method(`GET`) & Path(`/`)', '15: A single `&` is not an operator.'],
  ];

  it.each(broken)('%j is refused: %s', (text, problem) => {
    expect(problems(text)).toEqual([problem]);
  });

  it('reports every argument that is wrong, and broken regular expressions at their place', () => {
    expect(problems('PathRegexp(`(`) && HostRegexp(`(?=x)`) && Path(`x`)')).toEqual([
      expect.stringMatching(/^12: Not a regular expression: /),
      expect.stringMatching(/^31: Not a regular expression: /),
      '48: The path `x` does not begin with `/`.',
    ]);
  });

  it('names the hosts for TLS, wildcards included', () => {
    expect(compiled('Host(`A.test`) || !Host(`*.b.test`) && Host(`a.test.`)').hosts).toEqual(['a.test', '*.b.test']);
  });

  it('survives printing: the printed rule is the same rule', () => {
    const call = fc.constantFrom(...rows.map(([text]) => text));
    const text = fc.letrec<{ rule: string }>((tie) => ({
      rule: fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        call,
        tie('rule').map((inner) => `!(${inner})`),
        fc.tuple(tie('rule'), tie('rule')).map(([a, b]) => `(${a}) && (${b})`),
        fc.tuple(tie('rule'), tie('rule')).map(([a, b]) => `(${a}) || (${b})`),
      ),
    })).rule;
    const requests = rows.flatMap(([, matching, others]) => [...matching, ...others]);
    return fc.assert(
      fc.property(text, fc.constantFrom(...requests), (written, request) => {
        const first = parse(written);
        if (!first.ok) throw new Error('not parsed');
        const printed = print(first.expression);
        const second = parse(printed);
        expect(second.ok && sameExpression(first.expression, second.expression)).toBe(true);
        const exchange = testExchange(request);
        expect(compiled(printed).test(exchange)).toBe(compiled(written).test(exchange));
      }),
    );
  });
});

describe('the reference of rules', () => {
  it('has examples that compile, for each word', () => {
    for (const { examples, summary, parameters } of ruleReference) {
      expect(summary).not.toBe('');
      expect(parameters.every((parameter) => parameter.summary !== '')).toBe(true);
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) expect(problems(example)).toEqual([]);
    }
  });

  it("has Traefik's words and nothing else", () => {
    expect(ruleVocabulary.functions.map(({ name }) => name).sort()).toEqual([
      'ClientIP',
      'Header',
      'HeaderRegexp',
      'Host',
      'HostRegexp',
      'Method',
      'Path',
      'PathPrefix',
      'PathRegexp',
      'Query',
      'QueryRegexp',
    ]);
  });
});
