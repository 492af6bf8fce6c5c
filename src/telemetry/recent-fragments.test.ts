import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteWriter } from './byte-writer.ts';
import { JoinedFragments, RecentFragments } from './recent-fragments.ts';

interface Pair {
  readonly one: number;
  readonly other: number;
}

/** Fragments of one member, which count how often they are encoded; 13 cannot be. */
function fragmentsOf(member: keyof Pair) {
  const counted = { encoded: 0 };
  const fragments = new RecentFragments<Pair, number>({
    same: (kept, pair) => kept === pair[member],
    keep: (pair) => pair[member],
    encode(out, pair) {
      out.ascii(`${member}=`);
      if (pair[member] === 13) throw new Error('no text for 13');
      out.text(`${'é'.repeat(pair[member])};`);
      counted.encoded += 1;
    },
  });
  return { fragments, counted };
}

function written(write: (out: ByteWriter) => void): string {
  const out = new ByteWriter(4);
  out.ascii('<');
  write(out);
  return out.written.toString('utf8').slice(1);
}

const textOf = ({ one, other }: Pair) => `one=${'é'.repeat(one)};other=${'é'.repeat(other)};`;

test('joined fragments say what the fragments say one behind the other, whatever came before', () => {
  const number = fc.integer({ min: 0, max: 12 });
  fc.assert(
    fc.property(fc.array(fc.record({ one: number, other: number })), (pairs) => {
      const one = fragmentsOf('one').fragments;
      const joined = new JoinedFragments<Pair>([one, fragmentsOf('other').fragments]);
      for (const [index, pair] of pairs.entries()) {
        expect(written((out) => joined.write(out, pair))).toBe(textOf(pair));
        // Somebody else may use the same fragments.
        if (index % 3 === 0) expect(written((out) => one.write(out, pair))).toBe(`one=${'é'.repeat(pair.one)};`);
      }
    }),
  );
});

test('what came lately is not encoded again, and no more than eight are kept', () => {
  const { fragments, counted } = fragmentsOf('one');
  const ask = (one: number) => written((out) => fragments.write(out, { one, other: 0 }));
  for (let round = 0; round < 3; round++) for (let one = 0; one < 8; one++) ask(one);
  expect(counted.encoded).toBe(8);
  ask(8);
  ask(0);
  expect(counted.encoded).toBe(10);
});

test('what cannot be encoded is not remembered, and spoils nothing', () => {
  const { fragments } = fragmentsOf('one');
  const joined = new JoinedFragments<Pair>([fragments, fragmentsOf('other').fragments]);
  for (const pair of [1, 13, 2, 13, 1].map((one) => ({ one, other: one === 2 ? 13 : 5 }))) {
    const write = () => written((out) => joined.write(out, pair));
    if (pair.one === 13 || pair.other === 13) expect(write).toThrow('no text for 13');
    else expect(write()).toBe(textOf(pair));
  }
});
