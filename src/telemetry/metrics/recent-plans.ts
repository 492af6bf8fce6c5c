import type { Exchange } from '../../http/exchange.ts';
import { knownMcpMethod, knownVersion } from './label-values.ts';

/** How many kinds of requests are compared with before a key is made. */
const capacity = 8;

interface Remembered<Plan> {
  readonly plan: Plan;
  readonly entrypoint: string;
  readonly protocol: string;
  readonly httpMethod: string;
  readonly status: number;
  readonly router: string | undefined;
  readonly service: string | undefined;
  readonly serverUrl: string | undefined;
  readonly originStatus: number | undefined;
  readonly errorType: string | undefined;
  readonly retryAttempts: number;
  readonly name: string;
  readonly method: string | undefined;
  readonly kind: string | undefined;
  readonly errorCode: number | undefined;
  readonly toolError: boolean | undefined;
  readonly version: string | undefined;
  readonly hides: boolean;
  readonly middleware: string | undefined;
  readonly outcome: string | undefined;
  readonly reason: string | undefined;
  readonly rule: number | undefined;
  readonly ruleName: string | undefined;
}

/**
 * The plans that were used last, found by comparing what they were made from: most requests are like one of the last few,
 * and a comparison costs a fraction of the text that the key of a plan is.
 */
export class RecentPlans<Plan> {
  readonly #list: Remembered<Plan>[] = [];
  #next = 0;

  /** The plan of a request that was like this one in everything that labels are made from. */
  find({ entrypoint, protocol, method, facts }: Exchange, status: number, name: string): Plan | undefined {
    const { mcp, decision } = facts;
    for (const one of this.#list) {
      if (
        one.router === facts.router &&
        one.status === status &&
        one.name === name &&
        one.method === mcp?.method &&
        one.rule === decision?.rule &&
        one.serverUrl === facts.serverUrl &&
        one.entrypoint === entrypoint &&
        one.protocol === protocol &&
        one.httpMethod === method &&
        one.service === facts.service &&
        one.originStatus === facts.originStatus &&
        one.errorType === facts.errorType &&
        one.retryAttempts === facts.retryAttempts &&
        one.kind === mcp?.kind &&
        one.errorCode === mcp?.errorCode &&
        one.toolError === mcp?.toolError &&
        one.version === mcp?.protocolVersion &&
        one.hides === (mcp !== undefined && mcp.hidden > 0) &&
        one.middleware === decision?.middleware &&
        one.outcome === decision?.outcome &&
        one.reason === decision?.reason &&
        one.ruleName === decision?.ruleName
      )
        return one.plan;
    }
    return undefined;
  }

  /** Remembers a plan in place of the one that was remembered first. */
  add({ entrypoint, protocol, method, facts }: Exchange, status: number, name: string, plan: Plan): void {
    const { mcp, decision } = facts;
    this.#list[this.#next] = {
      plan,
      entrypoint,
      protocol,
      httpMethod: method,
      status,
      router: facts.router,
      service: facts.service,
      serverUrl: facts.serverUrl,
      originStatus: facts.originStatus,
      errorType: facts.errorType,
      retryAttempts: facts.retryAttempts,
      name,
      // Out of closed lists: nothing that a message said is kept, nor the text that it was cut out of.
      method: mcp === undefined ? undefined : knownMcpMethod(mcp.method),
      kind: mcp?.kind,
      errorCode: mcp?.errorCode,
      toolError: mcp?.toolError,
      version: mcp?.protocolVersion === undefined ? undefined : knownVersion(mcp.protocolVersion),
      hides: mcp !== undefined && mcp.hidden > 0,
      middleware: decision?.middleware,
      outcome: decision?.outcome,
      reason: decision?.reason,
      rule: decision?.rule,
      ruleName: decision?.ruleName,
    };
    this.#next = (this.#next + 1) % capacity;
  }
}
