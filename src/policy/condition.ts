import {
  type Call,
  FALSE,
  type FunctionDefinition,
  type Leaf,
  type Outcome,
  outcomeName,
  type Parameter,
  problemAt,
  type Report,
  UNDETERMINED,
  type Value,
} from '../expression/index.ts';
import type { Facts } from './facts.ts';
import type { Judge, Judgement } from './judgement/judgement.ts';
import { compileOperand, type Operand, pathsOf, resolveOperand } from './operand.ts';
import { CAN_BE_TRUE, CAN_BE_UNDETERMINED, membersOf, NONE, type OutcomeSet, only } from './outcome-set.ts';
import { type CompilePath, locatorOf, type Path } from './path.ts';
import { anyValue, fixed, type PossibleValue } from './possible-value.ts';

/** One row of the table of policy functions. The first parameter is always the path. */
export interface PolicyFunction {
  readonly name: string;
  readonly parameters: readonly [Parameter, ...Parameter[]];
  readonly summary: string;
  readonly examples: readonly string[];
  /** Built per call, after the operands have been compiled; reports and returns undefined when they cannot work. */
  judgement(call: Call, operands: readonly Operand[], report: Report): Judgement | undefined;
}

/** How a rule reads what cannot be judged: a `deny` (or `hide`) finds nothing to refuse in an absent request field. */
export type Reading = 'granting' | 'refusing';

/** What the conditions of one rule are compiled for. */
export interface ConditionContext {
  readonly reading: Reading;
  readonly compilePath: CompilePath;
}

/** What may still be open about a call: see `visibility.ts`. */
export interface OpenFacts {
  readonly facts: Facts;
  /** What can be at a path. */
  at(path: Path): Possibility;
  /** The outcomes a condition can have; remembers what does not change from item to item. */
  possible(condition: Condition): OutcomeSet;
}

/** What can be at a path: a value (undefined: surely nothing), and whether there may also be nothing. */
export interface Possibility {
  readonly value: PossibleValue | undefined;
  readonly maybeAbsent: boolean;
}

/** For a path that surely leads to no value. */
export const nothing: Possibility = { value: undefined, maybeAbsent: true };
/** For a path of which nothing is known. */
export const anything: Possibility = { value: anyValue, maybeAbsent: true };

/** Why a call is undetermined. */
export type UndeterminedReason = 'absent' | 'type';

/** What a call came to, and what it looked at. */
export interface ConditionOutcome {
  readonly outcome: Outcome;
  readonly reason: UndeterminedReason | undefined;
  /** The paths of the call in order, the first argument first, with what was there. */
  readonly reads: readonly { readonly path: Path; readonly value: Value | undefined }[];
}

/** A compiled call of a policy function: the leaf of policy expressions. */
export interface Condition extends Leaf<Facts> {
  readonly call: Call;
  readonly function: PolicyFunction;
  readonly path: Path;
  readonly operands: readonly Operand[];
  readonly reading: Reading;
  /** True when it reads something that differs from one listed item to the next. */
  readonly dependsOnItem: boolean;
  evaluate(facts: Facts): Outcome;
  /** The outcomes this call can have over open facts. */
  possible(open: OpenFacts): OutcomeSet;
  /** The outcome with its reason and the values read. */
  explain(facts: Facts): ConditionOutcome;
}

/** Makes a row of the vocabulary from a row of the table of policy functions. */
export function toDefinition(row: PolicyFunction): FunctionDefinition<Facts, ConditionContext, Condition> {
  return {
    name: row.name,
    parameters: row.parameters,
    summary: row.summary,
    examples: row.examples,
    compile(call, context, report) {
      const [pathArgument, ...valueArguments] = call.arguments;
      if (pathArgument === undefined) return undefined;
      const path = context.compilePath(pathArgument.value, locatorOf(pathArgument), report);
      const operands = valueArguments.map((argument) => compileOperand(argument, context.compilePath, report));
      if (!operands.every((operand) => operand !== undefined)) return undefined;
      const judgement = row.judgement(call, operands, report);
      if (path === undefined || judgement === undefined) return undefined;
      const condition = makeCondition(row, call, path, operands, judgement, context.reading);
      warnIfConstant(condition, judgement, report);
      return condition;
    },
  };
}

function makeCondition(
  row: PolicyFunction,
  call: Call,
  path: Path,
  operands: readonly Operand[],
  judgement: Judgement,
  reading: Reading,
): Condition {
  const whenAbsent: Outcome = judgement.absent ?? (reading === 'refusing' && path.ofRequest ? FALSE : UNDETERMINED);
  const literals = literalValues(operands);
  const judge = literals === undefined ? undefined : judgement.prepare(literals);
  const evaluate =
    judge === undefined
      ? evaluateWithOperands(path, operands, judgement, whenAbsent)
      : evaluateWithLiterals(path, judge, whenAbsent);
  return Object.freeze({
    call,
    function: row,
    path,
    operands: Object.freeze([...operands]),
    reading,
    dependsOnItem: [path, ...operands.flatMap(pathsOf)].some(isOfItem),
    evaluate,
    possible: (open: OpenFacts) => {
      const subject = open.at(path);
      if (subject.value === undefined) return only(whenAbsent);
      const absent = subject.maybeAbsent ? only(whenAbsent) : NONE;
      // Nothing is open here, and the judge is ready: lists ask this of every item.
      if (judge !== undefined && subject.value.kind === 'fixed') return absent | only(judge(subject.value.value));
      return absent | possibleOutcomes(subject.value, operands, judgement, open);
    },
    explain: (facts: Facts) => explainOutcome(path, operands, evaluate(facts), facts),
  });
}

