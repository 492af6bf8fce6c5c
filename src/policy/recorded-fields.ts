import { isObject, type ObjectValue, type Value } from '../expression/index.ts';
import { Facts, type PolicyRequest } from './facts.ts';
import { pathsOf } from './operand.ts';
import type { Path } from './path.ts';
import type { PolicySet } from './policy-set.ts';

/** Which fields are read of a message: recorded fields of the same messages have the same object here. */
export interface RecordedShape {
  readonly paths: readonly string[];
  /** Of each path: whether its values are not to be recorded, only that there was one. */
  readonly withheld: readonly boolean[];
}

/** What the policies read of one message: enough to decide it again. */
export interface RecordedFields {
  readonly shape: RecordedShape;
  /** For each path of the shape: its value, `undefined` where there was none, `null` in place of one that is withheld. */
  readonly values: readonly (Value | undefined)[];
  /** What a message of its method concerns, unless the shape tells that: a path and the value there. */
  readonly subject: readonly [path: string, value: Value] | undefined;
  /** True when all values that are recorded are claims of the caller. */
  readonly claimsOnly: boolean;
}

/** Every path that the rules of a policy set can read, each once. */
export function policyPaths(set: PolicySet): readonly Path[] {
  const paths = new Map<string, Path>();
  for (const rule of set.rules) {
    for (const condition of rule.program.leaves.values()) {
      for (const path of [condition.path, ...condition.operands.flatMap(pathsOf)]) paths.set(path.text, path);
    }
  }
  return [...paths.values()].toSorted((a, b) => (a.text < b.text ? -1 : 1));
}

/** Fields that the record of a decision holds anyway. */
const always: ReadonlySet<string> = new Set(['mcp.method', 'mcp.protocolVersion']);

/** Fields that it holds of a message that is itself the use of what it names. */
const ofItem: ReadonlySet<string> = new Set(['mcp.params.name', 'mcp.params.uri']);

/** Whether the name and URI in the record of a decision are parameters of the message; else they are of what it stands for. */
export function namesItem(method: Value | undefined): boolean {
  return subjectParameter(method) === undefined && !(typeof method === 'string' && method.startsWith('tasks/'));
}

/**
 * What some methods concern stands in a parameter; without it a message cannot be judged again. Compared with each, because
 * texts of other lengths are told apart at once, where a table would want the hash of every method.
 */
function subjectParameter(method: Value | undefined): string | undefined {
  if (method === 'completion/complete') return 'ref';
  if (method === 'subscriptions/listen') return 'notifications';
  return undefined;
}

/** Compiles the reading of exactly the fields that the given policy sets read; `withhold` names those kept back. */
export function compileFieldReader(
  sets: readonly PolicySet[],
  withhold: (path: Path) => boolean,
): (request: PolicyRequest) => RecordedFields {
  const paths = new Map(sets.flatMap(policyPaths).map((path) => [path.text, path]));
  const read = [...paths.values()].filter(({ text }) => !always.has(text));
  const told = new Set(read.filter((path) => !withhold(path)).map(({ text }) => text));
  const item = read.filter(({ text }) => ofItem.has(text));
  // For each choice of the fields of the item, a bit for each: few, and compiled once.
  const shapes = Array.from({ length: 1 << item.length }, (_, chosen) =>
    compileShape(
      read.filter((path) => !item.includes(path) || (chosen & (1 << item.indexOf(path))) !== 0),
      withhold,
    ),
  );
  return (request) => {
    const facts = new Facts(request);
    const named = namesItem(facts.method);
    let chosen = 0;
    for (let index = 0; index < item.length; index++)
      if (!named || !isText((item[index] as Path).read(facts))) chosen |= 1 << index;
    const { shape, paths, claims } = shapes[chosen] as CompiledShape;
    const values = new Array<Value | undefined>(paths.length);
    let claimsOnly = true;
    for (let index = 0; index < paths.length; index++) {
      const value = (paths[index] as Path).read(facts);
      if (value === undefined) values[index] = undefined;
      else if (shape.withheld[index] === true) values[index] = null;
      else {
        values[index] = value;
        claimsOnly &&= claims[index] === true;
      }
    }
    const subject = subjectOf(facts, told);
    return { shape, values, subject, claimsOnly: claimsOnly && subject === undefined };
  };
}

interface CompiledShape {
  readonly shape: RecordedShape;
  readonly paths: readonly Path[];
  readonly claims: readonly boolean[];
}

function compileShape(paths: readonly Path[], withhold: (path: Path) => boolean): CompiledShape {
  return {
    shape: { paths: paths.map(({ text }) => text), withheld: paths.map(withhold) },
    paths,
    claims: paths.map(({ names }) => names[0] === 'jwt'),
  };
}

/** Only a text, or that there is none, is told by the record of a decision. */
function isText(value: Value | undefined): boolean {
  return value === undefined || typeof value === 'string';
}

/** A path that is told already would stand in the record twice, which no reader of it accepts. */
function subjectOf({ method, params }: Facts, told: ReadonlySet<string>): RecordedFields['subject'] {
  const parameter = subjectParameter(method);
  if (parameter === undefined || !isObject(params)) return undefined;
  const path = `mcp.params.${parameter}`;
  const value = told.has(path) ? undefined : (params as ObjectValue).get(parameter);
  return value === undefined ? undefined : [path, value];
}
