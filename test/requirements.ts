import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A sentence of the design pages or the guide that a test proves. */
export interface Requirement {
  readonly id: string;
  /** Page and section. */
  readonly source: string;
  /** What must happen, in one sentence. */
  readonly behaviour: string;
}

const folder = join(import.meta.dirname, 'requirements');

/** All requirements, from one file per room. */
export const requirements: readonly Requirement[] = (
  await Promise.all(
    readdirSync(folder)
      .filter((name) => name.endsWith('.ts'))
      .map(
        async (name) => ((await import(join(folder, name))) as { requirements: readonly Requirement[] }).requirements,
      ),
  )
).flat();
