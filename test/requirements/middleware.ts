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
] as const;
