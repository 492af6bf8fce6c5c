import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Option } from 'commander';
import { CoverageRecorder, coverageShare } from '../../policy/analysis/index.ts';
import { type CommandDefinition, UsageError } from '../command.ts';
import { exitCode } from '../exit-code.ts';
import { coverageLines } from './coverage-report.ts';
import { survivorsOf } from './mutation-report.ts';
import { coverCase, runCase } from './run-case.ts';
import { findCaseFiles, readGroups, type TestGroup } from './test-groups.ts';
import { type CaseResult, type ReportFormat, reports, type TestRun } from './test-report.ts';

export const command: CommandDefinition = {
  configure(test) {
    test
      .argument(
        '[files...]',
        'test files, or folders with files named *.policy-test.yaml; without any, the current folder',
      )
      .addOption(
        new Option('--format <format>', 'how results are written').choices(['human', 'tap', 'junit']).default('human'),
      )
      .option('--output <file>', 'write the results to a file')
      .option(
        '--coverage [percent]',
        'tell which rules never decide and which conditions never vary; fail below a share',
      )
      .option('--mutate', 'put small mistakes into the policies and tell which of them no case notices')
      .addHelpText(
        'after',
        `
A test file stands in a folder policy-tests within that of the manifests it is about (where kubectl apply -f does
not look), or beside them:

  policies: ../04-mcp.yaml               # file or folder; default: the folder of the manifests
  callers:
    developer: { groups: [developer] }
  cases:
    - caller: developer
      call: { tool: read_wiki_contents, arguments: { repoName: acme/site } }
      expect: deny
      rule: default
    - caller: developer
      offered: { tools: [read_wiki_structure, read_wiki_contents] }
      visible: { tools: [read_wiki_structure] }

Requests: call, prompt, read, subscribe, complete, list, method (with params), message, event.
Exit code 0 when every case holds, 1 otherwise, 3 when a file is wrong.

Examples:
  portcullis policy test
  portcullis policy test ./routes --coverage 90 --mutate
  portcullis policy test ./routes --format junit --output results.xml`,
      );
  },
  async execute({ operands, options, out, err, cwd }) {
    const format = String(options['format'] ?? 'human') as ReportFormat;
    const threshold = coverageThreshold(options['coverage']);
    const files = findCaseFiles(operands, cwd);
    if (files.length === 0) {
      const where = operands.length > 0 ? `in ${operands.join(', ')}` : 'here';
      throw new UsageError(
        `there is no *.policy-test.yaml ${where}: write one (the help shows how) or name another folder`,
      );
    }
    const groups = await readGroups(files, cwd);
    const run = runGroups(groups, files);
    const report = reports[format](run);
    if (typeof options['output'] === 'string') {
      writeReport(resolve(cwd, options['output']), report);
      if (format !== 'human') err(reports.human(run));
    } else {
      out(report);
    }
    let failed = run.results.some(({ miss }) => miss !== undefined);

    // What follows would break a format that a program reads.
    const tell = format === 'human' && options['output'] === undefined ? out : err;
    if (options['coverage'] !== undefined) {
      for (const { written, cases } of groups) {
        const recorder = new CoverageRecorder(written.policies);
        for (const { prepared } of cases) coverCase(recorder, prepared);
        const coverage = recorder.report();
        tell(`${coverageLines(written, coverage).join('\n')}\n`);
        if (coverageShare(coverage) * 100 >= threshold) continue;
        tell(`coverage is below ${threshold} %\n`);
        failed = true;
      }
    }
    if (options['mutate'] === true) {
      if (failed && run.results.some(({ miss }) => miss !== undefined)) {
        tell('mutation: first make every case hold\n');
      } else {
        for (const group of groups) {
          const { lines, survivors } = survivorsOf(group);
          tell(`${lines.join('\n')}\n`);
          if (survivors > 0) failed = true;
        }
      }
    }
    return failed ? exitCode.failed : exitCode.ok;
  },
};

/** Runs every case, and puts results in the order of the files. */
export function runGroups(groups: readonly TestGroup[], files: readonly string[]): TestRun {
  const started = performance.now();
  const results: (CaseResult & { readonly index: number })[] = [];
  for (const { written, cases } of groups) {
    for (const { file, prepared } of cases) {
      const miss = runCase(written.policies, prepared);
      const { index } = prepared.case;
      // Looking a place up takes longer than running a case.
      const place = miss === undefined ? { line: 0, column: 0 } : file.place(['cases', index, miss.key]);
      results.push({ file: file.path, line: place.line, column: place.column, title: prepared.title, miss, index });
    }
  }
  if (groups.length > 1) {
    const order = new Map(files.map((file, position) => [file, position]));
    results.sort((a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.index - b.index);
  }
  return { results, duration: performance.now() - started };
}

function writeReport(path: string, report: string): void {
  try {
    writeFileSync(path, report);
  } catch (error) {
    throw new UsageError(
      `--output: ${path} cannot be written (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}

function coverageThreshold(option: unknown): number {
  if (typeof option !== 'string') return 0;
  const percent = Number(option.replace(/%$/, ''));
  if (!(percent >= 0 && percent <= 100))
    throw new UsageError(`--coverage takes a share between 0 and 100: got ${option}`);
  return percent;
}
