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
  {
    id: 'G-8.token',
    source: 'guide, step 8',
    behaviour: 'The test tokens of the guide (HS256, groups, no aud) are accepted and fill the identity headers.',
  },
  {
    id: 'G-9.401',
    source: 'guide, step 9',
    behaviour: 'Without a token the answer is 401 with an empty body and a challenge that names the metadata.',
  },
] as const;
