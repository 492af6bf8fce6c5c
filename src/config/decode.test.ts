import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { formatDiagnostic } from '../errors.ts';
import { decode } from './decode.ts';
import type { Pointer } from './diagnose.ts';
import { parseSource } from './source/parse-source.ts';

const nowhere: Pointer = { label: '', locate: () => undefined, line: () => undefined };

const rule = z.strictObject({
  match: z.string().min(1),
  action: z.enum(['allow', 'deny']),
  status: z.int().min(400).max(599).default(403),
  ratio: z.number().max(1).optional(),
  names: z.array(z.string()).max(2).optional(),
  either: z.union([z.string(), z.strictObject({ name: z.string(), port: z.int() })]).optional(),
  kinds: z.record(z.string().regex(/^[a-z]+$/, { error: 'must be lower-case' }), z.boolean()).optional(),
  word: z
    .string()
    .refine((text) => text !== 'x', { error: 'cannot be x' })
    .optional(),
  later: z.lazy(() => z.strictObject({ inner: z.string() })).optional(),
  changed: z
    .string()
    .transform((text) => text.length)
    .optional(),
});
const schema = z.strictObject({ rules: z.array(rule) });
const valid = { match: 'a', action: 'allow' };

const problemsOf = (extra: object): string[] => {
  const decoded = decode(schema, { rules: [{ ...valid, ...extra }] }, nowhere);
  return decoded.ok
    ? []
    : decoded.problems.map(
        ({ code, message, hint, subject }) => `${code} ${subject}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
      );
};

describe('decoding', () => {
  it('gives what the schema makes of a value', () => {
    expect(decode(schema, { rules: [{ ...valid, changed: 'four' }] }, nowhere)).toEqual({
      ok: true,
      value: { rules: [{ ...valid, status: 403, changed: 4 }] },
    });
  });

  it.each<[string, object, string]>([
    [
      'an unknown key',
      { acton: 1 },
      'CONFIG_UNKNOWN_KEY rules[0].acton: unknown key `acton` (keys that can stand here: status, ratio, names, either, kinds, word, later, changed)',
    ],
    [
      'an unknown key with a neighbour',
      { statuss: 1 },
      'CONFIG_UNKNOWN_KEY rules[0].statuss: unknown key `statuss` (did you mean `status`?)',
    ],
    [
      'an unknown key in a lazy schema',
      { later: { iner: 'a', inner: 'b' } },
      'CONFIG_UNKNOWN_KEY rules[0].later.iner: unknown key `iner`',
    ],
    [
      'an unknown key in the branch of a union that was meant',
      { either: { name: 'a', port: 1, prot: 2 } },
      'CONFIG_UNKNOWN_KEY rules[0].either.prot: unknown key `prot`',
    ],
    ['a missing key', { match: undefined }, 'CONFIG_MISSING_KEY rules[0].match: `match` is missing'],
    [
      'a missing key in the branch that was meant',
      { either: { name: 'a' } },
      'CONFIG_MISSING_KEY rules[0].either.port: `port` is missing',
    ],
    [
      'another type',
      { match: 12 },
      'CONFIG_INVALID_VALUE rules[0].match: `match` must be text, not a number (put it in quotes)',
    ],
    [
      'no branch of a union',
      { either: 7 },
      'CONFIG_INVALID_VALUE rules[0].either: `either` must be text or a mapping, not a number',
    ],
    [
      'a word that is not known',
      { action: 'alow' },
      'CONFIG_INVALID_VALUE rules[0].action: `action` must be one of `allow`, `deny` (did you mean `allow`?)',
    ],
    ['too low a number', { status: 3 }, 'CONFIG_INVALID_VALUE rules[0].status: `status` must be at least 400'],
    ['too high a number', { ratio: 1.5 }, 'CONFIG_INVALID_VALUE rules[0].ratio: `ratio` must be at most 1'],
    [
      'a fraction',
      { status: 400.5 },
      'CONFIG_INVALID_VALUE rules[0].status: `status` must be a whole number, not a fraction',
    ],
    [
      'too many entries',
      { names: ['a', 'b', 'c'] },
      'CONFIG_INVALID_VALUE rules[0].names: `names` must have at most 2 entries',
    ],
    [
      'an entry of another type',
      { names: ['a', null] },
      'CONFIG_INVALID_VALUE rules[0].names[1]: `names[1]` must be text, not empty',
    ],
    [
      'a key of a free mapping',
      { kinds: { Not: true } },
      'CONFIG_INVALID_VALUE rules[0].kinds.Not: the key `Not` must be lower-case',
    ],
    [
      'a value of a free mapping',
      { kinds: { a: 'yes' } },
      'CONFIG_INVALID_VALUE rules[0].kinds.a: `a` must be `true` or `false`, not text (write `true`, without quotes)',
    ],
    ["a schema's own check", { word: 'x' }, 'CONFIG_INVALID_VALUE rules[0].word: `word` cannot be x'],
  ])('names %s', (_, extra, expected) => {
    const problems = problemsOf(extra);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(expected);
    expect(problems[0]?.startsWith(expected)).toBe(true);
  });

  it('points into the file, below the path at which the value stands', () => {
    const [document] = parseSource(
      'a.yaml',
      'spec:\n  plugin:\n    rules:\n      - match: a\n        acton: allow\n',
    ).documents;
    if (document === undefined) throw new Error('no document');
    const pointer: Pointer = { label: 'Middleware a/b', locate: document.locate, line: document.line };
    const decoded = decode(schema, { rules: [{ match: 'a', acton: 'allow' }] }, pointer, ['spec', 'plugin']);
    expect(decoded.ok ? '' : decoded.problems.map(formatDiagnostic).join('\n')).toBe(
      [
        'a.yaml:4:9: error[CONFIG_MISSING_KEY]: `action` is missing (Middleware a/b: spec.plugin.rules[0].action)',
        '  |       - match: a',
        '  |         ^^^^^^^^',
        'a.yaml:5:9: error[CONFIG_UNKNOWN_KEY]: unknown key `acton` (Middleware a/b: spec.plugin.rules[0].acton)',
        '  |         acton: allow',
        '  |         ^^^^^',
        '  = help: did you mean `action`?',
      ].join('\n'),
    );
  });

  it('[SEC-no-values-in-diagnostics] never repeats a value that it was given', () => {
    const canary = 'c4n4ry';
    const anywhere = fc.oneof(
      fc.constant(canary),
      fc.constant([canary]),
      fc.constant({ a: canary }),
      fc.constant(canary.repeat(9)),
    );
    const field = fc.constantFrom(
      'match',
      'action',
      'status',
      'ratio',
      'names',
      'either',
      'kinds',
      'word',
      'later',
      'changed',
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(field, anywhere), { maxLength: 6 }), (fields) => {
        const decoded = decode(schema, { rules: [Object.fromEntries(fields), canary], x: canary }, nowhere);
        expect(decoded.ok).toBe(false);
        expect(JSON.stringify(decoded)).not.toContain(canary);
      }),
    );
  });
});
