import type { Reporter, TestModule } from 'vitest/node';

/** How many failures are named at the end, and characters of each: the end of a long log is what people see first. */
const named = 8;
const longest = 240;

/** Prints what failed, shortly, and the plain closing line that continuous integration reads: `N passed, N failed, N skipped`. */
export default class ClosingLineReporter implements Reporter {
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
    const list = failures.slice(0, named).map((failure) => `FAILED ${failure}\n`);
    process.stdout.write(
      `\n${list.join('')}${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`,
    );
  }
}
