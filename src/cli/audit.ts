import type { CommandEntry } from './command.ts';

/** The commands under `portcullis audit`. */
export const group: readonly CommandEntry[] = [
  {
    name: 'verify',
    summary: 'Find records of an audit stream that were removed, changed, moved or cut off',
    load: () => import('./audit/verify.ts'),
  },
];
