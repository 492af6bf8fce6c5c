import { type Argument, problemAt, type Report, scalarText, type Value } from '../expression/index.ts';
import type { Facts } from './facts.ts';
import { type CompilePath, type Locate, locatorOf, type Path } from './path.ts';

/**
 * A value argument, compiled: a literal, one `${path}` that keeps its JSON type, or a longer text with `${path}` in it.
 * What a path brings in is data; it is never read as a path, a template or an expression again.
 */
export type Operand =
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'whole'; readonly path: Path }
  | { readonly kind: 'text'; readonly pieces: readonly (string | Path)[] };

/** The value of an operand; undefined when a path has none, or has an object or array in a longer text. */
export function resolveOperand(operand: Operand, facts: Facts): Value | undefined {
  switch (operand.kind) {
    case 'literal':
      return operand.value;
    case 'whole':
      return operand.path.read(facts);
    case 'text':
      return joinPieces(operand.pieces, facts);
  }
}

function joinPieces(pieces: readonly (string | Path)[], facts: Facts): string | undefined {
  let text = '';
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      text += piece;
      continue;
    }
    const value = piece.read(facts);
    const part = value === undefined ? undefined : scalarText(value);
    if (part === undefined) return undefined;
    text += part;
  }
  return text;
}

/** The paths inside an operand in order. */
export function pathsOf(operand: Operand): Path[] {
  if (operand.kind === 'literal') return [];
  return operand.kind === 'whole' ? [operand.path] : operand.pieces.filter((piece) => typeof piece !== 'string');
}

/** Compiles a value argument; reports and returns undefined when a `${}` in it is wrong. */
export function compileOperand(argument: Argument, compilePath: CompilePath, report: Report): Operand | undefined {
  if (argument.style === 'number') return { kind: 'literal', value: Object.freeze({ text: argument.value }) };
  const locate = locatorOf(argument);
  const pieces: (string | Path)[] = [];
  let fits = true;
  for (const part of splitTemplate(argument.value, locate, report)) {
    if (part === undefined) fits = false;
    else if (typeof part === 'string') pieces.push(part);
    else {
      const within: Locate = (start, length) => locate(part.start + start, length);
      const path = compilePath(part.path, within, report);
      if (path === undefined) fits = false;
      else pieces.push(path);
    }
  }
  if (!fits) return undefined;
  const [first = '', ...more] = pieces;
  if (more.length > 0) return { kind: 'text', pieces: Object.freeze(pieces) };
  return typeof first === 'string' ? { kind: 'literal', value: first } : { kind: 'whole', path: first };
}

interface Substitution {
  readonly path: string;
  readonly start: number;
}

/** Cuts a value at its `${path}`, from left to right; `$${` is a literal `${`. Yields undefined for a part that is wrong. */
function* splitTemplate(
  text: string,
  locate: Locate,
  report: Report,
): Generator<string | Substitution | undefined, void, void> {
  let literal = '';
  let position = 0;
  while (position < text.length) {
    if (text.startsWith('$${', position)) {
      literal += '${';
      position += 3;
    } else if (text.startsWith('${', position)) {
      if (literal !== '') yield literal;
      literal = '';
      const close = text.indexOf('}', position);
      if (close < 0) {
        const message = 'This `${` has no closing `}`.';
        report(
          problemAt(
            locate(position, text.length - position),
            'EXPRESSION_ARGUMENT',
            message,
            'Write $${ for a literal ${.',
          ),
        );
        yield undefined;
        return;
      }
      const path = text.slice(position + 2, close);
      const blank = /\s/.exec(path);
      if (blank === null) yield { path, start: position + 2 };
      else {
        const message = 'There is a blank inside this ${}.';
        const hint = `Write \${${path.replace(/\s/g, '')}}.`;
        report(problemAt(locate(position + 2 + blank.index, 1), 'EXPRESSION_ARGUMENT', message, hint));
        yield undefined;
      }
      position = close + 1;
    } else {
      const next = text.indexOf('$', position + 1);
      const end = next < 0 ? text.length : next;
      literal += text.slice(position, end);
      position = end;
    }
  }
  if (literal !== '') yield literal;
}
