import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NameTable, ownString } from './name-table.ts';

const name = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'id',
    'name',
    'Name',
    'host',
    'content-type',
    'content-size',
    '__proto__',
    'constructor',
    '0',
  ),
  fc.string({ maxLength: 70 }),
);

describe('names that come again and again', () => {
  test('what is found is what was kept for that very name, wherever it stands', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 40 }), name, fc.string(), fc.string(), (kept, wanted, before, behind) => {
        const table = new NameTable<{ readonly for: string }>();
        for (const one of kept) table.keep(one, { for: one });
        const found = table.find(before + wanted + behind, before.length, before.length + wanted.length);
        if (found !== undefined) {
          expect(found.for).toBe(wanted);
          expect(kept).toContain(wanted);
        }
        expect(table.get(wanted)).toBe(found);
      }),
    );
  });

  test('of names with one place the last two are there', () => {
    const table = new NameTable<number>();
    // Alike in length and in the characters that are looked at.
    const [first, second, third] = ['aXcdefgh', 'aYcdefgh', 'aZcdefgh'] as const;
    table.keep(first, 1);
    table.keep(second, 2);
    expect([table.get(first), table.get(second), table.get(third)]).toEqual([1, 2, undefined]);
    table.keep(third, 3);
    expect([table.get(first), table.get(second), table.get(third)]).toEqual([undefined, 2, 3]);
  });

  test('the last one that was kept is there, unless it is too long', () => {
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 3_000 }), (kept) => {
        const table = new NameTable<number>();
        for (const [index, one] of kept.entries()) table.keep(one, index);
        const last = kept.at(-1) as string;
        expect(table.get(last)).toBe(last.length > 64 ? undefined : kept.length - 1);
      }),
      { numRuns: 50 },
    );
  });

  test('the names of usual header fields and messages do not push each other out', () => {
    const usual = `accept accept-encoding accept-language authorization cache-control connection content-encoding
      content-length content-type cookie date host last-event-id mcp-method mcp-name mcp-protocol-version mcp-session-id
      origin referer sec-fetch-dest sec-fetch-mode sec-fetch-site server set-cookie traceparent tracestate
      transfer-encoding user-agent vary www-authenticate x-forwarded-for x-forwarded-host x-forwarded-port
      x-forwarded-proto x-forwarded-server x-real-ip jsonrpc id method params name arguments _meta progressToken uri
      protocolVersion capabilities clientInfo version query limit path cursor`.split(/\s+/);
    const table = new NameTable<string>();
    for (const one of usual) table.keep(one, one);
    expect(usual.filter((one) => table.get(one) !== one)).toEqual([]);
  });

  test('a string of its own is equal', () => {
    fc.assert(fc.property(fc.string(), (text) => ownString(text) === text));
    expect(ownString('__proto__')).toBe('__proto__');
  });
});
