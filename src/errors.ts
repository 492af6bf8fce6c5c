/**
 * One catalogue of error codes, and the shape of every problem we report to an operator.
 *
 * Two audiences, two types: a {@link Diagnostic} is for the operator (what, where, why, what instead); what a client is
 * told is a `Refusal` (see `http/refusal.ts`). Neither may ever carry a secret.
 */

/** Every code the gateway can report, with the one-line meaning that the generated error reference prints. */
export const errorCodes = {
  CONFIG_UNREADABLE: 'A configuration file could not be read.',
  CONFIG_SYNTAX: 'A configuration file is not well-formed YAML or JSON.',
  CONFIG_UNKNOWN_KEY: 'A key is not known at this place.',
  CONFIG_INVALID_VALUE: 'A value has the wrong type or is outside what is allowed.',
  CONFIG_MISSING_KEY: 'A required key is missing.',
  CONFIG_UNKNOWN_KIND: 'A manifest has a kind or apiVersion that is not supported.',
  CONFIG_DUPLICATE: 'The same object or resource is defined twice.',
  CONFIG_REFERENCE: 'Something is referred to that does not exist or may not be used from here.',
  CONFIG_SECRET: 'A secret reference cannot be resolved.',
  CONFIG_UNSUPPORTED: 'A feature that exists elsewhere is not offered here.',
  EXPRESSION_SYNTAX: 'A rule, policy or claims expression is not well-formed.',
  EXPRESSION_LIMIT: 'An expression is longer, deeper or has more calls than is allowed.',
  EXPRESSION_UNKNOWN_FUNCTION: 'An expression calls a function that does not exist.',
  EXPRESSION_ARGUMENT: 'A function of an expression is given the wrong number or kind of arguments.',
  EXPRESSION_PATTERN: 'A regular expression is not valid RE2.',
  POLICY_PATH: 'A path of a policy can never lead to a value.',
  POLICY_CONSTANT: 'A condition of a policy has the same outcome whatever is asked.',
  POLICY_UNREACHABLE: 'A rule never decides: whenever it applies, a rule before it has decided.',
  POLICY_CONTRADICTION:
    'The condition of a rule can never be true: it never applies, or only where it cannot be judged.',
  POLICY_HOLLOW_ITEM: 'An item is listed though no call of it can be allowed.',
  POLICY_ANY_METHOD: 'A rule does not say which methods it is about.',
  POLICY_BARE_NEGATION: 'A rule allows everything but what it names.',
  POLICY_DELIMITER: 'A test on a URI also holds for neighbours whose names merely begin alike.',
  POLICY_PATH_PREFIX: 'A path prefix also captures paths that merely begin alike.',
  POLICY_OPEN_DEFAULT: 'Whatever no rule is about is allowed.',
  POLICY_UNKNOWN_CLAIM: 'A policy reads a claim that the sample tokens do not have.',
  POLICY_UNKNOWN_TOOL: 'A policy names something that the upstream does not offer.',
  INTERNAL: 'An unexpected fault in the gateway itself.',
} as const satisfies Record<string, string>;

/** A stable code: area prefix and upper snake case. */
export type ErrorCode = keyof typeof errorCodes;

/** Where in an operator's file something is; `line` and `column` count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One problem found in what an operator wrote. */
export interface Diagnostic {
  readonly code: ErrorCode;
  /** `info` is for what was left out on purpose, such as a manifest of a kind that is none of our business. */
  readonly severity: 'error' | 'warning' | 'info';
  /** What is wrong, in one sentence, without the position. */
  readonly message: string;
  /** What to write instead. */
  readonly hint?: string | undefined;
  readonly at?: Position | undefined;
  /** The object concerned, for instance `Middleware apps/deepwiki-mcp-jwt`, and the path inside it. */
  readonly subject?: string | undefined;
  /** The offending line with the range to underline; `column` counts from 1 within `text`. */
  readonly excerpt?: { readonly text: string; readonly column: number; readonly length: number } | undefined;
}

/** An error that carries a code of the catalogue. Context that helps belongs in `cause`, never a secret in `message`. */
export class PortcullisError extends Error {
  override readonly name = 'PortcullisError';
  readonly code: ErrorCode;
  readonly diagnostics: readonly Diagnostic[];

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; diagnostics?: readonly Diagnostic[] } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.diagnostics = options.diagnostics ?? [];
  }
}

/** Renders a diagnostic for a terminal or a log: `file:line:column: error[CODE]: message`, caret line, hint. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { at, excerpt } = diagnostic;
  const place = at === undefined ? '' : `${at.file}:${at.line}:${at.column}: `;
  const subject = diagnostic.subject === undefined ? '' : ` (${diagnostic.subject})`;
  const lines = [`${place}${diagnostic.severity}[${diagnostic.code}]: ${diagnostic.message}${subject}`];
  if (excerpt !== undefined) {
    lines.push(`  | ${excerpt.text}`);
    lines.push(`  | ${' '.repeat(Math.max(0, excerpt.column - 1))}${'^'.repeat(Math.max(1, excerpt.length))}`);
  }
  if (diagnostic.hint !== undefined) lines.push(`  = help: ${diagnostic.hint}`);
  return lines.join('\n');
}

/** The candidate nearest to `name` by edit distance, or undefined when none is near enough to be a likely slip. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  // Of a very short name anything is near: at least one letter must be right.
  let bestDistance = Math.min(Math.max(2, Math.floor(name.length / 3)), name.length - 1) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Optimal string alignment distance: insert, delete, replace, swap of neighbours cost 1 each. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let value = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        value = Math.min(value, (beforePrevious[j - 2] ?? 0) + 1);
      }
      current.push(value);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
