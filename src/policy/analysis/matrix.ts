import type { ObjectValue, Value } from '../../expression/index.ts';
import type { PolicyRequest } from '../facts.ts';
import type { Path } from '../path.ts';
import type { PolicySet } from '../policy-set.ts';
import { type ItemKind, itemShapes } from '../visibility.ts';
import { AtomTable, keyOf } from './atom.ts';
import { callerWith, cellsOf, type KnownCaller, OPEN, textsComparedWith } from './cells.ts';
import { Explorer } from './explorer.ts';
import { residualCondition } from './residual.ts';
import { judgeCell, remainingRules } from './verdict.ts';
import { findWitness } from './witness.ts';

/** A row of the matrix: a caller of whom something is known. */
export interface MatrixCaller {
  readonly label: string;
  /** All claims, or only the one claim that makes the group; then the others are open. */
  readonly claims: ObjectValue | { readonly path: readonly string[]; readonly value: Value };
}

export interface MatrixColumn {
  readonly list: Exclude<ItemKind, 'resourceTemplates'>;
  /** Undefined: any other. */
  readonly item: string | undefined;
}

export interface MatrixEntry {
  /** `sometimes` and `unknown` both mean that it depends; only `sometimes` was shown by examples. */
  readonly verdict: 'always' | 'sometimes' | 'never' | 'unknown';
  /** When it is allowed, in the policy language; only for `sometimes` and `unknown`. */
  readonly condition: string | undefined;
  readonly allowed: PolicyRequest | undefined;
  readonly denied: PolicyRequest | undefined;
}

export interface PolicyMatrix {
  readonly callers: readonly string[];
  readonly columns: readonly MatrixColumn[];
  /** By caller, then by column. */
  readonly entries: readonly (readonly MatrixEntry[])[];
}

export interface MatrixOptions {
  readonly callers: readonly MatrixCaller[];
  readonly columns: readonly MatrixColumn[];
  readonly budget?: number;
}

/** What each caller may use: always, sometimes and when, or never. `always` and `never` are proofs. */
export function policyMatrix(set: PolicySet, options: MatrixOptions): PolicyMatrix {
  const atoms = new AtomTable(set);
  const names = options.columns.flatMap(({ list, item }) => (list !== 'resources' && item !== undefined ? [item] : []));
  const uris = options.columns.flatMap(({ list, item }) => (list === 'resources' && item !== undefined ? [item] : []));
  const entries = options.callers.map(({ claims }) => {
    const cells = new Map(
      cellsOf(atoms.all(), { caller: knownCaller(claims), names, uris }).flatMap((cell) =>
        cell.item === undefined ? [] : [[columnKey(cell.method, cell.item.value), cell]],
      ),
    );
    return options.columns.map(({ list, item }): MatrixEntry => {
      const cell = cells.get(columnKey(itemShapes[list].callMethod, item));
      if (cell === undefined) throw new TypeError(`no cell for ${list} ${item}`);
      return entryOf(set, new Explorer(cell, atoms), claims, options.budget ?? 20_000);
    });
  });
  return { callers: options.callers.map(({ label }) => label), columns: options.columns, entries };
}

function columnKey(method: string | undefined, item: string | undefined): string {
  return JSON.stringify([method, item]);
}

function entryOf(set: PolicySet, explorer: Explorer, claims: MatrixCaller['claims'], budget: number): MatrixEntry {
  const { views } = explorer.cell;
  const rules = new Map(
    views.map((view) => [view, remainingRules(explorer, explorer.demands.rulesOf(set, view), view)]),
  );
  const met = { allow: false, deny: false };
  const examples: { allow?: PolicyRequest | undefined; deny?: PolicyRequest | undefined } = {};
  let searches = 0;
  const complete = explorer.explore(
    (assignment) => judgeCell(explorer, (view) => rules.get(view) ?? [], set.defaultAction, assignment),
    ({ outcome }, assignment) => {
      met[outcome] = true;
      if (examples[outcome] === undefined && searches < 24) {
        searches += 1;
        examples[outcome] = findWitness(explorer, assignment, (request) => {
          return set.decide(asCaller(request, claims)).allowed === (outcome === 'allow');
        });
      }
      return examples.allow === undefined || examples.deny === undefined;
    },
    { left: budget },
  );
  const [allowed, denied] = [examples.allow, examples.deny].map((request) => request && asCaller(request, claims));
  const settled = (verdict: MatrixEntry['verdict']): MatrixEntry => ({
    verdict,
    condition: undefined,
    allowed,
    denied,
  });
  if (complete && !met.deny) return settled('always');
  if (complete && !met.allow) return settled('never');
  const [view] = views;
  const condition = view === undefined ? undefined : residualCondition(explorer, set, view);
  const verdict = allowed !== undefined && denied !== undefined ? 'sometimes' : 'unknown';
  return { verdict, condition, allowed, denied };
}

