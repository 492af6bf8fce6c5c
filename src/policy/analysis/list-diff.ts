import { type Call, type Expression, fold, type ObjectValue, type Value } from '../../expression/index.ts';
import type { Condition } from '../condition.ts';
import { Facts, type PolicyRequest } from '../facts.ts';
import { andSets, CAN_BE_FALSE, CAN_BE_TRUE, negateSet, type OutcomeSet, only, orSets } from '../outcome-set.ts';
import type { Path } from '../path.ts';
import type { PolicySet } from '../policy-set.ts';
import { anyValue, fixed } from '../possible-value.ts';
import { type Rule, readingOf } from '../rule.ts';
import { type ItemKind, itemShapes } from '../visibility.ts';
import { type AtomTable, keyOf, literalsOf } from './atom.ts';
import { type Cell, type CellView, OPEN, type Pinned, plausible, textsComparedWith } from './cells.ts';
import { type Assignment, Explorer, noChoice, type Variable } from './explorer.ts';
import { requestFrom } from './request-from.ts';
import { findWitness } from './witness.ts';

/** What a change of policies does to somebody's lists. */
export interface ListChange {
  readonly direction: 'gained' | 'lost';
  readonly list: ItemKind;
  /** The item; undefined: one that is not named in the policies. */
  readonly item: string | undefined;
  /** A caller who sees it before or after, but not both, with the item. Tried on both. */
  readonly example: { readonly request: PolicyRequest; readonly item: ObjectValue } | undefined;
}

/** Compares what callers see. Sound in the same way as the comparison of decisions. */
export function compareLists(
  atoms: AtomTable,
  before: PolicySet,
  after: PolicySet,
  options: { readonly names?: readonly string[]; readonly uris?: readonly string[]; readonly budget?: number },
): { changes: ListChange[]; unknown: ListChange[] } {
  const changes: ListChange[] = [];
  const unknown: ListChange[] = [];
  if (before.hash === after.hash) return { changes, unknown };
  for (const list of Object.keys(itemShapes) as ItemKind[]) {
    const { parameter } = itemShapes[list];
    const written = textsComparedWith(atoms.all(), keyOf({ names: ['mcp', 'params', parameter] }));
    const given = (parameter === 'name' ? options.names : options.uris) ?? [];
    const items = list === 'resourceTemplates' ? [undefined] : [...new Set([...written, ...given]), undefined];
    const named = new Set(items.filter((each) => each !== undefined));
    for (const item of items) {
      for (const change of compareItem(atoms, before, after, list, item, named, options.budget ?? 20_000)) {
        (change.example === undefined ? unknown : changes).push(change);
      }
    }
  }
  return { changes, unknown };
}

/** Conditions whose outcomes depend on what the caller has and on what the call leaves open. */
interface OpenChoice {
  readonly key: string;
  readonly options: readonly OutcomeSet[];
  readonly paths: readonly string[];
}

interface Choices {
  readonly states: Assignment;
  readonly sets: ReadonlyMap<string, OutcomeSet>;
}

type Hanging = { readonly variable: Variable } | { readonly choice: OpenChoice };
type Seen = { readonly visible: boolean } | Hanging;

function compareItem(
  atoms: AtomTable,
  before: PolicySet,
  after: PolicySet,
  list: ItemKind,
  item: string | undefined,
  named: ReadonlySet<string>,
  budget: number,
): ListChange[] {
  const cell = listCell(list, item, named);
  const explorer = new Explorer(cell, atoms);
  const reader = new ListReader(explorer, list);
  const found: Record<ListChange['direction'], { example: ListChange['example']; met: boolean; searches: number }> = {
    gained: { example: undefined, met: false, searches: 0 },
    lost: { example: undefined, met: false, searches: 0 },
  };
  let left = budget;
  const visit = (choices: Choices): void => {
    left -= 1;
    if (left <= 0) return;
    const was = reader.sees(before, choices);
    const is = 'visible' in was ? reader.sees(after, choices) : was;
    if ('variable' in is) {
      for (const state of is.variable.domain) {
        const states = new Map([...choices.states, [is.variable, state]]);
        if (explorer.consistent(states, is.variable)) visit({ ...choices, states });
      }
    } else if ('choice' in is) {
      for (const set of is.choice.options)
        visit({ ...choices, sets: new Map([...choices.sets, [is.choice.key, set]]) });
    } else if ('visible' in was && was.visible !== is.visible) {
      const own = found[is.visible ? 'gained' : 'lost'];
      own.met = true;
      if (own.example !== undefined || own.searches >= 12) return;
      own.searches += 1;
      own.example = exampleOf(explorer, choices.states, reader, list, (request, listed) => {
        return (
          after.visible(list, listed, request) === is.visible && before.visible(list, listed, request) !== is.visible
        );
      });
    }
  };
  visit({ states: noChoice, sets: new Map() });
  const directions = (['gained', 'lost'] as const).filter((direction) => found[direction].met || left <= 0);
  return directions.map((direction) => ({ direction, list, item, example: found[direction].example }));
}

