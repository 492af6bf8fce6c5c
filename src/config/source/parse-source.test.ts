import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Document, Scalar, YAMLMap } from 'yaml';
import { formatDiagnostic } from '../../errors.ts';
import type { KeyPath } from '../dynamic/model.ts';
import { maxFileSize, parseSource } from './parse-source.ts';
import type { SourceDocument } from './source-document.ts';

function only(text: string): SourceDocument {
  const { documents, diagnostics } = parseSource('a.yaml', text);
  expect(diagnostics).toEqual([]);
  const [document] = documents;
  if (document === undefined) throw new Error('no document');
  return document;
}

const at = (text: string, path: KeyPath, options?: Parameters<SourceDocument['locate']>[1]) => {
  const { line, column, length } = only(text).locate(path, options);
  return `${line}:${column}+${length}`;
};

describe('places', () => {
  const text = [
    'kind: Middleware', // 1
    'spec:', // 2
    '  routes:', // 3
    '    - match: Host(`a`) &&', // 4
    '        PathPrefix(`/b`)', // 5
    '      "quoted key": "tab\\tquote\\"end"', // 6
    "    - match: 'it''s'", // 7
    '      block: |', // 8
    '        first line', // 9
    '', // 10
    '          deeper', // 11
    '      folded: >-', // 12
    '        one two', // 13
    '        three', // 14
    '', // 15
    '        four', // 16
    '      empty:', // 17
    '      flow: {a: 1, b: [x, y]}', // 18
  ].join('\n');

  it.each<[string, KeyPath, Parameters<SourceDocument['locate']>[1], string]>([
    ['a value', ['kind'], undefined, '1:7+10'],
    ['a key', ['kind'], { key: true }, '1:1+4'],
    ['a block mapping, by its key', ['spec'], undefined, '2:1+4'],
    ['an entry of a list', ['spec', 'routes', 1], undefined, '7:7+14'],
    ['a quoted key', ['spec', 'routes', 0, 'quoted key'], { key: true }, '6:7+12'],
    ['an empty value, by its key', ['spec', 'routes', 1, 'empty'], undefined, '17:7+5'],
    ['a flow mapping', ['spec', 'routes', 1, 'flow'], undefined, '18:13+17'],
    ['inside flow', ['spec', 'routes', 1, 'flow', 'b', 1], undefined, '18:27+1'],
    ['a missing key, by what is around it', ['spec', 'routes', 1, 'flow', 'c'], undefined, '18:7+4'],
    ['a missing key of a list entry', ['spec', 'routes', 0, 'services', 0, 'name'], undefined, '4:7+19'],
    ['an index past the end', ['spec', 'routes', 7], undefined, '3:3+6'],
    ['a place in a plain text', ['spec', 'routes', 0, 'match'], { offset: 5, length: 3 }, '4:19+3'],
    ['a place in its second line', ['spec', 'routes', 0, 'match'], { offset: 13, length: 10 }, '5:9+10'],
    ['a place after an escape', ['spec', 'routes', 0, 'quoted key'], { offset: 4, length: 5 }, '6:27+5'],
    ['a place after an escaped quote', ['spec', 'routes', 0, 'quoted key'], { offset: 10, length: 3 }, '6:34+3'],
    ['a place after a doubled quote', ['spec', 'routes', 1, 'match'], { offset: 3, length: 1 }, '7:19+1'],
    ['a place in a block', ['spec', 'routes', 1, 'block'], { offset: 6, length: 4 }, '9:15+4'],
    ['a place in a deeper line of a block', ['spec', 'routes', 1, 'block'], { offset: 14, length: 6 }, '11:11+6'],
    ['a place in a folded block', ['spec', 'routes', 1, 'folded'], { offset: 8, length: 5 }, '14:9+5'],
    [
      'a place after a paragraph of a folded block',
      ['spec', 'routes', 1, 'folded'],
      { offset: 14, length: 4 },
      '16:9+4',
    ],
    ['a range over a line break is cut there', ['spec', 'routes', 1, 'folded'], { offset: 4, length: 8 }, '13:13+3'],
    ['an offset past the end', ['kind'], { offset: 99 }, '1:17+1'],
  ])('%s', (_, path, options, expected) => {
    expect(at(text, path, options)).toBe(expected);
  });

  it('of an alias are those of its anchor, of a merged key those of its source', () => {
    const merged = 'base: &base {a: one, b: two}\nother: *base\nmine:\n  <<: *base\n  b: three\n';
    expect(at(merged, ['other', 'a'])).toBe('1:17+3');
    expect(at(merged, ['mine', 'a'])).toBe('1:17+3');
    expect(at(merged, ['mine', 'b'])).toBe('5:6+5');
    expect(only(merged).value).toMatchObject({ mine: { a: 'one', b: 'three' } });
  });

  it('count lines over documents and carriage returns', () => {
    const { documents } = parseSource('a.yaml', 'a: 1\r\n---\r\nb: >-\r\n  one\r\n  two\r\n');
    expect(documents.map((document) => document.value)).toEqual([{ a: 1 }, { b: 'one two' }]);
    expect(documents[1]?.locate(['b'], { offset: 4, length: 3 })).toMatchObject({ line: 5, column: 3, length: 3 });
    expect(documents[1]?.line({ file: 'a.yaml', line: 5, column: 1 })).toBe('  two');
  });

  const words = fc
    .array(fc.stringMatching(/^[a-zA-Z0-9ä`"'\\$&(){}:#,-]{1,8}$/), { minLength: 1, maxLength: 12 })
    .map((list) => list.join(' '));
  const paragraphs = fc.array(words, { minLength: 1, maxLength: 4 }).map((list) => list.join('\n'));
  const anyText = fc.oneof(words, paragraphs, fc.string({ unit: 'grapheme', maxLength: 40 }));
  const styles = [
    Scalar.PLAIN,
    Scalar.QUOTE_DOUBLE,
    Scalar.QUOTE_SINGLE,
    Scalar.BLOCK_FOLDED,
    Scalar.BLOCK_LITERAL,
  ] as const;

  it('[AR-positions] any character of any text in any style is found where it stands', () => {
    let exact = 0;
    fc.assert(
      fc.property(
        anyText,
        fc.constantFrom(...styles),
        fc.integer({ min: 10, max: 80 }),
        fc.nat(),
        (value, type, lineWidth, seed) => {
          const scalar = new Scalar(value);
          scalar.type = type;
          const map = new YAMLMap();
          map.set('deeper', scalar);
          const text = new Document({ outer: [map] }).toString({ lineWidth });
          const { documents } = parseSource('a.yaml', text);
          const [document] = documents;
          // The library does not write every text so that it can read it again; that is not what is tested here.
          fc.pre(
            document !== undefined && value !== '' && isDeepStrictEqual(document.value, { outer: [{ deeper: value }] }),
          );
          // Letters and digits stand for themselves in every style, unless written as an escape.
          const offsets = [...value.matchAll(/[a-zA-Z0-9ä]/g)].map((match) => match.index);
          const offset = offsets[seed % Math.max(1, offsets.length)];
          if (document === undefined || offset === undefined) return;
          const { line, column } = document.locate(['outer', 0, 'deeper'], { offset });
          const found = text.split('\n')[line - 1]?.[column - 1];
          if (found === '\\') return;
          exact++;
          expect(found).toBe(value[offset]);
        },
      ),
      { numRuns: 2_000 },
    );
    expect(exact).toBeGreaterThan(700);
  });
});

describe('documents', () => {
  it.each([
    ['none', '', []],
    ['only comments', '# a\n---\n# b\n', []],
    ['several', 'a: 1\n---\nb: 2\n...\n---\n- c\n', [{ a: 1 }, { b: 2 }, ['c']]],
    ['JSON with tabs', '{\n\t"a":\t[1, 2],\n\t"b": {"c": null}\n}\n', [{ a: [1, 2], b: { c: null } }]],
    ['a byte order mark', '\uFEFFa: 1\n', [{ a: 1 }]],
    ['keys that are not text', '80: a\ntrue: b\nnull: c\n', [{ 80: 'a', true: 'b', null: 'c' }]],
    ['words that were switches once', 'a: yes\nb: on\nc: 0o17\nd: 012\n', [{ a: 'yes', b: 'on', c: 15, d: 12 }]],
  ])('%s', (_, text, values) => {
    expect(parseSource('a.yaml', text)).toMatchObject({ diagnostics: [] });
    expect(parseSource('a.yaml', text).documents.map((document) => document.value)).toEqual(values);
  });

  it.each([
    ['bytes that are no UTF-8', new Uint8Array([0x61, 0x3a, 0xff])],
    ['UTF-16', Buffer.from('\uFEFFa: 1', 'utf16le')],
    ['too large a file', Buffer.alloc(maxFileSize + 1, 0x20)],
  ])('are refused for %s', (_, content) => {
    expect(parseSource('a.yaml', content)).toMatchObject({
      documents: [],
      diagnostics: [{ code: 'CONFIG_UNREADABLE' }],
    });
  });

  it('[SEC-yaml-bombs] are refused for bombs and for depth, quickly', () => {
    const levels = Array.from(
      { length: 25 },
      (_, index) => `l${index}: &l${index} [${`*l${index - 1}, `.repeat(index === 0 ? 0 : 9)}x]`,
    );
    const started = performance.now();
    expect(parseSource('a.yaml', levels.join('\n')).diagnostics[0]?.message).toMatch('expands to too much');
    expect(parseSource('a.yaml', `a: ${'['.repeat(2_000)}${']'.repeat(2_000)}`).diagnostics[0]?.message).toMatch(
      'nested',
    );
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('whatever the bytes, parsing ends with documents or with diagnostics', () => {
    const piece = fc.constantFrom(
      ...'{}[]&*!|>:-?#%@`"\'\\, \n\t'.split(''),
      'a',
      'b',
      '<<',
      '---\n',
      '*a',
      '&a ',
      '  ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const { documents, diagnostics } = parseSource('a.yaml', pieces.join(''));
        expect(documents.length === 0 || diagnostics.length === 0).toBe(true);
        for (const document of documents) expect(document.locate(['a', 0, 'b'], { offset: 3 }).line).toBeGreaterThan(0);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('secrets in excerpts', () => {
  const secret = 'hunter2';
  const wrap = (body: string) => `apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n${body}`;

  it.each([
    ['in a Secret', wrap(`stringData:\n  anything: ${secret}\n`)],
    ['in a Secret, in flow', wrap(`stringData: {a: ${secret}, b: "${secret}"}\n`)],
    ['in a Secret of a List', `kind: List\nitems:\n  - kind: Secret\n    stringData:\n      a: ${secret}\n`],
    ['in a block', wrap(`stringData:\n  pem: |\n    first\n    ${secret}\n`)],
    ['under a telling key', `spec: {plugin: {jwt: {signingSecret: ${secret}}}}\n`],
    ['in a header', `customRequestHeaders:\n  Authorization: Bearer ${secret}\n`],
    ['among users', `users:\n  - "alice:${secret}"\n`],
    ['in a list of passwords', `passwords: [a, ${secret}]\n`],
    ['through an alias', `other: &x ${secret}\nsigningSecret: *x\n`],
  ])('[SEC-no-secrets-in-diagnostics] are covered %s', (_, text) => {
    const document = only(text);
    const lines = text
      .split('\n')
      .map((line, index) => [line, document.line({ file: 'a.yaml', line: index + 1, column: 1 })] as const);
    for (const [line, shown] of lines) {
      expect(shown).not.toContain(secret);
      expect(shown).toHaveLength(line.length);
    }
  });

  it.each([
    ['a reference', 'signingSecret: urn:k8s:secret:a:b'],
    ['a name', 'secretName: my-certificate'],
    ['a switch', 'forwardAuthorization: false'],
    ['a rule', 'match: Host(`token.example`)'],
  ])('%s is shown', (_, text) => {
    expect(only(text).line({ file: 'a.yaml', line: 1, column: 1 })).toBe(text);
  });

  it.each([
    wrap(`stringData:\n  a: [${secret}\n`),
    wrap(`stringData:\n  a: "${secret}\n`),
    wrap(`stringData:\n  a: b: ${secret}\n`),
    wrap(`stringData:\n  a: |\n   ok\n  ${secret}\n`),
    `signingSecret: [${secret}\nb: c\n`,
    `signingSecret: ${secret}: b\n`,
    `Authorization: "${secret}" "${secret}"\n`,
    `password: &x !tag ${secret}\n`,
  ])('are covered in a file that cannot be parsed: %j', (text) => {
    const { diagnostics } = parseSource('a.yaml', text);
    expect(diagnostics.length).toBeGreaterThan(0);
    expect(diagnostics.map(formatDiagnostic).join('\n')).not.toContain(secret);
  });
});
