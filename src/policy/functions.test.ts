import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonValue, number, type Plain, requestOf } from '../../test/support/policy.ts';
import { compile, formatProblem, outcomeName, parse } from '../expression/index.ts';
import type { Condition, Reading } from './condition.ts';
import { Facts } from './facts.ts';
import { policyFunctionDescriptions, policyFunctions, policyVocabulary } from './functions.ts';
import { compilePolicyPath } from './path.ts';

/** What a call can come to: an undetermined one says why. */
type Result = 'true' | 'false' | 'absent' | 'type';

function conditionOf(source: string, reading: Reading = 'granting'): Condition {
  const compiled = compile(source, policyVocabulary, { reading, compilePath: compilePolicyPath });
  if (!compiled.ok) throw new Error(compiled.problems.map((problem) => formatProblem(source, problem)).join('\n'));
  const [condition] = compiled.program.leaves.values();
  return condition as Condition;
}

function resultOf(condition: Condition, facts: Facts): Result {
  const { outcome, reason } = condition.explain(facts);
  expect(condition.evaluate(facts)).toBe(outcome);
  return reason ?? (outcomeName(outcome) as Result);
}

/** The result of a call over the claims. */
function result(source: string, claims: { readonly [name: string]: Plain }): Result {
  return resultOf(conditionOf(source), new Facts(requestOf({ jwt: claims })));
}

/** Rows of one function: source, what is at `jwt.p` (undefined: nothing), what the other claims are, result. */
type Row = readonly [
  source: string,
  subject: Plain | undefined,
  claims: { readonly [name: string]: Plain },
  expected: Result,
];

function check(rows: readonly Row[]): void {
  test.each(rows)('%s with p %j and %j is %s', (source, subject, claims, expected) => {
    expect(result(source, subject === undefined ? claims : { p: subject, ...claims })).toBe(expected);
  });
}

const nfc = '\u00e9';
const nfd = 'e\u0301';
const big = number('9007199254740993');
const none = {};

