import type { Reporter, TestModule } from 'vitest/node';
import { canaryKinds, outputKinds, searchOutputs } from './canaries.ts';

/** How many failures are named at the end, and characters of each: the end of a long log is what people see first. */
const named = 8;
const longest = 240;
/** Test files from which on a run is taken for a whole one, and bytes that gateways write at least in such a run. */
const wholeRun = 150;
const leastOutput = 1_000_000;
const leastSecrets = 100;

/**
 * Searches everything that gateways have written in the run for the secrets of the run, prints what failed, shortly, and
 * the plain closing line that continuous integration reads: `N passed, N failed, N skipped`. The search counts as a test.
 */
export default class ClosingLineReporter implements Reporter {
  readonly #outputs: () => string | undefined;

  constructor(options: { readonly outputs?: string } = {}) {
    this.#outputs = () => options.outputs ?? process.env['TEST_OUTPUTS'];
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly { readonly message?: string }[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    const failures: string[] = [];
    const note = (where: string, error: { readonly message?: string } | undefined): void => {
      count.failed += 1;
      failures.push(`${where}: ${error?.message ?? ''}`.replaceAll(/\s+/g, ' ').slice(0, longest));
    };
    for (const module of modules) {
      const [broken] = module.errors();
      if (broken !== undefined) note(module.relativeModuleId, broken);
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        if (state === 'passed') count.passed += 1;
        else if (state === 'failed') note(`${module.relativeModuleId} > ${test.fullName}`, errors[0]);
        else count.skipped += 1;
      }
    }
    for (const error of unhandledErrors) note('outside of any test', error);
    const leak = this.#search(modules.length);
    if (leak === true) count.passed += 1;
    else if (leak !== undefined) {
      note('secrets in logs, records, metrics and payloads', { message: leak });
      process.exitCode = 1;
    }
    const list = failures.slice(0, named).map((failure) => `FAILED ${failure}\n`);
    process.stdout.write(
      `\n${list.join('')}${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`,
    );
  }

  /** True when nothing was found, undefined when there was nothing to search, else what is wrong. */
  #search(files: number): true | string | undefined {
    const folder = this.#outputs();
    if (folder === undefined) return undefined;
    const { canaries, outputs, kept, leaks } = searchOutputs(folder);
    const bytes = sum(kept);
    const secrets = sum(canaries);
    if (files >= wholeRun) {
      const missing = [
        ...canaryKinds.filter((kind) => canaries[kind] === 0),
        ...outputKinds.filter((kind) => kept[kind] === 0),
      ];
      if (missing.length > 0) return `a whole run without any ${missing.join(', ')}: they are not collected any more`;
      if (bytes < leastOutput || secrets < leastSecrets)
        return `only ${secrets} secrets and ${bytes} bytes of output in a whole run: they are not collected any more`;
    }
    const [first] = leaks;
    if (first !== undefined) {
      for (const { output, canary, context } of leaks.slice(0, named))
        process.stdout.write(`LEAK of ${canary} in ${output}: …${context}…\n`);
      return `${leaks.length} times, first in ${first.output}: ${first.canary}`;
    }
    if (bytes === 0 || secrets === 0) return undefined;
    process.stdout.write(
      `\nno secret found: ${list(canaries)} searched for in ${outputs} outputs, bytes of each kind: ${list(kept)}\n`,
    );
    return true;
  }
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function list(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}
