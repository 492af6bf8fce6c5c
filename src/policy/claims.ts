import type { Diagnostic } from '../errors.ts';
import { compile, type DiagnoseExpression, type ObjectValue, toDiagnostics } from '../expression/index.ts';
import { Facts, type PolicyRequest } from './facts.ts';
import { policyVocabulary } from './functions.ts';
import { compileClaimsPath } from './path.ts';

/** A compiled `claims` expression. */
export interface ClaimsCheck {
  /** True only when the outcome is true: what cannot be judged does not pass. */
  test(claims: ObjectValue): boolean;
}

export type CompiledClaims =
  | { readonly ok: true; readonly claims: ClaimsCheck; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * Compiles the `claims` option of an authentication middleware: the functions of policies over paths that are relative to
 * the claims (`groups`; `jwt.groups` means the same).
 */
export function compileClaims(text: string, diagnose: DiagnoseExpression): CompiledClaims {
  const compiled = compile(text, policyVocabulary, { reading: 'granting', compilePath: compileClaimsPath });
  if (!compiled.ok) return { ok: false, diagnostics: toDiagnostics(compiled.problems, diagnose) };
  const { program } = compiled;
  const check: ClaimsCheck = { test: (claims) => program.test(new Facts({ ...noRequest, jwt: claims })) };
  return { ok: true, claims: Object.freeze(check), warnings: toDiagnostics(program.warnings, diagnose) };
}

/** Claims are judged before there is a message. */
const noRequest: Omit<PolicyRequest, 'jwt'> = {
  kind: 'stream',
  mcp: new Map(),
  http: { method: '', host: '', path: '', header: () => undefined },
  client: { ip: undefined },
  protocolVersion: undefined,
  route: '',
};
