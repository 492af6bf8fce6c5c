import { type Outcome, outcomeOf, type Pattern, UNDETERMINED, type Value } from '../../expression/index.ts';
import { ANYTHING, CAN_BE_FALSE, CAN_BE_TRUE, EITHER, type OutcomeSet } from '../outcome-set.ts';
import { knownStart } from '../possible-value.ts';
import type { Judgement } from './judgement.ts';

/** A text matched by a pattern that is compiled with the policy. */
export function matchesJudgement(pattern: Pattern): Judgement {
  const judge = (subject: Value): Outcome =>
    typeof subject === 'string' ? outcomeOf(pattern.test(subject)) : UNDETERMINED;
  return {
    prepare: () => judge,
    // A known text is judged as it is; here something is open, and the pattern never is.
    possible: (subject) => (subject.kind === 'text' ? possibleAfter(knownStart(subject.pieces), pattern) : ANYTHING),
  };
}

/** Parts of a pattern whose match can be undone by text that follows. */
const looksAhead = /\$|\\[bBzZ]/;
/** `^` and the plain text after it, as far as none of it can be optional or repeated. */
const anchoredText = /^(?:\^|\\A)((?:[A-Za-z0-9 _/:;,@#%&=~"'<>!-]|\\[^A-Za-z0-9])*)(?![?*{+])/;

/**
 * The outcomes on a text that begins with `start` and is open after it. Exact for patterns that are `^` and plain text;
 * may say too much, never too little, for others.
 */
function possibleAfter(start: string, pattern: Pattern): OutcomeSet {
  const { source } = pattern;
  if (!looksAhead.test(source) && pattern.test(start)) return CAN_BE_TRUE;
  const needed = requiredStart(source);
  return start.startsWith(needed) || needed.startsWith(start) ? EITHER : CAN_BE_FALSE;
}

/** A text every match must begin with, as far as it can be read off the pattern; empty when nothing can. */
function requiredStart(source: string): string {
  if (source.includes('|') || source.includes('(?')) return '';
  return anchoredText.exec(source)?.[1]?.replace(/\\(.)/gs, '$1') ?? '';
}
