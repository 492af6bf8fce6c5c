import { type Diagnostic, type ErrorCode, formatDiagnostic } from '../errors.ts';
import type { Span } from './ast.ts';

/** Something wrong in an expression, with its place in the expression text (not yet in a file). */
export interface Problem {
  readonly code: ErrorCode;
  readonly severity: Diagnostic['severity'];
  /** What is wrong, in one sentence. */
  readonly message: string;
  /** What to write instead. */
  readonly hint?: string;
  /** UTF-16 code units from the start of the expression text. */
  readonly offset: number;
  readonly length: number;
}

export function problemAt(span: Span, code: ErrorCode, message: string, hint?: string): Problem {
  const { offset, length } = span;
  return { code, severity: 'error', message, ...(hint === undefined ? {} : { hint }), offset, length };
}

/** Collects what the checks of one expression find. */
export type Report = (problem: Problem) => void;

/** Makes a diagnostic at a place inside the expression text; the caller knows file and object. */
export type DiagnoseExpression = (
  problem: Pick<Diagnostic, 'code' | 'severity' | 'message' | 'hint'>,
  range: { offset: number; length: number },
) => Diagnostic;

/** Hands each problem to `diagnose`, which maps it to the operator's file. */
export function toDiagnostics(problems: readonly Problem[], diagnose: DiagnoseExpression): Diagnostic[] {
  return problems.map(({ code, severity, message, hint, offset, length }) =>
    diagnose({ code, severity, message, hint }, { offset, length }),
  );
}

/** A diagnostic for an expression that stands in no file: only the excerpt places it. */
export function plainDiagnostic(text: string, problem: Problem): Diagnostic {
  const { code, severity, message, hint } = problem;
  return { code, severity, message, hint, excerpt: excerptOf(text, problem) };
}

/** Renders a problem as plain text: message, the line with carets, hint. */
export function formatProblem(text: string, problem: Problem): string {
  return formatDiagnostic(plainDiagnostic(text, problem));
}

const window = 60;

/** The line around a place, cut to what fits a terminal. `column` counts from 1 within the excerpt's `text`. */
export function excerptOf(text: string, span: Span): NonNullable<Diagnostic['excerpt']> {
  const offset = Math.min(span.offset, text.length);
  const lineStart = text.slice(0, offset).lastIndexOf('\n') + 1;
  const nextBreak = text.indexOf('\n', offset);
  const lineEnd = nextBreak < 0 ? text.length : nextBreak;
  const from = offset - lineStart > window ? offset - window : lineStart;
  const length = Math.max(1, Math.min(span.length, lineEnd - offset, window));
  const to = Math.min(lineEnd, offset + length + window);
  const before = from > lineStart ? '…' : '';
  const after = to < lineEnd ? '…' : '';
  // Control characters would move the caret, or the operator's cursor.
  const shown = text.slice(from, to).replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
  return { text: before + shown + after, column: before.length + (offset - from) + 1, length };
}