describe('[PL-3.equals] Equals', () => {
  check([
    ["Equals('jwt.p', 'a')", 'a', none, 'true'],
    ["Equals('jwt.p', 'a')", 'A', none, 'false'],
    ["Equals('jwt.p', 'a')", 'a ', none, 'false'],
    ["Equals('jwt.p', 'a')", '', none, 'false'],
    ["Equals('jwt.p', '')", '', none, 'true'],
    ["Equals('jwt.p', '\\u00e9')", nfc, none, 'true'],
    ["Equals('jwt.p', '\\u00e9')", nfd, none, 'false'],
    ["Equals('jwt.p', '5')", '5', none, 'true'],
    ["Equals('jwt.p', '5')", '5.0', none, 'false'],
    ["Equals('jwt.p', '5')", 5, none, 'true'],
    ["Equals('jwt.p', '5.0')", 5, none, 'true'],
    ["Equals('jwt.p', ' 5')", 5, none, 'false'],
    ["Equals('jwt.p', '05')", 5, none, 'false'],
    ["Equals('jwt.p', 'five')", 5, none, 'false'],
    ["Equals('jwt.p', 5)", 5, none, 'true'],
    ["Equals('jwt.p', 5)", number('5.0'), none, 'true'],
    ["Equals('jwt.p', 5)", number('50e-1'), none, 'true'],
    ["Equals('jwt.p', 5)", '5', none, 'true'],
    ["Equals('jwt.p', 5)", '5.0', none, 'true'],
    ["Equals('jwt.p', 5)", '5 ', none, 'false'],
    ["Equals('jwt.p', 5)", 'five', none, 'false'],
    ["Equals('jwt.p', 5)", 6, none, 'false'],
    ["Equals('jwt.p', 5)", true, none, 'false'],
    ["Equals('jwt.p', 0)", number('-0'), none, 'true'],
    ["Equals('jwt.p', 9007199254740993)", big, none, 'true'],
    ["Equals('jwt.p', 9007199254740992)", big, none, 'false'],
    ["Equals('jwt.p', '1e400')", number('10e399'), none, 'true'],
    ["Equals('jwt.p', '1e400')", number('1e401'), none, 'false'],
    ["Equals('jwt.p', '1e12345')", number('1e12345'), none, 'false'],
    ["Equals('jwt.p', '${jwt.v}')", number('1e12345'), { v: number('10e12344') }, 'true'],
    ["Equals('jwt.p', 'true')", true, none, 'true'],
    ["Equals('jwt.p', 'false')", false, none, 'true'],
    ["Equals('jwt.p', 'true')", false, none, 'false'],
    ["Equals('jwt.p', 'True')", true, none, 'false'],
    ["Equals('jwt.p', '1')", true, none, 'false'],
    ["Equals('jwt.p', 'null')", null, none, 'true'],
    ["Equals('jwt.p', '')", null, none, 'false'],
    ["Equals('jwt.p', 'a')", undefined, none, 'absent'],
    ["Equals('jwt.p', 'a')", ['a'], none, 'type'],
    ["Equals('jwt.p', 'a')", { a: 'a' }, none, 'type'],
    ["Equals('jwt.p', 5)", [5], none, 'type'],
    ["Equals('jwt.p', 5)", {}, none, 'type'],
    ["Equals('jwt.p', '${jwt.v}')", 'a', { v: 'a' }, 'true'],
    ["Equals('jwt.p', '${jwt.v}')", 5, { v: number('5.0') }, 'true'],
    ["Equals('jwt.p', '${jwt.v}')", '5.0', { v: 5 }, 'true'],
    ["Equals('jwt.p', '${jwt.v}')", true, { v: true }, 'true'],
    ["Equals('jwt.p', '${jwt.v}')", 'true', { v: true }, 'true'],
    ["Equals('jwt.p', '${jwt.v}')", false, { v: true }, 'false'],
    ["Equals('jwt.p', '${jwt.v}')", null, { v: null }, 'true'],
    ["Equals('jwt.p', '${jwt.v}')", 'null', { v: null }, 'true'],
    ["Equals('jwt.p', '${jwt.v}')", false, { v: null }, 'false'],
    ["Equals('jwt.p', '${jwt.v}')", 1, { v: true }, 'false'],
    ["Equals('jwt.p', '${jwt.v}')", 'a', none, 'absent'],
    ["Equals('jwt.p', '${jwt.v}')", undefined, none, 'absent'],
    ["Equals('jwt.p', '${jwt.v}')", undefined, { v: [] }, 'absent'],
    ["Equals('jwt.p', '${jwt.v}')", 'a', { v: ['a'] }, 'type'],
    ["Equals('jwt.p', '${jwt.v}')", 'a', { v: {} }, 'type'],
    ["Equals('jwt.p', '${jwt.v}')", ['a'], { v: ['a'] }, 'type'],
    ["Equals('jwt.p', 'x-${jwt.v}')", 'x-5.0', { v: number('5.0') }, 'true'],
    ["Equals('jwt.p', 'x-${jwt.v}')", 'x-5', { v: number('5.0') }, 'false'],
    ["Equals('jwt.p', 'x-${jwt.v}-${jwt.w}')", 'x-true-null', { v: true, w: null }, 'true'],
    ["Equals('jwt.p', '${jwt.v}${jwt.w}')", 'ab', { v: 'a', w: 'b' }, 'true'],
    ["Equals('jwt.p', '${jwt.v}${jwt.w}')", 12, { v: 1, w: 2 }, 'true'],
    ["Equals('jwt.p', 'x${jwt.v}')", 'x', { v: [] }, 'type'],
    ["Equals('jwt.p', 'x${jwt.v}')", 'x', { v: {} }, 'type'],
    ["Equals('jwt.p', 'x${jwt.v}${jwt.w}')", 'x', { v: {} }, 'absent'],
    ["Equals('jwt.p', 'x${jwt.w}${jwt.v}')", 'x', { v: {} }, 'absent'],
    ["Equals('jwt.p', '${jwt.v}')", '${jwt.w}', { v: '${jwt.w}', w: 'no' }, 'true'],
    ["Equals('jwt.p', '$${jwt.v}')", '${jwt.v}', { v: 'no' }, 'true'],
    ["Equals('jwt.p', '$$${jwt.v}')", '$${jwt.v}', { v: 'no' }, 'true'],
    ["Equals('jwt.p', '$$$${jwt.v}$')", '$$${jwt.v}$', { v: 'a' }, 'true'],
    ["Equals('jwt.p', '$ $$ {x} $x')", '$ $$ {x} $x', none, 'true'],
    ["Equals('jwt.p', '$${a}${jwt.v}$${b}')", '${a}X${b}', { v: 'X' }, 'true'],
  ]);
});

