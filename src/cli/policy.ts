import type { CommandEntry } from './command.ts';

/** The commands under `portcullis policy`. */
export const group: readonly CommandEntry[] = [
  { name: 'test', summary: 'Run policy test cases', load: () => import('./policy/test.ts') },
  {
    name: 'explain',
    summary: 'Show what a policy does with one request, and why',
    load: () => import('./policy/explain.ts'),
  },
  { name: 'lint', summary: 'Find rules that do not do what they seem to say', load: () => import('./policy/lint.ts') },
  { name: 'matrix', summary: 'Print which group may use which tool', load: () => import('./policy/matrix.ts') },
  {
    name: 'diff',
    summary: 'Show what a change of policies changes, and for whom',
    load: () => import('./policy/diff.ts'),
  },
  {
    name: 'replay',
    summary: 'Decide recorded decisions again by other policies',
    load: () => import('./policy/replay.ts'),
  },
];
