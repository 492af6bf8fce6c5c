import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { carryOut } from '../../src/cli/main.ts';
import { matchesShown, readBlocks } from '../docs/blocks.ts';

const docs = join(import.meta.dirname, '../../docs');
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe('[PL-4.policy-pages] what the pages show', () => {
  test.each(['guide/policies.md', 'policy-testing.md'])('%s', async (page) => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'portcullis-pages-')));
    folders.push(folder);
    let answer = '';
    let compared = 0;
    for (const { language, file, text, line } of readBlocks(readFileSync(join(docs, page), 'utf8'))) {
      if (file !== undefined) {
        mkdirSync(dirname(join(folder, file)), { recursive: true });
        writeFileSync(join(folder, file), `${text}\n`);
      } else if (language === 'sh') {
        answer = '';
        const take = (written: string): void => {
          answer += written;
        };
        const [program, ...words] = text.trim().split(' ');
        expect(program).toBe('portcullis');
        await carryOut(words, { out: take, err: take, env: {}, cwd: folder });
        answer = answer.replaceAll(`${folder}/`, '').replaceAll(`${relative(process.cwd(), folder)}/`, '');
      } else if (language === 'text') {
        compared += 1;
        expect(matchesShown(text, answer), `${page}:${line} shows another answer than\n${answer}`).toBe(true);
      }
    }
    expect(compared).toBeGreaterThanOrEqual(2);
  });

  test('both pages speak of the same policy', () => {
    const [guide, testing] = ['guide/policies.md', 'policy-testing.md'].map(
      (page) => readBlocks(readFileSync(join(docs, page), 'utf8')).find(({ file }) => file === 'policy.yaml')?.text,
    );
    expect(testing).toBe(guide);
  });

  test('every finding is in the table', () => {
    const page = readFileSync(join(docs, 'policy-testing.md'), 'utf8');
    const source = readFileSync(join(docs, '../src/policy/analysis/lint.ts'), 'utf8');
    for (const [, code] of source.matchAll(/'(POLICY_[A-Z_]+)'/g)) expect(page).toContain(`\`${code}\``);
  });
});
