import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { parseSource } from '../../src/config/source/parse-source.ts';
import { readBlocks } from './blocks.ts';

const root = join(import.meta.dirname, '../..');

function pages(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return pages(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

const all = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'].map((name) => join(root, name)),
  ...pages(join(root, 'docs')),
];

test.each(all.map((path) => [path.slice(root.length + 1), path] as const))(
  '[G-docs.links] links in %s lead somewhere',
  (_name, path) => {
    const text = readFileSync(path, 'utf8').replace(/^```[\s\S]*?^```/gm, '');
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file = '', anchor] = target.split('#');
      const resolved = file === '' ? path : join(dirname(path), file);
      expect(existsSync(resolved), `${target} in ${path}`).toBe(true);
      if (anchor === undefined || !resolved.endsWith('.md')) continue;
      const headings = [...readFileSync(resolved, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replace(/[^\p{L}\p{N} _-]/gu, '')
          .replaceAll(' ', '-'),
      );
      expect(headings, `${target} in ${path}`).toContain(anchor);
    }
  },
);

test.each(all.map((path) => [path.slice(root.length + 1), path] as const))(
  '[G-docs.yaml] YAML in %s is well-formed',
  (_name, path) => {
    for (const block of readBlocks(readFileSync(path, 'utf8')).filter(({ language }) => language === 'yaml')) {
      expect(parseSource(`line ${block.line}`, block.text).diagnostics).toEqual([]);
    }
  },
);
