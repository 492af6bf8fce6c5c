/** What holds for random policies and messages. */
export const requirements = [
  {
    id: 'PL-1.reference',
    source: 'policy-language, introduction',
    behaviour:
      'The engine and a reference written from the page alone accept the same policies, decide alike by the same rule for the same reason, and show the same items.',
  },
  {
    id: 'PL-1.independent',
    source: 'policy-language, introduction',
    behaviour: 'The reference takes nothing of the engine and, beside its parser, at most 300 lines.',
  },
] as const;