function exampleOf(
  explorer: Explorer,
  states: Assignment,
  reader: ListReader,
  list: ItemKind,
  test: (request: PolicyRequest, item: ObjectValue) => boolean,
): ListChange['example'] {
  const { member, parameter, listMethod } = itemShapes[list];
  let example: ListChange['example'];
  findWitness(
    explorer,
    states,
    (request) => {
      const params = request.mcp.get('params');
      const named = params instanceof Map ? ((params as ObjectValue).get(parameter) ?? null) : null;
      const names = list === 'resourceTemplates' ? reader.templates() : [named];
      const annotations = request.toolAnnotations?.(String(named));
      const caller: PolicyRequest = {
        ...request,
        mcp: new Map<string, Value>([
          ['jsonrpc', '2.0'],
          ['id', { text: '1' }],
          ['method', listMethod],
        ]),
      };
      for (const name of names) {
        const item = new Map<string, Value>([
          [member, name],
          ...(annotations === undefined ? [] : [['annotations', annotations] as const]),
        ]);
        if (!test(caller, item)) continue;
        example = { request: caller, item };
        return true;
      }
      return false;
    },
    reader.freePaths(),
  );
  return example;
}

/** Asks of a policy whether an item is listed, as `visibility.ts` does, but for every caller at once. */
class ListReader {
  readonly #explorer: Explorer;
  readonly #list: ItemKind;
  readonly #choices = new Map<string, OpenChoice>();
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
    for (const rule of this.#rulesOf(set, callView)) {
      const met = this.#outcomes(rule, callView, choices);
      if (typeof met !== 'number') return met;
      const granting = readingOf(rule.action) === 'granting';
      const possibly = granting ? (met & CAN_BE_TRUE) !== 0 : (met & ~CAN_BE_FALSE) !== 0;
      const surely = granting ? met === CAN_BE_TRUE : (met & CAN_BE_FALSE) === 0;
      if (possibly && rule.action === 'allow') return { visible: true };
      if (surely) return { visible: false };
    }
    return { visible: set.defaultAction === 'allow' };
  }

  /** Asked once for each choice, and always the same. */
  #rulesOf(set: PolicySet, view: CellView): readonly Rule[] {
    let rules = this.#rules.get(set);
    if (rules === undefined) {
      rules = this.#explorer.rulesOf(set, view);
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
    const paths = [
      condition.path,
      ...condition.operands.flatMap((operand) =>
        operand.kind === 'literal'
          ? []
          : operand.kind === 'whole'
            ? [operand.path]
            : operand.pieces.filter((piece) => typeof piece !== 'string'),
      ),
    ];
    if (!paths.some((path) => isFree(path, this.#list))) {
      const { set, pending } = this.#explorer.ofCondition(condition, view, choices.states);
      return pending === undefined ? set : { variable: pending };
    }
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
      const options = [1, 2, 3, 4, 5, 6, 7].filter((set) => (set & base) === base);
      choice = {
        key,
        options,
        paths: paths.filter((path) => path.names[0] === 'jwt').map((path) => this.#explorer.notePath(path)),
      };
      this.#choices.set(key, choice);
    }
    return choices.sets.get(key) ?? { choice };
  }
}

const nowhere = new Facts(requestFrom({ values: [] }));

/** What the caller of a listed item chooses. */
function isFree({ names: [root, field, name] }: Path, list: ItemKind): boolean {
  if (root !== 'mcp') return false;
  if (field === 'id') return true;
  if (field !== 'params' || name === undefined) return false;
  return name !== itemShapes[list].parameter || list === 'resourceTemplates';
}

/** The URI of a resource template: a text of which the beginning is known. */
function isStart({ names }: Path, list: ItemKind): boolean {
  return list === 'resourceTemplates' && names[0] === 'mcp' && names[1] === 'params' && names[2] === 'uri';
}

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

/** The list answer and the calls that it stands for, as two views of one cell. */
function listCell(list: ItemKind, item: string | undefined, named: ReadonlySet<string>): Cell {
  const { listMethod, callMethod, parameter } = itemShapes[list];
  const itemKey = keyOf({ names: ['mcp', 'params', parameter] });
  const pin =
    (method: string) =>
    (path: Path): Pinned => {
      if (method === callMethod && isFree(path, list)) return OPEN;
      const [root, field, name] = path.names;
      if (root === 'http' && field === 'method') return 'POST';
      if (root === 'tool') return list === 'tools' ? OPEN : undefined;
      if (root !== 'mcp' || field === 'protocolVersion') return OPEN;
      if (field === 'method') return method;
      if (field === 'jsonrpc') return '2.0';
      if (field === 'id') return undefined;
      if (name === undefined) return new Map([[parameter, item ?? '']]);
      if (name !== parameter || path.names.length > 3) return undefined;
      return item ?? OPEN;
    };
  const textual = new Set([
    itemKey,
    ...[
      ['http', 'host'],
      ['http', 'path'],
      ['client', 'ip'],
      ['mcp', 'protocolVersion'],
    ].map((names) => keyOf({ names })),
  ]);
  return {
    kind: 'request',
    method: listMethod,
    item: { key: parameter, value: item },
    views: [
      { pin: pin(listMethod), lifecycle: false, onlyRules: false },
      { pin: pin(callMethod), lifecycle: false, onlyRules: false },
    ],
    limits: (pathKey) =>
      textual.has(pathKey) ? { text: true, ...(pathKey === itemKey ? { excluded: named } : {}) } : {},
    always: (pathKey) =>
      pathKey === itemKey ||
      pathKey === keyOf({ names: ['http', 'host'] }) ||
      pathKey === keyOf({ names: ['http', 'path'] }),
    request: (values) => {
      const isNamed = values.some((one) => keyOf(one) === itemKey);
      const own = {
        names: ['mcp', 'params', parameter],
        value: item ?? (parameter === 'name' ? 'another' : 'another://resource'),
      };
      return plausible(requestFrom({ values: isNamed ? values : [own, ...values] }), 'POST');
    },
  };
}
