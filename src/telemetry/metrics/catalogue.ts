import type { Counter, Gauge, Histogram, InstrumentDescription, MetricsRegistry } from './instruments.ts';
import { type MetricsOptions, traefikBuckets } from './metrics-options.ts';

/** Bucket bounds in seconds that the MCP conventions prescribe. */
export const operationBounds = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300] as const;
/** Bounds that the HTTP conventions prescribe. */
const httpBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;

const operationLabels = [
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
const sessionLabels = [
  'mcp.protocol.version',
  'error.type',
  'network.transport',
  'network.protocol.name',
  'network.protocol.version',
] as const;
const serverLabels = ['server.address', 'server.port'] as const;

/** Traefik's five instruments for one kind of thing. */
export interface TraefikInstruments {
  readonly requests: Counter;
  readonly requestsTls: Counter;
  readonly duration: Histogram;
  readonly requestBytes: Counter;
  readonly responseBytes: Counter;
}

/** Every instrument there is. The reference page is written from the same descriptions. */
export interface Catalogue {
  readonly configReloads: Counter;
  readonly configLastReload: Gauge;
  readonly configOk: Gauge;
  readonly generation: Gauge;
  readonly openConnections: Gauge;
  readonly openStreams: Gauge;
  readonly serverUp: Gauge;
  readonly certificateEnd: Gauge;
  readonly serviceRetries: Counter;
  readonly decisions: Counter;
  readonly shadowDifferences: Counter;
  readonly listItemsHidden: Counter;
  readonly authenticationFailures: Counter;
  readonly jwksFetches: Counter;
  readonly tokenCache: Counter;
  readonly dropped: Counter;
  readonly auditRecords: Counter;
  readonly traefik: Readonly<Record<'entrypoint' | 'router' | 'service', TraefikInstruments>>;
  readonly serverOperation: Histogram;
  readonly clientOperation: Histogram;
  readonly serverSession: Histogram;
  readonly clientSession: Histogram;
  readonly httpServer: Histogram;
  readonly httpClient: Histogram;
}

/** Registers every instrument. */
export function catalogue(registry: MetricsRegistry, options: MetricsOptions): Catalogue {
  const plain = (name: string, help: string, labels: readonly string[] = []): InstrumentDescription => ({
    name,
    help,
    unit: '',
    labels,
  });
  const seconds = (name: string, help: string, labels: readonly string[]): InstrumentDescription => ({
    name,
    help,
    unit: 's',
    labels,
  });
  const aliased = options.aliases ? [...operationLabels, 'mcp.tool.name'] : operationLabels;
  const headerLabels = Object.keys(options.prometheus?.headerLabels ?? {});
  const buckets = traefikBuckets(options);
  const traefik = (kind: string, labels: readonly string[]): TraefikInstruments => {
    const all = ['code', 'method', 'protocol', ...labels];
    const of = (name: string, help: string): InstrumentDescription => plain(`traefik_${kind}_${name}`, help, all);
    return {
      requests: registry.counter({
        ...of('requests_total', `Requests of each ${kind}.`),
        labels: [...all, ...headerLabels],
      }),
      requestsTls: registry.counter(of('requests_tls_total', `Requests over TLS of each ${kind}.`)),
      duration: registry.histogram(
        seconds(`traefik_${kind}_request_duration_seconds`, `Duration of requests of each ${kind}.`, all),
        buckets,
      ),
      requestBytes: registry.counter(of('requests_bytes_total', `Bytes of request bodies of each ${kind}.`)),
      responseBytes: registry.counter(of('responses_bytes_total', `Bytes of answer bodies of each ${kind}.`)),
    };
  };
  return {
    configReloads: registry.counter(
      plain('traefik_config_reloads_total', 'Configuration changes, taken over or refused.'),
    ),
    configLastReload: registry.gauge(
      plain('traefik_config_last_reload_success', 'Unix time of the last configuration without an error.'),
    ),
    configOk: registry.gauge(plain('portcullis_config_ok', '1 when the newest configuration had no error, else 0.')),
    generation: registry.gauge(plain('portcullis_config_generation', 'Number of the generation that serves.')),
    openConnections: registry.gauge(plain('traefik_open_connections', 'Open connections.', ['entrypoint', 'protocol'])),
    openStreams: registry.gauge(plain('portcullis_open_streams', 'Open event streams.', ['entrypoint'])),
    serverUp: registry.gauge(
      plain('traefik_service_server_up', '1 when the server may be asked, 0 when checks found it down.', [
        'service',
        'url',
      ]),
    ),
    certificateEnd: registry.gauge(
      plain('traefik_tls_certs_not_after', 'Unix time at which a certificate that is shown ceases to be valid.', [
        'cn',
        'serial',
        'sans',
      ]),
    ),
    serviceRetries: registry.counter(
      plain('traefik_service_retries_total', 'Requests that were sent again, to another server.', ['service']),
    ),
    decisions: registry.counter(
      plain('portcullis_decisions_total', 'Policy decisions.', [
        'middleware',
        'outcome',
        'reason',
        'rule',
        'rule_name',
      ]),
    ),
    shadowDifferences: registry.counter(
      plain('portcullis_shadow_differences_total', 'Messages that shadow policies would have decided otherwise.', [
        'middleware',
        'live',
        'shadow',
        'rule',
        'rule_name',
      ]),
    ),
    listItemsHidden: registry.counter(
      plain('portcullis_list_items_hidden_total', 'List items not shown to a caller.', ['router', 'method']),
    ),
    authenticationFailures: registry.counter(
      plain('portcullis_authentication_failures_total', 'Requests refused for their credential.', ['router', 'reason']),
    ),
    jwksFetches: registry.counter(
      plain('portcullis_jwks_fetches_total', 'Fetches of key sets.', ['middleware', 'result']),
    ),
    tokenCache: registry.counter(
      plain('portcullis_token_cache_total', 'Look-ups of verified tokens.', ['middleware', 'result']),
    ),
    dropped: registry.counter(
      plain('portcullis_telemetry_dropped_total', 'Telemetry records that were dropped.', ['signal']),
    ),
    auditRecords: registry.counter(plain('portcullis_audit_records_total', 'Audit records.', ['type'])),
    traefik: {
      entrypoint: traefik('entrypoint', ['entrypoint']),
      router: traefik('router', ['router', 'service']),
      service: traefik('service', ['service']),
    },
    serverOperation: registry.histogram(
      seconds('mcp.server.operation.duration', 'MCP operations as the gateway answered them.', aliased),
      operationBounds,
    ),
    clientOperation: registry.histogram(
      seconds('mcp.client.operation.duration', 'MCP operations as upstream servers answered them.', [
        ...aliased,
        ...serverLabels,
      ]),
      operationBounds,
    ),
    serverSession: registry.histogram(
      seconds('mcp.server.session.duration', 'MCP sessions with clients.', sessionLabels),
      operationBounds,
    ),
    clientSession: registry.histogram(
      seconds('mcp.client.session.duration', 'MCP sessions with upstream servers.', [
        ...sessionLabels,
        ...serverLabels,
      ]),
      operationBounds,
    ),
    httpServer: registry.histogram(
      seconds('http.server.request.duration', 'HTTP requests answered.', [
        'http.request.method',
        'http.response.status_code',
        'error.type',
        'network.protocol.version',
        'url.scheme',
      ]),
      httpBounds,
    ),
    httpClient: registry.histogram(
      seconds('http.client.request.duration', 'HTTP requests sent to upstream servers.', [
        'http.request.method',
        'http.response.status_code',
        'error.type',
        ...serverLabels,
      ]),
      httpBounds,
    ),
  };
}
