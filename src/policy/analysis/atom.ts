import { FALSE, type NumberValue, type Outcome, TRUE, UNDETERMINED, type Value } from '../../expression/index.ts';
import type { Condition } from '../condition.ts';
import { Facts } from '../facts.ts';
import { pathsOf } from '../operand.ts';
import { type OutcomeSet, only } from '../outcome-set.ts';
import type { Path } from '../path.ts';
import type { PolicySet } from '../policy-set.ts';
import { type PathValue, requestFrom } from './request-from.ts';

/**
 * What a condition of a policy can come to, told apart further than an outcome: nothing at its path is read differently
 * by a rule that grants and one that refuses.
 */
export type State = Outcome | typeof ABSENT;
export const ABSENT = 3;
export const states: readonly State[] = [TRUE, FALSE, ABSENT, UNDETERMINED];

/** One question that policies ask: the same in every rule that asks it, however it is quoted and whatever the action. */
export interface Atom {
  readonly key: string;
  /** One of the conditions that ask it. */
  readonly condition: Condition;
  readonly path: Path;
  readonly pathKey: string;
  /** Paths inside `${}`. */
  readonly operandPaths: readonly Path[];
}

/** The atoms of conditions, each made once. */
export class AtomTable {
  readonly #byKey = new Map<string, Atom>();
  readonly #byCondition = new WeakMap<Condition, Atom>();

  /** Holds the atoms of all rules of the sets from the beginning. */
  constructor(...sets: readonly PolicySet[]) {
    for (const { rules, listRules } of sets)
      for (const rule of [...rules, ...listRules]) for (const leaf of rule.program.leaves.values()) this.of(leaf);
  }

  of(condition: Condition): Atom {
    let atom = this.#byCondition.get(condition);
    if (atom !== undefined) return atom;
    const key = atomKey(condition);
    atom = this.#byKey.get(key);
    if (atom === undefined) {
      const operandPaths = condition.operands.flatMap(pathsOf);
      atom = { key, condition, path: condition.path, pathKey: keyOf(condition.path), operandPaths };
      this.#byKey.set(key, atom);
    }
    this.#byCondition.set(condition, atom);
    return atom;
  }

  all(): readonly Atom[] {
    return [...this.#byKey.values()];
  }
}

/** The names of a path as one text that no other path has. */
export function keyOf(path: Pick<Path, 'names'>): string {
  return JSON.stringify(path.names);
}

function atomKey({ function: { name }, path, operands }: Condition): string {
  const written = operands.map((operand) => {
    if (operand.kind === 'literal') return ['=', operand.value];
    if (operand.kind === 'whole') return ['$', operand.path.names];
    return ['+', ...operand.pieces.map((piece) => (typeof piece === 'string' ? piece : piece.names))];
  });
  return JSON.stringify([name, path.names, ...written]);
}

const nowhere = new Facts(requestFrom({ values: [] }));

/** What a state means for one rule's condition. The engine itself says what an absent value is worth there. */
export function outcomeOfState(state: State, condition: Condition): Outcome {
  return state === ABSENT ? condition.evaluate(nowhere) : state;
}

/** The state of an atom on values at paths; everything else is absent. */
export function stateOn(atom: Atom, values: readonly PathValue[]): State {
  const facts = new Facts(requestFrom({ values: usesAnnotations(atom) ? [...toolCall, ...values] : values }));
  return atom.path.read(facts) === undefined ? ABSENT : atom.condition.evaluate(facts);
}

/** Annotations are there only while a tool is called. */
const toolCall: readonly PathValue[] = [
  { names: ['mcp', 'method'], value: 'tools/call' },
  { names: ['mcp', 'params', 'name'], value: 'tool' },
];

function usesAnnotations({ path, operandPaths }: Atom): boolean {
  return [path, ...operandPaths].some(({ names }) => names[0] === 'tool');
}

export function isLiteral(atom: Atom): boolean {
  return atom.operandPaths.length === 0;
}

/** The literal values of an atom in order; empty when one of its operands is not a literal. */
export function literalsOf({ condition }: Atom): Value[] {
  const literals = condition.operands.map((operand) => (operand.kind === 'literal' ? operand.value : undefined));
  return literals.every((value) => value !== undefined) ? literals : [];
}

/** The outcomes of a condition on literals when its path holds a text of which some pieces are known. */
export function possibleOnText(atom: Atom, pieces: readonly (string | undefined)[]): OutcomeSet {
  return atom.condition.possible({
    facts: nowhere,
    at: () => ({ value: { kind: 'text', pieces }, maybeAbsent: false }),
    possible: (condition) =>
      condition.possible({
        facts: nowhere,
        at: () => ({ value: { kind: 'text', pieces }, maybeAbsent: false }),
        possible: () => 7,
      }),
  });
}

export function canBe(set: OutcomeSet, state: State): boolean {
  return state !== ABSENT && (set & only(state)) !== 0;
}

export function number(text: string): NumberValue {
  return { text };
}
