/** What the `auth` room and the authenticating middlewares promise; their tests cite these ids. */
export const requirements = [
  {
    id: 'AR-principal',
    source: 'architecture, structural safety',
    behaviour: 'Only auth can make a Principal; look-alikes, copies and proxies are not one.',
  },
  {
    id: 'DP-5.binding',
    source: 'data-plane §5',
    behaviour: 'Sessions bind to issuer, subject and credential kind, joined unambiguously.',
  },
] as const;
