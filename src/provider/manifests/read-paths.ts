import { Buffer } from 'node:buffer';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { maxFileSize } from '../../config/source/parse-source.ts';
import type { Diagnostic } from '../../errors.ts';

/** A file as it was read. */
export interface ReadFile {
  /** As an operator would name it: relative when the path given was. */
  readonly path: string;
  readonly content: Buffer;
}

export interface ReadResult {
  readonly files: readonly ReadFile[];
  /** Every folder that was looked into, to be watched. */
  readonly folders: readonly string[];
  /** What could not be read at all. */
  readonly diagnostics: readonly Diagnostic[];
}

const extensions = new Set(['.yaml', '.yml', '.json', '.toml']);
/** Files of other tools, policy tests and schemas for editors that lie beside configuration. */
const passedOver =
  /^(?:kustomization\.ya?ml|.+\.(?:policy-)?test\.(?:ya?ml|json)|.+\.schema\.json|package(?:-lock)?\.json|tsconfig(?:\..+)?\.json)$/i;
const maxFiles = 10_000;

/**
 * Reads files, and the YAML and JSON files of folders and their subfolders in the order of their names. Names that
 * begin with a dot are passed over, as Kubernetes keeps the versions of a mounted ConfigMap under such names.
 */
export async function readPaths(paths: readonly string[]): Promise<ReadResult> {
  const files = new Map<string, ReadFile>();
  const folders: string[] = [];
  const diagnostics: Diagnostic[] = [];
  /** Where links lead: each file and folder counts once, and circles end. */
  const seen = new Set<string>();

  async function read(path: string, given: boolean): Promise<void> {
    try {
      const real = await realpath(path);
      if (seen.has(real)) return;
      seen.add(real);
      const info = await stat(path);
      if (info.isDirectory()) return await readFolder(path);
      if (!info.isFile()) return;
      if (files.size >= maxFiles) throw new Error(`there are more than ${maxFiles} files`);
      // One byte more than allowed is enough for the parser to refuse it.
      const content = info.size > maxFileSize ? Buffer.alloc(maxFileSize + 1) : await readFile(path);
      files.set(path, { path, content });
    } catch (error) {
      // Between listing and reading a file may go: then it is as if it had not been listed.
      if (!given && isMissing(error)) return;
      diagnostics.push(unreadable(path, error));
    }
  }

  async function readFolder(folder: string): Promise<void> {
    folders.push(folder);
    const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
    for (const name of names) {
      const path = join(folder, name);
      const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
      if (isFolder ? name !== 'node_modules' : extensions.has(extname(name).toLowerCase()) && !passedOver.test(name)) {
        await read(path, false);
      }
    }
  }

  for (const path of paths) await read(path, true);
  return { files: [...files.values()], folders, diagnostics };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  ELOOP: 'is a symbolic link to itself',
  EMFILE: 'cannot be opened: too many open files',
};

function unreadable(path: string, error: unknown): Diagnostic {
  return { code: 'CONFIG_UNREADABLE', severity: 'error', message: `\`${path}\` ${unreadableReason(error)}` };
}

/** Continues the sentence "the file …". */
export function unreadableReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return reasons[code] ?? `cannot be read (${code || (error instanceof Error ? error.message : 'unknown')})`;
}
