import type { PolicySet } from '../policy-set.ts';
import type { Rule } from '../rule.ts';
import { AtomTable } from './atom.ts';
import { type Cell, type CellView, cellsOf } from './cells.ts';
import { Explorer, noChoice } from './explorer.ts';
import { judgeRules, remainingRules, type Verdict } from './verdict.ts';

/** What can become of a rule. */
export interface Reach {
  /** False: no message at all makes it apply, even taken alone. */
  readonly canApply: boolean;
  /** False: its condition is never true; a rule that refuses can still apply where it cannot be judged. */
  readonly canHold: boolean;
  /** False: whenever it applies, a rule before it has decided. */
  readonly canDecide: boolean;
  /** Rules that decide in its place, by index. */
  readonly shadowedBy: readonly number[];
}

/** Finds out for every rule whether it can ever apply, and ever decide. Both "cannot" are proofs. */
export function reachOf(set: PolicySet, budget = 5_000): Reach[] {
  const atoms = new AtomTable(set);
  const reach = set.rules.map(() => ({
    canApply: false,
    canHold: false,
    canDecide: false,
    shadowedBy: new Set<number>(),
  }));
  for (const cell of cellsOf(atoms.all()))
    for (const view of cell.views) reachIn(cell, view, atoms, set, reach, budget);
  return reach.map(({ shadowedBy, ...rest }) => ({ ...rest, shadowedBy: [...shadowedBy].sort((a, b) => a - b) }));
}

type Found = { canApply: boolean; canHold: boolean; canDecide: boolean; shadowedBy: Set<number> };

function reachIn(
  cell: Cell,
  view: CellView,
  atoms: AtomTable,
  set: PolicySet,
  reach: readonly Found[],
  budget: number,
): void {
  const explorer = new Explorer(cell, atoms);
  const possible = explorer.demands
    .rulesOf(set, view)
    .filter((rule) => explorer.standing(rule, view, noChoice) !== false);
  for (const rule of possible) {
    const found = reach[rule.index];
    if (found === undefined) continue;
    found.canHold ||= holdsIn(explorer, rule, view, budget);
    if (found.canApply && found.canDecide) continue;
    const before = remainingRules(
      explorer,
      possible.filter(({ index }) => index < rule.index),
      view,
    );
    const complete = explorer.explore<Verdict | undefined>(
      (assignment) => {
        // The rule itself comes first: where it does not apply nothing else matters.
        const standing = explorer.standing(rule, view, assignment);
        if (standing === false) return { answer: undefined };
        if (standing !== true) return { branch: standing };
        return judgeRules(explorer, before, view, set.defaultAction, assignment);
      },
      (verdict) => {
        if (verdict === undefined) return true;
        found.canApply = true;
        if (verdict.rule === undefined) found.canDecide = true;
        else found.shadowedBy.add(verdict.rule.index);
        return !found.canDecide;
      },
      { left: budget },
    );
    if (!complete) Object.assign(found, { canApply: true, canDecide: true });
  }
}

/** Whether the condition itself can be true: as a rule that grants it would apply, which needs no less. */
function holdsIn(explorer: Explorer, rule: Rule, view: CellView, budget: number): boolean {
  const granting: Rule = { ...rule, action: 'allow' };
  let holds = false;
  const complete = explorer.explore<boolean>(
    (assignment) => {
      const standing = explorer.standing(granting, view, assignment);
      return standing === true || standing === false ? { answer: standing } : { branch: standing };
    },
    (answer) => {
      holds ||= answer;
      return !holds;
    },
    { left: budget },
  );
  return holds || !complete;
}