function isClaims(claims: MatrixCaller['claims']): claims is ObjectValue {
  return claims instanceof Map;
}

function knownCaller(claims: MatrixCaller['claims']): KnownCaller {
  if (isClaims(claims)) return callerWith(claims);
  const own = ['jwt', ...claims.path];
  const known = callerWith(nested(claims.path, claims.value));
  const key = keyOf({ names: own });
  const isOwn = ({ names }: Path) => keyOf({ names: names.slice(0, own.length) }) === key;
  return { pin: (path) => (isOwn(path) ? known.pin(path) : OPEN) };
}

/** A request of an open caller, with the claims that are known put in. */
function asCaller(request: PolicyRequest, claims: MatrixCaller['claims']): PolicyRequest {
  if (isClaims(claims)) return { ...request, jwt: claims };
  return { ...request, jwt: nested(claims.path, claims.value, request.jwt) };
}

function nested(path: readonly string[], value: Value, around: ObjectValue = new Map()): ObjectValue {
  const [first = '', ...rest] = path;
  const inner = around.get(first);
  const object = inner instanceof Map ? (inner as ObjectValue) : new Map<string, Value>();
  return new Map([...around, [first, rest.length === 0 ? value : nested(rest, value, object)]]);
}

/** Tools, prompts and resources that policies name, as columns. */
export function columnsNamed(set: PolicySet): MatrixColumn[] {
  const atoms = new AtomTable(set);
  const uses = (method: string) =>
    set.rules.some(({ demand }) => demand.method === undefined || demand.method.has(method));
  const names = textsComparedWith(atoms.all(), keyOf({ names: ['mcp', 'params', 'name'] }));
  const uris = textsComparedWith(atoms.all(), keyOf({ names: ['mcp', 'params', 'uri'] }));
  const of = (list: MatrixColumn['list'], items: readonly string[]): MatrixColumn[] =>
    [...items, undefined].map((item) => ({ list, item }));
  const named = (method: string) => names.filter((name) => methodsOf(set, name)?.has(method) !== false);
  return [
    ...of('tools', named('tools/call')),
    ...(uses('prompts/get')
      ? of(
          'prompts',
          named('prompts/get').filter((name) => methodsOf(set, name) !== undefined),
        )
      : []),
    ...(uses('resources/read') ? of('resources', uris) : []),
  ];
}

/** The methods of the rules that demand a name; undefined when one of them is about any method, or there is none. */
function methodsOf(set: PolicySet, name: string): ReadonlySet<string> | undefined {
  const demanding = set.rules.filter(({ demand }) => demand.name?.has(name) === true);
  const methods = demanding.map(({ demand }) => demand.method);
  if (demanding.length === 0 || methods.includes(undefined)) return undefined;
  return new Set(methods.flatMap((each) => [...(each ?? [])]));
}

/** Groups that policies ask for, from the claim at a path: one caller each, and one in none of them. */
export function groupsNamed(set: PolicySet, claim: readonly string[] = ['groups']): MatrixCaller[] {
  const atoms = new AtomTable(set);
  const key = keyOf({ names: ['jwt', ...claim] });
  const groups = new Set<string>();
  for (const { pathKey, condition } of atoms.all()) {
    if (pathKey !== key || !['Contains', 'OneOf', 'Equals'].includes(condition.function.name)) continue;
    for (const operand of condition.operands) {
      if (operand.kind === 'literal' && typeof operand.value === 'string') groups.add(operand.value);
    }
  }
  return [...groups]
    .map((group): MatrixCaller => ({ label: group, claims: { path: claim, value: [group] } }))
    .concat({ label: '(no group)', claims: { path: claim, value: [] } });
}
