import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

test('[G-docs.dependencies] every runtime dependency has a reason, and no reason is left over', () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const page = readFileSync(join(root, 'docs/dependencies.md'), 'utf8');
  const named = [...page.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );
  const covers = (name: string): boolean =>
    named.some((one) => (one.endsWith('/*') ? name.startsWith(one.slice(0, -1)) : one === name));
  expect(Object.keys(dependencies).filter((name) => !covers(name))).toEqual([]);
  expect(named.filter((one) => !one.endsWith('/*') && dependencies[one] === undefined)).toEqual([]);
  for (const [name, version] of Object.entries(dependencies)) expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
});