describe('[PL-3.one-of] OneOf', () => {
  check([
    ["OneOf('jwt.p', 'a', 'b')", 'b', none, 'true'],
    ["OneOf('jwt.p', 'a', 'b')", 'c', none, 'false'],
    ["OneOf('jwt.p', 'a')", 'a', none, 'true'],
    ["OneOf('jwt.p', 'a', 'b')", ['x', 'b'], none, 'true'],
    ["OneOf('jwt.p', 'a', 'b')", ['x', 'y'], none, 'false'],
    ["OneOf('jwt.p', 'a', 'b')", [], none, 'false'],
    ["OneOf('jwt.p', 'a', 'b')", [['a'], { b: 'b' }], none, 'false'],
    ["OneOf('jwt.p', 'a', 'b')", [['x'], 'b'], none, 'true'],
    ["OneOf('jwt.p', 'a', 'b')", { a: 'a' }, none, 'type'],
    ["OneOf('jwt.p', 'a', 'b')", undefined, none, 'absent'],
    ["OneOf('jwt.p', '5', 'x')", 5, none, 'true'],
    ["OneOf('jwt.p', '5', 'x')", number('5.0'), none, 'true'],
    ["OneOf('jwt.p', '5', 'x')", '5.0', none, 'false'],
    ["OneOf('jwt.p', 5, 'x')", '5.0', none, 'true'],
    ["OneOf('jwt.p', 5, 'x')", '5 ', none, 'false'],
    ["OneOf('jwt.p', 5, 'x')", [1, number('5e0')], none, 'true'],
    ["OneOf('jwt.p', 9007199254740992, 'x')", big, none, 'false'],
    ["OneOf('jwt.p', 'true', 'x')", true, none, 'true'],
    ["OneOf('jwt.p', 'null', 'x')", null, none, 'true'],
    ["OneOf('jwt.p', '1', 'x')", true, none, 'false'],
    ["OneOf('jwt.p', '${jwt.v}')", 'a', { v: ['a', 'b'] }, 'true'],
    ["OneOf('jwt.p', '${jwt.v}')", 'c', { v: ['a', 'b'] }, 'false'],
    ["OneOf('jwt.p', '${jwt.v}')", 'a', { v: [] }, 'false'],
    ["OneOf('jwt.p', '${jwt.v}')", 'a', { v: [['a'], { a: 1 }, 'a'] }, 'true'],
    ["OneOf('jwt.p', '${jwt.v}')", 'a', { v: [['a']] }, 'false'],
    ["OneOf('jwt.p', '${jwt.v}')", ['c', 'b'], { v: ['a', 'b'] }, 'true'],
    ["OneOf('jwt.p', '${jwt.v}')", ['c', 'd'], { v: ['a', 'b'] }, 'false'],
    ["OneOf('jwt.p', '${jwt.v}')", 'a', { v: 'a' }, 'true'],
    ["OneOf('jwt.p', '${jwt.v}')", '5.0', { v: [5] }, 'true'],
    ["OneOf('jwt.p', '${jwt.v}')", 'true', { v: [true] }, 'true'],
    ["OneOf('jwt.p', '${jwt.v}')", true, { v: [true] }, 'true'],
    ["OneOf('jwt.p', '${jwt.v}')", 'a', { v: { a: 'a' } }, 'type'],
    ["OneOf('jwt.p', 'a', '${jwt.v}')", 'a', { v: { a: 'a' } }, 'type'],
    ["OneOf('jwt.p', 'a', '${jwt.v}')", 'a', none, 'absent'],
    ["OneOf('jwt.p', 'a', '${jwt.v}')", 'a', { v: ['b'] }, 'true'],
    ["OneOf('jwt.p', 'x${jwt.v}')", 'xa', { v: ['a'] }, 'type'],
  ]);
});

