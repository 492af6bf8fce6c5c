import {
  type Call,
  callsOf,
  type Expression,
  FALSE,
  negate,
  type ObjectValue,
  type Outcome,
  print,
  type Span,
  TRUE,
} from '../../expression/index.ts';
import { Facts, type PolicyRequest } from '../facts.ts';
import type { PolicySet } from '../policy-set.ts';
import type { Rule } from '../rule.ts';
import { viewsOf } from '../view.ts';
import { type ItemKind, itemShapes } from '../visibility.ts';

/** What cases have shown of one rule. */
export interface RuleCoverage {
  readonly list: 'policies' | 'listPolicies';
  readonly index: number;
  readonly name: string | undefined;
  /** How often the rule decided. */
  readonly decided: number;
  readonly operands: readonly OperandCoverage[];
}

export interface OperandCoverage {
  readonly text: string;
  readonly span: Span;
  readonly wasTrue: boolean;
  readonly wasFalse: boolean;
}

interface Tally {
  decided: number;
  readonly operands: Map<Call, { wasTrue: boolean; wasFalse: boolean }>;
}

/**
 * Counts what cases make rules and their operands do. An operand counts only where it mattered: in a rule that was
 * reached, and not after another operand had settled the rule.
 */
export class CoverageRecorder {
  readonly #set: PolicySet;
  readonly #tallies = new Map<Rule, Tally>();

  constructor(set: PolicySet) {
    this.#set = set;
    for (const rule of [...set.rules, ...set.listRules]) {
      const operands = callsOf(rule.program.expression).map(
        (call) => [call, { wasTrue: false, wasFalse: false }] as const,
      );
      this.#tallies.set(rule, { decided: 0, operands: new Map(operands) });
    }
  }

  noteRequest(request: PolicyRequest): void {
    const views = viewsOf(request);
    if (views === undefined) return;
    for (const { facts } of [views.primary, ...views.others]) this.#walk(this.#set.rules, facts);
  }

  noteItem(kind: ItemKind, item: ObjectValue, request: PolicyRequest): void {
    const { listMethod, member, parameter } = itemShapes[kind];
    const name = item.get(member);
    if (typeof name !== 'string') return;
    const annotations = kind === 'tools' ? item.get('annotations') : undefined;
    const params = new Map([[parameter, name]]);
    const known = annotations instanceof Map ? (annotations as ObjectValue) : undefined;
    this.#walk(this.#set.listRules, new Facts(request, { method: listMethod, params, annotations: known }));
  }

  report(): RuleCoverage[] {
    const of = (list: RuleCoverage['list'], rules: readonly Rule[]) =>
      rules.map((rule): RuleCoverage => {
        const tally = this.#tallies.get(rule);
        const operands = [...(tally?.operands ?? [])].map(([call, seen]) => ({
          text: print(call),
          span: call.span,
          ...seen,
        }));
        return { list, index: rule.index, name: rule.name, decided: tally?.decided ?? 0, operands };
      });
    return [...of('policies', this.#set.rules), ...of('listPolicies', this.#set.listRules)];
  }

  #walk(rules: readonly Rule[], facts: Facts): void {
    for (const rule of rules) {
      const tally = this.#tallies.get(rule);
      if (tally === undefined) continue;
      evaluate(rule.program.expression, rule, facts, tally);
      if (!rule.applies(facts)) continue;
      tally.decided += 1;
      return;
    }
  }
}

/** Evaluates as the engine does, stopping at the operand that settles a connective, and notes what calls came to. */
function evaluate(expression: Expression, rule: Rule, facts: Facts, tally: Tally): Outcome {
  if (expression.type === 'call') {
    const outcome = rule.program.leaves.get(expression)?.evaluate(facts) ?? FALSE;
    const seen = tally.operands.get(expression);
    if (seen !== undefined && outcome === TRUE) seen.wasTrue = true;
    if (seen !== undefined && outcome === FALSE) seen.wasFalse = true;
    return outcome;
  }
  if (expression.type === 'not') return negate(evaluate(expression.operand, rule, facts, tally));
  const settling = expression.type === 'and' ? FALSE : TRUE;
  let whole: Outcome = expression.type === 'and' ? TRUE : FALSE;
  for (const operand of expression.operands) {
    const outcome = evaluate(operand, rule, facts, tally);
    if (outcome === settling) return outcome;
    if (expression.type === 'and' ? outcome < whole : outcome > whole) whole = outcome;
  }
  return whole;
}

/** How much of what could be shown was shown, from 0 to 1: each rule deciding, each operand true and false. */
export function coverageShare(report: readonly RuleCoverage[]): number {
  const points = report.flatMap(({ decided, operands }) => [
    decided > 0,
    ...operands.flatMap(({ wasTrue, wasFalse }) => [wasTrue, wasFalse]),
  ]);
  return points.length === 0 ? 1 : points.filter(Boolean).length / points.length;
}
