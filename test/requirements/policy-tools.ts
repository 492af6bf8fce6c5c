/** Tools that tell what a policy does before it is live. */
export const requirements = [
  {
    id: 'PL-4.diff-sound',
    source: 'policy-language §4',
    behaviour:
      'What the comparison of two policies calls unchanged is decided alike by both, for every caller and argument.',
  },
  {
    id: 'PL-6.diff-lists',
    source: 'policy-language §6',
    behaviour: 'What the comparison of two policies calls unchanged is listed alike by both, for every caller.',
  },
] as const;
