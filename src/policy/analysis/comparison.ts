import type { PolicySet } from '../policy-set.ts';
import type { Rule } from '../rule.ts';
import type { CellView } from './cells.ts';
import type { Assignment, Explorer, Settled, Standing } from './explorer.ts';
import type { Alignment } from './rule-alignment.ts';
import { judgeCell, remainingRules } from './verdict.ts';

/** What becomes of messages that were denied, or were allowed, before. */
export type Direction = 'gained' | 'lost' | 'same';

/**
 * How the two compare under an assignment. Rules that are not in both are asked first, and where both begin with the same
 * rules, those last: most of what a small change leaves alone is then never looked at.
 */
export function comparison(explorer: Explorer, alignment: Alignment): (assignment: Assignment) => Settled<Direction> {
  const { before, after, changed } = alignment;
  const { views } = explorer.cell;
  const rulesOf = (set: PolicySet) =>
    new Map(views.map((view) => [view, remainingRules(explorer, explorer.demands.rulesOf(set, view), view)]));
  const [old, young] = [rulesOf(before), rulesOf(after)];
  const [view] = views;
  const oldRules = view === undefined ? [] : (old.get(view) ?? []);
  const newRules = view === undefined ? [] : (young.get(view) ?? []);
  let common = 0;
  if (views.length === 1) {
    while (common < oldRules.length && common < newRules.length) {
      const [a, b] = [oldRules[common], newRules[common]];
      if (a === undefined || b === undefined || !alignment.alike(a, b)) break;
      common += 1;
    }
  }
  const judge = (set: PolicySet, rules: typeof old, assignment: Assignment) =>
    judgeCell(explorer, (each) => (rules.get(each) ?? []).slice(common), set.defaultAction, assignment);
  // With the same default, a change takes a rule that is not in both.
  const deciding = views.flatMap((each) =>
    [...(old.get(each) ?? []), ...(young.get(each) ?? [])]
      .filter((rule) => changed.has(rule))
      .map((rule) => ({ rule, view: each })),
  );
  return (assignment) => {
    if (before.defaultAction === after.defaultAction) {
      const met = firstMet(explorer, deciding, assignment);
      if (met === false) return { answer: 'same' };
      if (met !== true) return { branch: met };
    }
    const was = judge(before, old, assignment);
    if ('branch' in was) return was;
    const is = judge(after, young, assignment);
    if ('branch' in is) return is;
    if (was.answer.outcome === is.answer.outcome) return { answer: 'same' };
    for (const rule of oldRules.slice(0, common)) {
      if (view === undefined) break;
      const standing = explorer.standing(rule, view, assignment);
      if (standing === true) return { answer: 'same' };
      if (standing !== false) return { branch: standing };
    }
    return { answer: is.answer.outcome === 'allow' ? 'gained' : 'lost' };
  };
}

/** Whether one of the rules applies; the first variable that it hangs on. */
function firstMet(
  explorer: Explorer,
  rules: readonly { readonly rule: Rule; readonly view: CellView }[],
  assignment: Assignment,
): Standing {
  for (const { rule, view } of rules) {
    const standing = explorer.standing(rule, view, assignment);
    if (standing !== false) return standing;
  }
  return false;
}
