import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { jsonValue, number, type Plain, policySetOf } from '../../../test/support/policy.ts';
import { ABSENT, type Atom, AtomTable, type State, stateOn } from './atom.ts';
import { solvePath } from './path-values.ts';

/** Atoms over one path, by their text. */
function atomsOf(texts: readonly string[]): Atom[] {
  const set = policySetOf({ policies: texts.map((match) => ({ match, action: 'allow' as const })) });
  const table = new AtomTable();
  return set.rules.flatMap((rule) => [...rule.program.leaves.values()].map((leaf) => table.of(leaf)));
}

const literals = [
  'a',
  'ab',
  'b',
  '',
  '5',
  '5.0',
  '7',
  'true',
  'null',
  'a b',
  '9007199254740993',
  '-0',
  '1e400',
  '-9e9999',
  '0.10000000000000001',
  '0.1',
  'é',
];
const numbers = [
  '5',
  '5.0',
  '7',
  '6.5',
  '-1',
  '9007199254740993',
  '9007199254740992',
  '1e400',
  '9e9999',
  '1e-400',
  '0',
];
const path = 'mcp.params.arguments.x';
const quoted = fc.constantFrom(...literals).map((text) => `'${text}'`);
const value = fc.oneof(quoted, fc.constantFrom(...numbers));
const atomText = fc.oneof(
  fc
    .tuple(fc.constantFrom('Equals', 'Contains', 'Prefix', 'Suffix', 'Lt', 'Lte', 'Gt', 'Gte'), value)
    .map(([name, one]) => `${name}('${path}', ${one})`),
  fc.array(value, { minLength: 1, maxLength: 3 }).map((some) => `OneOf('${path}', ${some.join(', ')})`),
  value.map((one) => `SplitContains('${path}', ' ', ${one})`),
  fc.constantFrom('^a', 'b$', '^(?:a|b)+$', '[0-9]', 'x').map((pattern) => `Matches('${path}', '${pattern}')`),
  fc.constant(`Exists('${path}')`),
);

const scalar = fc.oneof(
  fc.constantFrom<Plain>(...literals, 'abx', 'xab', 'a b a', 'zz', '5.00', '05', true, false, null),
  fc
    .constantFrom(...numbers, '5.00', '5e0', '6', '9007199254740992', '1e-400', '-0', '9.9e9999', '1e99999')
    .map((text): Plain => number(text)),
  fc.string({ maxLength: 4 }),
);
const anyPlain: fc.Arbitrary<Plain> = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 3 }),
  fc.constant<Plain>({ a: 'b' }),
  fc.constant<Plain>([{ a: 1 }, ['a']]),
);

const numRuns = Number(process.env['FUZZ_RUNS'] ?? 3_000);

describe('values of a path', () => {
  it('what a value brings about is never called impossible, and every value found is as wished', () => {
    let impossible = 0;
    fc.assert(
      fc.property(
        fc.array(atomText, { minLength: 1, maxLength: 4 }),
        anyPlain,
        fc.array(fc.constantFrom<State>(0, 1, 2), { minLength: 4, maxLength: 4 }),
        (texts, plain, guesses) => {
          const atoms = atomsOf(texts);
          const value = jsonValue(plain);
          const real = atoms.map((atom) => ({ atom, state: stateOn(atom, [{ names: atom.path.names, value }]) }));
          expect(real.every(({ state }) => state !== ABSENT)).toBe(true);
          expect(solvePath(real).possible).toBe(true);
          if (typeof value === 'string') expect(solvePath(real, { text: true }).possible).toBe(true);
          const guessed = atoms.map((atom, index) => ({ atom, state: guesses[index] ?? 0 }));
          const solution = solvePath(guessed);
          if (!solution.possible) impossible += 1;
          for (const found of solution.values.slice(0, 3)) {
            for (const { atom, state } of guessed)
              expect(stateOn(atom, [{ names: atom.path.names, value: found }])).toBe(state);
          }
        },
      ),
      { numRuns },
    );
    expect(impossible).toBeGreaterThan(numRuns / 10);
  });

  const x = `'${path}'`;
  test.each<[string, readonly [string, State][], boolean]>([
    [
      'two texts at once',
      [
        [`Equals(${x}, 'a')`, 2],
        [`Equals(${x}, 'b')`, 2],
      ],
      false,
    ],
    [
      'a number and another spelling',
      [
        [`Equals(${x}, 5)`, 2],
        [`Equals(${x}, '5.0')`, 2],
      ],
      true,
    ],
    [
      'above 7 and below 5',
      [
        [`Gt(${x}, '7')`, 2],
        [`Lt(${x}, '5')`, 2],
      ],
      false,
    ],
    [
      'between two doubles',
      [
        [`Gt(${x}, '9007199254740992')`, 2],
        [`Lt(${x}, '9007199254740993')`, 2],
      ],
      true,
    ],
    [
      'a longer start without the shorter',
      [
        [`Prefix(${x}, 'ab')`, 2],
        [`Prefix(${x}, 'a')`, 0],
      ],
      false,
    ],
    [
      'a shorter start without the longer',
      [
        [`Prefix(${x}, 'ab')`, 0],
        [`Prefix(${x}, 'a')`, 2],
      ],
      true,
    ],
    [
      'two starts',
      [
        [`Prefix(${x}, 'a')`, 2],
        [`Prefix(${x}, 'b')`, 2],
      ],
      false,
    ],
    [
      'an end that a part contradicts',
      [
        [`Suffix(${x}, 'ab')`, 2],
        [`Contains(${x}, 'b')`, 0],
      ],
      false,
    ],
    [
      'a list with both',
      [
        [`Contains(${x}, 'a')`, 2],
        [`Contains(${x}, 'b')`, 2],
        [`Equals(${x}, 'a')`, 1],
      ],
      true,
    ],
    [
      'a list without what it has',
      [
        [`Contains(${x}, 'a')`, 2],
        [`OneOf(${x}, 'a', 'b')`, 0],
        [`Equals(${x}, 'a')`, 1],
      ],
      false,
    ],
    [
      'nothing but not nothing',
      [
        [`Exists(${x})`, 0],
        [`Equals(${x}, 'a')`, 2],
      ],
      false,
    ],
    [
      'null',
      [
        [`Exists(${x})`, 0],
        [`Equals(${x}, 'null')`, 2],
      ],
      true,
    ],
  ])('%s', (_name, wanted, possible) => {
    const atoms = atomsOf(wanted.map(([text]) => text));
    expect(solvePath(wanted.map(([, state], index) => ({ atom: atoms[index] as Atom, state }))).possible).toBe(
      possible,
    );
  });
});
