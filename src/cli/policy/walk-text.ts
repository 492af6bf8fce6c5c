import { type Outcome, outcomeName } from '../../expression/index.ts';
import { jsonText } from '../../policy/analysis/index.ts';
import { type PolicyTrace, type RuleTrace, settlingNode, type TraceNode, type ViewTrace } from '../../policy/index.ts';

const marks: Readonly<Record<ReturnType<typeof outcomeName>, string>> = { true: '✓', false: '✗', undetermined: '?' };

/** The walk of a message through the rules, with the value of every sub-expression and what decided. */
export function walkText(trace: PolicyTrace, defaultAction: string): string {
  const several = trace.views.length > 1;
  const parts = trace.views.flatMap((view) => [
    ...(several
      ? [`judged as ${[view.method, view.name ?? view.uri].filter((each) => each !== undefined).join(' ')}:`, '']
      : []),
    ...viewLines(view, defaultAction),
    '',
  ]);
  const { decision } = trace;
  const by =
    decision.rule === undefined
      ? decision.reason
      : `rule ${decision.rule}${decision.ruleName === undefined ? '' : ` (${decision.ruleName})`}`;
  if (trace.views.length === 0) parts.push('The message does not say what it concerns, so it cannot be judged.', '');
  return `${[...parts, `${decision.outcome} by ${by}`].join('\n')}\n`;
}

function viewLines(view: ViewTrace, defaultAction: string): string[] {
  const decided = view.decidedBy ?? view.rules.length;
  const reached = view.rules.filter(({ rule }) => rule.index <= decided);
  const lines = reached.flatMap((each) => ruleLines(each, each.rule.index === view.decidedBy));
  const rest = view.rules.length - reached.length;
  if (rest > 0) lines.push(`(${rest} more ${rest === 1 ? 'rule' : 'rules'} not reached)`);
  if (view.decidedBy === undefined) {
    lines.push(
      view.reason === 'lifecycle'
        ? `no rule applied; ${view.method ?? 'this'} is always let through`
        : `no rule applied: defaultAction ${defaultAction}`,
    );
  }
  return lines;
}

function ruleLines({ rule, applies, root }: RuleTrace, decides: boolean): string[] {
  const name = rule.name === undefined ? '' : ` (${rule.name})`;
  const told = decides ? 'applies and decides' : applies ? 'applies' : 'does not apply';
  const settled = settlingNode(root);
  return [`rule ${rule.index}${name}: ${rule.action}, ${told}`, ...nodeLines(root, 1, settled)];
}

function nodeLines(node: TraceNode, depth: number, settled: TraceNode): string[] {
  const indent = '  '.repeat(depth);
  const mark = marks[outcomeName(node.outcome)];
  const here = node === settled ? '   ← settles it' : '';
  if (node.type === 'call') {
    const reads = node.reads.map(
      ({ path, value }) => `${path.text} is ${value === undefined ? 'absent' : jsonText(value)}`,
    );
    return [`${indent}${mark} ${node.text}: ${said(node.outcome, node.reason)}; ${reads.join(', ')}${here}`];
  }
  const words = { not: 'not', and: 'all of', or: 'one of' };
  return [
    `${indent}${mark} ${words[node.type]}: ${said(node.outcome, undefined)}`,
    ...node.operands.flatMap((each) => nodeLines(each, depth + 1, settled)),
  ];
}

const reasons = { absent: 'nothing is there', type: 'of a type that cannot be judged' } as const;

function said(outcome: Outcome, reason: TraceNode['reason']): string {
  return reason === undefined ? outcomeName(outcome) : `${outcomeName(outcome)} (${reasons[reason]})`;
}
