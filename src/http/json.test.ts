import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonError, type JsonFault, JsonNumber, openJson, scanJson, scanJsonText, stringify, toPlain } from './json.ts';

const scan = (text: string) => scanJson(Buffer.from(text, 'utf8'));

/** Reads without building anything. */
const pass = (bytes: Buffer | string) => openJson(bytes).document((cursor) => cursor.skip(0));

function faultOf(run: () => unknown): { fault: JsonFault; offset: number } | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof JsonError) return { fault: error.fault, offset: error.offset };
    throw error;
  }
  return undefined;
}

describe('scanJson accepts', () => {
  it.each([
    ['{"a":1,"b":[true,false,null],"c":{"d":"e"}}', { a: 1, b: [true, false, null], c: { d: 'e' } }],
    [' \t\r\n[ ] \n', []],
    ['{ }', {}],
    ['"\\u0041\\n\\/\\"\\\\\\b\\f\\r\\t"', 'A\n/"\\\b\f\r\t'],
    ['"\\uD83D\\uDE00 😀"', '😀 😀'],
    ['-0.5e+10', -0.5e10],
    ['{"__proto__":{"x":1},"constructor":2}', JSON.parse('{"__proto__":{"x":1},"constructor":2}')],
    ['"\u007f"', '\u007f'],
  ])('%j', (text, expected) => {
    const plain = toPlain(scan(text));
    expect(JSON.stringify(plain)).toBe(JSON.stringify(expected));
  });

  it('[DP-3.numbers] keeps every number as its text', () => {
    const text = '[9007199254740993,1e400,-0,1.0,0.10,12345678901234567890.5E-7]';
    expect(stringify(scan(text))).toBe(text);
    expect(scan('9007199254740993')).toEqual(new JsonNumber('9007199254740993'));
  });

  it('keeps the order of keys, integer-like ones included', () => {
    const text = '{"b":1,"2":2,"a":3,"1":4}';
    expect(stringify(scan(text))).toBe(text);
  });

  it('objects have own keys only', () => {
    const value = scan('{}');
    expect(value instanceof Map && value.get('constructor')).toBe(undefined);
    expect(toPlain(value)).not.toHaveProperty('toString');
  });
});

describe('scanJson refuses', () => {
  it.each<[string, JsonFault, number]>([
    ['', 'empty', 0],
    ['  ', 'empty', 2],
    ['{"a":1,"a":2}', 'duplicate-key', 7],
    ['{"x":[{"name":1,"n\\u0061me":2}]}', 'duplicate-key', 16],
    ['{"é":1,"é":2}', 'duplicate-key', 8],
    ['"\\ud800"', 'surrogate', 0],
    ['["a","\\udc00\\ud800"]', 'surrogate', 5],
    ['"\\ud83d\\\\ude00"', 'surrogate', 0],
    ['{} {}', 'trailing', 3],
    ['{}\n{}', 'trailing', 3],
    ['1 2', 'trailing', 2],
    ['{}\u0000', 'trailing', 2],
    ['[1,]', 'syntax', 3],
    ['{"a":1,}', 'syntax', 7],
    ["{'a':1}", 'syntax', 1],
    ['{a:1}', 'syntax', 1],
    ['// c\n1', 'syntax', 0],
    ['NaN', 'syntax', 0],
    ['[Infinity]', 'syntax', 1],
    ['01', 'number', 1],
    ['-', 'number', 1],
    ['1.', 'number', 2],
    ['1e', 'number', 2],
    ['1e+', 'number', 3],
    ['.5', 'syntax', 0],
    ['+1', 'syntax', 0],
    ['"\t"', 'control-character', 1],
    ['"a\\x41"', 'escape', 2],
    ['"\\u12g4"', 'escape', 1],
    ['"\\u12', 'escape', 1],
    ['"abc', 'syntax', 4],
    ['tru', 'syntax', 0],
    ['\u00a01', 'syntax', 0],
    ['\u001e{}', 'syntax', 0],
  ])('%j: %s at %i', (text, fault, offset) => {
    expect(faultOf(() => scan(text))).toEqual({ fault, offset });
  });

  it.each<[string, number[], JsonFault, number]>([
    ['a byte order mark', [0xef, 0xbb, 0xbf, 0x7b, 0x7d], 'bom', 0],
    ['an over-long form', [0x22, 0xc0, 0xaf, 0x22], 'utf8', 1],
    ['a surrogate in UTF-8', [0x22, 0x61, 0xed, 0xa0, 0x80, 0x22], 'utf8', 2],
    ['a cut sequence', [0x22, 0xe2, 0x82], 'utf8', 1],
    ['UTF-16', [0x7b, 0x00, 0x7d, 0x00], 'syntax', 1],
    ['Latin-1', [0x22, 0xe9, 0x22], 'utf8', 1],
  ])('[DP-3.utf8] %s', (_name, bytes, fault, offset) => {
    expect(faultOf(() => scanJson(Buffer.from(bytes)))).toEqual({ fault, offset });
  });

  it('[DP-3.depth] more than 64 levels, and takes another limit', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(faultOf(() => scan(nested(64)))).toBe(undefined);
    expect(faultOf(() => scan(nested(65)))).toEqual({ fault: 'depth', offset: 64 });
    expect(faultOf(() => scanJson(Buffer.from(`${'{"a":'.repeat(3)}1}}}`), { maxDepth: 2 }))).toEqual({
      fault: 'depth',
      offset: 10,
    });
  });

  it('a text with a lone surrogate or a byte order mark', () => {
    expect(faultOf(() => scanJsonText('"ab\ud800"'))).toEqual({ fault: 'utf8', offset: 3 });
    expect(faultOf(() => scanJsonText('\ufeff1'))).toEqual({ fault: 'bom', offset: 0 });
  });

  it('says where, never what', () => {
    const secret = 'hunter2';
    try {
      scan(`{"password":"${secret}","password":"${secret}"}`);
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toContain(secret);
      expect(String(error)).not.toContain('password');
    }
  });
});

