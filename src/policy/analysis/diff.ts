import type { PolicyRequest } from '../facts.ts';
import type { PolicySet } from '../policy-set.ts';
import type { Rule } from '../rule.ts';
import { AtomTable, type State } from './atom.ts';
import { type Cell, type CellItem, type CellView, cellsOf } from './cells.ts';
import { type Assignment, Explorer, noChoice, type Settled, type Variable } from './explorer.ts';
import { compareLists, type ListChange } from './list-diff.ts';
import { findWitness } from './witness.ts';

/** Who is concerned: what must hold of the caller and of the request. */
export interface ChangeCondition {
  readonly literals: readonly ConditionLiteral[];
}

/** One question with the states that count. */
export interface ConditionLiteral {
  readonly variable: Variable;
  readonly states: readonly State[];
}

export interface Change {
  /** `gained`: denied before, allowed now. */
  readonly direction: 'gained' | 'lost';
  readonly kind: PolicyRequest['kind'];
  readonly method: string | undefined;
  readonly item: CellItem | undefined;
  /** Some of the conditions under which it changes, most general first. */
  readonly conditions: readonly ChangeCondition[];
  /** True when there are more conditions than are listed. */
  readonly more: boolean;
  /** A request that the two policies decide differently, tried on both; undefined when none was found. */
  readonly example: PolicyRequest | undefined;
}

/** What a change of policies changes. */
export interface PolicyDiff {
  /** With an example that both sides were tried on. */
  readonly changes: readonly Change[];
  /** May have changed: no request was found that shows it, but it could not be ruled out. */
  readonly unknown: readonly Change[];
  /** Methods and items that were too complicated to examine in full. */
  readonly unexamined: readonly Pick<Change, 'kind' | 'method' | 'item'>[];
  readonly lists: readonly ListChange[];
  readonly unknownLists: readonly ListChange[];
}

export interface DiffOptions {
  /** Names of tools and prompts to look at besides those in the policies. */
  readonly names?: readonly string[];
  readonly uris?: readonly string[];
  /** How many cases are examined per method and item before it counts as unexamined. */
  readonly budget?: number;
}

const conditionsShown = 4;

/**
 * Compares two policy sets over all messages there can be. Sound: a method and item that is named in none of the lists
 * is decided alike by both for every caller and every argument.
 */
export function diffPolicies(before: PolicySet, after: PolicySet, options: DiffOptions = {}): PolicyDiff {
  const atoms = new AtomTable();
  for (const set of [before, after]) registerAtoms(atoms, set);
  const changes: Change[] = [];
  const unknown: Change[] = [];
  const unexamined: PolicyDiff['unexamined'][number][] = [];
  const calls = sameRules(atoms, before.rules, after.rules) && before.defaultAction === after.defaultAction;
  if (!calls) {
    for (const cell of cellsOf(atoms.all(), options)) {
      const found = compareCell(cell, atoms, before, after, options.budget ?? 20_000);
      changes.push(...found.changes);
      unknown.push(...found.unknown);
      if (!found.complete) unexamined.push({ kind: cell.kind, method: cell.method, item: cell.item });
    }
  }
  const lists = compareLists(atoms, before, after, options);
  return { changes, unknown, unexamined, lists: lists.changes, unknownLists: lists.unknown };
}

/** Meets every condition of a policy set once, so that the table holds all atoms. */
export function registerAtoms(atoms: AtomTable, set: PolicySet): void {
  for (const rule of [...set.rules, ...set.listRules]) for (const leaf of rule.program.leaves.values()) atoms.of(leaf);
}

