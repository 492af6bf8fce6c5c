/**
 * Options that people bring along from Traefik: the ones that have another name here, the ones that need not be said
 * here, and the ones that have no counterpart, each with what to do instead.
 */
export type ForeignOption =
  | { readonly from: string; readonly to: string }
  | { readonly from: string; readonly ignored: true }
  | { readonly from: string; readonly unsupported: string; readonly instead: string };

/** First match wins; `*` is any one name; a row covers everything below it. */
const foreignOptions: readonly ForeignOption[] = [
  { from: 'hub.mcpgateway.maxRequestBodySize', to: 'mcp.maxRequestBodySize' },
  { from: 'hub.mcpgateway', ignored: true },
  { from: 'hub.token', unsupported: 'no licence token is needed', instead: 'remove it' },
  { from: 'hub', unsupported: 'of the hub options only hub.mcpgateway exists here', instead: 'remove it' },
  { from: 'global', unsupported: 'nothing is ever sent home', instead: 'remove it' },
  {
    from: 'certificatesResolvers',
    unsupported: 'certificates are not fetched by the gateway',
    instead: 'let an ACME client write them, and name the files under tls.certificates of the routing configuration',
  },
  {
    from: 'entryPoints.*.http.tls.certResolver',
    unsupported: 'certificates are not fetched by the gateway',
    instead: 'name certificate files under tls.certificates of the routing configuration',
  },
  {
    from: 'entryPoints.*.http.tls.domains',
    unsupported: 'certificates are not fetched by the gateway',
    instead: 'name certificate files under tls.certificates of the routing configuration',
  },
  { from: 'entryPoints.*.http3', unsupported: 'HTTP/3 is not spoken', instead: 'remove it' },
  {
    from: 'entryPoints.*.proxyProtocol',
    unsupported: 'the PROXY protocol is not spoken',
    instead: 'use forwardedHeaders.trustedIPs',
  },
  { from: 'entryPoints.*.udp', unsupported: 'UDP is not spoken', instead: 'remove it' },
  {
    from: 'entryPoints.*.http.sanitizePath',
    unsupported: 'paths with dot segments are refused, never rewritten',
    instead: 'remove it',
  },
  {
    from: 'entryPoints.*.http.aliasHeadersStrategy',
    unsupported: 'header names with other characters than letters, digits, - and _ are always refused',
    instead: 'remove it; for underscores there is underscoreHeadersStrategy',
  },
  {
    from: 'entryPoints.*.reusePort',
    unsupported: 'ports are not shared with other programs',
    instead: 'remove it; several processes of one gateway share them: workers',
  },
  {
    from: 'entryPoints.*.transport.keepAliveMaxRequests',
    unsupported: 'connections are kept while they are used',
    instead: 'remove it; unused ones end after transport.respondingTimeouts.idleTimeout',
  },
  {
    from: 'entryPoints.*.transport.keepAliveMaxTime',
    unsupported: 'connections are kept while they are used',
    instead: 'remove it; unused ones end after transport.respondingTimeouts.idleTimeout',
  },
  {
    from: 'entryPoints.*.forwardedHeaders.connection',
    unsupported: 'headers that Connection names never go on',
    instead: 'remove it',
  },
  {
    from: 'entryPoints.*.forwardedHeaders.notAppendXForwardedFor',
    unsupported: 'X-Forwarded-For always ends with the peer',
    instead: 'remove it',
  },
  {
    from: 'entryPoints.*.http.encodeQuerySemicolons',
    unsupported: 'queries go on as they were sent',
    instead: 'remove it',
  },
  {
    from: 'entryPoints.*.observability',
    unsupported: 'settings for single entrypoints are not offered',
    instead: 'set accessLog, metrics and tracing for all',
  },
  {
    from: 'entryPoints.*.allowACMEByPass',
    unsupported: 'certificates are not fetched by the gateway',
    instead: 'remove it',
  },
  {
    from: 'serversTransport.spiffe',
    unsupported: 'SPIFFE is not offered',
    instead: 'name the authorities under serversTransport.rootCAs',
  },
  { from: 'spiffe', unsupported: 'SPIFFE is not offered', instead: 'remove it' },
  { from: 'tcpServersTransport', unsupported: 'TCP is not routed', instead: 'remove it' },
  { from: 'core', unsupported: 'only the current rule language is known', instead: 'remove it' },
  { from: 'hostResolver', unsupported: 'names of rules are not resolved', instead: 'remove it' },
  { from: 'ocsp', unsupported: 'certificates are shown without OCSP answers', instead: 'remove it' },
  ...['maxSize', 'maxAge', 'maxBackups', 'compress'].map((name) => ({
    from: `log.${name}`,
    unsupported: 'log files are not rotated by the gateway',
    instead: 'rotate them with logrotate and send SIGUSR1, which opens them again',
  })),
  ...['accessLog', 'metrics', 'tracing'].map((name) => ({
    from: `${name}.addInternals`,
    unsupported: 'there is no switch for the requests of admin endpoints',
    instead: 'remove it',
  })),
  ...['statsD', 'datadog', 'influxDB2'].map((name) => ({
    from: `metrics.${name}`,
    unsupported: 'metrics are offered to Prometheus and by OTLP',
    instead: 'use metrics.otlp with a collector in between',
  })),
  ...['kubernetesIngress', 'kubernetesGateway'].map((name) => ({
    from: `providers.${name}`,
    unsupported: 'of a cluster, IngressRoutes and their kin are read',
    instead: 'use providers.kubernetesCRD',
  })),
  { from: 'api.disableDashboardAd', ignored: true },
  { from: 'api.debug', unsupported: 'there are no debug endpoints', instead: 'remove it' },
  {
    from: 'experimental',
    unsupported: 'there are no plugins to load: jwt, mcp and the others are built in',
    instead: 'remove it',
  },
  {
    from: 'providers.docker',
    unsupported: 'there is no container provider',
    instead: 'write the routes as files and use providers.file.directory',
  },
];

/** The row that covers a written path (in any case), how much of the path it covers, and what was written below that. */
export function findForeignOption(
  path: readonly string[],
): { option: ForeignOption; depth: number; rest: readonly string[] } | undefined {
  const written = path.map((segment) => segment.toLowerCase());
  for (const option of foreignOptions) {
    const from = option.from.toLowerCase().split('.');
    const covers =
      from.length <= written.length && from.every((segment, index) => segment === '*' || segment === written[index]);
    if (covers) return { option, depth: from.length, rest: path.slice(from.length) };
  }
  return undefined;
}
