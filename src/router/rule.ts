import type { Diagnostic } from '../errors.ts';
import { compile, type DiagnoseExpression, type Problem, problemAt, toDiagnostics } from '../expression/index.ts';
import type { Exchange } from '../http/exchange.ts';
import { type Demand, demandOf } from './demand.ts';
import { ruleVocabulary } from './vocabulary.ts';

/** A router's rule, ready to be asked. */
export interface CompiledRule {
  /** As the operator wrote it. */
  readonly text: string;
  test(exchange: Exchange): boolean;
  /** What the table is indexed by. */
  readonly demand: Demand;
  /** Every host that a `Host` names, lower case, wildcards as written; for what depends on the server name in TLS. */
  readonly hosts: readonly string[];
}

export type RuleCompilation =
  | { readonly ok: true; readonly rule: CompiledRule; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * Compiles a router's rule (Traefik's rule syntax v3, with single quotes too).
 *
 * @param diagnose maps a place in the text to the operator's file.
 */
export function compileRule(text: string, diagnose: DiagnoseExpression): RuleCompilation {
  if (text.trim() === '') {
    const hint = 'Write for instance Host(`mcp.example.com`) && PathPrefix(`/github`).';
    const problem: Problem = problemAt({ offset: 0, length: 0 }, 'EXPRESSION_SYNTAX', 'The rule is empty.', hint);
    return { ok: false, diagnostics: toDiagnostics([problem], diagnose) };
  }
  const compiled = compile(text, ruleVocabulary, undefined);
  if (!compiled.ok) return { ok: false, diagnostics: toDiagnostics(compiled.problems, diagnose) };
  const { program } = compiled;
  const matchers = [...program.leaves.values()];
  return {
    ok: true,
    rule: {
      text,
      test: program.test,
      demand: demandOf(program.expression, (call) => program.leaves.get(call)?.demand ?? {}),
      hosts: [...new Set(matchers.map(({ host }) => host).filter((host) => host !== undefined))],
    },
    warnings: toDiagnostics(program.warnings, diagnose),
  };
}
