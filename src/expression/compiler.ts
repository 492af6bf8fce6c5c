import { nearest } from '../errors.ts';
import { type Call, callsOf, type Expression, fold } from './ast.ts';
import { FALSE, negate, type Outcome, TRUE } from './outcome.ts';
import { parse } from './parser.ts';
import { type Problem, problemAt, type Report } from './problem.ts';
import { argumentCount, type FunctionDefinition, type Leaf, signature, type Vocabulary } from './vocabulary.ts';

/** A compiled expression: closures only, nothing is looked up or parsed again. */
export interface Program<Facts, L extends Leaf<Facts> = Leaf<Facts>> {
  readonly expression: Expression;
  /** Kleene's three-valued result. Evaluation stops at the first operand that settles a connective. */
  evaluate(facts: Facts): Outcome;
  /** True only when the outcome is true: neither false nor undetermined. */
  test(facts: Facts): boolean;
  /** The leaf of each call, keyed by its node. */
  readonly leaves: ReadonlyMap<Call, L>;
  /** Things that are allowed but very likely not meant. */
  readonly warnings: readonly Problem[];
}

export type Compiled<Facts, L extends Leaf<Facts> = Leaf<Facts>> =
  | { readonly ok: true; readonly program: Program<Facts, L> }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Parses, checks and compiles an expression. Reports every problem of the arguments, but only the first of the syntax. */
export function compile<Facts, Context, L extends Leaf<Facts>>(
  text: string,
  vocabulary: Vocabulary<Facts, Context, L>,
  context: Context,
): Compiled<Facts, L> {
  const parsed = parse(text);
  return parsed.ok ? compileExpression(parsed.expression, vocabulary, context) : parsed;
}

/** As {@link compile}, from a tree that has been parsed or built already. */
export function compileExpression<Facts, Context, L extends Leaf<Facts>>(
  expression: Expression,
  vocabulary: Vocabulary<Facts, Context, L>,
  context: Context,
): Compiled<Facts, L> {
  const problems: Problem[] = [];
  const report: Report = (problem) => void problems.push(problem);
  const leaves = new Map<Call, L>();
  for (const call of callsOf(expression)) {
    const leaf = checkCall(call, vocabulary, report)?.compile(call, context, report);
    if (leaf !== undefined) leaves.set(call, leaf);
  }
  if (problems.some(({ severity }) => severity === 'error')) return { ok: false, problems };
  const evaluate = connect(expression, (call) => leafOf(leaves, call));
  return {
    ok: true,
    program: { expression, evaluate, test: (facts) => evaluate(facts) === TRUE, leaves, warnings: problems },
  };
}

/** A row that reports no error and gives no leaf is a defect of the vocabulary. */
function leafOf<L>(leaves: ReadonlyMap<Call, L>, call: Call): L {
  const leaf = leaves.get(call);
  if (leaf === undefined) throw new TypeError(`${call.name} compiled to nothing and reported no problem`);
  return leaf;
}

type Evaluate<Facts> = (facts: Facts) => Outcome;

/** Builds the closures of the connectives over those of the calls. */
export function connect<Facts>(expression: Expression, leaf: (call: Call) => Leaf<Facts>): Evaluate<Facts> {
  return fold<Evaluate<Facts>>(expression, {
    call(call) {
      const compiled = leaf(call);
      return (facts) => compiled.evaluate(facts);
    },
    not: (operand) => (facts) => negate(operand(facts)),
    and: (operands) => (facts) => {
      let outcome: Outcome = TRUE;
      for (const operand of operands) {
        const next = operand(facts);
        if (next === FALSE) return FALSE;
        if (next < outcome) outcome = next;
      }
      return outcome;
    },
    or: (operands) => (facts) => {
      let outcome: Outcome = FALSE;
      for (const operand of operands) {
        const next = operand(facts);
        if (next === TRUE) return TRUE;
        if (next > outcome) outcome = next;
      }
      return outcome;
    },
  });
}

/** Finds the row of a call and checks its arguments against it; reports and returns undefined when they do not fit. */
function checkCall<Facts, Context, L extends Leaf<Facts>>(
  call: Call,
  vocabulary: Vocabulary<Facts, Context, L>,
  report: Report,
): FunctionDefinition<Facts, Context, L> | undefined {
  const definition = vocabulary.find(call.name);
  if (definition === undefined) {
    reportUnknown(
      call,
      vocabulary.functions.map(({ name }) => name),
      report,
    );
    return undefined;
  }
  const { least, most } = argumentCount(definition.parameters);
  const given = call.arguments.length;
  if (given < least || given > most) {
    const message = `${definition.name} takes ${countText(least, most)}, not ${given}.`;
    report(problemAt(call.span, 'EXPRESSION_ARGUMENT', message, `Write ${signature(definition)}.`));
    return undefined;
  }
  let fits = true;
  call.arguments.forEach((argument, index) => {
    const parameter = definition.parameters[index] ?? definition.parameters.at(-1);
    if (argument.style !== 'number' || parameter?.accepts === 'text or number') return;
    fits = false;
    const message = `The ${parameter?.name} of ${definition.name} is a quoted text, not a number.`;
    report(problemAt(argument.span, 'EXPRESSION_ARGUMENT', message, `Write '${argument.value}'.`));
  });
  return fits ? definition : undefined;
}

function reportUnknown(call: Call, names: readonly string[], report: Report): void {
  const suggestion = nearest(call.name, names);
  const hint = suggestion === undefined ? `The functions are ${names.join(', ')}.` : `Did you mean ${suggestion}?`;
  report(problemAt(call.nameSpan, 'EXPRESSION_UNKNOWN_FUNCTION', `There is no function ${call.name}.`, hint));
}

function countText(least: number, most: number): string {
  if (most === Number.POSITIVE_INFINITY) return `at least ${counted(least)}`;
  return least === most ? counted(least) : `${least} to ${counted(most)}`;
}

function counted(count: number): string {
  return count === 1 ? '1 argument' : `${count} arguments`;
}
