import { type Outcome, outcomeName } from '../../expression/index.ts';
import { jsonText } from '../../policy/analysis/index.ts';
import { type PolicyTrace, type RuleTrace, settlingNode, type TraceNode, type ViewTrace } from '../../policy/index.ts';

const marks: Readonly<Record<ReturnType<typeof outcomeName>, string>> = { true: '✓', false: '✗', undetermined: '?' };

/**
 * The walk of a message through the rules, with the value of every sub-expression and what decided.
 *
 * @param unrecorded paths that nothing is known about: they are taken for absent, and said to be unknown
 */
export function walkText(
  trace: PolicyTrace,
  defaultAction: string,
  unrecorded: ReadonlySet<string> = new Set(),
): string {
  const several = trace.views.length > 1;
  const parts = trace.views.flatMap((view) => [
    ...(several
      ? [`judged as ${[view.method, view.name ?? view.uri].filter((each) => each !== undefined).join(' ')}:`, '']
      : []),
    ...viewLines(view, defaultAction, unrecorded),
    '',
  ]);
  if (trace.views.length === 0) parts.push('The message does not say what it concerns, so it cannot be judged.', '');
  return `${[...parts, verdictText(trace.decision)].join('\n')}\n`;
}

/** What came of it, and by what: `deny by rule 1 (limit)`. */
export function verdictText(decision: {
  readonly outcome: string;
  readonly reason: string;
  readonly rule: number | undefined;
  readonly ruleName: string | undefined;
}): string {
  const { outcome, reason, rule, ruleName } = decision;
  if (rule === undefined) return `${outcome} by ${reason}`;
  return `${outcome} by rule ${rule}${ruleName === undefined ? '' : ` (${ruleName})`}`;
}

function viewLines(view: ViewTrace, defaultAction: string, unrecorded: ReadonlySet<string>): string[] {
  const decided = view.decidedBy ?? view.rules.length;
  const reached = view.rules.filter(({ rule }) => rule.index <= decided);
  const lines = reached.flatMap((each) => ruleLines(each, each.rule.index === view.decidedBy, unrecorded));
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

function ruleLines({ rule, applies, root }: RuleTrace, decides: boolean, unrecorded: ReadonlySet<string>): string[] {
  const name = rule.name === undefined ? '' : ` (${rule.name})`;
  const told = decides ? 'applies and decides' : applies ? 'applies' : 'does not apply';
  const settled = settlingNode(root);
  return [`rule ${rule.index}${name}: ${rule.action}, ${told}`, ...nodeLines(root, 1, settled, unrecorded)];
}

function nodeLines(node: TraceNode, depth: number, settled: TraceNode, unrecorded: ReadonlySet<string>): string[] {
  const indent = '  '.repeat(depth);
  const mark = marks[outcomeName(node.outcome)];
  const here = node === settled ? '   ← settles it' : '';
  if (node.type === 'call') {
    const reads = node.reads.map(({ path, value }) => {
      if (value !== undefined) return `${path.text} is ${jsonText(value)}`;
      return unrecorded.has(path.text) ? `${path.text} was not recorded` : `${path.text} is absent`;
    });
    return [`${indent}${mark} ${node.text}: ${said(node.outcome, node.reason)}; ${reads.join(', ')}${here}`];
  }
  const words = { not: 'not', and: 'all of', or: 'one of' };
  return [
    `${indent}${mark} ${words[node.type]}: ${said(node.outcome, undefined)}`,
    ...node.operands.flatMap((each) => nodeLines(each, depth + 1, settled, unrecorded)),
  ];
}

const reasons = { absent: 'nothing is there', type: 'of a type that cannot be judged' } as const;

function said(outcome: Outcome, reason: TraceNode['reason']): string {
  return reason === undefined ? outcomeName(outcome) : `${outcomeName(outcome)} (${reasons[reason]})`;
}
