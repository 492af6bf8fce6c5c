import { compilePolicySet, type Decision, type PolicyRequest, type PolicySet } from '../../policy/index.ts';
import type { MiddlewareContext } from '../definition.ts';
import type { McpOptions } from './options.ts';

/** Judges messages by policies that are tried out, and tells where they differ. It never changes what happens. */
export interface Shadow {
  readonly policies: PolicySet;
  compare(question: PolicyRequest, live: Decision): void;
}

/** Compiles `shadowPolicies`. A broken one is reported and switches the trial off: what is live goes on. */
export function compileShadow(options: McpOptions, context: MiddlewareContext): Shadow | undefined {
  const { shadowPolicies, shadowDefaultAction } = options;
  if (shadowPolicies === undefined && shadowDefaultAction === undefined) return undefined;
  const compiled = compilePolicySet(
    {
      policies: shadowPolicies ?? options.policies,
      defaultAction: shadowDefaultAction ?? options.defaultAction,
    },
    {
      middleware: context.name,
      diagnose: (problem, [, ...path], range) =>
        context.diagnose(
          { ...problem, severity: 'warning', message: `shadow policies are not judged: ${problem.message}` },
          [shadowPolicies === undefined ? 'policies' : 'shadowPolicies', ...path],
          range,
        ),
    },
  );
  if (!compiled.ok) {
    for (const problem of compiled.diagnostics) context.warn(problem);
    return undefined;
  }
  const { policies } = compiled;
  const { log } = context;
  const { witness } = context.install;
  return {
    policies,
    compare(question, live) {
      const shadow = policies.decide(question);
      if (shadow.outcome === live.outcome) return;
      witness?.shadowDiffered({
        middleware: context.name,
        live: live.outcome,
        shadow: shadow.outcome,
        rule: shadow.rule,
        ruleName: shadow.ruleName,
      });
      log.info('Shadow policies would have decided otherwise', {
        decisionId: live.id,
        live: live.outcome,
        shadow: shadow.outcome,
        shadowReason: shadow.reason,
        shadowRule: shadow.rule,
        shadowPolicyName: shadow.ruleName,
        mcpMethod: live.method,
        mcpName: live.name,
        mcpUri: live.uri,
        subject: live.subject,
        router: live.route,
      });
    },
  };
}