describe('[PL-3.contains] Contains', () => {
  check([
    ["Contains('jwt.p', 'a')", ['a'], none, 'true'],
    ["Contains('jwt.p', 'a')", ['ab'], none, 'false'],
    ["Contains('jwt.p', 'a')", [], none, 'false'],
    ["Contains('jwt.p', 'a')", [['a']], none, 'false'],
    ["Contains('jwt.p', 'a')", [{ a: 'a' }, 'a'], none, 'true'],
    ["Contains('jwt.p', '')", [''], none, 'true'],
    ["Contains('jwt.p', '')", ['a'], none, 'false'],
    ["Contains('jwt.p', '5')", [number('5.0')], none, 'true'],
    ["Contains('jwt.p', 5)", ['5.0'], none, 'true'],
    ["Contains('jwt.p', 'true')", [true], none, 'true'],
    ["Contains('jwt.p', 'b')", 'abc', none, 'true'],
    ["Contains('jwt.p', 'abc')", 'abc', none, 'true'],
    ["Contains('jwt.p', 'B')", 'abc', none, 'false'],
    ["Contains('jwt.p', 'abcd')", 'abc', none, 'false'],
    ["Contains('jwt.p', 'a')", '', none, 'false'],
    ["Contains('jwt.p', '')", 'abc', none, 'type'],
    ["Contains('jwt.p', '')", '', none, 'type'],
    ["Contains('jwt.p', 5)", '5', none, 'type'],
    ["Contains('jwt.p', '5')", 55, none, 'type'],
    ["Contains('jwt.p', 'true')", true, none, 'type'],
    ["Contains('jwt.p', 'null')", null, none, 'type'],
    ["Contains('jwt.p', 'a')", { a: 'a' }, none, 'type'],
    ["Contains('jwt.p', 'a')", undefined, none, 'absent'],
    ["Contains('jwt.p', 'tenant-${jwt.v}')", 'x/tenant-7/y', { v: 7 }, 'true'],
    ["Contains('jwt.p', 'tenant-${jwt.v}')", 'x/tenant-8/y', { v: 7 }, 'false'],
    ["Contains('jwt.p', 'tenant-${jwt.v}')", 'x/tenant-/y', none, 'absent'],
    ["Contains('jwt.p', '${jwt.v}')", 'abc', { v: 'b' }, 'true'],
    ["Contains('jwt.p', '${jwt.v}')", 'abc', { v: '' }, 'type'],
    ["Contains('jwt.p', '${jwt.v}${jwt.v}')", 'abc', { v: '' }, 'type'],
    ["Contains('jwt.p', '${jwt.v}')", 'a5', { v: 5 }, 'type'],
    ["Contains('jwt.p', '${jwt.v}')", 'true', { v: true }, 'type'],
    ["Contains('jwt.p', '${jwt.v}')", 'null', { v: null }, 'type'],
    ["Contains('jwt.p', '${jwt.v}')", ['a'], { v: ['a'] }, 'type'],
    ["Contains('jwt.p', '${jwt.v}')", ['a'], { v: {} }, 'type'],
    ["Contains('jwt.p', '${jwt.v}')", [null], { v: null }, 'true'],
    ["Contains('jwt.p', '${jwt.v}')", [1, 2], { v: number('2.0') }, 'true'],
    [`Contains('jwt.p', '${'a'.repeat(40)}b')`, `${'a'.repeat(100)}bc`, none, 'true'],
    [`Contains('jwt.p', '${'a'.repeat(40)}b')`, `${'a'.repeat(39)}bc`, none, 'false'],
  ]);
});

describe('[PL-3.affixes] Prefix and Suffix', () => {
  check([
    ["Prefix('jwt.p', 'ab')", 'abc', none, 'true'],
    ["Prefix('jwt.p', 'ab')", 'ab', none, 'true'],
    ["Prefix('jwt.p', 'ab')", 'a', none, 'false'],
    ["Prefix('jwt.p', 'ab')", 'xab', none, 'false'],
    ["Prefix('jwt.p', 'ab')", 'AB', none, 'false'],
    ["Prefix('jwt.p', 'ab')", '', none, 'false'],
    ["Suffix('jwt.p', 'bc')", 'abc', none, 'true'],
    ["Suffix('jwt.p', 'bc')", 'bc', none, 'true'],
    ["Suffix('jwt.p', 'bc')", 'c', none, 'false'],
    ["Suffix('jwt.p', 'bc')", 'bcx', none, 'false'],
    ...['Prefix', 'Suffix'].flatMap((name): Row[] => [
      [`${name}('jwt.p', 'a')`, undefined, none, 'absent'],
      [`${name}('jwt.p', '5')`, 5, none, 'type'],
      [`${name}('jwt.p', 't')`, true, none, 'type'],
      [`${name}('jwt.p', 'n')`, null, none, 'type'],
      [`${name}('jwt.p', 'a')`, ['a'], none, 'type'],
      [`${name}('jwt.p', 'a')`, { a: 'a' }, none, 'type'],
      [`${name}('jwt.p', '')`, 'abc', none, 'type'],
      [`${name}('jwt.p', 5)`, '5', none, 'type'],
      [`${name}('jwt.p', '\${jwt.v}')`, 'abc', { v: '' }, 'type'],
      [`${name}('jwt.p', '\${jwt.v}')`, 'aba', { v: 'a' }, 'true'],
      [`${name}('jwt.p', '\${jwt.v}')`, '5', { v: 5 }, 'type'],
      [`${name}('jwt.p', '\${jwt.v}')`, 'a', { v: ['a'] }, 'type'],
      [`${name}('jwt.p', '\${jwt.v}')`, 'a', none, 'absent'],
      [`${name}('jwt.p', '5\${jwt.v}')`, '55', { v: 5 }, 'true'],
    ]),
  ]);
});

