import type { Diagnostic } from '../errors.ts';
import {
  type Call,
  compile,
  type DiagnoseExpression,
  FALSE,
  fold,
  type Outcome,
  type Problem,
  type Program,
  TRUE,
  toDiagnostics,
} from '../expression/index.ts';
import type { Condition, OpenFacts, Reading } from './condition.ts';
import { type Demand, demandOf } from './demand.ts';
import type { Facts } from './facts.ts';
import { policyVocabulary } from './functions.ts';
import { andSets, CAN_BE_FALSE, CAN_BE_TRUE, negateSet, type OutcomeSet, orSets } from './outcome-set.ts';
import { compilePolicyPath } from './path.ts';

export type RuleAction = 'allow' | 'deny' | 'show' | 'hide';

/** One compiled rule of `policies` or `listPolicies`. */
export interface Rule<Action extends RuleAction = RuleAction> {
  /** Position in its list, from 0. */
  readonly index: number;
  readonly name: string | undefined;
  readonly action: Action;
  readonly match: string;
  readonly program: Program<Facts, Condition>;
  readonly demand: Demand;
  /** Whether the rule decides: a granting one on true only, a refusing one unless its match is false. */
  applies(facts: Facts): boolean;
  /** Whether it surely, possibly or never applies over open facts. */
  canApply(open: OpenFacts): { readonly possibly: boolean; readonly surely: boolean };
}

export interface RuleConfig<Action extends RuleAction> {
  readonly name?: string | undefined;
  readonly match: string;
  readonly action: Action;
}

/** How a rule reads what cannot be judged: it never grants and never excuses. */
export function readingOf(action: RuleAction): Reading {
  return action === 'allow' || action === 'show' ? 'granting' : 'refusing';
}

export type CompiledRule<Action extends RuleAction> =
  | { readonly ok: true; readonly rule: Rule<Action>; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export function compileRule<Action extends RuleAction>(
  config: RuleConfig<Action>,
  index: number,
  diagnose: DiagnoseExpression,
): CompiledRule<Action> {
  const reading = readingOf(config.action);
  const compiled = compile(config.match, policyVocabulary, { reading, compilePath: compilePolicyPath });
  const report = (problems: readonly Problem[]) => toDiagnostics(problems, diagnose);
  if (!compiled.ok) return { ok: false, diagnostics: report(compiled.problems) };
  const { program } = compiled;
  const conditionOf = (call: Call): Condition => program.leaves.get(call) as Condition;
  const possible = possibleOf(program, conditionOf);
  const applies: (outcome: Outcome) => boolean =
    reading === 'granting' ? (outcome) => outcome === TRUE : (outcome) => outcome !== FALSE;
  const rule: Rule<Action> = Object.freeze({
    index,
    name: config.name,
    action: config.action,
    match: config.match,
    program,
    demand: demandOf(program.expression, conditionOf),
    applies: (facts: Facts) => applies(program.evaluate(facts)),
    canApply: (open: OpenFacts) => {
      const set = possible(open);
      if (reading === 'granting') return { possibly: (set & CAN_BE_TRUE) !== 0, surely: set === CAN_BE_TRUE };
      return { possibly: (set & ~CAN_BE_FALSE) !== 0, surely: (set & CAN_BE_FALSE) === 0 };
    },
  });
  return { ok: true, rule, warnings: report(program.warnings) };
}

/** The set of outcomes of the whole match, each call taken for itself. */
function possibleOf(
  program: Program<Facts, Condition>,
  conditionOf: (call: Call) => Condition,
): (open: OpenFacts) => OutcomeSet {
  type Possible = (open: OpenFacts) => OutcomeSet;
  return fold<Possible>(program.expression, {
    call(call) {
      const condition = conditionOf(call);
      return (open) => open.possible(condition);
    },
    not: (operand) => (open) => negateSet(operand(open)),
    and: (operands) => (open) => {
      let set = CAN_BE_TRUE;
      // What is surely false stays so, as in the evaluation of one message.
      for (const operand of operands) if (set !== CAN_BE_FALSE) set = andSets(set, operand(open));
      return set;
    },
    or: (operands) => (open) => {
      let set = CAN_BE_FALSE;
      for (const operand of operands) if (set !== CAN_BE_TRUE) set = orSets(set, operand(open));
      return set;
    },
  });
}
