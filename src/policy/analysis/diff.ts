import type { PolicyRequest } from '../facts.ts';
import type { PolicySet } from '../policy-set.ts';
import { AtomTable, type State } from './atom.ts';
import { type Cell, type CellItem, cellsOf } from './cells.ts';
import { comparison, type Direction } from './comparison.ts';
import { type Assignment, Explorer, type Settled, type Variable } from './explorer.ts';
import { compareLists, type ListChange } from './list-diff.ts';
import { type Alignment, alignRules } from './rule-alignment.ts';
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
  const atoms = new AtomTable(before, after);
  const changes: Change[] = [];
  const unknown: Change[] = [];
  const unexamined: PolicyDiff['unexamined'][number][] = [];
  const alignment = alignRules(atoms, before, after);
  if (!alignment.same) {
    for (const cell of cellsOf(atoms.all(), options)) {
      const found = compareCell(cell, atoms, alignment, options.budget ?? 20_000);
      changes.push(...found.changes);
      unknown.push(...found.unknown);
      if (!found.complete) unexamined.push({ kind: cell.kind, method: cell.method, item: cell.item });
    }
  }
  const lists = compareLists(atoms, alignment, options);
  return { changes, unknown, unexamined, lists: lists.changes, unknownLists: lists.unknown };
}

function compareCell(
  cell: Cell,
  atoms: AtomTable,
  alignment: Alignment,
  budget: number,
): { changes: Change[]; unknown: Change[]; complete: boolean } {
  const explorer = new Explorer(cell, atoms);
  const { before, after } = alignment;
  const settle = comparison(explorer, alignment);
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