describe('[PL-3.split-contains] SplitContains', () => {
  check([
    ["SplitContains('jwt.p', ' ', 'b')", 'a b c', none, 'true'],
    ["SplitContains('jwt.p', ' ', 'b')", 'a bb c', none, 'false'],
    ["SplitContains('jwt.p', ' ', 'b')", 'b', none, 'true'],
    ["SplitContains('jwt.p', ' ', 'B')", 'a b', none, 'false'],
    ["SplitContains('jwt.p', ' ', 'b')", ' b', none, 'true'],
    ["SplitContains('jwt.p', ' ', 'b')", ' a b', none, 'true'],
    ["SplitContains('jwt.p', ',', 'b')", 'a,  b\t,c', none, 'true'],
    ["SplitContains('jwt.p', ',', 'b')", 'a,\u00a0\ufeffb\u2003\n,c', none, 'true'],
    ["SplitContains('jwt.p', ',', ' b')", 'a, b', none, 'false'],
    ["SplitContains('jwt.p', ',', '')", 'a,,b', none, 'true'],
    ["SplitContains('jwt.p', ',', '')", 'a, ,b', none, 'true'],
    ["SplitContains('jwt.p', ',', '')", 'a,b', none, 'false'],
    ["SplitContains('jwt.p', ',', '')", '', none, 'true'],
    ["SplitContains('jwt.p', ',', '')", 'a,', none, 'true'],
    ["SplitContains('jwt.p', '::', 'b')", 'a::b::c', none, 'true'],
    ["SplitContains('jwt.p', '::', ':b')", 'a:::b', none, 'true'],
    ["SplitContains('jwt.p', 'aa', 'ab')", 'xaaab', none, 'true'],
    ["SplitContains('jwt.p', ',', '5')", '4,5', none, 'true'],
    ["SplitContains('jwt.p', ',', '5')", '4,5.0', none, 'false'],
    ["SplitContains('jwt.p', ',', 5)", '4,5.0', none, 'true'],
    ["SplitContains('jwt.p', ',', '${jwt.v}')", '4,5.0', { v: 5 }, 'true'],
    ["SplitContains('jwt.p', ',', '${jwt.v}')", 'a,true', { v: true }, 'true'],
    ["SplitContains('jwt.p', ',', '${jwt.v}')", 'a,null', { v: null }, 'true'],
    ["SplitContains('jwt.p', ',', '${jwt.v}')", 'a', { v: ['a'] }, 'type'],
    ["SplitContains('jwt.p', ',', '${jwt.v}')", 'a', { v: {} }, 'type'],
    ["SplitContains('jwt.p', ',', '${jwt.v}')", 'a', none, 'absent'],
    ["SplitContains('jwt.p', '${jwt.v}', 'b')", 'a;b', { v: ';' }, 'true'],
    ["SplitContains('jwt.p', '${jwt.v}', 'b')", 'a;b', { v: '' }, 'type'],
    ["SplitContains('jwt.p', '${jwt.v}', 'b')", 'a5b', { v: 5 }, 'type'],
    ["SplitContains('jwt.p', '${jwt.v}', 'b')", 'a;b', none, 'absent'],
    ["SplitContains('jwt.p', 5, 'b')", 'a5b', none, 'type'],
    ["SplitContains('jwt.p', ' ', 'a')", undefined, none, 'absent'],
    ["SplitContains('jwt.p', ' ', 'a')", ['a'], none, 'type'],
    ["SplitContains('jwt.p', ' ', '5')", 5, none, 'type'],
    ["SplitContains('jwt.p', ' ', 'null')", null, none, 'type'],
  ]);
});

describe('[PL-3.comparisons] Lt, Lte, Gt, Gte', () => {
  const orders = [
    [4, '5', 'less'],
    [5, '5', 'equal'],
    [6, '5', 'greater'],
    ['5', '5', 'equal'],
    ['4.99', '5', 'less'],
    [number('5.0'), '5', 'equal'],
    [big, '9007199254740992', 'greater'],
    [number('9007199254740992'), '9007199254740993', 'less'],
    [number('1e400'), '1e399', 'greater'],
    [number('-1e400'), '-1e399', 'less'],
    [number('1e99999'), '1e9999', 'greater'],
    [number('-0'), '0', 'equal'],
    [number('1e-400'), '0', 'greater'],
    ['10', '9', 'greater'],
  ] as const;
  const holds = { Lt: ['less'], Lte: ['less', 'equal'], Gt: ['greater'], Gte: ['greater', 'equal'] } as const;

  for (const [name, orderings] of Object.entries(holds)) {
    check([
      ...orders.map(([subject, bound, order]): Row => {
        const expected = (orderings as readonly string[]).includes(order) ? 'true' : 'false';
        return [`${name}('jwt.p', '${bound}')`, subject, none, expected];
      }),
      [`${name}('jwt.p', 5)`, 5, none, name.endsWith('e') ? 'true' : 'false'],
      [`${name}('jwt.p', '\${jwt.v}')`, 5, { v: 5 }, name.endsWith('e') ? 'true' : 'false'],
      [`${name}('jwt.p', '\${jwt.v}')`, 5, { v: '5.0' }, name.endsWith('e') ? 'true' : 'false'],
      [`${name}('jwt.p', '\${jwt.v}e1')`, 50, { v: 5 }, name.endsWith('e') ? 'true' : 'false'],
      [`${name}('jwt.p', '\${jwt.v}')`, 5, none, 'absent'],
      [`${name}('jwt.p', '5')`, undefined, none, 'absent'],
      [`${name}('jwt.p', '\${jwt.v}')`, 5, { v: 'many' }, 'type'],
      [`${name}('jwt.p', '\${jwt.v}')`, 5, { v: true }, 'type'],
      [`${name}('jwt.p', '\${jwt.v}')`, 5, { v: null }, 'type'],
      [`${name}('jwt.p', '\${jwt.v}')`, 5, { v: [5] }, 'type'],
      [`${name}('jwt.p', '\${jwt.v}')`, 5, { v: {} }, 'type'],
      [`${name}('jwt.p', 'many')`, 5, none, 'type'],
      ...['five', ' 5', '5 ', '+5', '05', '', '0x5', '1e12345', true, null, [5], {}, [[]]].map(
        (subject): Row => [`${name}('jwt.p', '5')`, subject as Plain, none, 'type'],
      ),
    ]);
  }
});

