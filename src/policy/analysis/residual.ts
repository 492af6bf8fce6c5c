import { type Expression, print, UNDETERMINED } from '../../expression/index.ts';
import { CAN_BE_FALSE, CAN_BE_TRUE, only } from '../outcome-set.ts';
import type { PolicySet } from '../policy-set.ts';
import { type Rule, readingOf } from '../rule.ts';
import type { CellView } from './cells.ts';
import { type Explorer, noChoice } from './explorer.ts';

/** What is left of an expression when parts of it are settled. */
type Rest = 'true' | 'false' | 'undetermined' | Expression;

/**
 * The condition under which a view is allowed, with what the cell settles left out: `true`, `false`, or text of the
 * policy language. Refusals read `!(…)`; what a refusal makes of something that cannot be judged is not written out.
 */
export function residualCondition(explorer: Explorer, set: PolicySet, view: CellView): string {
  const rules: { rule: Rule; rest: Rest }[] = [];
  for (const rule of explorer.demands.rulesOf(set, view)) {
    const standing = explorer.standing(rule, view, noChoice);
    if (standing === false) continue;
    rules.push({ rule, rest: standing === true ? 'true' : simplify(explorer, rule, view) });
    if (standing === true) break;
  }
  let allowed: Rest = (view.lifecycle ? 'allow' : set.defaultAction) === 'allow' ? 'true' : 'false';
  for (const { rule, rest } of rules.reverse()) {
    if (rule.action === 'allow') allowed = either(rest, allowed);
    else allowed = both(opposite(rest === 'undetermined' ? 'true' : rest), allowed);
  }
  return typeof allowed === 'string' ? allowed : print(allowed);
}

function simplify(explorer: Explorer, rule: Rule, view: CellView): Rest {
  const visit = (expression: Expression): Rest => {
    const { set } = explorer.outcomes(expression, rule, view, noChoice);
    if (set === CAN_BE_TRUE) return 'true';
    if (set === CAN_BE_FALSE) return 'false';
    if (set === only(UNDETERMINED)) return 'undetermined';
    if (expression.type === 'call') return expression;
    if (expression.type === 'not') return opposite(visit(expression.operand));
    const rests = expression.operands.map(visit);
    return rests.reduce(expression.type === 'and' ? both : either);
  };
  const rest = visit(rule.program.expression);
  // For a rule that grants, what cannot be judged is as good as false.
  return rest === 'undetermined' && readingOf(rule.action) === 'granting' ? 'false' : rest;
}

const nowhere = { offset: 0, length: 0 };

function opposite(rest: Rest): Rest {
  if (rest === 'true') return 'false';
  if (rest === 'false') return 'true';
  if (rest === 'undetermined') return rest;
  return rest.type === 'not' ? rest.operand : { type: 'not', operand: rest, span: nowhere };
}

function both(a: Rest, b: Rest): Rest {
  if (a === 'false' || b === 'false') return 'false';
  if (a === 'true') return b;
  if (b === 'true') return a;
  return typeof a === 'string' || typeof b === 'string' ? 'undetermined' : join('and', a, b);
}

function either(a: Rest, b: Rest): Rest {
  if (a === 'true' || b === 'true') return 'true';
  if (a === 'false' || a === 'undetermined') return b;
  if (b === 'false' || b === 'undetermined') return a;
  return join('or', a, b);
}

function join(type: 'and' | 'or', a: Expression, b: Expression): Expression {
  const parts = (expression: Expression) => (expression.type === type ? expression.operands : [expression]);
  const operands = [...parts(a), ...parts(b)];
  const seen = new Set<string>();
  const once = operands.filter((operand) => {
    const text = print(operand);
    return !seen.has(text) && seen.add(text);
  });
  const [single] = once;
  return once.length === 1 && single !== undefined ? single : { type, operands: once, span: nowhere };
}
