import {
  type Call,
  type Expression,
  FALSE,
  fold,
  isStrictDecimal,
  TRUE,
  UNDETERMINED,
} from '../../expression/index.ts';
import type { Condition } from '../condition.ts';
import { andSets, CAN_BE_FALSE, CAN_BE_TRUE, NONE, negateSet, type OutcomeSet, only, orSets } from '../outcome-set.ts';
import type { Path } from '../path.ts';
import { type Rule, readingOf } from '../rule.ts';
import {
  ABSENT,
  type Atom,
  type AtomTable,
  isLiteral,
  keyOf,
  literalsOf,
  outcomeOfState,
  type State,
  stateOn,
} from './atom.ts';
import { type Cell, type CellView, OPEN, type Pinned } from './cells.ts';
import { type PathLimits, possibleStates, solvePath, type Wish } from './path-values.ts';
import type { PathValue } from './request-from.ts';
import { ViewDemands } from './view-demands.ts';

/** An atom whose state the cell leaves open. */
export interface Variable {
  readonly key: string;
  readonly atom: Atom;
  readonly pathKey: string;
  /** True when the cell knows what is at the path, and only a `${}` is open. */
  readonly subjectKnown: boolean;
  /** Open paths inside `${}`. */
  readonly operandKeys: readonly string[];
  /** States it can have, taken for itself. */
  readonly domain: readonly State[];
}

/** States chosen for variables so far. */
export type Assignment = ReadonlyMap<Variable, State>;

/** A rule under an assignment: it applies, it does not, or that hangs on a variable. */
export type Standing = boolean | Variable;

/** What a question comes to under an assignment: an answer, or the variable to settle first. */
export type Settled<Answer> = { readonly answer: Answer } | { readonly branch: Variable };

/**
 * Looks at everything that messages of one cell can be, as far as policies can tell: tree search over the states of
 * atoms, leaving out what the values at paths cannot bring about. May consider states that no message has, never misses
 * one that a message has: what holds for every leaf holds for every message.
 */
export class Explorer {
  readonly cell: Cell;
  readonly demands = new ViewDemands();
  readonly #atoms: AtomTable;
  readonly #variables = new Map<string, Variable>();
  readonly #known = new Map<CellView, Map<Atom, State | Variable>>();
  readonly #solved = new Map<string, boolean>();
  readonly #settled = new WeakMap<Assignment, ReadonlyMap<string, string>>();
  readonly #implications = new Map<string, State>();
  readonly #openPaths = new Map<string, Path>();

  constructor(cell: Cell, atoms: AtomTable) {
    this.cell = cell;
    this.#atoms = atoms;
  }

  /** Every variable that was met so far. */
  variables(): readonly Variable[] {
    return [...this.#variables.values()];
  }

  path(pathKey: string): Path | undefined {
    return this.#openPaths.get(pathKey);
  }

  /**
   * Answers a question for every consistent assignment. Returns false when the budget ran out before all were looked at.
   *
   * @param onLeaf returns whether to go on; stopping early counts as complete
   */
  explore<Answer>(
    settle: (assignment: Assignment) => Settled<Answer>,
    onLeaf: (answer: Answer, assignment: Assignment) => boolean,
    budget: { left: number },
  ): boolean {
    let stopped = false;
    const visit = (assignment: Assignment): boolean => {
      if (budget.left <= 0) return false;
      budget.left -= 1;
      const settled = settle(assignment);
      if ('answer' in settled) {
        if (!onLeaf(settled.answer, assignment)) stopped = true;
        return true;
      }
      const { branch } = settled;
      for (const state of branch.domain) {
        const next = new Map([...assignment, [branch, state]]);
        if (this.consistent(next, branch) && !visit(next)) return false;
        if (stopped) return true;
      }
      return true;
    };
    return visit(new Map());
  }

  standing(rule: Rule, view: CellView, assignment: Assignment): Standing {
    if (this.demands.isElsewhere(rule, view)) return false;
    const { set, pending } = this.outcomes(rule.program.expression, rule, view, assignment);
    if (readingOf(rule.action) === 'granting') {
      if (set === CAN_BE_TRUE) return true;
      if ((set & CAN_BE_TRUE) === 0) return false;
    } else {
      if ((set & CAN_BE_FALSE) === 0) return true;
      if (set === CAN_BE_FALSE) return false;
    }
    if (pending === undefined) throw new TypeError('a rule hangs on nothing');
    return pending;
  }

  /** The outcomes an expression of a rule can have, and a variable that it hangs on. */
  outcomes(expression: Expression, rule: Rule, view: CellView, assignment: Assignment): Outcomes {
    const several =
      (combine: (a: OutcomeSet, b: OutcomeSet) => OutcomeSet, start: OutcomeSet) =>
      (operands: Outcomes[]): Outcomes => {
        const set = operands.reduce((all, operand) => combine(all, operand.set), start);
        return {
          set,
          pending: isSingle(set) ? undefined : operands.find(({ pending }) => pending !== undefined)?.pending,
        };
      };
    return fold<Outcomes>(expression, {
      call: (call) => this.#ofCall(call, rule, view, assignment),
      not: ({ set, pending }) => ({ set: negateSet(set), pending }),
      and: several(andSets, CAN_BE_TRUE),
      or: several(orSets, CAN_BE_FALSE),
    });
  }

  #ofCall(call: Call, rule: Rule, view: CellView, assignment: Assignment): Outcomes {
    return this.ofCondition(rule.program.leaves.get(call) as Condition, view, assignment);
  }

