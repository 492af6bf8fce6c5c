import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../http/refusal.ts';
import { noEncodedCharacters } from './options.ts';
import { normaliseTarget, parseAuthority } from './request-target.ts';

describe('[DP-2.paths] normalising a target', () => {
  test.each([
    ['/', '/', ''],
    ['/deepwiki-mcp/mcp', '/deepwiki-mcp/mcp', ''],
    ['/a?b=c&d', '/a', '?b=c&d'],
    ['/%61%2D%7e', '/a-~', ''],
    ['/caf%c3%a9', '/caf%C3%A9', ''],
    ['/a%20b', '/a%20b', ''],
    ['/a//b', '/a//b', ''],
    ['/a;b=c', '/a;b=c', ''],
    ['/...', '/...', ''],
    ['/.well-known/x', '/.well-known/x', ''],
    ['http://mcp.localhost/x?y', '/x', '?y'],
    ['HTTP://mcp.localhost', '/', ''],
  ])('%s', (target, path, query) => {
    expect(normaliseTarget(target, noEncodedCharacters)).toMatchObject({ path, query });
  });

  test.each([
    ['/..'],
    ['/a/../b'],
    ['/a/..'],
    ['/./a'],
    ['/a/.'],
    ['/%2e%2e/a'],
    ['/a/.%2E/b'],
    ['/a%2fb'],
    ['/a%2Fb'],
    ['/a%5cb'],
    ['/a\\b'],
    ['/a%00'],
    ['/a%25b'],
    ['/a%2'],
    ['/a%zz'],
    ['/a%0d%0ab'],
    ['/a#b'],
    ['/a?b#c'],
    ['/ä'],
    ['*'],
    ['a/b'],
    [''],
    ['ftp://x/y'],
    ['javascript:alert(1)'],
  ])('%s is refused', (target) => {
    expect(() => normaliseTarget(target, noEncodedCharacters)).toThrow(Refusal);
  });

  test('each opt-in lets exactly its character through, still encoded', () => {
    const table = { slash: '%2F', backslash: '%5C', nul: '%00', percent: '%25' } as const;
    for (const [name, text] of Object.entries(table)) {
      const allowed = normaliseTarget(`/a${text}b`, { ...noEncodedCharacters, [name]: true });
      expect(allowed.path).toBe(`/a${text}b`);
      for (const other of Object.values(table).filter((one) => one !== text)) {
        expect(() => normaliseTarget(`/a${other}b`, { ...noEncodedCharacters, [name]: true })).toThrow(Refusal);
      }
    }
  });

  test('normalising twice changes nothing, and no accepted path can be climbed out of', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('/', '.', '%', '2', 'e', 'E', 'f', '5', 'c', 'a', '0', '\\', ';', ' ') }),
        (text) => {
          let once: ReturnType<typeof normaliseTarget>;
          try {
            once = normaliseTarget(`/${text}`, noEncodedCharacters);
          } catch (error) {
            expect(error).toBeInstanceOf(Refusal);
            return;
          }
          expect(normaliseTarget(once.path, noEncodedCharacters).path).toBe(once.path);
          const decoded = decodeURIComponent(once.path.replace(/%(?:[89A-F][0-9A-F])/gi, 'x'));
          expect(decoded.split('/')).not.toContain('..');
          expect(decoded).not.toMatch(/[\\\0]/);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('[DP-2.host] parsing an authority', () => {
  test.each([
    ['mcp.localhost', 'mcp.localhost', undefined],
    ['MCP.Localhost:8000', 'mcp.localhost', 8000],
    ['127.0.0.1:80', '127.0.0.1', 80],
    ['[::1]:443', '::1', 443],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example', undefined],
    ['a_b.example', 'a_b.example', undefined],
  ])('%s', (authority, host, port) => {
    expect(parseAuthority(authority, 'http')).toEqual({ scheme: 'http', authority, host, port });
  });

  test.each([
    [''],
    ['a/b?'],
    ['a b'],
    ['user@host'],
    ['host:'],
    ['host:99999'],
    ['host:0'],
    ['[::1'],
    ['[zz]'],
    ['-a'],
    ['a..b:1:2'],
    ['é'],
    ['a,b'],
  ])('%s is refused', (authority) => {
    expect(() => parseAuthority(authority, 'http')).toThrow(Refusal);
  });
});

const corpus = join(
  process.env['PORTCULLIS_CORPORA'] ?? join(import.meta.dirname, '../../../shared/corpora'),
  'url/urltestdata.json',
);

describe('[SEC-url-corpus] public URL test data', () => {
  test.skipIf(!existsSync(corpus))('no accepted target keeps anything that another parser reads differently', () => {
    const cases = JSON.parse(readFileSync(corpus, 'utf8')) as (string | { input: string })[];
    let accepted = 0;
    for (const one of cases) {
      if (typeof one === 'string') continue;
      for (const target of [one.input, `/${one.input}`, one.input.replace(/^[a-z]+:\/\/[^/]*/i, '')]) {
        try {
          const { path } = normaliseTarget(target, noEncodedCharacters);
          accepted += 1;
          expect(path.startsWith('/')).toBe(true);
          expect(path).not.toMatch(/(?:^|\/)\.{1,2}(?:\/|$)|%2f|%5c|%00|%25|\\|[^\x21-\x7e]/i);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          expect(error.status).toBe(400);
        }
      }
    }
    expect(accepted).toBeGreaterThan(100);
  });
});
