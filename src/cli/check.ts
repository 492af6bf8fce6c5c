import { errorsOf } from '../config/runtime/status.ts';
import { type Diagnostic, formatDiagnostic } from '../errors.ts';
import { checkPaths } from '../gateway/check.ts';
import type { CommandDefinition } from './command.ts';
import { exitCode } from './exit-code.ts';
import { readInstallOptions, settingForPath } from './install-options.ts';

export const command: CommandDefinition = {
  takesInstallOptions: true,
  configure(check) {
    check
      .argument('[paths...]', 'files and folders with routing objects; without any, those of the install options')
      .option('--json', 'problems as a JSON array')
      .option('--strict', 'warnings fail the check, too')
      .addHelpText(
        'after',
        `
Builds everything as a start would, opens no port and asks no upstream. Exit code 0 when nothing is wrong, 3 otherwise.

Examples:
  portcullis check ./routes
  portcullis check ./routes/*.yaml --strict`,
      );
  },
  async execute(invocation) {
    const { operands, options, cwd } = invocation;
    for (const path of operands) settingForPath(path, cwd);
    const loaded = readInstallOptions(invocation);
    const tell = (problems: readonly Diagnostic[]): void => {
      if (options['json'] === true) invocation.out(`${JSON.stringify(problems, undefined, 2)}\n`);
      else for (const problem of problems) invocation.err(`${formatDiagnostic(problem)}\n`);
    };
    if (!loaded.ok) {
      tell(loaded.diagnostics);
      return exitCode.configuration;
    }
    const { file } = loaded.configuration.providers;
    const configured = [file?.filename, file?.directory].filter((path) => path !== undefined);
    const paths = operands.length > 0 ? operands : configured;
    const status = await checkPaths(loaded.configuration, paths);

    const found = [...status.refused, ...status.problems, ...status.items.flatMap((item) => item.problems)];
    const problems = unique([...loaded.warnings, ...found]);
    const errors = unique(errorsOf(status)).length;
    tell(problems);
    const warnings = problems.filter(({ severity }) => severity === 'warning').length;
    const routers = status.items.filter((item) => item.kind === 'router').length;
    const extent =
      status.refused.length > 0 && status.items.length === 0
        ? '; nothing else was checked, since what cannot be read may hold what the rest needs'
        : ` in ${count(routers, 'router')}, ${count(status.items.length - routers, 'other item')}`;
    const told = `${count(errors, 'error')}, ${count(warnings, 'warning')}${extent}`;
    if (options['json'] !== true)
      invocation.out(`${told}${paths.length === 0 ? ' (no routing configuration was named)' : ''}\n`);
    return errors > 0 || (options['strict'] === true && warnings > 0) ? exitCode.configuration : exitCode.ok;
  },
};

/** A problem can concern several items; it is told once. */
function unique(problems: readonly Diagnostic[]): Diagnostic[] {
  return [...new Map(problems.map((problem) => [formatDiagnostic(problem), problem])).values()];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
