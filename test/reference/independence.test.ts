import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

/** Every import, export from and dynamic import; what is computed counts as an import of its own text. */
const imports = /(?<![.\w])(?:from|import|require)\s*\(?\s*(['"`][^'"`]*['"`]|[\w$.]+\))/g;

function importsOf(text: string): string[] {
  return Array.from(text.matchAll(imports), ([, from = '']) => from.replace(/^['"`]|['"`]$/g, ''));
}

/** The texts of a file and of all that it imports by relative paths, by file. */
function textsFrom(file: string, texts = new Map<string, string>()): Map<string, string> {
  if (texts.has(file)) return texts;
  texts.set(file, readFileSync(file, 'utf8'));
  for (const from of importsOf(texts.get(file) ?? '')) {
    if (from.startsWith('.')) textsFrom(join(dirname(file), from), texts);
  }
  return texts;
}

describe('[PL-1.independent] the reference', () => {
  const here = import.meta.dirname;
  const texts = textsFrom(join(here, 'judge.ts'));
  const parser = join(here, 'parser.ts');

  test('has nothing but these files, all in this folder, and takes nothing of the engine', () => {
    const files = ['functions.ts', 'interpreter.ts', 'judge.ts', 'parser.ts'].map((name) => join(here, name));
    expect([...texts.keys()].sort()).toEqual(files);
    const packages = [...texts.values()].flatMap(importsOf).filter((from) => !from.startsWith('./'));
    expect(new Set(packages)).toEqual(new Set(['re2js']));
  });

  test('takes at most 300 lines beside its parser, none of them longer than 120 columns', () => {
    const lines = [...texts].flatMap(([file, text]) => (file === parser ? [] : text.trimEnd().split('\n')));
    expect(lines.length).toBeGreaterThan(100);
    expect(lines.length).toBeLessThanOrEqual(300);
    const all = [...texts.values()].flatMap((text) => text.split('\n'));
    expect(all.filter((line) => line.length > 120)).toEqual([]);
  });

  test.each([
    ["import { a } from '../../src/policy/index.ts';", '../../src/policy/index.ts'],
    ["import type { A } from '../x.ts';", '../x.ts'],
    ["export * from '../../src/expression/parse.ts';", '../../src/expression/parse.ts'],
    ["import 'a';", 'a'],
    ["const a = await import('../../src/policy/a.ts');", '../../src/policy/a.ts'],
    ['const a = await import(name);', 'name)'],
    ["const a = require('b');", 'b'],
  ])('an import is seen in %s', (text, from) => {
    expect(importsOf(text)).toEqual([from]);
  });
});
