import type { ProviderUpdate } from '../definition.ts';
import { createLoader } from './loader.ts';

/**
 * Reads files and folders once, for `portcullis check` and the like.
 *
 * @returns what they hold; or, when one of them cannot be read or parsed at all, why
 */
export async function loadPaths(paths: readonly string[]): Promise<ProviderUpdate> {
  return (await createLoader(paths)()).update;
}