  /** The outcomes one condition can have, and its variable when there are several. */
  ofCondition(condition: Condition, view: CellView, assignment: Assignment): Outcomes {
    const met = this.meet(condition, view);
    const state = typeof met === 'number' ? met : (assignment.get(met) ?? this.#implied(met, assignment));
    if (state !== undefined) return { set: only(outcomeOfState(state, condition)), pending: undefined };
    const variable = met as Variable;
    const set = variable.domain.reduce<OutcomeSet>((all, each) => all | only(outcomeOfState(each, condition)), NONE);
    return { set, pending: isSingle(set) ? undefined : variable };
  }

  /** The state that follows from an equality that was assumed for the same path. */
  #implied(variable: Variable, assignment: Assignment): State | undefined {
    const { atom, pathKey, subjectKnown } = variable;
    if (subjectKnown || !isLiteral(atom)) return undefined;
    let texts = this.#settled.get(assignment);
    if (texts === undefined) {
      texts = settledTexts(assignment);
      this.#settled.set(assignment, texts);
    }
    const text = texts.get(pathKey);
    if (text === undefined) return undefined;
    const key = `${text}\n${variable.key}`;
    let state = this.#implications.get(key);
    if (state === undefined) {
      state = stateOn(atom, [{ names: atom.path.names, value: text }]);
      this.#implications.set(key, state);
    }
    return state;
  }

  atomOf(condition: Condition): Atom {
    return this.#atoms.of(condition);
  }

  /** Makes a path known by its key. */
  notePath(path: Path): string {
    this.#openPaths.set(keyOf(path), path);
    return keyOf(path);
  }

  /** The state of a condition where the cell settles it, else its variable. */
  meet(condition: Condition, view: CellView): State | Variable {
    let memory = this.#known.get(view);
    if (memory === undefined) {
      memory = new Map();
      this.#known.set(view, memory);
    }
    const atom = this.#atoms.of(condition);
    let met = memory.get(atom);
    if (met === undefined) {
      met = this.#meet(atom, view);
      memory.set(atom, met);
    }
    return met;
  }

