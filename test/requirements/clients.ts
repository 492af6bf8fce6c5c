/** Behaviours that real clients, the conformance suite and the guide's walk prove. */
export const requirements = [
  {
    id: 'DP-1.transparent',
    source: 'data-plane §1.3',
    behaviour: 'A route to one upstream changes nothing that the conformance suite can see, in either era.',
  },
] as const;
