import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadFromSettings, type StaticLoad, type WrittenSetting } from '../config/static/load.ts';
import { formatDiagnostic } from '../errors.ts';
import { type Invocation, UsageError } from './command.ts';

export type LoadedInstallOptions = Extract<StaticLoad, { ok: true }>;

/** Loads the install options of a command, and leaves it to the command to tell what is wrong with them. */
export function readInstallOptions(invocation: Invocation, more: readonly WrittenSetting[] = []): StaticLoad {
  return loadFromSettings([...invocation.install, ...more], { env: invocation.env, cwd: invocation.cwd });
}

/** Loads the install options of a command. Undefined when they are wrong: every problem has been printed then. */
export function loadInstallOptions(
  invocation: Invocation,
  more: readonly WrittenSetting[] = [],
): LoadedInstallOptions | undefined {
  const loaded = readInstallOptions(invocation, more);
  const told = loaded.ok ? loaded.warnings : loaded.diagnostics;
  for (const diagnostic of told) invocation.err(`${formatDiagnostic(diagnostic)}\n`);
  return loaded.ok ? loaded : undefined;
}

/** The install option that an operand stands for: a folder or a file with routing objects. */
export function settingForPath(path: string, cwd: string): WrittenSetting {
  const kind = statSync(resolve(cwd, path), { throwIfNoEntry: false });
  if (kind === undefined) throw new UsageError(`there is no file or folder ${path}`);
  const name = kind.isDirectory() ? 'directory' : 'filename';
  return { path: ['providers', 'file', name], value: path, origin: { source: 'flag', place: path } };
}
