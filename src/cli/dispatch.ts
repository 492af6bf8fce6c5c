import { Command, CommanderError } from 'commander';
import { nearest } from '../errors.ts';
import { type CommandDefinition, type CommandEntry, type Surroundings, UsageError } from './command.ts';
import { type ExitCode, exitCode } from './exit-code.ts';

/** Calls the command `name` of a table; `parents` are the words before it. */
export async function dispatch(
  entry: CommandEntry,
  argv: readonly string[],
  surroundings: Surroundings,
  parents: readonly string[],
): Promise<ExitCode> {
  const words = [...parents, entry.name];
  const loaded = await entry.load();
  if ('command' in loaded) return execute(loaded.command, words, entry.summary, argv, surroundings);
  const [first, ...rest] = argv;
  const chosen = loaded.group.find((each) => each.name === first);
  if (chosen !== undefined) return dispatch(chosen, rest, surroundings, words);
  const help = groupHelp(words.join(' '), entry.summary, loaded.group);
  if (first === '--help' || first === '-h') {
    surroundings.out(help);
    return exitCode.ok;
  }
  if (first === undefined) surroundings.err(help);
  else
    reportUsage(
      surroundings,
      `unknown command ${[...words.slice(1), first].join(' ')}`,
      suggest(first, loaded.group),
      words,
    );
  return exitCode.usage;
}

async function execute(
  definition: CommandDefinition,
  words: readonly string[],
  summary: string,
  argv: readonly string[],
  surroundings: Surroundings,
): Promise<ExitCode> {
  const command = new Command(words.join(' '))
    .description(`${summary}.`)
    .exitOverride()
    .configureOutput({ writeOut: surroundings.out, writeErr: surroundings.err })
    .configureHelp({ helpWidth: 100 })
    .showHelpAfterError(`(see ${words.join(' ')} --help)`);
  definition.configure(command);
  try {
    let own = argv;
    let install: Awaited<ReturnType<typeof takeInstallOptions>>['settings'] = [];
    if (definition.takesInstallOptions === true) {
      command.addHelpText('after', installHelp);
      const separated = await takeInstallOptions(argv, command);
      own = separated.rest;
      install = separated.settings;
    }
    command.parse([...own], { from: 'user' });
    return await definition.execute({ ...surroundings, operands: command.args, options: command.opts(), install });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
    if (!(error instanceof UsageError)) throw error;
    reportUsage(surroundings, error.message, undefined, words);
    return exitCode.usage;
  }
}

const installHelp = `
Install options may stand anywhere: --log.level=DEBUG, --entryPoints.web.address=:80, --providers.file.watch=false.
Names are those of "portcullis config"; the file portcullis.yaml (--configFile) and variables such as
PORTCULLIS_LOG_LEVEL set the same options.`;

async function takeInstallOptions(argv: readonly string[], command: Command) {
  const [{ separateFlags }, { staticSchema }] = await Promise.all([
    import('../config/static/flags.ts'),
    import('../config/static/schema.ts'),
  ]);
  const flags = command.options.flatMap((option) =>
    [option.long, option.short]
      .filter((name) => name !== undefined && name !== null)
      .map((name) => ({ name: name.replace(/^-+/, ''), takesValue: option.required || option.optional })),
  );
  const help = ['help', 'h'].map((name) => ({ name, takesValue: false }));
  return separateFlags(argv, staticSchema, [...flags, ...help]);
}

/** Tells what is wrong with a command line, and where to read more. */
export function reportUsage(
  surroundings: Surroundings,
  message: string,
  hint: string | undefined,
  words: readonly string[] = ['portcullis'],
): void {
  const lines = [
    `error: ${message}`,
    ...(hint === undefined ? [] : [`  = help: ${hint}`]),
    `(see ${words.join(' ')} --help)`,
  ];
  surroundings.err(`${lines.join('\n')}\n`);
}

/** A hint for a command name that does not exist. */
export function suggest(name: string, entries: readonly CommandEntry[]): string {
  const names = entries.map((entry) => entry.name);
  const near = nearest(name, names);
  return near === undefined ? `commands: ${names.join(', ')}` : `did you mean ${near}?`;
}

/** Names and summaries in two columns. */
export function listCommands(entries: readonly CommandEntry[]): string {
  const width = Math.max(...entries.map((entry) => entry.name.length));
  return entries.map((entry) => `  ${entry.name.padEnd(width)}  ${entry.summary}`).join('\n');
}

function groupHelp(name: string, summary: string, group: readonly CommandEntry[]): string {
  return `Usage: ${name} <command> [options]\n\n${summary}.\n\nCommands:\n${listCommands(group)}\n\nMore about a command: ${name} <command> --help\n`;
}
