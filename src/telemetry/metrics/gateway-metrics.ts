import { performance } from 'node:perf_hooks';
import type { Exchange } from '../../http/exchange.ts';
import type { DecisionFacts, McpFacts, RequestFacts } from '../../http/facts.ts';
import { type Catalogue, catalogue } from './catalogue.ts';
import { HeaderLabels } from './header-labels.ts';
import type { Distribution, Histogram } from './instruments.ts';
import { MetricsRegistry } from './instruments.ts';
import { boundedCode, errorTypeOf, knownHttpMethod, knownMcpMethod, knownVersion, splitUrl } from './label-values.ts';
import { compileCounted, type MetricsOptions } from './metrics-options.ts';
import { NameLimit } from './name-limit.ts';
import { RecentPlans } from './recent-plans.ts';
import { SessionClock } from './session-clock.ts';

/** How a request ended, beside what its facts say. */
export interface Outcome {
  readonly status: number;
  /** Milliseconds from the first byte of the request to the end of the answer. */
  readonly duration: number;
  readonly tls: boolean;
}

interface Sum {
  value: number;
}

/** What one kind of request adds to: found once, then only added to. */
interface Plan {
  readonly ones: readonly Sum[];
  readonly requestBytes: readonly Sum[];
  readonly replyBytes: readonly Sum[];
  readonly durations: readonly Timed[];
  /** Time of the upstream call. */
  readonly originDurations: readonly Timed[];
  readonly hidden: Sum | undefined;
}

interface Timed {
  readonly histogram: Histogram;
  readonly series: Distribution;
}

const none: readonly string[] = [];

/** Most kinds of requests that are remembered; made-up values never get that far (see `label-values.ts`). */
const maxPlans = 8_192;

/**
 * Everything the gateway counts. Names of tools and prompts become labels only when the upstream really offers them, a
 * bounded number per route; everything else a client can make up stays off the labels (session ids, request ids,
 * arguments).
 */
export class GatewayMetrics {
  readonly registry = new MetricsRegistry();
  readonly instruments: Catalogue;
  readonly #options: MetricsOptions;
  readonly #counted: (name: string) => boolean;
  readonly #names: NameLimit;
  readonly #plans = new Map<string, Plan>();
  readonly #recent = new RecentPlans<Plan>();
  readonly #sessions: SessionClock;
  readonly #headers: HeaderLabels | undefined;

