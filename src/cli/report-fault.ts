import { formatDiagnostic, PortcullisError } from '../errors.ts';
import type { Surroundings } from './command.ts';
import { type ExitCode, exitCode } from './exit-code.ts';

/** Tells an operator what went wrong; a stack only for what is our own fault. */
export function reportFault(error: unknown, surroundings: Surroundings): ExitCode {
  if (error instanceof PortcullisError) {
    const told = error.diagnostics.map((diagnostic) => `${formatDiagnostic(diagnostic)}\n`).join('');
    surroundings.err(`${told}error[${error.code}]: ${error.message}\n`);
    const cause = error.cause instanceof Error && 'syscall' in error.cause;
    return error.code.startsWith('CONFIG_') && !cause ? exitCode.configuration : exitCode.failed;
  }
  surroundings.err(`error[INTERNAL]: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return exitCode.failed;
}
