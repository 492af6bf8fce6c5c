import type { Exchange } from '../../http/exchange.ts';
import type { McpFacts } from '../../http/facts.ts';
import { type Counter, type Gauge, type Histogram, MetricsRegistry } from './instruments.ts';

/** Bucket bounds in seconds that the MCP conventions prescribe. */
export const operationBounds = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300] as const;
/** Bounds that the HTTP conventions prescribe. */
export const httpBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;
/** Traefik's bounds, so that its dashboards keep their meaning. */
export const traefikBounds = [0.1, 0.3, 1.2, 5] as const;

/** How a request ended, beside what its facts say. */
export interface Outcome {
  readonly status: number;
  /** Milliseconds from the first byte of the request to the end of the answer. */
  readonly duration: number;
  readonly tls: boolean;
}

const mcpLabels = [
  'mcp.method.name',
  'gen_ai.tool.name',
  'gen_ai.prompt.name',
  'error.type',
  'rpc.response.status_code',
  'gen_ai.operation.name',
  'mcp.protocol.version',
  'network.transport',
  'network.protocol.name',
  'network.protocol.version',
] as const;

/**
 * Everything the gateway counts. Names of tools and prompts become labels only when the upstream really offers them, at
 * most 200 per route; everything else a client can make up stays off the labels (session ids, request ids, arguments).
 */
export class GatewayMetrics {
  readonly registry = new MetricsRegistry();
  readonly openConnections: Gauge;
  readonly openStreams: Gauge;
  readonly configReloads: Counter;
  readonly configLastReload: Gauge;
  readonly configLastReloadTime: Gauge;
  readonly generation: Gauge;
  readonly decisions: Counter;
  readonly listItemsHidden: Counter;
  readonly shadowDifferences: Counter;
  readonly jwksFetches: Counter;
  readonly tokenCache: Counter;
  readonly dropped: Counter;
  readonly serverUp: Gauge;
  readonly serverOperation: Histogram;
  readonly clientOperation: Histogram;
  readonly serverSession: Histogram;
  readonly clientSession: Histogram;
  readonly httpServer: Histogram;
  readonly httpClient: Histogram;
  readonly #traefik: Readonly<Record<'entrypoint' | 'router' | 'service', TraefikInstruments>>;
  readonly #retries: Counter;
  readonly #names = new NameLimit(200);
  readonly #argumentAliases: boolean;

  constructor(options: { readonly aliases: boolean }) {
    const { registry } = this;
    this.#argumentAliases = options.aliases;
    const plain = (name: string, help: string, labels: readonly string[] = []) => ({ name, help, unit: '', labels });
    this.configReloads = registry.counter(
      plain('traefik_config_reloads_total', 'Configuration changes taken over or refused.'),
    );
    this.configLastReload = registry.gauge(
      plain('traefik_config_last_reload_success', 'Unix time of the last configuration without an error.'),
    );
    this.configLastReloadTime = registry.gauge(
      plain('portcullis_config_last_reload_ok', '1 when the newest configuration had no error, else 0.'),
    );
    this.generation = registry.gauge(plain('portcullis_config_generation', 'Number of the generation that serves.'));
    this.openConnections = registry.gauge(
      plain('traefik_open_connections', 'Open connections.', ['entrypoint', 'protocol']),
    );
    this.openStreams = registry.gauge(plain('portcullis_open_streams', 'Open event streams.', ['entrypoint']));
    this.decisions = registry.counter(
      plain('portcullis_decisions_total', 'Policy decisions.', [
        'middleware',
        'outcome',
        'reason',
        'rule',
        'rule_name',
      ]),
    );
    this.listItemsHidden = registry.counter(
      plain('portcullis_list_items_hidden_total', 'List items not shown to a caller.', ['router', 'method']),
    );
    this.shadowDifferences = registry.counter(
      plain('portcullis_shadow_differences_total', 'Requests that shadow policies would have decided otherwise.', [
        'middleware',
        'live',
        'shadow',
        'rule',
      ]),
    );
    this.jwksFetches = registry.counter(
      plain('portcullis_jwks_fetches_total', 'Fetches of key sets.', ['middleware', 'result']),
    );
    this.tokenCache = registry.counter(
      plain('portcullis_token_cache_total', 'Look-ups of verified tokens.', ['result']),
    );
    this.dropped = registry.counter(
      plain('portcullis_telemetry_dropped_total', 'Telemetry records dropped because a queue was full.', ['queue']),
    );
    this.serverUp = registry.gauge(plain('traefik_service_server_up', '1 when a server is up.', ['service', 'url']));
    this.#traefik = {
      entrypoint: new TraefikInstruments(registry, 'entrypoint', ['entrypoint']),
      router: new TraefikInstruments(registry, 'router', ['router', 'service']),
      service: new TraefikInstruments(registry, 'service', ['service']),
    };
    this.#retries = registry.counter(plain('traefik_service_retries_total', 'Requests sent again.', ['service']));
    const seconds = (name: string, help: string, labels: readonly string[]) => ({ name, help, unit: 's', labels });
    this.serverOperation = registry.histogram(
      seconds(
        'mcp.server.operation.duration',
        'MCP operations as the gateway answered them.',
        this.#argumentAliases ? [...mcpLabels, 'mcp.tool.name'] : mcpLabels,
      ),
      operationBounds,
    );
    this.clientOperation = registry.histogram(
      seconds('mcp.client.operation.duration', 'MCP operations as upstream servers answered them.', [
        ...(this.#argumentAliases ? [...mcpLabels, 'mcp.tool.name'] : mcpLabels),
        'server.address',
        'server.port',
      ]),
      operationBounds,
    );
    const session = ['mcp.protocol.version', 'error.type', 'network.transport', 'network.protocol.name'];
    this.serverSession = registry.histogram(
      seconds('mcp.server.session.duration', 'MCP sessions with clients.', session),
      operationBounds,
    );
    this.clientSession = registry.histogram(
      seconds('mcp.client.session.duration', 'MCP sessions with upstream servers.', [
        ...session,
        'server.address',
        'server.port',
      ]),
      operationBounds,
    );
    const http = [
      'http.request.method',
      'http.response.status_code',
      'error.type',
      'network.protocol.version',
      'url.scheme',
    ];
    this.httpServer = registry.histogram(
      seconds('http.server.request.duration', 'HTTP requests answered.', http),
      httpBounds,
    );
    this.httpClient = registry.histogram(
      seconds('http.client.request.duration', 'HTTP requests sent to upstream servers.', [
        'http.request.method',
        'http.response.status_code',
        'error.type',
        'server.address',
        'server.port',
      ]),
      httpBounds,
    );
  }