  #meet(atom: Atom, view: CellView): State | Variable {
    const subject = view.pin(atom.path);
    if (subject === undefined) return ABSENT;
    const operands = atom.operandPaths.map((path): { path: Path; value: Pinned } => ({ path, value: view.pin(path) }));
    if (subject !== OPEN && operands.every(({ value }) => value !== OPEN)) {
      const values = [{ path: atom.path, value: subject }, ...operands].flatMap(({ path, value }): PathValue[] =>
        value === undefined || value === OPEN ? [] : [{ names: path.names, value }],
      );
      return stateOn(atom, values);
    }
    const mark = [atom.path, ...atom.operandPaths].map((path) => view.mark?.(path) ?? '').join('');
    const pinned: string[] = ([subject, ...operands.map(({ value }) => value)] as Pinned[]).map(plainText);
    const key = `${mark}|${pinned.join('|')}|${atom.key}`;
    let variable = this.#variables.get(key);
    if (variable === undefined) {
      variable = this.#makeVariable(key, atom, mark, subject !== OPEN, operands);
      this.#variables.set(key, variable);
    }
    return variable;
  }

  #makeVariable(
    key: string,
    atom: Atom,
    mark: string,
    subjectKnown: boolean,
    operands: readonly { path: Path; value: Pinned }[],
  ): Variable {
    const pathKey = mark + atom.pathKey;
    const open = operands.filter(({ value }) => value === OPEN).map(({ path }) => path);
    for (const path of [atom.path, ...open]) this.#openPaths.set(mark + keyOf(path), path);
    const operandAbsent = operands.some(({ value }) => value === undefined);
    const canBeAbsent = !subjectKnown && !this.cell.always(pathKey);
    const present: readonly State[] = operandAbsent
      ? [UNDETERMINED]
      : isLiteral(atom)
        ? possibleStates(atom, this.cell.limits(pathKey))
        : [TRUE, FALSE, UNDETERMINED];
    const domain: readonly State[] = canBeAbsent ? [...present, ABSENT] : present;
    return { key, atom, pathKey, subjectKnown, operandKeys: open.map((path) => mark + keyOf(path)), domain };
  }

  /** Whether values could bring an assignment about, `newest` having been added to a consistent one. */
  consistent(assignment: Assignment, newest?: Variable): boolean {
    const presence = this.presence(assignment);
    if (presence === undefined) return false;
    for (const [variable, state] of assignment) {
      const lost = variable.operandKeys.some((key) => presence.get(key) === false);
      if (lost && (state === TRUE || state === FALSE)) return false;
    }
    const pathKeys =
      newest === undefined
        ? new Set([...assignment.keys()].map(({ pathKey }) => pathKey))
        : touched(newest, assignment);
    for (const pathKey of pathKeys) if (!this.#solvable(pathKey, assignment, presence)) return false;
    return true;
  }

  /** Which open paths hold something; undefined when that contradicts itself. */
  presence(assignment: Assignment): ReadonlyMap<string, boolean> | undefined {
    const presence = new Map<string, boolean>();
    const note = (key: string, here: boolean): boolean => {
      if ((presence.get(key) ?? here) !== here || (!here && this.cell.always(key))) return false;
      presence.set(key, here);
      return true;
    };
    for (const [{ pathKey, subjectKnown, operandKeys }, state] of assignment) {
      if (!subjectKnown && !note(pathKey, state !== ABSENT)) return undefined;
      if ((state === TRUE || state === FALSE) && !operandKeys.every((key) => note(key, true))) return undefined;
    }
    for (const [key, here] of presence) {
      if (here) for (const [other, present] of presence) if (!present && isBelow(key, other)) return undefined;
    }
    return presence;
  }

  /** What the values of a path are held to under an assignment. */
  wishes(pathKey: string, assignment: Assignment): Wish[] {
    const wishes: Wish[] = [];
    for (const [variable, state] of assignment) {
      if (variable.pathKey !== pathKey || variable.subjectKnown || state === ABSENT || !isLiteral(variable.atom))
        continue;
      wishes.push({ atom: variable.atom, state });
    }
    return wishes;
  }

  limits(pathKey: string, presence: ReadonlyMap<string, boolean>): PathLimits {
    const container = [...presence].some(([other, here]) => here && isBelow(other, pathKey));
    const limits = this.cell.limits(pathKey);
    return container ? { ...limits, container } : limits;
  }

  #solvable(pathKey: string, assignment: Assignment, presence: ReadonlyMap<string, boolean>): boolean {
    const wishes = this.wishes(pathKey, assignment);
    if (wishes.length === 0) return true;
    const limits = this.limits(pathKey, presence);
    const asked = wishes.map(({ atom, state }) => `${state}${atom.key}`).sort();
    const key = `${limits.container === true ? 1 : 0}${pathKey}${asked.join('')}`;
    let possible = this.#solved.get(key);
    if (possible === undefined) {
      possible = solvePath(wishes, limits).possible;
      this.#solved.set(key, possible);
    }
    return possible;
  }
}

interface Outcomes {
  readonly set: OutcomeSet;
  readonly pending: Variable | undefined;
}

/** Paths whose value an assumed equality settles: with a text that no number, boolean or `null` equals. */
function settledTexts(assignment: Assignment): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [{ atom, pathKey, subjectKnown }, state] of assignment) {
    if (state !== TRUE || subjectKnown || atom.condition.function.name !== 'Equals') continue;
    const [value] = literalsOf(atom);
    if (typeof value === 'string' && !equalsOtherScalars(value)) texts.set(pathKey, value);
  }
  return texts;
}

function equalsOtherScalars(text: string): boolean {
  return isStrictDecimal(text) || text === 'true' || text === 'false' || text === 'null';
}

function isSingle(set: OutcomeSet): boolean {
  return set === CAN_BE_FALSE || set === CAN_BE_TRUE || set === only(UNDETERMINED);
}

/** Paths whose values a new choice may have made impossible: its own, and those around it. */
function touched(newest: Variable, assignment: Assignment): Set<string> {
  const keys = new Set([newest.pathKey]);
  for (const { pathKey } of assignment.keys()) {
    if ([newest.pathKey, ...newest.operandKeys].some((key) => isBelow(key, pathKey))) keys.add(pathKey);
  }
  return keys;
}

/** Whether the first path leads through the second. Keys are JSON arrays of names. */
function isBelow(key: string, above: string): boolean {
  return key.length > above.length && key.startsWith(`${above.slice(0, -1)},`);
}

function plainText(value: Pinned): string {
  if (value === OPEN) return '*';
  if (value === undefined) return '';
  return JSON.stringify(value, (_, each: unknown) => (each instanceof Map ? [...each] : each));
}

export const noChoice: Assignment = new Map();
