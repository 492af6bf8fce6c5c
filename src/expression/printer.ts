import { type Argument, type Expression, fold } from './ast.ts';

/**
 * Writes an expression as text, in one line with the fewest parentheses. `parse(print(e))` gives `e` again, apart from
 * spans; an argument keeps its quote style unless its value cannot be written in it.
 */
export function print(expression: Expression): string {
  return fold<Printed>(expression, {
    call: (call) => ({ text: `${call.name}(${call.arguments.map(printArgument).join(', ')})`, binds: 3 }),
    not: (operand) => ({ text: `!${group(operand, 3)}`, binds: 3 }),
    and: (operands) => ({ text: operands.map((operand) => group(operand, 3)).join(' && '), binds: 2 }),
    or: (operands) => ({ text: operands.map((operand) => group(operand, 2)).join(' || '), binds: 1 }),
  }).text;
}

/** A text and how tightly its outermost operator binds: 1 for `||`, 2 for `&&`, 3 for the rest. */
interface Printed {
  readonly text: string;
  readonly binds: 1 | 2 | 3;
}

function group(operand: Printed, atLeast: number): string {
  return operand.binds < atLeast ? `(${operand.text})` : operand.text;
}

function printArgument({ style, value }: Argument): string {
  if (style === 'number') return value;
  if (style === 'raw' && !value.includes('`')) return `\`${value}\``;
  const quote = style === 'single' ? "'" : '"';
  return (
    quote +
    value.replace(/[\\"'\u0000-\u001f\u007f\u2028\u2029]/g, (character) => escapeSequence(character, quote)) +
    quote
  );
}

const named: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeSequence(character: string, quote: string): string {
  if (character === '"' || character === "'") return character === quote ? `\\${character}` : character;
  return named[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