function sameRules(atoms: AtomTable, a: readonly Rule[], b: readonly Rule[]): boolean {
  return a.length === b.length && a.every((rule, index) => ruleKey(atoms, rule) === ruleKey(atoms, b[index] ?? rule));
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

type Direction = Change['direction'] | 'same';

function compareCell(
  cell: Cell,
  atoms: AtomTable,
  before: PolicySet,
  after: PolicySet,
  budget: number,
): { changes: Change[]; unknown: Change[]; complete: boolean } {
  const explorer = new Explorer(cell, atoms);
  const settle = comparison(explorer, atoms, before, after);
  const found = { gained: new Found(), lost: new Found() };
  const complete = explorer.explore<Direction>(
    settle,
    (direction, assignment) => {
      if (direction === 'same') return true;
      const own = found[direction];
      const condition = minimized(explorer, settle, assignment, direction);
      own.add(condition);
      if (own.example !== undefined || own.searches >= 12) return true;
      own.searches += 1;
      const wanted = direction === 'gained';
      own.example = findWitness(
        explorer,
        assignment,
        (request) => before.decide(request).allowed !== wanted && after.decide(request).allowed === wanted,
      );
      return true;
    },
    { left: budget },
  );
  const all = (['gained', 'lost'] as const).flatMap((direction): Change[] => {
    const { conditions, example } = found[direction];
    if (conditions.size === 0) return [];
    const listed = merged([...conditions.values()]).sort((a, b) => a.literals.length - b.literals.length);
    return [
      {
        direction,
        kind: cell.kind,
        method: cell.method,
        item: cell.item,
        conditions: listed.slice(0, conditionsShown),
        more: listed.length > conditionsShown,
        example,
      },
    ];
  });
  return {
    changes: all.filter(({ example }) => example !== undefined),
    unknown: all.filter(({ example }) => example === undefined),
    complete,
  };
}

class Found {
  readonly conditions = new Map<string, ChangeCondition>();
  example: PolicyRequest | undefined = undefined;
  searches = 0;

  add(condition: ChangeCondition): void {
    if (this.conditions.size < 64) this.conditions.set(conditionKey(condition), condition);
  }
}

function conditionKey({ literals }: ChangeCondition): string {
  return literals
    .map(({ variable, states }) => `${[...states].sort().join('')}${variable.key}`)
    .sort()
    .join('\n');
}

/** Joins conditions that differ in the states of one question, until no two do. */
function merged(conditions: readonly ChangeCondition[]): ChangeCondition[] {
  const left = [...conditions];
  for (let index = 0; index < left.length; index++) {
    for (let other = index + 1; other < left.length; other++) {
      const [a, b] = [left[index], left[other]];
      const joined = a === undefined || b === undefined ? undefined : joinConditions(a, b);
      if (joined === undefined) continue;
      left.splice(other, 1);
      left[index] = joined;
      // What was just made may fit one that was passed over.
      index = -1;
      break;
    }
  }
  return left;
}

function joinConditions(a: ChangeCondition, b: ChangeCondition): ChangeCondition | undefined {
  if (a.literals.length !== b.literals.length) return undefined;
  const rest = new Map(b.literals.map((literal) => [literal.variable, literal]));
  let differing: ConditionLiteral | undefined;
  for (const literal of a.literals) {
    const other = rest.get(literal.variable);
    if (other === undefined) return undefined;
    if ([...literal.states].sort().join() === [...other.states].sort().join()) continue;
    if (differing !== undefined) return undefined;
    differing = { variable: literal.variable, states: [...new Set([...literal.states, ...other.states])] };
  }
  if (differing === undefined) return a;
  const { variable, states } = differing;
  const literals = a.literals.filter((literal) => literal.variable !== variable);
  return { literals: variable.domain.every((state) => states.includes(state)) ? literals : [...literals, differing] };
}

/**
 * How the two compare under an assignment. Where both begin with the same rules, those are asked last: most of what a
 * small change leaves alone is then never looked at.
 */
function comparison(
  explorer: Explorer,
  atoms: AtomTable,
  before: PolicySet,
  after: PolicySet,
): (assignment: Assignment) => Settled<Direction> {
  const { views } = explorer.cell;
  const rulesOf = (set: PolicySet) => new Map(views.map((view) => [view, remainingRules(explorer, set.rules, view)]));
  const [old, young] = [rulesOf(before), rulesOf(after)];
  const [view] = views;
  const oldRules = view === undefined ? [] : (old.get(view) ?? []);
  const newRules = view === undefined ? [] : (young.get(view) ?? []);
  let common = 0;
  if (views.length === 1) {
    while (common < oldRules.length && common < newRules.length) {
      const [a, b] = [oldRules[common], newRules[common]];
      if (a === undefined || b === undefined || ruleKey(atoms, a) !== ruleKey(atoms, b)) break;
      common += 1;
    }
  }
  const judge = (set: PolicySet, rules: typeof old, assignment: Assignment) =>
    judgeCell(explorer, (each) => (rules.get(each) ?? []).slice(common), set.defaultAction, assignment);
  return (assignment) => {
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

/** Leaves out what the answer does not hang on, and what follows from the rest. */
function minimized<Answer>(
  explorer: Explorer,
  settle: (assignment: Assignment) => Settled<Answer>,
  assignment: Assignment,
  answer: Answer,
): ChangeCondition {
  let kept = assignment;
  for (const variable of assignment.keys()) {
    const without = new Map(kept);
    without.delete(variable);
    const settled = settle(without);
    const idle = 'answer' in settled && settled.answer === answer;
    const follows = () =>
      variable.domain.every(
        (state) => state === kept.get(variable) || !explorer.consistent(new Map([...without, [variable, state]])),
      );
    if (idle || follows()) kept = without;
  }
  return { literals: [...kept].map(([variable, state]) => ({ variable, states: [state] })) };
}
