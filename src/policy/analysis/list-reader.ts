import { type Call, type Expression, fold } from '../../expression/index.ts';
import type { Condition } from '../condition.ts';
import { Facts } from '../facts.ts';
import { pathsOf } from '../operand.ts';
import { andSets, CAN_BE_FALSE, CAN_BE_TRUE, negateSet, type OutcomeSet, only, orSets } from '../outcome-set.ts';
import type { Path } from '../path.ts';
import type { PolicySet } from '../policy-set.ts';
import { anyValue, fixed } from '../possible-value.ts';
import { type Rule, readingOf } from '../rule.ts';
import type { ItemKind } from '../visibility.ts';
import { keyOf, literalsOf } from './atom.ts';
import { type CellView, OPEN } from './cells.ts';
import type { Assignment, Explorer, Variable } from './explorer.ts';
import { isFree, isStart } from './list-cell.ts';
import { requestFrom } from './request-from.ts';

/** Conditions whose outcomes depend on what the caller has and on what the call leaves open. */
export interface OpenChoice {
  readonly key: string;
  readonly options: readonly OutcomeSet[];
  readonly paths: readonly string[];
}

export interface Choices {
  readonly states: Assignment;
  readonly sets: ReadonlyMap<string, OutcomeSet>;
}

type Hanging = { readonly variable: Variable } | { readonly choice: OpenChoice };
export type Seen = { readonly visible: boolean } | Hanging;

/** Asks of a policy whether an item is listed, as `visibility.ts` does, but for every caller at once. */
export class ListReader {
  readonly #explorer: Explorer;
  readonly #list: ItemKind;
  readonly #choices = new Map<string, OpenChoice>();
  readonly #known = new Map<Condition, 'closed' | OutcomeSet | OpenChoice>();
  readonly #starts = new Set<string>();
  readonly #rules = new Map<PolicySet, readonly Rule[]>();

  constructor(explorer: Explorer, list: ItemKind) {
    this.#explorer = explorer;
    this.#list = list;
  }

  sees(set: PolicySet, choices: Choices): Seen {
    const [listView, callView] = this.#explorer.cell.views;
    if (listView === undefined || callView === undefined) return { visible: false };
    for (const rule of set.listRules) {
      const standing = this.#explorer.standing(rule, listView, choices.states);
      if (standing === true) return { visible: rule.action === 'show' };
      if (standing !== false) return { variable: standing };
    }
    if (set.listDefaultAction !== 'callable') return { visible: set.listDefaultAction === 'show' };
    let hanging: Hanging | undefined;
    for (const rule of this.#rulesOf(set, callView)) {
      const met = this.#outcomes(rule, callView, choices);
      if (typeof met !== 'number') {
        hanging ??= met;
        // Whatever becomes of a rule that allows, one after it that shows the item does so; a refusal may hide it.
        if (rule.action === 'deny') return hanging;
      } else {
        if (possibly(rule, met) && rule.action === 'allow') return { visible: true };
        if (surely(rule, met)) return hanging ?? { visible: false };
      }
    }
    return set.defaultAction === 'allow' ? { visible: true } : (hanging ?? { visible: false });
  }

  /** Whether one of some rules can apply to a call of the item, each set asked for its own. */
  canMeet(sets: readonly PolicySet[], rules: ReadonlySet<Rule>, choices: Choices): boolean | Hanging {
    const callView = this.#explorer.cell.views[1];
    if (callView === undefined) return false;
    for (const set of sets) {
      for (const rule of this.#rulesOf(set, callView)) {
        if (!rules.has(rule)) continue;
        const met = this.#outcomes(rule, callView, choices);
        if (typeof met !== 'number') return met;
        if (possibly(rule, met)) return true;
      }
    }
    return false;
  }

