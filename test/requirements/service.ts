/** Behaviours that the `service` room owns; test titles cite the ids. */
export const requirements = [
  { id: 'DP-1.clearance', source: 'data-plane §1', behaviour: 'No service can be called without a stamped clearance.' },
  {
    id: 'DP-2.hop-by-hop',
    source: 'data-plane §2',
    behaviour:
      'Hop-by-hop and Connection-nominated fields, trailers, Upgrade and Expect do not go up; hop-by-hop fields do not come down.',
  },
  {
    id: 'DP-1.framing',
    source: 'data-plane §1',
    behaviour: 'The bytes that were judged go upstream with our own framing, whatever framing the client used.',
  },
  {
    id: 'DP-4.upstream',
    source: 'data-plane §4',
    behaviour:
      'An upstream that is down, refuses or times out is 502, 503 or 504, never a 4xx, and nothing of it is told.',
  },
  {
    id: 'DP-4.redirects',
    source: 'data-plane §4',
    behaviour: "An upstream's own 4xx, 5xx and redirects are passed on untouched; redirects are not followed.",
  },
  {
    id: 'DP-6.flow',
    source: 'data-plane §6',
    behaviour: 'Event streams flow at once, are never cut for being idle, and back-pressure reaches the upstream.',
  },
  {
    id: 'DP-6.client-gone',
    source: 'data-plane §6',
    behaviour:
      'When the client goes the upstream call is aborted, or goes on within bounds where legacy MCP asks for it.',
  },
  {
    id: 'DP-6.surplus',
    source: 'data-plane §6',
    behaviour: 'A socket with unread or surplus bytes is never used again.',
  },
  {
    id: 'DP-6.once',
    source: 'data-plane §6',
    behaviour: 'A request is sent again only when none of it was sent; a tools/call is never sent twice.',
  },
  {
    id: 'DP-7.strategies',
    source: 'data-plane §7',
    behaviour: 'wrr, p2c, hrw and leasttime choose servers, with active and passive health taken into account.',
  },
  {
    id: 'DP-7.affinity',
    source: 'data-plane §7',
    behaviour: 'On MCP routes callers are kept by session, else principal, else client address.',
  },
  {
    id: 'SEC-upstream.answers',
    source: 'security §2.3',
    behaviour: 'A hostile upstream causes a 502 or a visible cut, and its socket is not used again.',
  },
  {
    id: 'SEC-upstream.addresses',
    source: 'security §2.3',
    behaviour: 'No connection is made to link-local or metadata addresses, judged on the address that is dialled.',
  },
  {
    id: 'SEC-dns',
    source: 'security §3',
    behaviour: 'When the resolver fails, the last good addresses serve for up to ten minutes.',
  },
  {
    id: 'SEC-reload',
    source: 'security §3',
    behaviour:
      'A new generation keeps connections, health and positions of what stayed; streams of what went may finish.',
  },
] as const;
