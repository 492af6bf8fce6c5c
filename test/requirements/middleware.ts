/** What the general middlewares promise; their tests cite these ids. */
export const requirements = [
  {
    id: 'DP-2.strip',
    source: 'data-plane §2',
    behaviour:
      'A stripped prefix is plain text, and what is left begins with / or is empty; else 404. The rest is never ambiguous.',
  },
  {
    id: 'DP-2.cors',
    source: 'data-plane §2, reference facts on CORS',
    behaviour:
      'The headers middleware answers preflight requests before authentication, owns all CORS fields of replies and refusals, and decides which origins a route allows.',
  },
  {
    id: 'DP-1.nothing-blocks',
    source: 'data-plane §1, law 4',
    behaviour: 'A shared rate limiter that cannot be reached blocks no request.',
  },
  {
    id: 'DP-2.body-limit-middlewares',
    source: 'data-plane §2',
    behaviour: 'Every body that a middleware reads is limited by maxRequestBodySize, whatever its own options say.',
  },
  {
    id: 'DP-6.retry',
    source: 'data-plane §6',
    behaviour:
      'The retry and buffering middlewares send a request again only when nothing was sent, or when its method may be repeated; an MCP message that reached a server never.',
  },
  {
    id: 'DP-6.unbuffered',
    source: 'data-plane §6',
    behaviour: 'No middleware buffers an event stream.',
  },
  {
    id: 'DP-6.slots',
    source: 'data-plane §6, reference facts on inFlightReq',
    behaviour: 'A request counts as under way until its reply body has ended, broken off or been cancelled.',
  },
  {
    id: 'SEC-rate',
    source: 'reference facts on rateLimit',
    behaviour:
      'Every limiter holds to the token bucket: never more than the burst and what came in, never less than is owed.',
  },
  {
    id: 'SEC-addresses',
    source: 'reference facts on ipAllowList',
    behaviour: 'Only listed addresses pass, and an address that cannot be told does not.',
  },
  {
    id: 'SEC-errors',
    source: 'security §2.3',
    behaviour: 'Error pages and shared state take no credential and no identity of a caller along.',
  },
  {
    id: 'AR-definitions',
    source: 'architecture, what adding something costs',
    behaviour: 'Every middleware describes each of its options and refuses unknown ones.',
  },
  {
    id: 'AR-shared-state',
    source: 'architecture, a configuration change',
    behaviour:
      'Rate buckets, in-flight counts and circuit breakers outlive a reload that leaves their options as they were.',
  },
] as const;
