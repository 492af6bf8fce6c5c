import {
  isArray,
  isNumber,
  isObject,
  isStrictDecimal,
  scalarText,
  UNDETERMINED,
  type Value,
} from '../../expression/index.ts';
import { Facts, type PolicyRequest } from '../facts.ts';
import { resolveOperand } from '../operand.ts';
import { ABSENT, isLiteral, number, type State, stateOn } from './atom.ts';
import { OPEN } from './cells.ts';
import type { Assignment, Explorer, Variable } from './explorer.ts';
import { solvePath } from './path-values.ts';
import { type PathValue, requestFrom } from './request-from.ts';

const perPath = 14;
const tries = 600;

/**
 * Looks for a request of the explorer's cell that brings an assignment about and passes a test on the real engine. Not
 * finding one proves nothing.
 */
export function findWitness(
  explorer: Explorer,
  assignment: Assignment,
  test: (request: PolicyRequest) => boolean,
  /** Paths to put something at though nothing is asked of them. */
  more: readonly string[] = [],
): PolicyRequest | undefined {
  const presence = explorer.presence(assignment);
  if (presence === undefined) return undefined;
  const paths = unique([...more, ...pathsInOrder(assignment)]);
  let left = tries;

  const visit = (index: number, values: readonly PathValue[]): PolicyRequest | undefined => {
    const pathKey = paths[index];
    if (pathKey === undefined) {
      left -= 1;
      const request = explorer.cell.request(values);
      return test(request) ? request : undefined;
    }
    const path = explorer.path(pathKey);
    if (path === undefined) return visit(index + 1, values);
    const own = [...assignment].filter(([variable]) => variable.pathKey === pathKey);
    const options =
      presence.get(pathKey) === false ? [undefined] : candidates(explorer, pathKey, own, values, presence, assignment);
    let kept = 0;
    for (const value of options) {
      if (left <= 0 || kept >= perPath) return undefined;
      const next = value === undefined ? values : [...values, { names: path.names, value }];
      if (!own.every(([variable, state]) => agrees(variable, state, explorer, next))) continue;
      kept += 1;
      const found = visit(index + 1, next);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return visit(0, []);
}

/** Paths inside `${}` come before those they are compared with, and containers before what is in them. */
function pathsInOrder(assignment: Assignment): string[] {
  const order: string[] = [];
  const subjects = [...assignment.keys()].sort((a, b) => a.pathKey.length - b.pathKey.length);
  for (const { operandKeys } of subjects) order.push(...operandKeys);
  for (const { pathKey, subjectKnown } of subjects) if (!subjectKnown) order.push(pathKey);
  return [...new Set(order)];
}

function agrees(variable: Variable, state: State, explorer: Explorer, values: readonly PathValue[]): boolean {
  const all = [...values, ...pinned(variable, explorer)];
  const known = new Set(all.map(({ names }) => JSON.stringify(names)));
  // A `${}` of a path that comes later is judged when the whole request is tried.
  if (!variable.operandKeys.every((key) => known.has(key)) && state !== UNDETERMINED && state !== ABSENT) return true;
  return stateOn(variable.atom, all) === state;
}

function pinned({ atom, subjectKnown }: Variable, explorer: Explorer): PathValue[] {
  const [view] = explorer.cell.views;
  const paths = subjectKnown ? [atom.path, ...atom.operandPaths] : atom.operandPaths;
  return paths.flatMap((path): PathValue[] => {
    const value = view?.pin(path);
    return value === undefined || value === OPEN ? [] : [{ names: path.names, value }];
  });
}

/** Values to try at a path: what its literal atoms ask for, and what stands in a relation to what is brought in. */
function candidates(
  explorer: Explorer,
  pathKey: string,
  own: readonly (readonly [Variable, State])[],
  values: readonly PathValue[],
  presence: ReadonlyMap<string, boolean>,
  assignment: Assignment,
): (Value | undefined)[] {
  const wishes = own.flatMap(([{ atom, subjectKnown }, state]) =>
    state === ABSENT || subjectKnown || !isLiteral(atom) ? [] : [{ atom, state }],
  );
  const limits = explorer.limits(pathKey, presence);
  const solved = solvePath(wishes, limits).values;
  const related = own.flatMap(([variable]) => (isLiteral(variable.atom) ? [] : relatives(variable, explorer, values)));
  const usual: Value[] = [number('100'), '100', 'example', ['example'], 'example text'];
  const fitting = usual.filter((value) =>
    wishes.every(({ atom, state }) => stateOn(atom, [{ names: atom.path.names, value }]) === state),
  );
  // A value that others are compared with: near what is asked of them.
  const asked =
    own.length > 0
      ? []
      : [...comparedWith(pathKey, assignment)].flatMap((each) => {
          const other = explorer.wishes(each, assignment);
          return other.length === 0
            ? []
            : solvePath(other, explorer.limits(each, presence)).values.slice(0, 3).flatMap(around);
        });
  const free = own.length === 0 || own.every(([{ atom }]) => !isLiteral(atom));
  const optional = presence.get(pathKey) === undefined && !explorer.cell.always(pathKey);
  return unique([
    ...asked,
    ...related,
    ...(free ? fitting : solved),
    ...fitting,
    ...(optional ? [undefined] : []),
    ...(free ? solved.slice(0, 20) : []),
  ]);
}

/** Paths that are compared with what is at a path. */
function comparedWith(pathKey: string, assignment: Assignment): Set<string> {
  return new Set(
    [...assignment.keys()].flatMap((variable) => (variable.operandKeys.includes(pathKey) ? [variable.pathKey] : [])),
  );
}

/** Values near what a `${}` brings in, whatever the function: equal, less, greater, around, in a list. */
function relatives({ atom, ...variable }: Variable, explorer: Explorer, values: readonly PathValue[]): Value[] {
  const facts = new Facts(requestFrom({ values: [...values, ...pinned({ atom, ...variable }, explorer)] }));
  return atom.condition.operands.flatMap((operand): Value[] => {
    const value = resolveOperand(operand, facts);
    if (value === undefined) return [];
    const elements = isArray(value) ? value : [value];
    return [
      ...elements.flatMap(around),
      ...elements.slice(0, 1).map((element) => [element]),
      new Map([['member', 'x']]),
    ];
  });
}

function around(value: Value): Value[] {
  if (isArray(value) || isObject(value)) return [];
  const text = scalarText(value) ?? '';
  const near: Value[] = [value];
  if (isNumber(value) || isStrictDecimal(text))
    near.push(...[Number(text) - 1, Number(text) + 1].map((each) => number(String(each))));
  return [...near, `${text}x`, `x${text}`, `x${text}x`, `x ${text} x`, 'another', true];
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
