import type { Rule } from '../rule.ts';
import type { CellView } from './cells.ts';
import { type Assignment, type Explorer, noChoice, type Settled } from './explorer.ts';

type CallRule = Rule<'allow' | 'deny'>;

/** The rules that matter in a view, before anything else is known. */
export function remainingRules<R extends Rule>(explorer: Explorer, rules: readonly R[], view: CellView): R[] {
  const remaining: R[] = [];
  for (const rule of rules) {
    const standing = explorer.standing(rule, view, noChoice);
    if (standing !== false) remaining.push(rule);
    if (standing === true) break;
  }
  return remaining;
}

export interface Verdict {
  readonly outcome: 'allow' | 'deny';
  readonly rule: CallRule | undefined;
}

/** Walks rules until one applies; the default and the lifecycle come after them. */
export function judgeRules(
  explorer: Explorer,
  rules: readonly CallRule[],
  view: CellView,
  defaultAction: 'allow' | 'deny',
  assignment: Assignment,
): Settled<Verdict> {
  for (const rule of rules) {
    const standing = explorer.standing(rule, view, assignment);
    if (standing === true) return { answer: { outcome: rule.action, rule } };
    if (standing !== false) return { branch: standing };
  }
  return { answer: { outcome: view.lifecycle ? 'allow' : defaultAction, rule: undefined } };
}

/** The outcome over all views of a cell: every one must allow. */
export function judgeCell(
  explorer: Explorer,
  rulesOf: (view: CellView) => readonly CallRule[],
  defaultAction: 'allow' | 'deny',
  assignment: Assignment,
): Settled<Verdict> {
  let first: Verdict | undefined;
  for (const view of explorer.cell.views) {
    const settled = judgeRules(explorer, rulesOf(view), view, defaultAction, assignment);
    if ('branch' in settled) return settled;
    const { outcome, rule } = settled.answer;
    if (outcome === 'deny' && (rule !== undefined || !view.onlyRules)) return settled;
    first ??= settled.answer;
  }
  return { answer: first ?? { outcome: 'deny', rule: undefined } };
}
