/**
 * The syntax tree: plain frozen nodes. `span` is where the node stands in the text, in UTF-16 code units from 0.
 * Parentheses leave no node; that `(a && b) && c` was grouped shows in the nesting.
 */
export type Expression = Call | Not | And | Or;

/** A stretch of the expression text, in UTF-16 code units. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** `Name(argument, …)`. */
export interface Call {
  readonly type: 'call';
  readonly name: string;
  readonly nameSpan: Span;
  readonly arguments: readonly Argument[];
  readonly span: Span;
}

/** One argument, decoded: `value` is what the quotes mean, `span` includes the quotes. */
export interface Argument {
  readonly style: 'raw' | 'double' | 'single' | 'number';
  readonly value: string;
  readonly span: Span;
}

export interface Not {
  readonly type: 'not';
  readonly operand: Expression;
  readonly span: Span;
}

/** Two or more operands, none of which is an `And` unless it stood in parentheses. */
export interface And {
  readonly type: 'and';
  readonly operands: readonly Expression[];
  readonly span: Span;
}

/** Two or more operands, none of which is an `Or` unless it stood in parentheses. */
export interface Or {
  readonly type: 'or';
  readonly operands: readonly Expression[];
  readonly span: Span;
}

/** Every call of an expression in the order of the text. */
export function callsOf(expression: Expression): Call[] {
  const calls: Call[] = [];
  const visit = (node: Expression): void => {
    if (node.type === 'call') calls.push(node);
    else if (node.type === 'not') visit(node.operand);
    else node.operands.forEach(visit);
  };
  visit(expression);
  return calls;
}

/** Computes a result from the leaves up. The depth is bounded by the parser's limit. */
export function fold<Result>(
  expression: Expression,
  cases: {
    call(node: Call): Result;
    not(operand: Result, node: Not): Result;
    and(operands: Result[], node: And): Result;
    or(operands: Result[], node: Or): Result;
  },
): Result {
  switch (expression.type) {
    case 'call':
      return cases.call(expression);
    case 'not':
      return cases.not(fold(expression.operand, cases), expression);
    case 'and':
      return cases.and(
        expression.operands.map((operand) => fold(operand, cases)),
        expression,
      );
    case 'or':
      return cases.or(
        expression.operands.map((operand) => fold(operand, cases)),
        expression,
      );
  }
}

/** True when both mean the same text: equal apart from spans. */
export function sameExpression(a: Expression, b: Expression): boolean {
  if (a.type === 'call') {
    return (
      b.type === 'call' &&
      a.name === b.name &&
      a.arguments.length === b.arguments.length &&
      a.arguments.every((argument, index) => {
        const other = b.arguments[index];
        return other?.style === argument.style && other.value === argument.value;
      })
    );
  }
  if (a.type === 'not') return b.type === 'not' && sameExpression(a.operand, b.operand);
  return (
    b.type === a.type &&
    a.operands.length === b.operands.length &&
    a.operands.every((operand, index) => {
      const other = b.operands[index];
      return other !== undefined && sameExpression(operand, other);
    })
  );
}
