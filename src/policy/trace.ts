import {
  conjoin,
  disjoin,
  type Expression,
  FALSE,
  fold,
  negate,
  type Outcome,
  type Program,
  print,
  type Span,
  TRUE,
} from '../expression/index.ts';
import type { Condition, ConditionOutcome, UndeterminedReason } from './condition.ts';
import type { Facts } from './facts.ts';
import type { Rule } from './rule.ts';

/** One node of an expression with what it came to. Every operand is evaluated, also those that could not matter any more. */
export interface TraceNode {
  readonly type: Expression['type'];
  /** The sub-expression as text. */
  readonly text: string;
  /** Where it stands in the rule's `match`. */
  readonly span: Span;
  readonly outcome: Outcome;
  /** Why a call is undetermined. */
  readonly reason: UndeterminedReason | undefined;
  /** What a call looked at; empty for connectives. */
  readonly reads: ConditionOutcome['reads'];
  readonly condition: Condition | undefined;
  readonly operands: readonly TraceNode[];
}

/** How one rule fared with one view of a message. */
export interface RuleTrace {
  readonly rule: Rule;
  readonly applies: boolean;
  readonly outcome: Outcome;
  readonly root: TraceNode;
}

export function traceRule(rule: Rule, facts: Facts): RuleTrace {
  const root = traceExpression(rule.program, facts);
  return { rule, applies: rule.applies(facts), outcome: root.outcome, root };
}

export function traceExpression(program: Program<Facts, Condition>, facts: Facts): TraceNode {
  const node = (expression: Expression, outcome: Outcome, operands: TraceNode[]): TraceNode => ({
    type: expression.type,
    get text() {
      return print(expression);
    },
    span: expression.span,
    outcome,
    reason: undefined,
    reads: [],
    condition: undefined,
    operands,
  });
  return fold<TraceNode>(program.expression, {
    call(call) {
      const condition = program.leaves.get(call) as Condition;
      const { outcome, reason, reads } = condition.explain(facts);
      return Object.assign(node(call, outcome, []), { reason, reads, condition });
    },
    not: (operand, not) => node(not, negate(operand.outcome), [operand]),
    and: (operands, and) => node(and, operands.map(({ outcome }) => outcome).reduce(conjoin, TRUE), operands),
    or: (operands, or) => node(or, operands.map(({ outcome }) => outcome).reduce(disjoin, FALSE), operands),
  });
}

/** Paths that say which message it is; what they equal is in the record anyway. */
const routing: ReadonlySet<string> = new Set(['mcp.method', 'mcp.params.name', 'mcp.params.uri']);

/**
 * The smallest part that settled a node: the operand with the node's own outcome where one is enough, else the last that
 * had to agree, passing over those that only say which message it is.
 */
export function settlingNode(node: TraceNode): TraceNode {
  const same = node.type === 'not' ? node.operands : node.operands.filter(({ outcome }) => outcome === node.outcome);
  const one = node.outcome === settlingOutcome(node.type) ? same[0] : lastTelling(same);
  return one === undefined ? node : settlingNode(one);
}

/** The outcome that one operand gives to the whole. */
function settlingOutcome(type: TraceNode['type']): Outcome | undefined {
  return type === 'and' ? FALSE : type === 'or' ? TRUE : undefined;
}

function lastTelling(nodes: readonly TraceNode[]): TraceNode | undefined {
  return nodes.findLast((node) => !isRouting(node)) ?? nodes.at(-1);
}

function isRouting(node: TraceNode): boolean {
  if (node.condition !== undefined) return routing.has(node.condition.path.names.join('.'));
  return node.operands.every(isRouting);
}

/** The paths that evaluation reads before it is settled, in order, each once. */
export function fieldsRead(node: TraceNode, into: Set<string> = new Set()): Set<string> {
  for (const { path } of node.reads) into.add(path.text);
  for (const operand of node.operands) {
    fieldsRead(operand, into);
    if (operand.outcome === settlingOutcome(node.type)) break;
  }
  return into;
}