  constructor(options: MetricsOptions) {
    this.#options = options;
    this.#counted = compileCounted(options);
    this.instruments = catalogue(this.registry, options);
    this.#names = new NameLimit(options.toolNames);
    const wanted = Object.values(options.prometheus?.headerLabels ?? {});
    this.#headers = wanted.length === 0 ? undefined : new HeaderLabels(wanted);
    this.#sessions = new SessionClock((session) => {
      const { version, seconds, errorType, protocol, address, port } = session;
      this.instruments.serverSession.record(seconds, version, errorType, 'tcp', 'http', protocol);
      this.instruments.clientSession.record(seconds, version, errorType, 'tcp', 'http', '1.1', address, port);
    });
  }

  /** Records a request that has ended. */
  record(exchange: Exchange, outcome: Outcome): void {
    const { facts } = exchange;
    const { mcp } = facts;
    const name = mcp === undefined ? '' : this.#names.allow(facts.router ?? '', mcp, outcome.status);
    const plan = this.#planFor(exchange, outcome, name);
    const seconds = outcome.duration / 1_000;
    for (const one of plan.ones) one.value += 1;
    for (const one of plan.requestBytes) one.value += facts.requestBytes;
    for (const one of plan.replyBytes) one.value += facts.replyBytes;
    for (const { histogram, series } of plan.durations) histogram.recordInto(series, seconds);
    if (plan.originDurations.length > 0) {
      const origin = originSeconds(facts) ?? seconds;
      for (const { histogram, series } of plan.originDurations) histogram.recordInto(series, origin);
    }
    if (plan.hidden !== undefined) plan.hidden.value += mcp?.hidden ?? 0;
    if (mcp?.sessionId !== undefined) this.#noteSession(mcp, mcp.sessionId, outcome, exchange);
  }

  #planFor(exchange: Exchange, outcome: Outcome, name: string): Plan {
    // What headers say is in no fact.
    if (this.#headers !== undefined)
      return this.#keyedPlan(exchange, outcome, name, this.#headers.read(exchange.headers));
    const recent = this.#recent.find(exchange, outcome.status, name);
    if (recent !== undefined) return recent;
    const plan = this.#keyedPlan(exchange, outcome, name, none);
    this.#recent.add(exchange, outcome.status, name, plan);
    return plan;
  }

  #keyedPlan(exchange: Exchange, outcome: Outcome, name: string, headers: readonly string[]): Plan {
    const { facts } = exchange;
    const { mcp, decision } = facts;
    // Every part comes from the configuration or from a closed list, so there are few different keys.
    let key = `${exchange.entrypoint} ${outcome.status} ${exchange.method.length > 7 ? '_OTHER' : exchange.method} ${exchange.protocol} ${facts.router} ${facts.service} ${facts.serverUrl} ${facts.originStatus} ${facts.errorType} ${facts.retryAttempts}`;
    if (mcp !== undefined) {
      key += ` ${knownMcpMethod(mcp.method)} ${name} ${mcp.errorCode} ${mcp.toolError} ${knownVersion(mcp.protocolVersion)} ${mcp.kind} ${mcp.hidden > 0}`;
      if (decision !== undefined)
        key += ` ${decision.middleware} ${decision.outcome} ${decision.reason} ${decision.rule} ${decision.ruleName}`;
    }
    if (headers.length > 0) key += `\n${headers.join('\n')}`;
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      if (this.#plans.size >= maxPlans) this.#plans.clear();
      plan = this.#plan(exchange, outcome, name, headers);
      this.#plans.set(key, plan);
    }
    return plan;
  }

  /** Sessions that have not been heard of for long are taken for ended; called now and then. */
  sweep(): void {
    this.#sessions.sweep();
  }

  #noteSession(mcp: McpFacts, sessionId: string, { status }: Outcome, { facts, protocol }: Exchange): void {
    if (mcp.era !== 'legacy') return;
    if (mcp.method === 'initialize' && status < 300) {
      const [address, port] = splitUrl(facts.serverUrl);
      this.#sessions.begin(sessionId, { version: knownVersion(mcp.protocolVersion), protocol, address, port });
    } else if (mcp.kind === 'end-session' && status < 300) this.#sessions.end(sessionId, '');
    else if (facts.originStatus === 404) this.#sessions.end(sessionId, '404');
    else this.#sessions.touch(sessionId);
  }

  #plan(exchange: Exchange, outcome: Outcome, name: string, headers: readonly string[]): Plan {
    const { facts } = exchange;
    const { instruments } = this;
    const code = String(outcome.status);
    const method = knownHttpMethod(exchange.method);
    const ones: Sum[] = [];
    const requestBytes: Sum[] = [];
    const replyBytes: Sum[] = [];
    const durations: Timed[] = [];
    const originDurations: Timed[] = [];
    const timed = (histogram: Histogram, ...values: string[]): Timed => ({
      histogram,
      series: histogram.series.get(values),
    });
    const traefik = (kind: 'entrypoint' | 'router' | 'service', status: string, ...who: string[]): void => {
      const set = instruments.traefik[kind];
      if (!this.#counted(set.requests.description.name)) return;
      const values = [status, method, 'http', ...who];
      ones.push(set.requests.series.get([...values, ...headers]));
      if (outcome.tls) ones.push(set.requestsTls.series.get(values));
      requestBytes.push(set.requestBytes.series.get(values));
      replyBytes.push(set.responseBytes.series.get(values));
      durations.push(timed(set.duration, ...values));
    };
    traefik('entrypoint', code, exchange.entrypoint);
    if (facts.router !== undefined && facts.service !== undefined) {
      traefik('router', code, facts.router, facts.service);
      if (facts.serverUrl !== undefined)
        traefik('service', String(facts.originStatus ?? outcome.status), facts.service);
      for (let attempt = 0; attempt < facts.retryAttempts; attempt++)
        ones.push(instruments.serviceRetries.series.get([facts.service]));
    }
    const failure = outcome.status >= 500 ? (facts.errorType ?? code) : '';
    durations.push(timed(instruments.httpServer, method, code, failure, exchange.protocol, exchange.target.scheme));
    const [address, port] = splitUrl(facts.serverUrl);
    if (facts.serverUrl !== undefined) {
      const origin = facts.originStatus === undefined ? '' : String(facts.originStatus);
      const broken =
        facts.originStatus === undefined ? (facts.errorType ?? 'unknown') : facts.originStatus >= 400 ? origin : '';
      originDurations.push(timed(instruments.httpClient, method, origin, broken, address, port));
    }
    let hidden: Sum | undefined;
    if (facts.mcp !== undefined) {
      const { mcp } = facts;
      if (facts.decision !== undefined) ones.push(instruments.decisions.series.get(decisionLabels(facts.decision)));
      if (mcp.hidden > 0)
        hidden = instruments.listItemsHidden.series.get([facts.router ?? '', knownMcpMethod(mcp.method)]);
      if (mcp.kind === 'request' || mcp.kind === 'notification') {
        const common = (side: 'server' | 'client'): string[] =>
          this.#operationLabels(exchange, mcp, outcome, name, side);
        durations.push(timed(instruments.serverOperation, ...common('server')));
        if (facts.serverUrl !== undefined)
          originDurations.push(timed(instruments.clientOperation, ...common('client'), address, port));
      }
    }
    return { ones, requestBytes, replyBytes, durations, originDurations, hidden };
  }

  #operationLabels(
    exchange: Exchange,
    mcp: McpFacts,
    outcome: Outcome,
    name: string,
    side: 'server' | 'client',
  ): string[] {
    const tool = mcp.method === 'tools/call' ? name : '';
    return [
      knownMcpMethod(mcp.method),
      tool,
      mcp.method === 'prompts/get' ? name : '',
      errorTypeOf(exchange.facts, outcome.status, side),
      mcp.errorCode === undefined ? '' : boundedCode(mcp.errorCode),
      mcp.method === 'tools/call' ? 'execute_tool' : '',
      knownVersion(mcp.protocolVersion),
      'tcp',
      'http',
      side === 'server' ? exchange.protocol : '1.1',
      ...(this.#options.aliases ? [tool] : []),
    ];
  }
}

function decisionLabels(decision: DecisionFacts): string[] {
  return [
    decision.middleware,
    decision.outcome,
    decision.reason,
    decision.rule === undefined ? '' : String(decision.rule),
    decision.ruleName ?? '',
  ];
}

function originSeconds(facts: RequestFacts): number | undefined {
  if (facts.originStart === 0) return undefined;
  return ((facts.originEnd === 0 ? performance.now() : facts.originEnd) - facts.originStart) / 1_000;
}
