import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Surroundings } from './command.ts';
import { commands } from './commands.ts';
import { dispatch, listCommands, reportUsage, suggest } from './dispatch.ts';
import { type ExitCode, exitCode } from './exit-code.ts';
import { reportFault } from './report-fault.ts';

/** The entry of `bin/portcullis`: carries out a command line and sets the exit code of the process. */
export default async function main(argv: readonly string[]): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    // A reader that has seen enough (`portcullis schema | head`) is no fault.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  process.exitCode = await carryOut(argv, {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    env: process.env,
    cwd: process.cwd(),
  });
}

/** Finds the command that a command line names and carries it out. Faults that nobody foresaw end here, too. */
export async function carryOut(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const [first, ...rest] = argv;
  try {
    if (first === '--help' || first === '-h' || first === 'help') return await showHelp(rest, surroundings);
    if (first === '--version' || first === '-V') return await call('version', [], surroundings);
    const named = commands.find((entry) => entry.name === first);
    if (named !== undefined) return await dispatch(named, rest, surroundings, ['portcullis']);
    if (first === undefined || first.startsWith('-') || existsSync(resolve(surroundings.cwd, first))) {
      return await call('run', argv, surroundings);
    }
    reportUsage(surroundings, `${first} is neither a command nor a folder`, suggest(first, commands));
    return exitCode.usage;
  } catch (error) {
    return reportFault(error, surroundings);
  }
}

function call(name: string, argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const entry = commands.find((each) => each.name === name);
  if (entry === undefined) throw new TypeError(`no command ${name}`);
  return dispatch(entry, argv, surroundings, ['portcullis']);
}

async function showHelp([name]: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  if (commands.some((entry) => entry.name === name)) return await call(name ?? '', ['--help'], surroundings);
  surroundings.out(help);
  return exitCode.ok;
}

const help = `Portcullis, an MCP gateway with authorization you can prove.

Usage: portcullis [command] [options]

Commands:
${listCommands(commands)}

Examples:
  portcullis demo                                 try it: server, gateway, tokens, lines to paste
  portcullis run ./routes                         serve the routes in a folder
  portcullis run ./routes --log.level=DEBUG --entryPoints.web.address=127.0.0.1:9000
  portcullis check ./routes                       find mistakes before they are served
  portcullis token --secret "$SECRET" --claim groups=developer

Exit codes: 0 done · 1 failed while running · 2 wrong command line · 3 wrong configuration

More about a command: portcullis <command> --help
`;
