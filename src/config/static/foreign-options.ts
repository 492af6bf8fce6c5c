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
