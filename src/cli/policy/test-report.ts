import type { Miss } from './run-case.ts';

/** One case with what came of it. */
export interface CaseResult {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly title: string;
  /** Undefined: it holds. */
  readonly miss: Miss | undefined;
}

/** Everything a run found. */
export interface TestRun {
  readonly results: readonly CaseResult[];
  /** Milliseconds. */
  readonly duration: number;
}

export type ReportFormat = 'human' | 'tap' | 'junit';

/** Writes a run as text for people, as TAP version 14, or as JUnit XML. */
export const reports: Readonly<Record<ReportFormat, (run: TestRun) => string>> = { human, tap, junit };

function human({ results }: TestRun): string {
  const failed = results.filter(({ miss }) => miss !== undefined);
  const lines = failed.flatMap(({ file, line, column, title, miss }) => [
    `${file}:${line}:${column}: FAIL ${title}`,
    `  expected ${miss?.expected}`,
    `  actual   ${miss?.actual}`,
    ...(miss?.detail ?? []).map((detail) => `  because  ${detail}`),
    '',
  ]);
  const files = new Set(results.map(({ file }) => file)).size;
  const told = `${count(results.length, 'case')} in ${count(files, 'file')}: ${results.length - failed.length} passed, ${failed.length} failed`;
  return `${[...lines, told].join('\n')}\n`;
}

/** https://testanything.org/tap-version-14-specification.html */
function tap({ results }: TestRun): string {
  const lines = ['TAP version 14', `1..${results.length}`];
  results.forEach(({ file, line, column, title, miss }, index) => {
    lines.push(`${miss === undefined ? 'ok' : 'not ok'} ${index + 1} - ${tapText(title)}`);
    if (miss === undefined) return;
    const entries = {
      at: `${file}:${line}:${column}`,
      expected: miss.expected,
      actual: miss.actual,
      ...(miss.detail.length === 0 ? {} : { because: miss.detail.join('; ') }),
    };
    lines.push(
      '  ---',
      ...Object.entries(entries).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`),
      '  ...',
    );
  });
  return `${lines.join('\n')}\n`;
}

function tapText(text: string): string {
  return text.replaceAll('\n', ' ').replace(/[\\#]/g, '\\$&');
}

function junit({ results, duration }: TestRun): string {
  const byFile = Map.groupBy(results, ({ file }) => file);
  const failures = (some: readonly CaseResult[]) => some.filter(({ miss }) => miss !== undefined).length;
  const seconds = (duration / 1000).toFixed(3);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="portcullis policy test" tests="${results.length}" failures="${failures(results)}" time="${seconds}">`,
  ];
  for (const [file, some] of byFile) {
    lines.push(`  <testsuite name="${xml(file)}" tests="${some.length}" failures="${failures(some)}">`);
    for (const { title, line, column, miss } of some) {
      const open = `    <testcase name="${xml(title)}" classname="${xml(file)}" file="${xml(file)}"`;
      if (miss === undefined) {
        lines.push(`${open}/>`);
        continue;
      }
      const told = [`${file}:${line}:${column}`, `expected ${miss.expected}`, `actual ${miss.actual}`, ...miss.detail];
      const message = `expected ${miss.expected}, got ${miss.actual}`;
      lines.push(
        `${open} line="${line}">`,
        `      <failure message="${xml(message)}">${xml(told.join('\n'))}</failure>`,
        '    </testcase>',
      );
    }
    lines.push('  </testsuite>');
  }
  return `${[...lines, '</testsuites>'].join('\n')}\n`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
};

function xml(text: string): string {
  // XML 1.0 has no way to write the other control characters.
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '�')
    .replace(/[&<>"\n]/g, (character) => entities[character] ?? character);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
