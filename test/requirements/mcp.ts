/** What the `mcp` room, its middleware and the JSON scanner promise; their tests cite these ids. */
export const requirements = [
  {
    id: 'DP-1.bytes',
    source: 'data-plane §1.1',
    behaviour: 'The bytes that were judged are the bytes that are forwarded.',
  },
  {
    id: 'DP-2.body',
    source: 'data-plane §2',
    behaviour:
      'A message has one application/json type, utf-8 or no charset, no encoding (415), and fits the limit (413).',
  },
  {
    id: 'DP-2.origin',
    source: 'data-plane §2',
    behaviour: 'An Origin that is neither the route’s own nor allowed is refused with 403.',
  },
  {
    id: 'DP-3.utf8',
    source: 'data-plane §3',
    behaviour: 'Invalid UTF-8, a byte order mark and other encodings are refused.',
  },
  { id: 'DP-3.depth', source: 'data-plane §3', behaviour: 'More than 64 levels of nesting are refused.' },
  { id: 'DP-3.numbers', source: 'data-plane §3', behaviour: 'Numbers are kept as text.' },
  { id: 'DP-3.linear', source: 'data-plane §3', behaviour: 'Scanning takes linear time whatever the input.' },
  {
    id: 'DP-3.envelope',
    source: 'data-plane §3',
    behaviour:
      'A message is exactly one of request, notification and response, with members of the right types, or 400.',
  },
  {
    id: 'DP-3.folding',
    source: 'data-plane §3',
    behaviour: 'A key that folds onto a protocol key without being it is refused.',
  },
  {
    id: 'DP-3.headers',
    source: 'data-plane §3',
    behaviour: 'Headers that repeat the body are compared with it; a mismatch is 400 with -32020.',
  },
  {
    id: 'DP-4.denied',
    source: 'data-plane §4',
    behaviour:
      'A denial is 403 or statusCodeOnDeny with a JSON-RPC error that names only the decision; never 400, 404 or 405.',
  },
  {
    id: 'DP-4.scopes',
    source: 'data-plane §4',
    behaviour: 'A denial that more scopes would cure carries an insufficient_scope challenge for all of them.',
  },
  {
    id: 'DP-4.passthrough',
    source: 'data-plane §4',
    behaviour: 'The upstream’s own errors and redirects pass the mcp middleware untouched.',
  },
  {
    id: 'DP-4.wellknown',
    source: 'data-plane §4',
    behaviour: 'The metadata address is built structurally from the resource.',
  },
  {
    id: 'DP-4.document',
    source: 'data-plane §4',
    behaviour: 'The metadata document has its keys in the order of RFC 9728, empty ones omitted.',
  },
  {
    id: 'DP-4.public',
    source: 'data-plane §4',
    behaviour: 'The metadata is public for GET, HEAD and OPTIONS, as JSON, for every origin, for an hour.',
  },
  {
    id: 'DP-5.sessions',
    source: 'data-plane §5',
    behaviour:
      'A session id is sealed with route and principal; a foreign, altered or unknown one is 404; none is ever required.',
  },
  {
    id: 'DP-6.spliced',
    source: 'data-plane §6',
    behaviour: 'What is filtered out of an answer leaves every other character of it as the upstream wrote it.',
  },
  {
    id: 'DP-6.chunks',
    source: 'data-plane §6',
    behaviour: 'Events are the same however the bytes were cut.',
  },
  { id: 'DP-6.flush', source: 'data-plane §6', behaviour: 'Every chunk of a stream is passed on at once.' },
  {
    id: 'DP-6.bytes',
    source: 'data-plane §6',
    behaviour: 'Answers and events are byte-identical unless a list is being filtered.',
  },
  {
    id: 'DP-6.keepalive',
    source: 'data-plane §6',
    behaviour: 'A silent stream gets a comment every 15 s, between events only.',
  },
  { id: 'DP-6.backpressure', source: 'data-plane §6', behaviour: 'Pausing an event stream pauses its upstream.' },
  {
    id: 'DP-6.abort',
    source: 'data-plane §6',
    behaviour: 'When the client goes, a modern call is to be aborted and a legacy one is to go on.',
  },
  {
    id: 'DP-6.lists',
    source: 'data-plane §6',
    behaviour: 'Lists are filtered per caller in JSON and events, unknown fields and cursors kept.',
  },
  { id: 'DP-6.events', source: 'data-plane §6', behaviour: 'Only the events that hold a list are rewritten.' },
  { id: 'DP-6.cachescope', source: 'data-plane §6', behaviour: 'A filtered list is private.' },
  {
    id: 'DP-6.failclosed',
    source: 'data-plane §1.2',
    behaviour: 'A list that cannot be filtered is refused with 502, or its stream cut.',
  },
  {
    id: 'PL-5.connect',
    source: 'policy-language §5',
    behaviour: 'Under a default of deny a client can still connect, open its stream and end its session.',
  },
  {
    id: 'PL-6.capabilities',
    source: 'policy-language §6',
    behaviour:
      'The capabilities in answers to initialize and server/discover are those that the caller could use; all else stays.',
  },
  {
    id: 'PL-6.capabilities-answers',
    source: 'policy-language §6',
    behaviour:
      'Capabilities are filtered in JSON and events of both eras; a filtered discovery is private; other answers are left alone.',
  },
  {
    id: 'PL-6.live',
    source: 'policy-language §6',
    behaviour:
      'After a change of the policies the callers whose own lists changed are told on their open streams, nobody else.',
  },
  {
    id: 'AR-revoked',
    source: 'architecture, a configuration change',
    behaviour: 'Open streams go on under a new configuration, except where a caller lost the right to them: those end.',
  },
  {
    id: 'PL-7.learned',
    source: 'policy-language §7',
    behaviour: 'Annotations of a tool are available once the route’s tool list is known, and for that route only.',
  },
  {
    id: 'SEC-json-corpus',
    source: 'security §1.2',
    behaviour: 'Every n_ file of the JSON corpus is refused and every y_ file without repeated keys accepted.',
  },
  {
    id: 'SEC-orphan-response',
    source: 'security §2.1',
    behaviour: 'A client’s response is forwarded only within a session of its own, and never in the modern era.',
  },
] as const;
