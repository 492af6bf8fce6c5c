import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { type Diagnostic, PortcullisError } from '../../errors.ts';
import type { WrittenPolicies } from '../../gateway/written-policies.ts';
import { UsageError } from '../command.ts';
import { type CaseFile, type ReadCase, readCaseFile } from './case-file.ts';
import { pickPolicies, readWritten } from './choose-policies.ts';
import { type PreparedCase, prepareCase } from './run-case.ts';

const caseFileName = /\.policy-test\.(?:ya?ml|json)$/;

/**
 * A folder for test files within that of their manifests: `kubectl apply -f FOLDER` sends everything in a folder to the
 * cluster, but does not look into folders within it.
 */
const caseFolder = 'policy-tests';

/** The cases about one middleware, from any number of files. */
export interface TestGroup {
  readonly written: WrittenPolicies;
  readonly cases: readonly { readonly file: CaseFile; readonly prepared: PreparedCase }[];
}

/** The test files in files and folders, in the order of their names. */
export function findCaseFiles(operands: readonly string[], cwd: string): string[] {
  const found: string[] = [];
  const look = (path: string, given: boolean): void => {
    const info = statSync(resolve(cwd, path), { throwIfNoEntry: false });
    if (info === undefined) {
      if (given) throw new UsageError(`there is no file or folder ${path}`);
    } else if (info.isDirectory()) {
      for (const name of readdirSync(resolve(cwd, path)).sort()) {
        if (!name.startsWith('.') && name !== 'node_modules') look(path === '.' ? name : join(path, name), false);
      }
    } else if (given || caseFileName.test(path)) {
      found.push(path);
    }
  };
  for (const path of operands.length > 0 ? operands : ['.']) look(path, true);
  return found;
}

/** Reads test files and the policies they are about. Throws a PortcullisError with everything that is wrong in them. */
export async function readGroups(paths: readonly string[], cwd: string): Promise<TestGroup[]> {
  const groups = new Map<WrittenPolicies, { file: CaseFile; prepared: PreparedCase }[]>();
  const sources = new Map<string, ReturnType<typeof readWritten>>();
  const problems: Diagnostic[] = [];
  for (const path of paths) {
    const shown = cwd === process.cwd() ? path : resolve(cwd, path);
    const read = readCaseFile(shown);
    if (!read.ok) {
      problems.push(...read.diagnostics);
      continue;
    }
    const { file } = read;
    const folder = dirname(resolve(shown));
    const manifests = (file.policies ?? [basename(folder) === caseFolder ? '..' : '.']).map(
      (each) => relative(process.cwd(), resolve(folder, each)) || '.',
    );
    const key = JSON.stringify(manifests);
    const source = sources.get(key) ?? readWritten(manifests, process.cwd());
    sources.set(key, source);
    const written = await source;
    for (const one of file.cases) {
      try {
        const policies = pickPolicies(written, one.written.middleware ?? file.middleware);
        const group = groups.get(policies) ?? [];
        group.push({ file, prepared: prepareCase(one) });
        groups.set(policies, group);
      } catch (error) {
        problems.push(problemOf(error, file, one));
      }
    }
  }
  if (problems.length > 0) {
    throw new PortcullisError('CONFIG_INVALID_VALUE', 'the policy tests cannot be run', { diagnostics: problems });
  }
  return [...groups].map(([written, cases]) => ({ written, cases }));
}

function problemOf(error: unknown, file: CaseFile, one: ReadCase): Diagnostic {
  if (!(error instanceof PortcullisError) && !(error instanceof SyntaxError)) throw error;
  const { line, column } = file.place(['cases', one.index, error instanceof SyntaxError ? 'message' : 'middleware']);
  const code = error instanceof PortcullisError ? error.code : 'CONFIG_INVALID_VALUE';
  return { code, severity: 'error', message: error.message, at: { file: file.path, line, column } };
}