describe('[PL-3.matches] Matches', () => {
  check([
    ["Matches('jwt.p', 'b')", 'abc', none, 'true'],
    ["Matches('jwt.p', '^b')", 'abc', none, 'false'],
    ['Matches(`jwt.p`, `^a\\d+$`)', 'a12', none, 'true'],
    ['Matches(`jwt.p`, ``)', '', none, 'true'],
    ['Matches(`jwt.p`, `^.{2}$`)', 'ab', none, 'true'],
    ['Matches(`jwt.p`, `a$${0,1}b`)', 'ab', none, 'true'],
    ["Matches('jwt.p', '5')", 5, none, 'type'],
    ["Matches('jwt.p', 'true')", true, none, 'type'],
    ["Matches('jwt.p', 'null')", null, none, 'type'],
    ["Matches('jwt.p', 'a')", ['a'], none, 'type'],
    ["Matches('jwt.p', 'a')", { a: 'a' }, none, 'type'],
    ["Matches('jwt.p', 'a')", undefined, none, 'absent'],
  ]);
});

describe('[PL-3.exists] Exists', () => {
  check([
    ["Exists('jwt.p')", 'a', none, 'true'],
    ["Exists('jwt.p')", '', none, 'true'],
    ["Exists('jwt.p')", false, none, 'true'],
    ["Exists('jwt.p')", 0, none, 'true'],
    ["Exists('jwt.p')", [], none, 'true'],
    ["Exists('jwt.p')", {}, none, 'true'],
    ["Exists('jwt.p')", null, none, 'false'],
    ["Exists('jwt.p')", undefined, none, 'false'],
  ]);
});

describe('[PL-4.absent-request-field] a refusing rule reads an absent request field as false', () => {
  const facts = new Facts(requestOf({ mcp: { method: 'tools/call' }, jwt: {} }));
  const sources: readonly [string, Result, Result][] = [
    ["Equals('mcp.params.a', 'x')", 'absent', 'false'],
    ["OneOf('mcp.params.a', 'x')", 'absent', 'false'],
    ["Contains('mcp.params.a', 'x')", 'absent', 'false'],
    ["Prefix('mcp.params.a', 'x')", 'absent', 'false'],
    ["Suffix('mcp.params.a', 'x')", 'absent', 'false'],
    ["SplitContains('mcp.params.a', ' ', 'x')", 'absent', 'false'],
    ["Lt('mcp.params.a', '5')", 'absent', 'false'],
    ["Matches('mcp.params.a', 'x')", 'absent', 'false'],
    ["Equals('mcp.id', 'x')", 'absent', 'false'],
    ["Equals('http.headers.x-a', 'x')", 'absent', 'false'],
    ["Equals('mcp.params.a', '${jwt.v}')", 'absent', 'false'],
    ["Equals('jwt.a', 'x')", 'absent', 'absent'],
    ["Equals('tool.annotations.readOnlyHint', 'true')", 'absent', 'absent'],
    ["Equals('mcp.method', '${mcp.params.a}')", 'absent', 'absent'],
    ["Equals('mcp.method', 'x${mcp.params.a}')", 'absent', 'absent'],
    ["Exists('mcp.params.a')", 'false', 'false'],
    ["Exists('jwt.a')", 'false', 'false'],
  ];

  test.each(sources)('%s: %s when granting, %s when refusing', (source, granting, refusing) => {
    expect(resultOf(conditionOf(source), facts)).toBe(granting);
    expect(resultOf(conditionOf(source, 'refusing'), facts)).toBe(refusing);
  });

  test('only the absence: a wrong type and a client address stay undetermined', () => {
    const other = new Facts(requestOf({ mcp: { method: 'tools/call', params: { a: ['x'] } }, ip: undefined }));
    expect(resultOf(conditionOf("Equals('mcp.params.a', 'x')", 'refusing'), other)).toBe('type');
    expect(resultOf(conditionOf("Equals('client.ip', 'x')", 'refusing'), other)).toBe('absent');
  });
});