  /** Records a request that has ended. */
  record(exchange: Exchange, outcome: Outcome): void {
    const { facts } = exchange;
    const seconds = outcome.duration / 1_000;
    const code = String(outcome.status);
    const method = knownMethods.has(exchange.method) ? exchange.method : '_OTHER';
    const protocol = 'http';
    this.#traefik.entrypoint.record(exchange, [exchange.entrypoint], code, method, protocol, seconds, outcome.tls);
    if (facts.router !== undefined && facts.service !== undefined) {
      this.#traefik.router.record(
        exchange,
        [facts.router, facts.service],
        code,
        method,
        protocol,
        seconds,
        outcome.tls,
      );
      if (facts.serverUrl !== undefined) {
        this.#traefik.service.record(
          exchange,
          [facts.service],
          String(facts.originStatus ?? outcome.status),
          method,
          protocol,
          seconds,
          outcome.tls,
        );
        if (facts.retryAttempts > 0) this.#retries.add(facts.retryAttempts, facts.service);
      }
    }
    const failure = outcome.status >= 500 ? (facts.errorType ?? code) : '';
    this.httpServer.record(seconds, method, code, failure, exchange.protocol, exchange.target.scheme);
    if (facts.serverUrl !== undefined) {
      const [address, port] = splitUrl(facts.serverUrl);
      const origin = facts.originStatus === undefined ? '' : String(facts.originStatus);
      const broken =
        facts.originStatus === undefined ? (facts.errorType ?? 'unknown') : facts.originStatus >= 400 ? origin : '';
      this.httpClient.record((facts.originDuration ?? outcome.duration) / 1_000, method, origin, broken, address, port);
    }
    if (facts.mcp !== undefined) this.#recordMcp(exchange, facts.mcp, outcome);
  }

  #recordMcp(exchange: Exchange, mcp: McpFacts, outcome: Outcome): void {
    const { facts } = exchange;
    const { decision } = facts;
    if (decision !== undefined) {
      this.decisions.add(
        1,
        decision.middleware,
        decision.outcome,
        decision.reason,
        decision.rule === undefined ? '' : String(decision.rule),
        decision.ruleName ?? '',
      );
    }
    if (mcp.hidden > 0) this.listItemsHidden.add(mcp.hidden, facts.router ?? '', mcp.method);
    if (mcp.kind !== 'request' && mcp.kind !== 'notification') return;
    const route = facts.router ?? '';
    const tool = mcp.method === 'tools/call' ? this.#names.allow(route, 'tool', mcp, outcome.status) : '';
    const prompt = mcp.method === 'prompts/get' ? this.#names.allow(route, 'prompt', mcp, outcome.status) : '';
    const error = mcp.toolError
      ? 'tool_error'
      : mcp.errorCode !== undefined
        ? String(mcp.errorCode)
        : outcome.status >= 400
          ? (facts.errorType ?? String(outcome.status))
          : '';
    const labels = [
      knownMcpMethod(mcp.method),
      tool,
      prompt,
      error,
      mcp.errorCode === undefined ? '' : String(mcp.errorCode),
      mcp.method === 'tools/call' ? 'execute_tool' : '',
      mcp.protocolVersion !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(mcp.protocolVersion) ? mcp.protocolVersion : '',
      'tcp',
      'http',
      exchange.protocol,
      ...(this.#argumentAliases ? [tool] : []),
    ];
    this.serverOperation.record(outcome.duration / 1_000, ...labels);
    if (facts.serverUrl === undefined) return;
    const [address, port] = splitUrl(facts.serverUrl);
    this.clientOperation.record(outcome.duration / 1_000, ...labels, address, port);
  }
}