describe('[DP-3.linear] time is linear in the length', () => {
  it.each<[string, () => string, boolean]>([
    ['a million opening brackets', () => '['.repeat(1_000_000), false],
    ['150,000 keys', () => `{${Array.from({ length: 150_000 }, (_, i) => `"${i}":${i}`).join(',')}}`, true],
    ['a number of 500,000 digits', () => '7'.repeat(500_000), true],
    ['a string of 300,000 escapes', () => `"${'\\u0041'.repeat(300_000)}"`, true],
    ['half a million spaces between tokens', () => `[${' '.repeat(500_000)}1]`, true],
  ])('%s, built or passed over', (_name, make, legal) => {
    const bytes = Buffer.from(make());
    for (const read of [scanJson, pass]) {
      const started = process.cpuUsage();
      const fault = faultOf(() => read(bytes));
      // Time of this process, not of the machine; what is not linear takes minutes here.
      const { user, system } = process.cpuUsage(started);
      expect(user + system).toBeLessThan(5_000_000);
      expect(fault === undefined).toBe(legal);
    }
  });
});

describe('laws', () => {
  it('agrees with JSON.parse on every document without repeated keys', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        expect(JSON.stringify(toPlain(scan(text)))).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 500 },
    );
  });

  it('never accepts what JSON.parse refuses', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '\\',
      'u0041',
      '1',
      '-',
      '.',
      'e',
      '0',
      'true',
      'null',
      ' ',
      '\n',
      '\t',
      'é',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        if (faultOf(() => scan(text)) === undefined) expect(() => JSON.parse(text)).not.toThrow();
      }),
      { numRuns: 3000 },
    );
  });

  it('stringify gives back what was scanned: only white space and escapes may differ', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        const once = stringify(scan(text));
        expect(stringify(scan(once))).toBe(once);
        expect(JSON.stringify(JSON.parse(once))).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 500 },
    );
  });
});

const corpus = join(
  process.env['PORTCULLIS_CORPORA'] ?? join(import.meta.dirname, '../../../shared/corpora'),
  'json/test_parsing',
);

/** Legal JSON by RFC 8259, refused here on purpose: two readers may see two different values. */
const refusedOnPurpose = new Set(['y_object_duplicated_key.json', 'y_object_duplicated_key_and_value.json']);

