import type { Exchange } from '../../http/exchange.ts';
import type { RequestTrace } from '../../http/facts.ts';
import type { JsonObject, JsonValue } from '../../http/json.ts';
import type { Refusal } from '../../http/refusal.ts';
import type { Message } from '../../mcp/envelope.ts';
import { type RpcAnswer, refuse, rpcCodes } from '../../mcp/replies.ts';
import type { Decision } from '../../policy/index.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { McpOptions } from './options.ts';

/** How a middleware answers what its policies deny. */
export interface DenialRules {
  readonly options: McpOptions;
  /** URL of the published resource metadata, for challenges. */
  readonly metadataUrl: string | undefined;
}

/**
 * The answer to a denied message: 403 (or `statusCodeOnDeny` for a request) with the decision's id and nothing else that
 * tells about the policies; a challenge when more scopes would cure it; or, for what must stay unknown, the answer that a
 * server gives about something it does not have.
 */
export function denial(
  decision: Decision,
  exchange: Exchange,
  message: Message | undefined,
  concealed: boolean,
  rules: DenialRules,
): Refusal {
  const request = message?.kind === 'request' ? message : undefined;
  if (concealed && request !== undefined) {
    return refuse({
      status: 200,
      code: rpcCodes.invalidParams,
      message: unknownText(decision),
      errorType: 'denied',
      id: request.id,
    });
  }
  const answer: RpcAnswer = {
    status: request === undefined ? 403 : rules.options.statusCodeOnDeny,
    code: 403,
    message: 'denied by policy',
    errorType: 'denied',
    id: request?.id,
    notification: request === undefined,
    data: { decisionId: decision.id },
  };
  const scopes = curingScopes(decision, exchange, rules.options);
  if (scopes === undefined) return refuse(answer);
  return refuse({
    ...answer,
    status: 403,
    errorType: 'insufficient_scope',
    headers: [['WWW-Authenticate', scopeChallenge(scopes, rules.metadataUrl)]],
  });
}

/** Scopes that would cure the denial, when the deciding rule names some and the caller lacks one of them. */
function curingScopes(decision: Decision, exchange: Exchange, options: McpOptions): readonly string[] | undefined {
  const scopes = decision.rule === undefined ? undefined : options.policies[decision.rule]?.requiredScopes;
  if (scopes === undefined) return undefined;
  const held = heldScopes(exchange.identity?.claims);
  // A challenge for scopes that the caller has would send its user round in circles.
  return scopes.every((scope) => held.has(scope)) ? undefined : scopes;
}

/** `scope` is a list separated by spaces (RFC 8693 §4.2), `scp` one or an array. */
function heldScopes(claims: JsonObject | undefined): ReadonlySet<string> {
  const of = (claim: JsonValue | undefined): string[] => {
    if (typeof claim === 'string') return claim.split(' ');
    return Array.isArray(claim) ? claim.filter((one) => typeof one === 'string') : [];
  };
  return new Set([...of(claims?.get('scope')), ...of(claims?.get('scp'))]);
}

/** RFC 6750 §3.1, with the address of the metadata (RFC 9728 §5.1). */
function scopeChallenge(scopes: readonly string[], metadataUrl: string | undefined): string {
  const metadata = metadataUrl === undefined ? '' : `, resource_metadata="${metadataUrl}"`;
  return `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"${metadata}`;
}

/** What servers say about things that they do not have (MCP, tools, prompts and resources, "Error handling"). */
function unknownText(decision: Decision): string {
  switch (decision.method) {
    case 'tools/call':
      return `Unknown tool: ${decision.name}`;
    case 'prompts/get':
      return `Unknown prompt: ${decision.name}`;
    default:
      return 'Resource not found';
  }
}

/** The first words are those that operators search for. */
const denialTexts: Readonly<Record<Decision['reason'], string>> = {
  default: 'The request has been denied since no policy matched',
  rule: 'The request has been denied by a policy',
  malformed: 'The request has been denied since it does not say what it concerns',
  lifecycle: 'The request has been denied',
};

/** Tells the operator: allowed at DEBUG; denied at INFO, and at DEBUG with what settled it. */
export function logDecision(log: Logger, decision: Decision, trace: RequestTrace | undefined): void {
  if (decision.allowed && !log.enabled('debug')) return;
  const fields = {
    decisionId: decision.id,
    outcome: decision.outcome,
    reason: decision.reason,
    rule: decision.rule,
    policyName: decision.ruleName,
    mcpMethod: decision.method,
    mcpName: decision.name,
    mcpUri: decision.uri,
    subject: decision.subject,
    router: decision.route,
    traceId: trace?.traceId,
    spanId: trace?.spanId,
  };
  if (decision.allowed) {
    log.debug('The request has been allowed', fields);
    return;
  }
  log.info('Denied by policy', fields);
  if (!log.enabled('debug')) return;
  const { settled } = decision.explanation();
  log.debug(denialTexts[decision.reason], {
    ...fields,
    settledBy: settled?.expression,
    settledValues: settled?.values
      .map((read) => `${read.path}=${read.withheld ? '(withheld)' : (read.value ?? '(absent)')}`)
      .join(' '),
  });
}