describe('[PL-1.errors] arguments that cannot work', () => {
  test.each([
    [
      "SplitContains('jwt.scope', '', 'a')",
      "error[EXPRESSION_ARGUMENT]: The separator of SplitContains is empty.\n  | SplitContains('jwt.scope', '', 'a')\n  |                            ^^\n  = help: Name it, for instance a single space.",
    ],
    [
      "Matches('jwt.sub', 'a(')",
      "error[EXPRESSION_PATTERN]: This is not a regular expression of RE2: missing closing ): `a(`.\n  | Matches('jwt.sub', 'a(')\n  |                    ^^^^",
    ],
    [
      "Matches('jwt.sub', '^${jwt.x}')",
      "error[EXPRESSION_ARGUMENT]: A regular expression has no ${} in it: what is brought in would be read as a pattern.\n  | Matches('jwt.sub', '^${jwt.x}')\n  |                    ^^^^^^^^^^^\n  = help: Compare with Equals, Prefix or Contains instead.",
    ],
    [
      "Matches('jwt.sub', 5)",
      "error[EXPRESSION_ARGUMENT]: The pattern of Matches is a quoted text, not a number.\n  | Matches('jwt.sub', 5)\n  |                    ^\n  = help: Write '5'.",
    ],
    [
      'Equals(5, 5)',
      "error[EXPRESSION_ARGUMENT]: The path of Equals is a quoted text, not a number.\n  | Equals(5, 5)\n  |        ^\n  = help: Write '5'.",
    ],
    [
      "Equal('jwt.sub', 'a')",
      "error[EXPRESSION_UNKNOWN_FUNCTION]: There is no function Equal.\n  | Equal('jwt.sub', 'a')\n  | ^^^^^\n  = help: Did you mean Equals?",
    ],
    [
      "Exists('jwt.sub', 'a')",
      "error[EXPRESSION_ARGUMENT]: Exists takes 1 argument, not 2.\n  | Exists('jwt.sub', 'a')\n  | ^^^^^^^^^^^^^^^^^^^^^^\n  = help: Write Exists(path).",
    ],
    [
      "Equals('jwt.sub', 'a${jwt.x')",
      "error[EXPRESSION_ARGUMENT]: This `${` has no closing `}`.\n  | Equals('jwt.sub', 'a${jwt.x')\n  |                     ^^^^^^^\n  = help: Write $${ for a literal ${.",
    ],
    [
      "Equals('jwt.sub', 'a${jtw.x}')",
      "error[POLICY_PATH]: There is no path `jtw.x`.\n  | Equals('jwt.sub', 'a${jtw.x}')\n  |                       ^^^^^\n  = help: Did you mean jwt.x?",
    ],
  ])('%s', (source, expected) => {
    const compiled = compile(source, policyVocabulary, { reading: 'granting', compilePath: compilePolicyPath });
    expect(compiled.ok ? '' : compiled.problems.map((problem) => formatProblem(source, problem)).join('\n')).toBe(
      expected,
    );
  });

  test('every argument of a call is checked', () => {
    const source = "OneOf('mpc.method', '${jtw.a}', 'fine', '${jwt..b}')";
    const compiled = compile(source, policyVocabulary, { reading: 'granting', compilePath: compilePolicyPath });
    expect(compiled.ok ? [] : compiled.problems.map(({ code }) => code)).toEqual([
      'POLICY_PATH',
      'POLICY_PATH',
      'POLICY_PATH',
    ]);
  });
});

