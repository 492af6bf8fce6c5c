import type { Command } from 'commander';
import type { WrittenSetting } from '../config/static/setting.ts';
import type { ExitCode } from './exit-code.ts';

/** The outside world of a command, so that tests can bring their own. */
export interface Surroundings {
  out(text: string): void;
  err(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** What a command was called with. */
export interface Invocation extends Surroundings {
  readonly operands: readonly string[];
  /** Values of the command's own options, by their long name in camel case. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Install options on the command line, for commands that take them. */
  readonly install: readonly WrittenSetting[];
}

/** A command of the command line: one file, and one line in `commands.ts` (or in the table of its group). */
export interface CommandDefinition {
  /** True when install options (`--entryPoints.web.address=:80`) may stand among its arguments. */
  readonly takesInstallOptions?: boolean;
  /** Adds arguments, options and examples. */
  configure(command: Command): void;
  execute(invocation: Invocation): Promise<ExitCode>;
}

/** A line in a table of commands. The module is loaded only when the command is called. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<{ readonly command: CommandDefinition } | { readonly group: readonly CommandEntry[] }>;
}

/** A command line that cannot be carried out as it is written. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
