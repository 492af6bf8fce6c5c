import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
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

  test('there is a pair for every finding and every format', () => {
    const told = names.map((name) => readFileSync(join(folder, name, 'expected.txt'), 'utf8')).join('\n');
    for (const code of [
      'UNREACHABLE',
      'CONTRADICTION',
      'HOLLOW_ITEM',
      'ANY_METHOD',
      'BARE_NEGATION',
      'DELIMITER',
      'PATH_PREFIX',
      'OPEN_DEFAULT',
      'UNKNOWN_CLAIM',
      'UNKNOWN_TOOL',
      'CONSTANT',
    ]) {
      expect(told).toContain(`[POLICY_${code}]`);
    }
    for (const format of ['TAP version 14', '<?xml', '| --- |', '"verdict"', '"changes"'])
      expect(told).toContain(format);
  });
});

describe('[G-12.policy-tests] the examples', () => {
  test('hold the cases beside them', async () => {
    const examples = join(import.meta.dirname, '../../examples');
    expect(await run(examples, ['test', '--coverage', '100', '--mutate'])).toMatch(/ 0 failed\n(?:.*\n)*exit 0\n$/);
  });
});
