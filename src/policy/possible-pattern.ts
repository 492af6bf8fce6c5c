import type { Pattern } from '../expression/index.ts';
import { CAN_BE_FALSE, CAN_BE_TRUE, EITHER, type OutcomeSet } from './outcome-set.ts';
import { knownStart, type TextPieces } from './possible-value.ts';

/** Parts of a pattern whose match can be undone by text that follows. */
const looksAhead = /\$|\\[bBzZ]/;
/** `^` and the plain text after it, up to the first character with a meaning; nothing that could make any of it optional. */
const anchoredText = /^(?:\^|\\A)((?:[A-Za-z0-9 _/:;,@#%&=~"'<>!-]|\\[^A-Za-z0-9])*)(?![?*{+])/;

/**
 * The outcomes of a pattern on a text whose beginning is known and whose rest is open. Exact for patterns that are plain
 * text after `^`; may say too much, never too little, for others.
 */
export function possiblePatternOutcomes(pattern: Pattern, pieces: TextPieces): OutcomeSet {
  const start = knownStart(pieces);
  const { source } = pattern;
  if (!looksAhead.test(source) && pattern.test(start)) return CAN_BE_TRUE;
  const needed = source.includes('|') || source.includes('(?') ? undefined : requiredStart(source);
  if (needed !== undefined && !start.startsWith(needed) && !needed.startsWith(start)) return CAN_BE_FALSE;
  return EITHER;
}

/** The text every match must begin with, as far as it can be read off the pattern. */
function requiredStart(source: string): string | undefined {
  const text = anchoredText.exec(source)?.[1];
  return text?.replace(/\\(.)/g, '$1');
}