describe.skipIf(!existsSync(corpus))('[SEC-json-corpus] JSONTestSuite (skipped when the corpora are not there)', () => {
  const files = existsSync(corpus) ? readdirSync(corpus).filter((name) => name.endsWith('.json')) : [];

  it('is there', () => {
    expect(files.length).toBeGreaterThan(300);
  });

  it.each(files.filter((name) => name.startsWith('n_') || refusedOnPurpose.has(name)))('refuses %s', (name) => {
    expect(faultOf(() => scanJson(readFileSync(join(corpus, name))))).toBeDefined();
  });

  it.each(files.filter((name) => name.startsWith('y_') && !refusedOnPurpose.has(name)))('accepts %s', (name) => {
    const bytes = readFileSync(join(corpus, name));
    expect(JSON.stringify(toPlain(scanJson(bytes)))).toBe(JSON.stringify(JSON.parse(bytes.toString('utf8'))));
  });

  it.each(files.filter((name) => name.startsWith('i_')))(
    'decides %s without a crash, and only as JSON.parse could',
    (name) => {
      const bytes = readFileSync(join(corpus, name));
      if (faultOf(() => scanJson(bytes)) === undefined) expect(() => JSON.parse(bytes.toString('utf8'))).not.toThrow();
    },
  );
});

describe('a cursor', () => {
  /** JSON, spoilt or not: pieces of it in any order. */
  const pieces = fc.constantFrom(
    ...[
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      ' ',
      '"a"',
      '"b"',
      '"\\u0061"',
      '"\\ud800"',
      '"\\ud83d\\ude00"',
      '"é"',
      '"\\x"',
      '"',
    ],
    ...['1', '-0.5e3', '01', '1.', 'true', 'false', 'null', 'nul', '\t', '\u0001', '"\u0001"', '"\\"', '"__proto__"'],
  );
  const texts = fc.oneof(
    { weight: 1, arbitrary: fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')) },
    { weight: 1, arbitrary: fc.json({ maxDepth: 4 }) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.json({ maxDepth: 4 }), pieces, fc.nat(), fc.nat({ max: 3 }))
        .map(([text, piece, at, length]) => {
          const place = at % (text.length + 1);
          return text.slice(0, place) + piece + text.slice(place + length);
        })
        .filter((text) => text.isWellFormed()),
    },
  );

  it('passes over exactly what it can build, and finds the same fault at the same place', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const built = faultOf(() => scanJsonText(text));
        expect(faultOf(() => pass(text))).toEqual(built);
      }),
      { numRuns: 2_000 },
    );
  });

  it('passes over objects of any size, finding a key that comes twice', () => {
    for (const size of [1, 15, 16, 17, 18, 40]) {
      const members = Array.from({ length: size }, (_, i) => `"k${i}":{"k0":[{}],"k1":${i}}`);
      const whole = `{${members.join(',')}}`;
      expect(faultOf(() => pass(whole))).toBe(undefined);
      for (const again of [0, size - 1]) {
        const spoilt = `{"x":${`${whole.slice(0, -1)},"k${again}":1}`}}`;
        expect(faultOf(() => pass(spoilt))).toEqual({ fault: 'duplicate-key', offset: 5 + whole.length });
      }
    }
  });

  it('walks through members and elements and says where they stand', () => {
    const text = ' { "a" : [ 1 , "x" , { } ] , "b" : null } ';
    const seen: string[] = [];
    openJson(text).document((cursor) =>
      cursor.members(0, (at, depth, key, keyAt) => {
        if (at.next !== 'array') at.skip(depth);
        else
          at.elements(depth, (inner, deeper) => {
            const start = inner.at;
            const { next } = inner;
            inner.skip(deeper);
            seen.push(`${next} ${text.slice(start, inner.at)}`);
          });
        seen.push(`${key} ${text.slice(keyAt, at.at)}`);
      }),
    );
    expect(seen).toEqual(['other 1', 'string "x"', 'object { }', 'a "a" : [ 1 , "x" , { } ]', 'b "b" : null']);
  });

  it('goes no deeper than it may, walking or passing over', () => {
    const nest = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(faultOf(() => pass(nest(64)))).toBe(undefined);
    expect(faultOf(() => pass(nest(65)))).toEqual({ fault: 'depth', offset: 64 });
    expect(faultOf(() => pass(`{"a":${nest(64)}}`))).toEqual({ fault: 'depth', offset: 68 });
  });
});