/** Traefik's five instruments for one kind of thing. */
class TraefikInstruments {
  readonly #requests: Counter;
  readonly #tls: Counter;
  readonly #duration: Histogram;
  readonly #requestBytes: Counter;
  readonly #responseBytes: Counter;

  constructor(registry: MetricsRegistry, kind: string, labels: readonly string[]) {
    const all = ['code', 'method', 'protocol', ...labels];
    const describe = (name: string, help: string, unit = '') => ({
      name: `traefik_${kind}_${name}`,
      help,
      unit,
      labels: all,
    });
    this.#requests = registry.counter(describe('requests_total', `Requests of each ${kind}.`));
    this.#tls = registry.counter(describe('requests_tls_total', `Requests over TLS of each ${kind}.`));
    this.#duration = registry.histogram(
      describe('request_duration_seconds', `Duration of requests of each ${kind}.`, 's'),
      traefikBounds,
    );
    this.#requestBytes = registry.counter(describe('requests_bytes_total', `Bytes of request bodies of each ${kind}.`));
    this.#responseBytes = registry.counter(
      describe('responses_bytes_total', `Bytes of answer bodies of each ${kind}.`),
    );
  }

  record(
    exchange: Exchange,
    who: readonly string[],
    code: string,
    method: string,
    protocol: string,
    seconds: number,
    tls: boolean,
  ): void {
    const labels = [code, method, protocol, ...who];
    this.#requests.add(1, ...labels);
    if (tls) this.#tls.add(1, ...labels);
    this.#duration.record(seconds, ...labels);
    this.#requestBytes.add(exchange.facts.requestBytes, ...labels);
    this.#responseBytes.add(exchange.facts.replyBytes, ...labels);
  }
}

/** Lets a bounded number of names per route and kind become labels; the rest is `_other`. */
class NameLimit {
  readonly #limit: number;
  readonly #allowed = new Map<string, Set<string>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  allow(route: string, kind: string, mcp: McpFacts, status: number): string {
    const { name } = mcp;
    if (name === undefined) return '';
    const place = `${kind} ${route}`;
    let names = this.#allowed.get(place);
    if (names?.has(name)) return name;
    // A name that only the caller knows is the caller's invention until an upstream has listed it or answered for it.
    const answered = status < 300 && mcp.errorCode === undefined && !mcp.toolError;
    if (!mcp.offered && !answered) return '_other';
    if (names === undefined) {
      names = new Set();
      this.#allowed.set(place, names);
    }
    if (names.size >= this.#limit) return '_other';
    names.add(name);
    return name;
  }
}

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Methods of the revisions we know; others share one label, since a client can make up any number of them. */
const mcpMethods = new Set(
  `initialize ping tools/list tools/call prompts/list prompts/get resources/list resources/templates/list resources/read
resources/subscribe resources/unsubscribe completion/complete logging/setLevel roots/list sampling/createMessage
elicitation/create server/discover subscriptions/listen tasks/get tasks/result tasks/list tasks/cancel tasks/update
notifications/initialized notifications/cancelled notifications/progress notifications/message
notifications/roots/list_changed notifications/tools/list_changed notifications/prompts/list_changed
notifications/resources/list_changed notifications/resources/updated`.split(/\s+/),
);

function knownMcpMethod(method: string): string {
  return mcpMethods.has(method) ? method : '_OTHER';
}

const urlParts = new Map<string, readonly [string, string]>();

/** Host and port of a configured server URL; configuration bounds how many there are. */
function splitUrl(url: string): readonly [string, string] {
  let parts = urlParts.get(url);
  if (parts === undefined) {
    const parsed = new URL(url);
    parts = [parsed.hostname, parsed.port || (parsed.protocol === 'https:' ? '443' : '80')];
    if (urlParts.size > 10_000) urlParts.clear();
    urlParts.set(url, parts);
  }
  return parts;
}