function isOfItem({ names: [root, field, name] }: Path): boolean {
  if (root === 'tool') return true;
  return root === 'mcp' && field === 'params' && (name === undefined || name === 'name' || name === 'uri');
}

function evaluateWithLiterals(path: Path, judge: Judge, whenAbsent: Outcome): (facts: Facts) => Outcome {
  const { read } = path;
  return (facts) => {
    const subject = read(facts);
    return subject === undefined ? whenAbsent : judge(subject);
  };
}

function evaluateWithOperands(
  path: Path,
  operands: readonly Operand[],
  judgement: Judgement,
  whenAbsent: Outcome,
): (facts: Facts) => Outcome {
  return (facts) => {
    const subject = path.read(facts);
    if (subject === undefined) return whenAbsent;
    const values: Value[] = [];
    for (const operand of operands) {
      const value = resolveOperand(operand, facts);
      if (value === undefined) return UNDETERMINED;
      values.push(value);
    }
    return judgement.prepare(values)(subject);
  };
}

/** The values of operands that are all literals, else undefined. */
function literalValues(operands: readonly Operand[]): Value[] | undefined {
  const values: Value[] = [];
  for (const operand of operands) {
    if (operand.kind !== 'literal') return undefined;
    values.push(operand.value);
  }
  return values;
}

function explainOutcome(path: Path, operands: readonly Operand[], outcome: Outcome, facts: Facts): ConditionOutcome {
  const reads = [path, ...operands.flatMap(pathsOf)].map((each) => ({ path: each, value: each.read(facts) }));
  const absent = reads.some(({ value }) => value === undefined);
  return { outcome, reason: outcome === UNDETERMINED ? (absent ? 'absent' : 'type') : undefined, reads };
}

/** The outcomes for a value that is there. */
function possibleOutcomes(
  subject: PossibleValue,
  operands: readonly Operand[],
  judgement: Judgement,
  open: OpenFacts,
): OutcomeSet {
  let set = NONE;
  const values: PossibleValue[] = [];
  for (const operand of operands) {
    const { value, maybeAbsent } = possibleOperand(operand, open);
    if (value === undefined) return CAN_BE_UNDETERMINED;
    if (maybeAbsent) set = CAN_BE_UNDETERMINED;
    values.push(value);
  }
  if (subject.kind === 'fixed' && values.every(isFixed)) {
    return set | only(judgement.prepare(values.map(({ value }) => value))(subject.value));
  }
  return set | judgement.possible(subject, values);
}

function isFixed(value: PossibleValue): value is PossibleValue & { kind: 'fixed' } {
  return value.kind === 'fixed';
}

/** What an operand can be; no value and "maybe absent" both stand for an undetermined call here. */
function possibleOperand(operand: Operand, open: OpenFacts): Possibility {
  if (operand.kind === 'literal') return { value: fixed(operand.value), maybeAbsent: false };
  if (operand.kind === 'whole') return open.at(operand.path);
  const pieces: (string | undefined)[] = [];
  let maybeUnfit = false;
  for (const piece of operand.pieces) {
    if (typeof piece === 'string') {
      pieces.push(piece);
      continue;
    }
    const { value, maybeAbsent } = open.at(piece);
    if (value === undefined) return nothing;
    if (maybeAbsent) maybeUnfit = true;
    if (value.kind === 'text') pieces.push(...value.pieces);
    else if (value.kind === 'any') {
      maybeUnfit = true;
      pieces.push(undefined);
    } else {
      const text = resolveOperand({ kind: 'text', pieces: [piece] }, open.facts);
      if (typeof text !== 'string') return nothing;
      pieces.push(text);
    }
  }
  const joined = joinKnown(pieces);
  const [first, ...more] = joined;
  if (first !== undefined && more.length === 0) return { value: fixed(first), maybeAbsent: maybeUnfit };
  return { value: { kind: 'text', pieces: joined }, maybeAbsent: maybeUnfit };
}

/** Joins neighbouring known pieces. */
function joinKnown(pieces: readonly (string | undefined)[]): (string | undefined)[] {
  const joined: (string | undefined)[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (piece !== undefined && last !== undefined) joined[joined.length - 1] = last + piece;
    else joined.push(piece);
  }
  return joined;
}

/** A condition on literals that no value can make true was meant otherwise. */
function warnIfConstant(condition: Condition, judgement: Judgement, report: Report): void {
  const literals = literalValues(condition.operands);
  if (literals === undefined) return;
  const set = judgement.possible(anyValue, literals.map(fixed));
  if ((set & CAN_BE_TRUE) !== 0) return;
  const outcomes = membersOf(set).map(outcomeName).join(' or ');
  const message = `This condition can never be true: whatever is at ${condition.path.text}, it is ${outcomes}.`;
  report({ ...problemAt(condition.call.span, 'POLICY_CONSTANT', message), severity: 'warning' });
}
