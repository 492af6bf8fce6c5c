import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readParts } from './answer-parts.ts';
import { hideItems, makePrivate } from './lists.ts';
import { splice, takeOut } from './splice.ts';

const space = fc.constantFrom('', ' ', '\n  ', '\t', '\r\n');
const names = ['a', 'b', 'c', 'd'];

/** A list answer written by hand: white space anywhere, escapes, numbers that doubles cannot hold. */
const lists = fc
  .record({
    items: fc.array(
      fc.record({
        name: fc.constantFrom(...names),
        escaped: fc.boolean(),
        more: fc.constantFrom('', ',"n":9007199254740993', ',"x":{"tools":[ 1e400 ]}', ',"s":"\\u00e9 é [,]{"'),
      }),
      { maxLength: 6 },
    ),
    gaps: fc.array(space, { minLength: 14, maxLength: 14 }),
    scope: fc.constantFrom('', ',"cacheScope":"public"', ', "cacheScope" : "private"', ',"cacheScope":null'),
  })
  .map(({ items, gaps, scope }) => {
    const texts = items.map(({ name, escaped, more }) => {
      const written = escaped ? `\\u00${name.charCodeAt(0).toString(16)}` : name;
      return { name, text: `{"name": "${written}"${more}}` };
    });
    const inner = texts.map(({ text }, at) => `${gaps[2 * at]}${text}${gaps[2 * at + 1]}`).join(',');
    return { texts, head: `{"result" : {"z":[1],"tools":[`, inner, tail: `]${scope} ,"nextCursor":"é"}, "id":1.0}` };
  });

describe('[DP-6.spliced] what is not taken out keeps every character', () => {
  it('items, in whatever white space they stand', () => {
    fc.assert(
      fc.property(lists, fc.subarray(names), ({ texts, head, inner, tail }, shown) => {
        const text = head + inner + tail;
        const parts = readParts(Buffer.from(text));
        const { edits, hidden } = hideItems(parts, (_kind, key) => shown.includes(key));
        const filtered = splice(text, [...edits, ...makePrivate(parts)]);
        const kept = texts.filter(({ name }) => shown.includes(name));
        expect(hidden).toBe(texts.length - kept.length);
        expect(JSON.parse(filtered)).toEqual({
          ...JSON.parse(text),
          result: {
            ...JSON.parse(text).result,
            tools: kept.map((one) => JSON.parse(one.text)),
            ...(tail.includes('cacheScope') ? { cacheScope: 'private' } : {}),
          },
        });
        expect(filtered.startsWith(head)).toBe(true);
        expect(filtered.endsWith(tail.replace(/("cacheScope" ?: ?)("public"|null)/, '$1"private"').slice(1))).toBe(
          true,
        );
        const between = filtered.slice(head.length, filtered.length - tail.length);
        let from = 0;
        for (const one of kept) {
          const place = between.indexOf(one.text, from);
          expect(place).toBeGreaterThanOrEqual(from);
          from = place + one.text.length;
        }
        if (kept.length === texts.length) expect(filtered.slice(0, head.length + inner.length)).toBe(head + inner);
      }),
    );
  });

  it.each([
    ['', '[ A , B,\nC ]'],
    ['A', '[ B,\nC ]'],
    ['B', '[ A,\nC ]'],
    ['C', '[ A , B ]'],
    ['AB', '[ C ]'],
    ['BC', '[ A ]'],
    ['AC', '[ B ]'],
    ['ABC', '[  ]'],
  ])('without %s: %j', (gone, expected) => {
    const text = '[ A , B,\nC ]';
    const elements = ['A', 'B', 'C'].map((letter) => ({
      letter,
      start: text.indexOf(letter),
      end: text.indexOf(letter) + 1,
    }));
    expect(
      splice(
        text,
        takeOut(elements, ({ letter }) => !gone.includes(letter)),
      ),
    ).toBe(expected);
  });
});
