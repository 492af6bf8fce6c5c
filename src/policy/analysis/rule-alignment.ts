import type { PolicySet } from '../policy-set.ts';
import type { Rule } from '../rule.ts';
import type { AtomTable } from './atom.ts';

/** Two versions of a policy, with what is common to them. */
export interface Alignment {
  readonly before: PolicySet;
  readonly after: PolicySet;
  /** Rules of either that are not in the other at the same place among those they share. */
  readonly changed: ReadonlySet<Rule>;
  /** True when no message can be decided differently, all rules and the default being the same. */
  readonly same: boolean;
  /** True when lists can differ only where calls do: all list rules and the defaults are the same. */
  readonly sameLists: boolean;
  /** Whether a rule of the one means the same as a rule of the other. */
  alike(a: Rule, b: Rule): boolean;
}

/** Longest lists that are compared rule by rule; of longer ones, what their ends do not share counts as changed. */
const mostPairs = 4_000_000;

/**
 * Finds the rules that two versions share in the same order. A message to which none of the others applies is decided
 * alike by both, as long as they have the same default.
 */
export function alignRules(atoms: AtomTable, before: PolicySet, after: PolicySet): Alignment {
  const keys = new Map<Rule, string>([...before.rules, ...after.rules].map((rule) => [rule, ruleKey(atoms, rule)]));
  const alike = (a: Rule, b: Rule) => keys.get(a) === keys.get(b);
  const [old, young] = [[...before.rules], [...after.rules]];
  while (bothAlike(old[0], young[0], alike)) {
    old.shift();
    young.shift();
  }
  while (bothAlike(old.at(-1), young.at(-1), alike)) {
    old.pop();
    young.pop();
  }
  const changed = new Set<Rule>([...old, ...young]);
  for (const rule of shared(old, young, alike)) changed.delete(rule);
  const same = changed.size === 0 && before.defaultAction === after.defaultAction;
  const sameLists =
    before.defaultAction === after.defaultAction &&
    before.listDefaultAction === after.listDefaultAction &&
    before.listRules.length === after.listRules.length &&
    before.listRules.every((rule, index) => bothSame(atoms, rule, after.listRules[index]));
  return { before, after, changed, same, sameLists, alike };
}

function bothSame(atoms: AtomTable, a: Rule, b: Rule | undefined): boolean {
  return b !== undefined && ruleKey(atoms, a) === ruleKey(atoms, b);
}

function bothAlike(a: Rule | undefined, b: Rule | undefined, alike: Alignment['alike']): boolean {
  return a !== undefined && b !== undefined && alike(a, b);
}

/** The rules of a longest common subsequence, those of both lists. */
function shared(old: readonly Rule[], young: readonly Rule[], alike: Alignment['alike']): Rule[] {
  if (old.length * young.length > mostPairs) return [];
  const width = young.length + 1;
  // How many can be shared from a place in the one and a place in the other on.
  const lengths = new Uint16Array((old.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = young.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = bothAlike(old[i], young[j], alike)
        ? at(i + 1, j + 1) + 1
        : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const found: Rule[] = [];
  for (let i = 0, j = 0; i < old.length && j < young.length; ) {
    const [a, b] = [old[i], young[j]];
    if (a !== undefined && b !== undefined && alike(a, b)) {
      found.push(a, b);
      i += 1;
      j += 1;
    } else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return found;
}

/** A text that is equal for rules that mean the same by their atoms. */
function ruleKey(atoms: AtomTable, rule: Rule): string {
  const write = (expression: Rule['program']['expression']): string => {
    if (expression.type === 'call') {
      const leaf = rule.program.leaves.get(expression);
      return leaf === undefined ? '?' : atoms.of(leaf).key;
    }
    if (expression.type === 'not') return `!${write(expression.operand)}`;
    return `(${expression.operands.map(write).join(expression.type === 'and' ? '&' : '|')})`;
  };
  return `${rule.action}:${write(rule.program.expression)}`;
}