  /** Asked once for each choice, and always the same. */
  #rulesOf(set: PolicySet, view: CellView): readonly Rule[] {
    let rules = this.#rules.get(set);
    if (rules === undefined) {
      rules = this.#explorer.demands.rulesOf(set, view);
      this.#rules.set(set, rules);
    }
    return rules;
  }

  /** Claims that conditions over open arguments refer to. */
  freePaths(): string[] {
    return [...new Set([...this.#choices.values()].flatMap(({ paths }) => paths))];
  }

  /** Templates worth trying: the texts that conditions on URIs name, with something open after them. */
  templates(): string[] {
    return [...this.#starts].flatMap((start) => [start, `${start}{path}`]).concat('{uri}', 'another://{path}');
  }

  #outcomes(rule: Rule, view: CellView, choices: Choices): OutcomeSet | Hanging {
    const several =
      (combine: (a: OutcomeSet, b: OutcomeSet) => OutcomeSet, start: OutcomeSet, settling: OutcomeSet) =>
      (operands: (OutcomeSet | Hanging)[]): OutcomeSet | Hanging => {
        if (operands.includes(settling)) return settling;
        const hanging = operands.find((operand) => typeof operand !== 'number');
        if (hanging !== undefined) return hanging;
        return operands.reduce<OutcomeSet>((all, operand) => combine(all, operand as OutcomeSet), start);
      };
    return fold<OutcomeSet | Hanging>(rule.program.expression as Expression, {
      call: (call: Call) => this.#ofCondition(rule.program.leaves.get(call) as Condition, view, choices),
      not: (operand) => (typeof operand === 'number' ? negateSet(operand) : operand),
      and: several(andSets, CAN_BE_TRUE, CAN_BE_FALSE),
      or: several(orSets, CAN_BE_FALSE, CAN_BE_TRUE),
    });
  }

  #ofCondition(condition: Condition, view: CellView, choices: Choices): OutcomeSet | Hanging {
    let known = this.#known.get(condition);
    if (known === undefined) {
      known = this.#readingOf(condition, view);
      this.#known.set(condition, known);
    }
    if (typeof known === 'number') return known;
    if (known !== 'closed') return choices.sets.get(known.key) ?? { choice: known };
    const { set, pending } = this.#explorer.ofCondition(condition, view, choices.states);
    return pending === undefined ? set : { variable: pending };
  }

  /** What a condition depends on: nothing that a caller of the item chooses, nothing else, or both. */
  #readingOf(condition: Condition, view: CellView): 'closed' | OutcomeSet | OpenChoice {
    const paths = [condition.path, ...condition.operands.flatMap(pathsOf)];
    if (!paths.some((path) => isFree(path, this.#list))) return 'closed';
    if (
      paths.every((path) => isFree(path, this.#list) || view.pin(path) !== OPEN) &&
      !paths.some((path) => isStart(path, this.#list))
    ) {
      return freeOutcomes(condition, paths, view, this.#list);
    }
    const key = `${condition.reading}${paths.map(keyOf).join()}${condition.function.name}${JSON.stringify(condition.call.arguments.map(({ value, style }) => [value, style === 'number']))}`;
    let choice = this.#choices.get(key);
    if (choice === undefined) {
      if (isStart(condition.path, this.#list))
        for (const text of literalsOf(this.#explorer.atomOf(condition)))
          if (typeof text === 'string') this.#starts.add(text);
      const free = isFree(condition.path, this.#list) && !isStart(condition.path, this.#list);
      const base = free ? only(condition.evaluate(nowhere)) : 0;
      const all = comparesStart(condition, this.#list) ? startOutcomes : everyOutcome;
      choice = {
        key,
        options: all.filter((set) => (set & base) === base),
        paths: paths.filter((path) => path.names[0] === 'jwt').map((path) => this.#explorer.notePath(path)),
      };
      this.#choices.set(key, choice);
    }
    return choice;
  }
}

function possibly({ action }: Rule, set: OutcomeSet): boolean {
  return readingOf(action) === 'granting' ? (set & CAN_BE_TRUE) !== 0 : (set & ~CAN_BE_FALSE) !== 0;
}

function surely({ action }: Rule, set: OutcomeSet): boolean {
  return readingOf(action) === 'granting' ? set === CAN_BE_TRUE : (set & CAN_BE_FALSE) === 0;
}

const everyOutcome: readonly OutcomeSet[] = [1, 2, 3, 4, 5, 6, 7];
/** A text of which the beginning is known can equal another or cannot; a template that is itself a URI is known. */
const startOutcomes: readonly OutcomeSet[] = [CAN_BE_FALSE, CAN_BE_FALSE | CAN_BE_TRUE, CAN_BE_TRUE];

/** Whether a condition compares the URI of a template with written texts. */
function comparesStart({ path, operands, function: { name } }: Condition, list: ItemKind): boolean {
  if (!isStart(path, list) || path.names.length > 3 || (name !== 'Equals' && name !== 'OneOf')) return false;
  return operands.every((operand) => operand.kind === 'literal' && typeof operand.value === 'string');
}

const nowhere = new Facts(requestFrom({ values: [] }));

function freeOutcomes(condition: Condition, paths: readonly Path[], view: CellView, list: ItemKind): OutcomeSet {
  const values = paths.flatMap((path) => {
    const value = isFree(path, list) ? undefined : view.pin(path);
    return value === undefined || value === OPEN ? [] : [{ names: path.names, value }];
  });
  const facts = new Facts(requestFrom({ values }));
  return condition.possible({
    facts,
    at(path) {
      if (isFree(path, list)) return { value: anyValue, maybeAbsent: true };
      const value = view.pin(path);
      if (value === undefined || value === OPEN) return { value: undefined, maybeAbsent: true };
      return { value: fixed(value), maybeAbsent: false };
    },
    possible: (each) => each.possible({ facts, at: () => ({ value: anyValue, maybeAbsent: true }), possible: () => 7 }),
  });
}
