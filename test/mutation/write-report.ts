/**
 * Writes `docs/mutation.md` from Stryker's JSON reports: `node test/mutation/write-report.ts reports/mutation/*.json`. A mutant
 * counts as noticed only when a test failed or ran out of time under it; those that no test reaches, that were left out and
 * that ended in an error count as unnoticed. Of a file that stands in several reports, the last one counts. Reasons for which
 * there is no change any more are told.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Reason, reasons } from './reasons.ts';

interface Mutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly location: { readonly start: { readonly line: number } };
}
interface MutatedFile {
  readonly source: string;
  readonly mutants: readonly Mutant[];
}

const noticed = new Set(['Killed', 'Timeout']);
/** What the compiler refuses is no program. */
const invalid = new Set(['CompileError']);

const files = new Map<string, MutatedFile>();
for (const report of process.argv.slice(2)) {
  const { files: reported } = JSON.parse(readFileSync(report, 'utf8')) as { files: Record<string, MutatedFile> };
  for (const [name, file] of Object.entries(reported)) files.set(name, file);
}

const oneLine = (text: string) => {
  const short = text.replace(/\s+/g, ' ').trim();
  return short.length > 70 ? `${short.slice(0, 69)}…` : short;
};
const code = (text: string) => `\`\` ${oneLine(text).replaceAll('|', '\\|')} \`\``;

const scores: string[] = [];
const survivors: string[] = [];
const given = new Set<Reason>();
const sum = { all: 0, noticed: 0, reasoned: 0 };
for (const [name, { source, mutants }] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const lines = source.split('\n');
  const valid = mutants.filter(({ status }) => !invalid.has(status));
  const left = valid.filter(({ status }) => !noticed.has(status));
  sum.all += valid.length;
  sum.noticed += valid.length - left.length;
  scores.push(`| ${name} | ${valid.length} | ${left.length} | ${percent(valid.length - left.length, valid.length)} |`);
  for (const { location, replacement = '', status } of left) {
    const line = lines[location.start.line - 1] ?? '';
    const reason = reasons.find(
      (one) => one.file === name && one.line.test(line) && one.to?.test(replacement) !== false,
    );
    const why = reason?.why;
    if (reason !== undefined) {
      sum.reasoned += 1;
      given.add(reason);
    }
    const said = status === 'Survived' ? (why ?? '') : `${status}. ${why ?? ''}`.trim();
    survivors.push(
      `| ${name.replace('src/', '')}:${location.start.line} | ${code(line)} | ${code(replacement)} | ${said} |`,
    );
  }
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
}

const root = join(import.meta.dirname, '../..');
const unmeasured = globSync(['src/policy/*.ts', 'src/policy/judgement/*.ts', 'src/expression/*.ts'], { cwd: root })
  .filter((name) => !name.endsWith('.test.ts') && !name.endsWith('/index.ts') && !files.has(name))
  .sort();
const partial =
  unmeasured.length === 0
    ? ''
    : `\nNot in the table: ${unmeasured.map((name) => `\`${name}\``).join(', ')}, with nothing to change in it, or not measured.\n`;

const page = `# Mutation testing of the policy engine

\`make mutation\` changes \`src/expression\` and \`src/policy\` in every way that Stryker knows, one change at a time, and sees whether a
test fails. \`src/policy/analysis\` is left out: it is held to brute force over small worlds instead
(\`test/policy/reach.test.ts\`, \`test/policy/diff.test.ts\`). Each change is first tried on a fixed corpus of the reference interpreter
(\`test/reference\`), then on the tests. Changes that no test reaches, and runs that ended in an error, count as unnoticed.

**${percent(sum.noticed, sum.all)}** of ${sum.all} changes are noticed. Of the ${sum.all - sum.noticed} others, ${sum.reasoned} have a reason below.
${partial}
| File | Changes | Unnoticed | Score |
|---|---|---|---|
${scores.join('\n')}

## What no test notices

| Line | Source | Changed to | Why that is no gap |
|---|---|---|---|
${survivors.join('\n')}
`;
writeFileSync(join(root, 'docs/mutation.md'), page);
process.stdout.write(`${percent(sum.noticed, sum.all)} of ${sum.all}\n`);
for (const reason of reasons) {
  if (files.has(reason.file) && !given.has(reason))
    process.stdout.write(`no such change: ${reason.file} ${reason.line} ${reason.to ?? ''}\n`);
}
