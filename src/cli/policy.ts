import type { CommandEntry } from './command.ts';

/** The commands under `portcullis policy`. */
export const group: readonly CommandEntry[] = [];