describe('[PL-3.constant] conditions that can never be true are warned of', () => {
  const warningOf = (source: string): string | undefined => {
    const compiled = compile(source, policyVocabulary, { reading: 'granting', compilePath: compilePolicyPath });
    return compiled.ok ? compiled.program.warnings[0]?.message : 'an error';
  };

  test.each([
    ["Prefix('jwt.p', '')", 'undetermined'],
    ["Prefix('jwt.p', 5)", 'undetermined'],
    ["Suffix('jwt.p', '')", 'undetermined'],
    ["Lt('jwt.p', 'many')", 'undetermined'],
    ["Gte('jwt.p', '05')", 'undetermined'],
    ["SplitContains('jwt.p', 5, 'a')", 'undetermined'],
    ["SplitContains('jwt.p', ' ', 'a b')", 'false or undetermined'],
    ["SplitContains('jwt.p', ',', ' a')", 'false or undetermined'],
  ])('%s', (source, outcomes) => {
    expect(warningOf(source)).toBe(`This condition can never be true: whatever is at jwt.p, it is ${outcomes}.`);
  });

  test.each([
    "Contains('jwt.p', '')",
    "Contains('jwt.p', 5)",
    "Equals('jwt.p', '')",
    "SplitContains('jwt.p', ',', '')",
    "SplitContains('jwt.p', '5', 5)",
    "Lt('jwt.p', '1e400')",
    "Matches('jwt.p', '')",
    "Exists('jwt.p')",
    "Prefix('jwt.p', '${jwt.v}')",
    "SplitContains('jwt.p', ' ', '${jwt.v} ')",
  ])('%s is fine', (source) => {
    expect(warningOf(source)).toBeUndefined();
  });
});

describe('the table', () => {
  test('[PL-3.vocabulary] has exactly the functions of the language', () => {
    expect(policyFunctions.map(({ name }) => name)).toEqual([
      'Equals',
      'OneOf',
      'Contains',
      'Prefix',
      'Suffix',
      'SplitContains',
      'Lt',
      'Lte',
      'Gt',
      'Gte',
      'Matches',
      'Exists',
    ]);
    expect(policyFunctionDescriptions.map(({ signature }) => signature)).toEqual([
      'Equals(path, value)',
      'OneOf(path, value, …)',
      'Contains(path, value)',
      'Prefix(path, value)',
      'Suffix(path, value)',
      'SplitContains(path, separator, value)',
      'Lt(path, value)',
      'Lte(path, value)',
      'Gt(path, value)',
      'Gte(path, value)',
      'Matches(path, pattern)',
      'Exists(path)',
    ]);
    // A page or an editor tells by the kind what may be written.
    const kinds = policyFunctionDescriptions.flatMap(({ parameters }) =>
      parameters.map(({ name, kind }) => [name, kind]),
    );
    expect(Object.fromEntries(kinds)).toEqual({ path: 'path', value: 'value', separator: 'value', pattern: 'pattern' });
  });

  test('is fit for a reference page: a sentence, a meaning for each parameter, examples that compile', () => {
    for (const { summary, parameters, examples } of policyFunctionDescriptions) {
      expect(summary).toMatch(/^[A-Z].*\.$/);
      for (const parameter of parameters) expect(parameter.summary).toMatch(/^[A-Z].*[.…]$/);
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) {
        expect(parse(example).ok).toBe(true);
        expect(conditionOf(example).function.examples).toContain(example);
      }
    }
  });
});

describe('[PL-3.nasty] no value makes a function fail', () => {
  const scalar = fc.oneof(
    fc.constantFrom<Plain>(
      null,
      true,
      false,
      '',
      '5',
      'a',
      'true',
      'null',
      '__proto__',
      'constructor',
      'length',
      nfc,
      nfd,
      '\ud800',
      '1e400',
      '-0',
      number('5'),
      number('-0'),
      number('1e400'),
      number('1e99999999999999999999'),
      big,
      number('0.1'),
    ),
    fc.string({ unit: 'binary' }),
  );
  const { value } = fc.letrec<{ value: Plain }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', '__proto__', 'length', '0', 'text', ''), tie('value'), {
        maxKeys: 3,
        noNullPrototype: false,
      }),
    ),
  }));
  const sources = policyFunctions.flatMap(({ name }) =>
    name === 'Exists'
      ? [`${name}('jwt.p')`]
      : name === 'Matches'
        ? [`${name}('jwt.p', '^a+|b')`]
        : name === 'SplitContains'
          ? [`${name}('jwt.p', '\${jwt.w}', '\${jwt.v}')`, `${name}('jwt.p', ',', 'x\${jwt.v}')`]
          : [`${name}('jwt.p', '\${jwt.v}')`, `${name}('jwt.p', '\${jwt.v}\${jwt.w}')`, `${name}('jwt.p', '5')`],
  );

  test.each(sources)('%s', (source) => {
    const condition = conditionOf(source);
    fc.assert(
      fc.property(value, value, value, (p, v, w) => {
        const claims = new Map(
          [
            ['p', p],
            ['v', v],
            ['w', w],
          ].map(([name, plain]) => [name as string, jsonValue(plain as Plain)]),
        );
        const facts = new Facts({ ...requestOf({}), jwt: claims });
        expect(['true', 'false', 'type']).toContain(resultOf(condition, facts));
      }),
      { numRuns: 150 },
    );
  });
});
