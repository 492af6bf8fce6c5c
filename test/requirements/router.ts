/** What the router promises; its tests cite these ids. */
export const requirements = [
  {
    id: 'DP-2.rules',
    source: 'data-plane §2 and the reference on router rules',
    behaviour:
      'Rules mean what the rule syntax of Traefik 3 says, for every matcher, operator, quote style and case variant.',
  },
  {
    id: 'DP-2.priority',
    source: 'data-plane §2 and the reference on priorities',
    behaviour:
      'The highest priority that matches gets the request: the given number, or the length of the rule; ties go to the first name. The index never changes the answer.',
  },
] as const;
