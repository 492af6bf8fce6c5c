import { isObject, type ObjectValue, type Value } from '../expression/index.ts';
import { Facts, type PolicyRequest } from './facts.ts';
import { pathsOf } from './operand.ts';
import type { Path } from './path.ts';
import type { PolicySet } from './policy-set.ts';

/** What the policies read of one message: enough to decide it again. */
export interface RecordedFields {
  /** Values by path. */
  readonly values: ReadonlyMap<string, Value>;
  /** True when all of them are claims of the caller. */
  readonly claimsOnly: boolean;
  /** Paths that led to nothing. */
  readonly absent: readonly string[];
  /** Paths whose values were there but are not to be recorded. */
  readonly withheld: readonly string[];
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
  return !subjects.has(method) && !(typeof method === 'string' && method.startsWith('tasks/'));
}

/** What some methods concern stands in these parameters; without them a message cannot be judged again. */
const subjects: ReadonlyMap<Value | undefined, string> = new Map([
  ['completion/complete', 'ref'],
  ['subscriptions/listen', 'notifications'],
]);

/** Compiles the reading of exactly the fields that the given policy sets read; `withhold` names those kept back. */
export function compileFieldReader(
  sets: readonly PolicySet[],
  withhold: (path: Path) => boolean,
): (request: PolicyRequest) => RecordedFields {
  const paths = new Map(sets.flatMap(policyPaths).map((path) => [path.text, path]));
  const read = [...paths.values()].filter(({ text }) => !always.has(text));
  const kept = read.map((path) => ({ path, withheld: withhold(path), claim: path.names[0] === 'jwt' }));
  return (request) => {
    const facts = new Facts(request);
    const named = namesItem(facts.method);
    const values = new Map<string, Value>();
    const absent: string[] = [];
    const withheld: string[] = [];
    let claimsOnly = true;
    for (const one of kept) {
      const value = one.path.read(facts);
      if (named && ofItem.has(one.path.text) && (value === undefined || typeof value === 'string')) continue;
      if (value === undefined) absent.push(one.path.text);
      else if (one.withheld) withheld.push(one.path.text);
      else {
        values.set(one.path.text, value);
        claimsOnly &&= one.claim;
      }
    }
    const subject = subjects.get(facts.method);
    if (subject !== undefined && isObject(facts.params)) {
      const value = (facts.params as ObjectValue).get(subject);
      if (value !== undefined) {
        values.set(`mcp.params.${subject}`, value);
        claimsOnly = false;
      }
    }
    return { values, claimsOnly, absent, withheld };
  };
}
