import { dirname, resolve } from 'node:path';

/** A file that a routing file refers to, such as a certificate; or why it cannot be had, continuing "the file …". */
export type ExternalFile = { readonly text: string } | { readonly error: string };

/** Gives texts that are written in place or stand in a file of their own. */
export interface ExternalTexts {
  /** @returns undefined when the file has not been read yet: it is then noted as wanted. */
  read(reference: string, from: string): ExternalFile | undefined;
  readonly wanted: ReadonlySet<string>;
}

/**
 * @param files what has been read so far, by absolute path
 */
export function createExternalTexts(files: ReadonlyMap<string, ExternalFile>): ExternalTexts {
  const wanted = new Set<string>();
  return {
    wanted,
    read(reference, from) {
      if (reference.includes('-----BEGIN ')) return { text: reference };
      // Relative to the file that names it, not to wherever the process was started.
      const path = resolve(dirname(from), reference);
      wanted.add(path);
      return files.get(path);
    },
  };
}
