import type { ObjectValue, Value } from '../../expression/index.ts';
import type { PolicyRequest } from '../facts.ts';
import { type ItemKind, itemShapes } from '../visibility.ts';
import { type AtomTable, keyOf } from './atom.ts';
import { textsComparedWith } from './cells.ts';
import { type Assignment, Explorer, noChoice } from './explorer.ts';
import { listCell } from './list-cell.ts';
import { type Choices, ListReader } from './list-reader.ts';
import type { Alignment } from './rule-alignment.ts';
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
  alignment: Alignment,
  options: { readonly names?: readonly string[]; readonly uris?: readonly string[]; readonly budget?: number },
): { changes: ListChange[]; unknown: ListChange[] } {
  const changes: ListChange[] = [];
  const unknown: ListChange[] = [];
  if (alignment.before.hash === alignment.after.hash) return { changes, unknown };
  for (const list of Object.keys(itemShapes) as ItemKind[]) {
    const { parameter } = itemShapes[list];
    const written = textsComparedWith(atoms.all(), keyOf({ names: ['mcp', 'params', parameter] }));
    const given = (parameter === 'name' ? options.names : options.uris) ?? [];
    const items = list === 'resourceTemplates' ? [undefined] : [...new Set([...written, ...given]), undefined];
    const named = new Set(items.filter((each) => each !== undefined));
    for (const item of items) {
      for (const change of compareItem(atoms, alignment, list, item, named, options.budget ?? 20_000)) {
        (change.example === undefined ? unknown : changes).push(change);
      }
    }
  }
  return { changes, unknown };
}

function compareItem(
  atoms: AtomTable,
  alignment: Alignment,
  list: ItemKind,
  item: string | undefined,
  named: ReadonlySet<string>,
  budget: number,
): ListChange[] {
  const { before, after, changed } = alignment;
  const cell = listCell(list, item, named);
  const explorer = new Explorer(cell, atoms);
  const reader = new ListReader(explorer, list);
  const found: Record<ListChange['direction'], { example: ListChange['example']; met: boolean; searches: number }> = {
    gained: { example: undefined, met: false, searches: 0 },
    lost: { example: undefined, met: false, searches: 0 },
  };
  let left = budget;
  const visit = (choices: Choices): void => {
    if (found.gained.example !== undefined && found.lost.example !== undefined) return;
    left -= 1;
    if (left <= 0) return;
    // Where nothing can apply that is not in both, they show the same.
    const met = alignment.sameLists ? reader.canMeet([before, after], changed, choices) : true;
    if (met === false) return;
    const was = met === true ? reader.sees(before, choices) : met;
    if ('visible' in was && found[was.visible ? 'lost' : 'gained'].example !== undefined) return;
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
