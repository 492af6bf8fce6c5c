export const requirements = [
  { id: 'DP-2.header-count', source: 'data-plane §2', behaviour: 'More than 100 header fields are refused with 431.' },
  {
    id: 'DP-2.header-names',
    source: 'data-plane §2',
    behaviour: 'Names with underscores are dropped, other odd names refused with 400.',
  },
  {
    id: 'DP-2.header-duplicates',
    source: 'data-plane §2',
    behaviour: 'A second Authorization, Host, Content-Type, Content-Length or Mcp-* field is refused with 400.',
  },
  {
    id: 'DP-2.timeouts',
    source: 'data-plane §2',
    behaviour: 'A head or body that does not arrive in time is answered with 408 and the connection closed.',
  },
  {
    id: 'DP-2.paths',
    source: 'data-plane §2',
    behaviour:
      'Unreserved characters are decoded once; dot segments, encoded slash, backslash, NUL and percent are refused with 400 unless opted in.',
  },
  { id: 'DP-2.host', source: 'data-plane §2', behaviour: 'A Host that is no host is refused with 400.' },
  {
    id: 'DP-2.forwarded',
    source: 'data-plane §2',
    behaviour: 'Forwarding headers of untrusted peers are removed, then ours are set.',
  },
  {
    id: 'DP-2.body-limit',
    source: 'data-plane §2',
    behaviour: 'A body over the limit is refused with 413, declared or not.',
  },
  {
    id: 'DP-6.cut',
    source: 'data-plane §6',
    behaviour: 'When a body breaks off, the client sees a cut, never a well-formed end.',
  },
  { id: 'DP-6.back-pressure', source: 'data-plane §6', behaviour: 'A reader that is slow pauses the producer.' },
  {
    id: 'DP-1.exception',
    source: 'data-plane §1',
    behaviour: 'A thrown exception becomes a refusal, without details for the client.',
  },
  {
    id: 'SEC-framing',
    source: 'security §2.3',
    behaviour: 'Contradictory or odd message framing is refused and the connection closed.',
  },
  {
    id: 'SEC-early-answer',
    source: 'security §2.3',
    behaviour: 'An answer sent before the body was read closes the connection.',
  },
  {
    id: 'SEC-url-corpus',
    source: 'security §1.2',
    behaviour: 'No path of the URL corpus reaches a handler with a dot segment, encoded slash, backslash or NUL in it.',
  },
  {
    id: 'DP-2.ingress',
    source: 'data-plane §2',
    behaviour: 'Hop-by-hop fields and those that Connection nominates are removed before any middleware runs.',
  },
] as const;
