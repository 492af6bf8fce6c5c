import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { requirements } from './requirements.ts';

const root = join(import.meta.dirname, '..');
const citation = /['"`]\[([A-Z]+-[A-Za-z0-9.-]+)\]/g;

function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? testFiles(path) : entry.name.endsWith('.test.ts') ? [path] : [];
  });
}

const cited = new Set<string>();
for (const folder of ['src', 'test', 'demo', 'scripts']) {
  for (const file of testFiles(join(root, folder))) {
    for (const match of readFileSync(file, 'utf8').matchAll(citation)) cited.add(match[1] as string);
  }
}

describe('requirements', () => {
  test('there are many, each defined once', () => {
    const ids = requirements.map((one) => one.id);
    expect(ids.length).toBeGreaterThan(100);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  test('each is cited by a test', () => {
    expect(requirements.map((one) => one.id).filter((id) => !cited.has(id))).toEqual([]);
  });

  test('each cited id is defined', () => {
    const known = new Set<string>(requirements.map((one) => one.id));
    expect([...cited].filter((id) => !known.has(id))).toEqual([]);
  });

  test('each says where it comes from and what must happen', () => {
    for (const one of requirements) {
      expect(one.source, one.id).not.toBe('');
      expect(one.behaviour.length, one.id).toBeGreaterThan(15);
    }
  });
});
