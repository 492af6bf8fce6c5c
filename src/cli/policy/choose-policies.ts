import { resolve } from 'node:path';
import { type Diagnostic, nearest, PortcullisError } from '../../errors.ts';
import { type ReadWritten, readWrittenPolicies, type WrittenPolicies } from '../../gateway/written-policies.ts';

/**
 * Reads the policies of files and folders and picks the middleware that is meant.
 *
 * @param name `namespace/name`, `name` or a qualified name; may be left out when there is only one
 * @throws PortcullisError with everything that is wrong in the files, or when it is not clear which one is meant
 */
export async function choosePolicies(
  paths: readonly string[],
  name: string | undefined,
  cwd: string,
): Promise<WrittenPolicies> {
  return pickPolicies(await readWritten(paths, cwd), name);
}

/** All policies of files and folders. Throws a PortcullisError with everything that is wrong in them. */
export async function readWritten(paths: readonly string[], cwd: string): Promise<Extract<ReadWritten, { ok: true }>> {
  const read = await readWrittenPolicies(
    paths.map((path) => (path.startsWith('/') || cwd === process.cwd() ? path : resolve(cwd, path))),
  );
  if (read.ok) return read;
  throw configurationError('the policies cannot be used', read.diagnostics);
}

export function pickPolicies(
  { written }: Extract<ReadWritten, { ok: true }>,
  name: string | undefined,
): WrittenPolicies {
  const known = written.map((one) => one.name);
  if (name === undefined) {
    const [only, ...more] = written;
    if (only !== undefined && more.length === 0) return only;
    const message =
      only === undefined
        ? 'there is no `mcp` middleware in these files'
        : `there are several mcp middlewares: say which one is meant (${known.join(', ')})`;
    throw configurationError(message);
  }
  const dashed = name.replace('/', '-');
  const fits = written.filter((one) => [one.name, one.name.split('@')[0]].includes(dashed));
  const loose = fits.length > 0 ? fits : written.filter((one) => one.name.split('@')[0]?.endsWith(`-${dashed}`));
  const [found, ...others] = loose;
  if (found !== undefined && others.length === 0) return found;
  if (found !== undefined) throw configurationError(`${name} may be any of ${loose.map((one) => one.name).join(', ')}`);
  const near = nearest(
    dashed,
    known.map((one) => one.split('@')[0] ?? one),
  );
  throw configurationError(
    `there is no mcp middleware ${name}${near === undefined ? `; there is ${known.join(', ') || 'none'}` : `; did you mean ${near}?`}`,
  );
}

function configurationError(message: string, diagnostics: readonly Diagnostic[] = []): PortcullisError {
  return new PortcullisError('CONFIG_REFERENCE', message, { diagnostics });
}
