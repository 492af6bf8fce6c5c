import { existsSync, globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { carryOut } from '../../src/cli/main.ts';

const folder = join(import.meta.dirname, 'fixtures');
const update = process.env['UPDATE_FIXTURES'] === '1';

/** Runs `portcullis policy …` in a folder; gives everything it wrote, without what differs from machine to machine. */
async function run(cwd: string, argv: readonly string[]): Promise<string> {
  let written = '';
  const take = (text: string): void => {
    written += text;
  };
  const code = await carryOut(['policy', ...argv], { out: take, err: take, env: {}, cwd });
  const plain = written
    .replaceAll(`${cwd}/`, '')
    .replaceAll(`${relative(process.cwd(), cwd)}/`, '')
    .replace(/time="[0-9.]+"/g, 'time="…"');
  return `${plain}exit ${code}\n`;
}

/** Words of a command line; JSON in it has no blanks. */
function wordsOf(line: string): string[] {
  return line.trim().split(' ');
}

describe('[PL-4.policy-tools] policy tools', () => {
  const names = readdirSync(folder).sort();

  test.each(names)('%s', async (name) => {
    const cwd = join(folder, name);
    const expectedFile = join(cwd, 'expected.txt');
    const actual = await run(cwd, wordsOf(readFileSync(join(cwd, 'command.txt'), 'utf8')));
    if (update) writeFileSync(expectedFile, actual);
    expect(actual).toBe(existsSync(expectedFile) ? readFileSync(expectedFile, 'utf8') : '');
  });

  test('there is a pair for every format', () => {
    const told = names.map((name) => readFileSync(join(folder, name, 'expected.txt'), 'utf8')).join('\n');
    for (const format of ['TAP version 14', '<?xml', '| --- |', '"verdict"', '"changes"'])
      expect(told).toContain(format);
  });
});

describe('[PL-4.lint-pairs] every finding of lint, and the form that is safe', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/policy-testing.md'), 'utf8');
  const codes = [...page.matchAll(/^\| `(POLICY_[A-Z_]+)` \|/gm)].map(([, code = '']) => code);

  test('the page names them', () => {
    expect(codes.length).toBeGreaterThanOrEqual(11);
  });

  test.each(codes)('%s', async (code) => {
    const cwd = join(folder, `lint-${code.slice('POLICY_'.length).toLowerCase().replaceAll('_', '-')}`);
    const command = readFileSync(join(cwd, 'command.txt'), 'utf8');
    expect(await run(cwd, wordsOf(command))).toContain(`[${code}]`);
    const safe = await run(cwd, wordsOf(command.replace('policy.yaml', 'safe.yaml')));
    expect(safe).not.toContain(`[${code}]`);
    expect(safe).toMatch(/ in the policies of 1 middleware\nexit \d\n$/);
  });
});

describe('[G-12.policy-tests] the examples', () => {
  test('[G-12.tests-apart] a folder of manifests holds manifests only, its tests in a folder within', () => {
    const examples = join(import.meta.dirname, '../../examples');
    const found = globSync('*/**/*', { cwd: examples }).filter((path) => /\.(?:ya?ml|json)$/.test(path));
    expect(found.filter((path) => path.includes('.policy-test.')).length).toBeGreaterThan(3);
    for (const path of found) {
      const text = readFileSync(join(examples, path), 'utf8');
      if (path.includes('.policy-test.')) expect(path).toMatch(/^[^/]+\/policy-tests\/[^/]+$/);
      else for (const document of parseAllDocuments(text)) expect(document.has('kind'), path).toBe(true);
    }
  });

  test('hold the cases beside them', async () => {
    const examples = join(import.meta.dirname, '../../examples');
    expect(await run(examples, ['test', '--coverage', '100', '--mutate'])).toMatch(/ 0 failed\n(?:.*\n)*exit 0\n$/);
  });
});
